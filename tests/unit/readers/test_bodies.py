"""Bodies that are records themselves are told from what is none."""

from __future__ import annotations

import json

import pytest

from tap_servicetitan.api.pages import items_of
from tap_servicetitan.catalog.endpoint import BODY
from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.catalog.schema import stream_facts
from tap_servicetitan.errors import UnexpectedBodyError
from tap_servicetitan.readers.bodies import read_record

STREAMS = sorted(name for name, row in BY_NAME.items() if row.records == BODY)
OF_OBJECTS = [name for name in STREAMS if not BY_NAME[name].scalar]

ERROR = {"type": "x", "title": "Invalid filter combination", "status": 400, "traceId": "t", "errors": {}}


def row_of(name: str) -> dict[str, object]:
    """Make a record that has one of its declared fields."""
    field = next(iter(stream_facts(BY_NAME[name])["properties"]))
    return {field: None}


@pytest.mark.parametrize("name", OF_OBJECTS)
@pytest.mark.parametrize("form", ["alone", "array", "envelope", "array in an envelope"])
def test_a_record_is_read_alone_or_in_an_envelope(name: str, form: str) -> None:
    """Where the envelope is not as declared, the record is still the same."""
    row = row_of(name)
    body = {"alone": row, "array": [row], "envelope": {"data": row}, "array in an envelope": {"data": [row]}}[form]
    assert items_of(read_record(json.dumps(body).encode(), BY_NAME[name]).data) == [row]


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize(
    "body",
    [
        {},
        ERROR,
        {"data": ERROR},
        {"statusCode": 404, "message": "Resource not found"},
        {"error": "x"},
        {"data": {}},
    ],
)
def test_what_is_no_record_is_refused(name: str, body: dict[str, object]) -> None:
    """It would overwrite the good row with nulls."""
    with pytest.raises(UnexpectedBodyError, match=f"wanted an object with fields of {name}"):
        read_record(json.dumps(body).encode(), BY_NAME[name])


@pytest.mark.parametrize("name", OF_OBJECTS)
def test_an_error_with_a_field_of_the_record_is_refused(name: str) -> None:
    """A status or a name may be in both."""
    with pytest.raises(UnexpectedBodyError):
        read_record(json.dumps(ERROR | row_of(name)).encode(), BY_NAME[name])


@pytest.mark.parametrize("name", sorted(set(STREAMS) - set(OF_OBJECTS)))
@pytest.mark.parametrize("body", [b"7", b"null"])
def test_a_bare_value_is_a_record(name: str, body: bytes) -> None:
    """The body is the value of the only field."""
    assert read_record(body, BY_NAME[name]).data == b"[" + body + b"]"
