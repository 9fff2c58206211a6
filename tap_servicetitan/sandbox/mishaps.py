"""Responses that are not what they should be."""

from __future__ import annotations

import asyncio
from email.utils import formatdate, parsedate_to_datetime
from typing import TYPE_CHECKING, TypeAlias

from starlette.responses import Response

from tap_servicetitan.sandbox import bodies
from tap_servicetitan.sandbox.cut import CutAnswer
from tap_servicetitan.sandbox.responses import error_response, json_response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_servicetitan.sandbox.faults import Fault

Make: TypeAlias = "Callable[[], Response]"

_HTML = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_EDITS: Mapping[str, bodies.Edit] = {
    "envelope": bodies.envelope,
    "raw-field": bodies.raw_field,
    "swap-envelope": bodies.swap_envelope,
}


async def mishap(fault: Fault, make: Make, stream: str) -> Response:
    """Respond as a fault has it; what it spoils is the response that there would have been."""
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
        return make()
    if fault.kind == "wrong-date":
        return make()
    if edit := _EDITS.get(fault.kind):
        made = make()
        return bodies.edited(made, fault, stream, edit) if made.status_code in {200, 202} else made
    return _SPOILT[fault.kind](fault, make)


def date_of(fault: Fault | None, date: str) -> str:
    """Return the date of a response: that of the sandbox's clock, unless a fault has it otherwise."""
    if fault is None or fault.kind != "wrong-date":
        return date
    return formatdate(parsedate_to_datetime(date).timestamp() + fault.seconds, usegmt=True)


def _status(fault: Fault, _: Make) -> Response:
    if fault.body == "json":
        return error_response(fault.status, fault.title, fault.headers)
    if fault.body == "gateway":
        return json_response({"statusCode": fault.status, "message": fault.title}, fault.status, fault.headers)
    if fault.body == "html":
        return Response(_HTML.format(fault.title), fault.status, fault.headers, media_type="text/html")
    return Response(b"", fault.status, fault.headers)


def _truncate(_: Fault, make: Make) -> Response:
    body = bytes(make().body)
    return Response(body[: len(body) // 2], media_type="application/json")


_SPOILT: Mapping[str, Callable[[Fault, Make], Response]] = {
    "content": lambda fault, _: json_response(fault.content),
    "empty": lambda _, __: Response(b"", media_type="application/json"),
    "html": lambda _, __: Response(_HTML.format("Welcome"), media_type="text/html"),
    "redirect": lambda fault, _: Response(status_code=302, headers={"location": fault.location}),
    "reject-continuation": lambda _, __: error_response(400, "The continuation token is not valid."),
    "reset": lambda fault, make: CutAnswer(fault.where, bytes(make().body)),
    "status": _status,
    "truncate": _truncate,
}
