"""The SDK's own suite for taps, with all its tests, against the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from tap_servicetitan.catalog.endpoints import ENDPOINTS
from tap_servicetitan.sandbox.server import serve
from tap_servicetitan.tap import TapServiceTitan
from tests.support.running import catalog_of

if TYPE_CHECKING:
    from collections.abc import Iterator

# The SDK lists the streams when this file is read, and connects when its tests run. By then the
# settings are those of a sandbox.
CONFIG: dict[str, Any] = {"client_id": "-", "client_secret": "-", "st_app_key": "-", "tenant_id": "1"}


@pytest.fixture(scope="module", autouse=True)
def _sandbox() -> Iterator[None]:
    """Run a tenant; each field of each stream has a value somewhere, or the SDK would warn."""
    with serve(seed=1, scale=0.02, page_size=200) as sandbox:
        CONFIG.update(sandbox.config | {"requests_per_second": 10_000})
        yield


TestSuite = get_tap_test_class(
    TapServiceTitan,
    config=CONFIG,
    include_tap_tests=True,
    include_stream_tests=True,
    include_stream_attribute_tests=True,
    # All records: the limit of 150 would hide what is wrong further on.
    suite_config=SuiteConfig(max_records_limit=None),
    parse_env_config=False,
    # Some streams are deselected by default.
    catalog=catalog_of(*(row.name for row in ENDPOINTS)),
)


def test_the_suite_covers_every_stream() -> None:
    """No stream of the table is left out of the suite."""
    for name in ("returns_record", "record_matches_stream_schema", "primary_keys"):
        params = TestSuite.params[f"test_tap_stream_{name}"]
        assert [one.id for one in params] == sorted(row.name for row in ENDPOINTS)
