"""Secrets stay out of every log record, whichever logger makes it and however it is configured later."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

import pytest

from tap_servicetitan.logs import hide

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "s3cr3t/+value="  # noqa: S105 - made up


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Collect all that the root's handler writes, which is added after the secret was named."""
    factory = logging.getLogRecordFactory()
    hide([SECRET, "abc"])
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
    logging.root.addHandler(handler)
    level = logging.root.level
    logging.root.setLevel(logging.DEBUG)
    yield stream
    logging.root.setLevel(level)
    logging.root.removeHandler(handler)
    logging.setLogRecordFactory(factory)


@pytest.mark.parametrize(
    "name", ["tap-servicetitan.jobs", "urllib3.connectionpool", "singer_sdk.metrics", "of.anybody"]
)
def test_no_record_has_a_secret(log: io.StringIO, name: str) -> None:
    """Neither in the message nor among its arguments, as it is or as an address has it."""
    logger = logging.getLogger(name)
    logger.setLevel(logging.DEBUG)
    logger.debug("it is %s", SECRET)
    logger.debug(f"it is {SECRET}")  # noqa: G004 - as others may write it
    logger.debug("it is %s", {"value": SECRET})
    logger.debug("GET /x/s3cr3t%2F%2Bvalue%3D")
    assert log.getvalue().count("…") == 4
    assert "s3cr3t" not in log.getvalue()


def test_no_traceback_has_a_secret(log: io.StringIO) -> None:
    """An exception's text is from outside as well."""
    try:
        int(SECRET)
    except ValueError:
        logging.getLogger("tap-servicetitan").exception("failed")
    assert "ValueError" in log.getvalue()
    assert SECRET not in log.getvalue()


def test_urllib3_logs_no_query(log: io.StringIO) -> None:
    """It has the bookmark."""
    logging.getLogger("urllib3.connectionpool").debug(
        '%s "%s %s"', "http://h:80", "GET", "/export/jobs?from=token HTTP/1.1"
    )
    assert "token" not in log.getvalue()
    assert "/export/jobs?…" in log.getvalue()


def test_short_values_and_other_records_stay(log: io.StringIO) -> None:
    """What is too short to be a secret would spoil words."""
    logging.getLogger("tap-servicetitan").info("abc %d of %s?x=1", 3, "jobs")
    assert "abc 3 of jobs?x=1" in log.getvalue()
