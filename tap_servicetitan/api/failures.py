"""What a request that got no response means: proxy, certificates, name, connection or time, and what caused it."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
import urllib3.exceptions as urllib3_errors

from tap_servicetitan.errors import CredentialsError, TransientError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_servicetitan.errors import ApiError

FAILURES = (requests.RequestException, urllib3_errors.HTTPError, OSError, UnicodeError)
"""All that `requests`, urllib3 and the system raise for a request."""

BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""The variables that name a certificate bundle, the first before the next."""

_SSL = (requests.exceptions.SSLError, urllib3_errors.SSLError, ssl.SSLError)
_ADDRESS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    urllib3_errors.LocationParseError,
    UnicodeError,
)


def bundle() -> tuple[str, str] | None:
    """Return the variable that names a certificate bundle, and the bundle."""
    return next(((name, path) for name in BUNDLES if (path := os.environ.get(name))), None)


def bundle_fault() -> str | None:
    """Say what is wrong with the certificate bundle that a variable names."""
    named = bundle()
    if named is None or Path(named[1]).is_dir():
        return None
    name, path = named
    if not Path(path).exists():
        return f"the certificate bundle {path} does not exist; correct the variable {name}"
    try:
        ssl.create_default_context(cafile=path)
    except OSError:
        return f"{path} is no certificate bundle in PEM format; correct the variable {name}"
    return None


def judge_failure(who: str, error: BaseException, url: str) -> ApiError:
    """Turn a failure without a response into what it means for the user.

    The exception's own text is left out: it has the URL with its query, or a proxy's password.

    Args:
        who: Whose request it was, for messages.
        error: What was raised.
        url: Where the request went to.
    """
    host = urlsplit(url).hostname
    causes = tuple(_causes(error))
    if wrong := _setting_at_fault(causes, url):
        return CredentialsError(f"{who}: {wrong} ({host}); nothing was sent")
    what, is_slow = _describe(causes)
    return TransientError(f"{who}: {what} ({host}){_through(url)}", overload=is_slow)


def _setting_at_fault(causes: tuple[BaseException, ...], url: str) -> str | None:
    """Say which setting is wrong, if a retry does not help."""
    texts = " ".join(map(str, causes))
    if named := _bundle_at_fault(causes, texts):
        return named
    if "SOCKS" in texts:
        return f"{_proxy(url)} names a SOCKS proxy; install tap-servicetitan[socks], or name an HTTP proxy"
    if _any(causes, requests.exceptions.InvalidProxyURL, urllib3_errors.ProxySchemeUnknown):
        return f"{_proxy(url)} is not the address of a proxy; write it like http://host:port"
    if _any(causes, *_ADDRESS):
        at_fault = _proxy(url) if _proxy_variable(url) else "api_url or auth_url"
        return f"{at_fault} is not an address; write it like http://host:port"
    return None


def _bundle_at_fault(causes: tuple[BaseException, ...], texts: str) -> str | None:
    if fault := bundle_fault():
        return fault
    if "CERTIFICATE_VERIFY_FAILED" not in texts or not _any(causes, *_SSL):
        return None
    named = bundle()
    where = f"{named[0]}={named[1]}" if named else "the usual one; REQUESTS_CA_BUNDLE names another"
    return (
        "the host's certificate was not accepted; check api_url and auth_url, what stands between, "
        f"and the certificate bundle ({where})"
    )


_PASSING: tuple[tuple[tuple[type[BaseException], ...], str, bool], ...] = (
    ((requests.exceptions.ProxyError, urllib3_errors.ProxyError), "the proxy refuses, or cannot be reached", False),
    ((ConnectionRefusedError,), "the connection was refused", False),
    ((socket.gaierror, urllib3_errors.NameResolutionError), "the host's name cannot be resolved", False),
    # urllib3 counts it among those that took too long.
    ((urllib3_errors.NewConnectionError,), "the connection failed or broke", False),
    ((requests.ConnectTimeout, urllib3_errors.ConnectTimeoutError), "no connection in time", True),
    ((requests.Timeout, urllib3_errors.TimeoutError, TimeoutError), "no answer in time", True),
    (_SSL, "the secure connection failed", False),
    ((requests.exceptions.ContentDecodingError, urllib3_errors.DecodeError), "the body cannot be decompressed", False),
    ((http.client.RemoteDisconnected,), "the connection failed or broke", False),
    (
        (requests.exceptions.ChunkedEncodingError, urllib3_errors.IncompleteRead, http.client.IncompleteRead),
        "the connection broke within the answer",
        True,
    ),
)
"""Failures that may pass, the first that fits: kinds, words, and whether less might have come."""


def _describe(causes: tuple[BaseException, ...]) -> tuple[str, bool]:
    for kinds, what, is_overload in _PASSING:
        if _any(causes, *kinds):
            return what, is_overload
    return "the connection failed or broke", False


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Find an exception and all that it was raised from; urllib3 keeps some among the arguments."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        waiting += [each for each in inner if isinstance(each, BaseException)]


def _any(causes: tuple[BaseException, ...], *kinds: type[BaseException]) -> bool:
    return any(isinstance(one, kinds) for one in causes)


def _proxy_variable(url: str) -> str | None:
    scheme = urlsplit(url).scheme.upper()
    if requests.utils.should_bypass_proxies(url, no_proxy=None):
        return None
    names = (f"{scheme}_PROXY", f"{scheme}_PROXY".lower(), "ALL_PROXY", "all_proxy")
    return next((name for name in names if os.environ.get(name)), None)


def _proxy(url: str) -> str:
    name = _proxy_variable(url)
    return f"the variable {name}" if name else "the proxy of this system"


def _through(url: str) -> str:
    """Say which proxy a request went through: often it is the reason."""
    name = _proxy_variable(url)
    return f", through the proxy of {name}" if name else ""
