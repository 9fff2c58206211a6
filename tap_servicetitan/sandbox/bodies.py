"""Bodies of the wrong shape: good responses whose JSON is changed before it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from tap_servicetitan.sandbox.facts import FACTS
from tap_servicetitan.sandbox.responses import json_response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.responses import Response

    from tap_servicetitan.sandbox.faults import Fault

Edit: TypeAlias = "Callable[[Any, Fault, str], Any]"
"""Changes a body, given the fault and the field that holds the rows."""


def edited(response: Response, fault: Fault, stream: str, edit: Edit) -> Response:
    """Change the body of a good response."""
    records = FACTS[stream].row.records if stream in FACTS else "data"
    return json_response(edit(msgspec.json.decode(response.body), fault, records), response.status_code)


def envelope(body: Any, fault: Fault, _: str) -> Any:  # noqa: ANN401 - any JSON value
    """Set and remove fields around the rows."""
    if not isinstance(body, dict):
        return body
    return {name: value for name, value in (body | dict(fault.fields)).items() if name not in fault.without}


def swap_envelope(body: Any, _: Fault, records: str) -> Any:  # noqa: ANN401 - any JSON value
    """Send rows bare that should have an envelope, and with one that should have none."""
    if isinstance(body, dict) and records in body:
        return body[records]
    return {"data": body if isinstance(body, list) else [body]}


def raw_field(body: Any, fault: Fault, records: str) -> Any:  # noqa: ANN401 - any JSON value
    """Write the values of some fields as the given text, which need not be JSON."""
    raw = {name: msgspec.Raw(str(text).encode()) for name, text in fault.fields.items()}
    for row in _rows(body, records):
        if isinstance(row, dict):
            row.update(raw)
        else:
            # The rows of a report are positional.
            names = [field["name"] for field in body["fields"]]
            row[:] = [raw.get(name, value) for name, value in zip(names, row, strict=True)]
    return body


def _rows(body: Any, records: str) -> Iterable[Any]:  # noqa: ANN401 - any JSON value
    found = body.get(records, [body]) if isinstance(body, dict) else body
    return found if isinstance(found, list) else []
