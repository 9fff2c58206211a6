"""The API over HTTP: one session, one token, one limit for all streams; what fails is told in the user's terms."""

from __future__ import annotations

import dataclasses
import email.utils
import http.cookiejar
import itertools
import json
import logging
import math
import random
import re
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlsplit

import backoff
import requests

from tap_servicetitan.api.pages import UnreadableBodyError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from backoff.types import Details

Answer = TypeVar("Answer")

HOSTS = {
    "production": ("https://api.servicetitan.io", "https://auth.servicetitan.io/connect/token"),
    "integration": (
        "https://api-integration.servicetitan.io",
        "https://auth-integration.servicetitan.io/connect/token",
    ),
}

MAX_TRIES = 12
"""Live users needed about ten."""

FIRST_WAIT = 1.0
"""Seconds before the second try, at most; doubled with each further try."""

LONGEST_WAIT = 60.0
"""Seconds between tries, unless the API asks for more."""

LONGEST_ASKED_WAIT = 600.0
"""Seconds that the API can ask for at the most; it has been seen to ask for 50."""

EXPIRY_MARGIN = 60.0
"""Seconds before its end in which a token is replaced: a request may take longer than what is left."""

_TITLE_WAIT = re.compile(r"try again in (\d+(?:\.\d+)?) seconds?", re.IGNORECASE)
_SECONDS = re.compile(r"\d+(?:\.\d+)?")
_TITLE_LENGTH = 200
_BROKEN = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


class ApiError(Exception):
    """The API did not give what was asked for; the message names the stream and what to do."""


class CredentialsError(ApiError):
    """Nobody can be served with these credentials: all streams would fail alike."""


class ForbiddenError(ApiError):
    """The app lacks the scope of this entity."""


class NotFoundError(ApiError):
    """The tenant has no such module, or there is no such tenant."""


class ConflictError(ApiError):
    """The API gives no answer for the state that something is in (409), such as the notes of an inactive customer."""


class RejectedError(ApiError):
    """The API rejects the request as it is (400)."""


class OverloadError(ApiError):
    """The server itself failed again and again, so that less may have to be asked at once."""


class TransientError(ApiError):
    """Asking again may help; ``wait`` is the number of seconds that the API asks for, if it does."""

    def __init__(self, message: str, wait: float | None = None, *, overload: bool = False) -> None:
        """Keep the wait beside the message, and whether it was the server itself that failed."""
        super().__init__(message)
        self.wait = wait
        self.overload = overload


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, and for which stream."""

    stream: str
    """Named in messages."""

    path: str
    """Below the API's host, with placeholders; ``{tenant}`` stands for the tenant."""

    values: Mapping[str, object] = dataclasses.field(default_factory=dict)
    """What the other placeholders stand for."""

    params: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """The query of a GET, the body of a POST."""

    body: Mapping[str, object] | None = None
    """The body of a POST that has a query as well; `params` is the query then."""

    method: str = "GET"
    scope: str = ""
    """The API scope that the endpoint needs, named where it is missing."""

    remedies: Mapping[int, str] = dataclasses.field(default_factory=dict)
    """What to do about a status, where that is not what it is elsewhere."""

    apart: bool = False
    """The endpoint has limits of its own: its 429 holds nobody else back, and its 409 passes (maintenance)."""

    patience: int | None = None
    """How often the server itself may fail, where that is less than the number of tries."""

    gate: Callable[[], None] | None = None
    """Called before each try; it may wait."""


class Client:
    """Asks the API on behalf of all streams of a tenant; safe to share between threads."""

    def __init__(self, config: Mapping[str, Any], logger: logging.Logger) -> None:
        """Prepare a session; nothing is sent yet."""
        # Here, because --about and --discover need no limiter and its import takes a tenth of a second.
        from pyrate_limiter import Duration, Limiter, Rate  # noqa: PLC0415

        # urllib3 logs the query of each request at DEBUG, and with it the bookmark.
        logging.getLogger("urllib3").setLevel(logging.WARNING)
        logging.getLogger("pyrate_limiter").setLevel(logging.WARNING)
        api, auth = HOSTS[config["environment"]]
        self._api = (config.get("api_url") or api).rstrip("/")
        self._auth_url = config.get("auth_url") or auth
        self._config = config
        self._logger = logger
        self._timeout = config["request_timeout"]
        self._session = _session(config["concurrency"])
        self._token = _Token(self._new_token)
        rate = config["requests_per_second"]
        burst = max(1, int(rate))
        self._limiter = Limiter(Rate(burst, math.ceil(Duration.SECOND * burst / rate)))
        self._paused_until = 0.0
        self._counts: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._endpoints: dict[str, threading.Lock] = {}
        self._clock = datetime.now(UTC), time.monotonic()
        self.accepted = threading.Event()
        """Set as soon as the API has served, or known and refused, one request of this tenant."""

    def connect(self) -> None:
        """Get a token, so that wrong credentials show before anything else is done.

        Raises:
            CredentialsError: The API does not know these credentials.
        """
        self._token.current()

    @property
    def sent(self) -> Counter[str]:
        """How many requests were sent for each stream, each try counted."""
        with self._counting:
            return self._counts.copy()

    @property
    def waiting(self) -> float:
        """Seconds for which the API still wants all streams to wait."""
        return max(0.0, self._paused_until - time.monotonic())

    def now(self) -> datetime:
        """Tell the time by the API's clock, which is that of the stamps: this machine's may be wrong."""
        moment, at = self._clock
        return moment + timedelta(seconds=time.monotonic() - at)

    def ask(self, question: Question, read: Callable[[bytes], Answer]) -> Answer:
        """Ask, and return what `read` makes of the body; again where that may help.

        Args:
            question: What is asked.
            read: Raises `UnreadableBodyError` where asking again may help.

        Raises:
            ApiError: One of its kinds.
        """
        whose = f"the bookmark of {question.stream} is unharmed"
        return self._patiently(whose, lambda: self._once(question, read), question.patience)

    def _patiently(self, whose: str, once: Callable[[], Answer], patience: int | None = None) -> Answer:
        failures = itertools.count(1)

        def is_hopeless(error: Exception) -> bool:
            overload = isinstance(error, TransientError) and error.overload
            return patience is not None and overload and next(failures) >= patience

        def announce(details: Details) -> None:
            self._logger.warning(
                "%s; try %d of %d comes in %.1f s",
                details["exception"],
                details["tries"] + 1,
                MAX_TRIES,
                details["wait"],
            )

        decorate = backoff.on_exception(
            _waits,
            TransientError,
            max_tries=MAX_TRIES,
            giveup=is_hopeless,
            jitter=None,
            on_backoff=announce,
            logger=None,
        )
        try:
            return decorate(once)()
        except TransientError as error:
            tries = MAX_TRIES if patience is None or not error.overload else patience
            msg = f"{error}; gave up after {tries} tries: run again later, {whose}"
            raise (OverloadError if error.overload else ApiError)(msg) from None

    def _once(self, question: Question, read: Callable[[bytes], Answer]) -> Answer:
        # Two requests of one endpoint at once were seen to be refused and to spoil each other's pages.
        with self._endpoints.setdefault(question.path, threading.Lock()):
            response = self._send_authorised(question)
        if response.status_code != HTTPStatus.OK:
            raise self._error(question, response)
        try:
            answer = read(response.content)
        except UnreadableBodyError as error:
            msg = f"{question.stream}: the body is {error} ({len(response.content)} bytes)"
            raise TransientError(msg) from None
        self.accepted.set()
        return answer

    def _send_authorised(self, question: Question) -> requests.Response:
        token = self._token.current()
        response = self._send(question, token)
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            # The API may drop a token before its time: once more with a fresh one.
            self._token.drop(token)
            response = self._send(question, self._token.current())
        return response

    def _send(self, question: Question, token: str) -> requests.Response:
        self._limiter.try_acquire("api")
        # Not for no time at all: that alone gives the turn to other threads.
        if (pause := self._paused_until - time.monotonic()) > 0:
            time.sleep(pause)
        if question.gate:
            question.gate()
        with self._counting:
            self._counts[question.stream] += 1
        auth = _Headers(token, self._config["st_app_key"])
        values = {name: quote(str(value), safe="") for name, value in question.values.items()}
        url = self._api + question.path.format(tenant=self._config["tenant_id"], **values)
        return self._request(question.stream, question.method, url, auth=auth, **_parts(question))

    def _request(self, who: str, method: str, url: str, **parts: object) -> requests.Response:
        try:
            # Redirects are not followed: they could carry the credentials to another host.
            response = self._session.request(
                method,
                url,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
                **parts,  # type: ignore[arg-type]
            )
            # In one piece: requests itself reads 10 kB at a time, and holds all twice.
            response._content = b"".join(response.iter_content(None))  # noqa: SLF001
        except _BROKEN as error:
            # The exception's own text has the URL with its query.
            msg = f"{who}: {_plain(error)} ({urlsplit(url).hostname})"
            if _is_untrusted(error):
                msg = f"{msg}; nothing was sent to it. Check api_url and auth_url, and what stands between"
                raise CredentialsError(msg) from None
            took_too_long = isinstance(error, requests.Timeout | requests.exceptions.ChunkedEncodingError)
            raise TransientError(msg, overload=took_too_long) from None
        if moment := _moment(response.headers.get("Date", "")):
            self._clock = moment, time.monotonic()
        return response

    def _error(self, question: Question, response: requests.Response) -> ApiError:
        """Turn an answer that is no success into what it means for the user: the one place where a status is judged."""
        status, what = response.status_code, f"{question.stream}: {_told(response)}"
        known = self.accepted.is_set()
        if status in (HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS):
            self.accepted.set()
        if _is_transient(status) or (status == HTTPStatus.CONFLICT and question.apart):
            wait = _asked_wait(response) if question.apart else self._pause(response)
            return TransientError(what, wait, overload=_is_overload(status))
        kind, remedy = self._meaning(status, question, known=known)
        return kind(f"{what}{question.remedies.get(status, remedy)}")

    def _meaning(self, status: int, question: Question, *, known: bool) -> tuple[type[ApiError], str]:
        tenant = self._config["tenant_id"]
        refused = f", with a fresh token too; check st_app_key, and that the app is connected to tenant {tenant}"
        meanings: dict[int, tuple[type[ApiError], str]] = {
            # Once others were served, this is the trouble of one stream.
            HTTPStatus.UNAUTHORIZED: (ApiError if known else CredentialsError, refused),
            HTTPStatus.FORBIDDEN: (
                ForbiddenError,
                f"; grant the app the scope {question.scope} or deselect the stream",
            ),
            HTTPStatus.NOT_FOUND: (NotFoundError, f"; tenant {tenant} does not have this module: deselect the stream"),
            HTTPStatus.CONFLICT: (
                ConflictError,
                "; the API gives nothing for the state that this is in: run again later, and if it stays, report it",
            ),
            HTTPStatus.BAD_REQUEST: (
                RejectedError,
                "; the API rejects the request: update the tap, and if it stays, report it with the trace id",
            ),
        }
        return meanings.get(status, (ApiError, "; the API does not answer like this, check api_url"))

    def _pause(self, response: requests.Response) -> float | None:
        """Hold all streams back where the API asks for it: the limit is the tenant's, whoever asks now is refused."""
        wait = _asked_wait(response)
        if wait and response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            self._paused_until = max(self._paused_until, time.monotonic() + wait)
        return wait

    def _new_token(self) -> tuple[str, float]:
        return self._patiently("all bookmarks are unharmed", self._ask_for_token)

    def _ask_for_token(self) -> tuple[str, float]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._config["client_id"],
            "client_secret": self._config["client_secret"],
        }
        response = self._request("sign-in", "POST", self._auth_url, data=form, auth=_no_auth)
        what = f"sign-in: {_told(response)}"
        if _is_transient(response.status_code):
            raise TransientError(what, _asked_wait(response))
        if response.status_code != HTTPStatus.OK:
            known = response.status_code in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
            remedy = (
                f"check client_id and client_secret, and that they are of environment {self._config['environment']}"
                if known
                else "ServiceTitan's sign-in does not answer like this, check auth_url and what stands between"
            )
            msg = f"{what}; {remedy}"
            raise CredentialsError(msg)
        try:
            answer = json.loads(response.content)
            return str(answer["access_token"]), float(answer.get("expires_in", 900))
        except (ValueError, KeyError, TypeError, AttributeError):
            msg = "sign-in: the body has no access_token; check auth_url"
            raise TransientError(msg) from None


class _Token:
    """The one access token, replaced shortly before it ends."""

    def __init__(self, new: Callable[[], tuple[str, float]]) -> None:
        self._new = new
        self._lock = threading.Lock()
        self._value: str | None = None
        self._replace_at = 0.0

    def current(self) -> str:
        with self._lock:
            if self._value is None or time.monotonic() >= self._replace_at:
                self._value, seconds = self._new()
                self._replace_at = time.monotonic() + max(seconds - EXPIRY_MARGIN, seconds / 2)
            return self._value

    def drop(self, value: str) -> None:
        """Forget a token that the API refused, unless it is replaced already."""
        with self._lock:
            if self._value == value:
                self._value = None


class _Headers(requests.auth.AuthBase):
    """Authorises a request. As an auth object, because requests puts a ~/.netrc entry above a plain header."""

    def __init__(self, token: str, app_key: str) -> None:
        self._token = token
        self._app_key = app_key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        request.headers["ST-App-Key"] = self._app_key
        return request


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep a ~/.netrc entry out of the sign-in."""
    return request


def _session(connections: int) -> requests.Session:
    session = requests.Session()
    session.headers.update({"Accept": "application/json", "User-Agent": "tap-servicetitan"})
    session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    adapter = requests.adapters.HTTPAdapter(pool_maxsize=connections)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _waits() -> Generator[float, TransientError, None]:
    """Yield the seconds to wait: what the API asks for, else exponential with jitter."""
    exponential = backoff.expo(factor=FIRST_WAIT, max_value=LONGEST_WAIT)
    next(exponential)
    error = yield 0.0
    for longest in exponential:
        # Jitter on top of what was asked for, so that all workers do not come back in the same moment.
        error = yield random.uniform(0, longest) if error.wait is None else error.wait + random.uniform(0, 0.1)  # noqa: S311


def _is_transient(status: int) -> bool:
    return status == HTTPStatus.TOO_MANY_REQUESTS or _is_overload(status)


def _is_overload(status: int) -> bool:
    return status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _told(response: requests.Response) -> str:
    """Say what came: status, the vendor's title and trace id, never the body."""
    status = f"{response.status_code} {response.reason or ''}".strip()
    try:
        body = json.loads(response.content)
        title, trace = body.get("title") or body.get("error"), body.get("traceId")
    except (ValueError, AttributeError):
        return status
    said = f"{status} {str(title)[:_TITLE_LENGTH]!r}" if title else status
    return f"{said} (trace id {str(trace)[:_TITLE_LENGTH]})" if trace else said


def _asked_wait(response: requests.Response) -> float | None:
    """Find how long the API asks to wait: in the header (seconds, even decimal, or a date), else in the title."""
    header = response.headers.get("Retry-After", "")
    wait = float(header) if _SECONDS.fullmatch(header.strip()) else _until(header)
    if wait is None and (found := _TITLE_WAIT.search(_told(response))):
        wait = float(found[1])
    return min(max(wait, 0.0), LONGEST_ASKED_WAIT) if wait is not None else None


def _until(date: str) -> float | None:
    moment = _moment(date)
    return (moment - datetime.now(UTC)).total_seconds() if moment else None


def _moment(date: str) -> datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(date)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _parts(question: Question) -> dict[str, object]:
    if question.body is not None:
        return {"params": question.params, "json": question.body}
    return {"params": question.params} if question.method == "GET" else {"json": _as_json(question.params)}


def _as_json(params: Mapping[str, str]) -> dict[str, str | bool]:
    """Write as JSON what the table writes as texts."""
    return {name: {"true": True, "false": False}.get(value, value) for name, value in params.items()}


def _is_untrusted(error: BaseException) -> bool:
    """Tell whether the host's certificate is the reason: that does not pass."""
    return isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error)


def _plain(error: requests.RequestException) -> str:
    """Name a failure of the connection without its text."""
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "the host's certificate was not accepted"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke within the answer"
    return "the connection failed or broke"
