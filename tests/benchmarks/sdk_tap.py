"""A tap as the SDK's own documentation has one written: what the tap is compared with.

Only what an export feed needs is its own; conformance, paging, and writer are the SDK's defaults.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import OAuthAuthenticator
from singer_sdk.streams import RESTStream
from typing_extensions import override

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.catalog.schema import stream_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk.helpers.types import Auth, Context


class _Authenticator(OAuthAuthenticator):
    @property
    @override
    def oauth_request_body(self) -> dict[str, Any]:
        return {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }


class _Stream(RESTStream[str]):
    records_jsonpath = "$.data[*]"
    next_page_token_jsonpath = "$.continueFrom"  # noqa: S105 - where a token is

    @property
    @override
    def url_base(self) -> str:
        return str(self.config["api_url"])

    @cached_property
    @override
    def authenticator(self) -> Auth:
        return _Authenticator(
            client_id=self.config["client_id"],
            client_secret=self.config["client_secret"],
            auth_endpoint=self.config["auth_url"],
        )

    @property
    @override
    def http_headers(self) -> dict[str, str]:
        return super().http_headers | {"ST-App-Key": self.config["st_app_key"]}

    @override
    def get_url_params(self, context: Context | None, next_page_token: str | None) -> dict[str, Any]:
        return {"from": next_page_token} if next_page_token else {}


class SdkTap(Tap):
    """A tap of one stream."""

    name = "tap-sdk"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        *(
            th.Property(name, th.StringType, required=True)
            for name in ("client_id", "client_secret", "st_app_key", "tenant_id", "api_url", "auth_url", "stream")
        )
    ).to_dict()

    @override
    def discover_streams(self) -> Sequence[_Stream]:
        row = BY_NAME[self.config["stream"]]
        stream = _Stream(
            self, name=row.name, schema=stream_schema(row), path=row.url.format(tenant=self.config["tenant_id"])
        )
        stream.primary_keys = row.key
        stream.replication_key = row.replication_key
        return [stream]


if __name__ == "__main__":
    SdkTap.cli()
