"""Plausible values: which field gets what, by its name, then by its type and format."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeAlias

from tap_servicetitan.sandbox.catalogue import CITIES, EQUIPMENT, MAKERS, NAMES, NOTES, pools
from tap_servicetitan.sandbox.clock import DAY, HOUR, day_of, iso
from tap_servicetitan.sandbox.directory import Directory, id_of, number_of
from tap_servicetitan.sandbox.draw import one_of
from tap_servicetitan.sandbox.facts import Property, nullable, type_of
from tap_servicetitan.sandbox.references import LOOSE, SKUS, USERS, target_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """What the values of a row depend on besides chance."""

    created: int
    directory: Directory


Maker: TypeAlias = "Callable[[int, Frame], Any]"

_YES, _NO = (True,), (False,)


def embed(stream: str, draw: int, frame: Frame) -> dict[str, Any]:
    """Let an object stand for a row of another stream."""
    identity = frame.directory.pick(stream, draw)
    number = number_of(identity)
    name = frame.directory.name(stream, number)
    # A custom field calls the id of its definition otherwise.
    return {"id": identity, "typeId": identity, "name": name, "number": str(4_000 + 100 * number)}


def reference(stream: str) -> Maker:
    """Refer to a row of a stream."""
    if stream == USERS:
        return lambda draw, frame: frame.directory.user(draw)
    return lambda draw, frame: frame.directory.pick(stream, draw)


def _phone(draw: int, _: Frame) -> str:
    return f"({919 + draw % 2 * 65}) 555-{draw // 7 % 10_000:04d}"


def _email(draw: int, _: Frame) -> str:
    first, last = one_of(pools().first_names, draw), one_of(pools().last_names, draw >> 20)
    return f"{first}.{last}@example.com".lower().replace(" ", "")


def _person(draw: int, _: Frame) -> str:
    return f"{one_of(pools().first_names, draw)} {one_of(pools().last_names, draw >> 20)}"


def _code(prefix: str) -> Maker:
    return lambda draw, _: f"{prefix}{draw % 900_000 + 100_000}"


def _among(*choices: object) -> Maker:
    return lambda draw, _: one_of(choices, draw)


def _recently(draw: int, frame: Frame) -> str:
    return iso(frame.created - draw % (20 * DAY) // HOUR * HOUR)


_ACCOUNT = _among(*NAMES["gl_accounts"])

_BY_NAME: Mapping[str, Maker] = {
    "account": _ACCOUNT,
    "accountCode": _code("A-"),
    "accountName": _among("Branch Account", "Contractor Account"),
    "alias": _among("Product photo", "Spec sheet"),
    "assetAccount": _ACCOUNT,
    "barcodeId": _code("BC"),
    "bio": _among("Licensed and background checked.", "Ten years in the trade."),
    "businessUnitName": lambda draw, frame: frame.directory.name("business_units", draw % 7),
    "captureSource": _among("Call", "Website", "Chat"),
    "checkNumber": lambda draw, _: str(1_000 + draw % 9_000),
    "city": lambda draw, _: one_of(CITIES, draw),
    "color": lambda draw, _: f"#{draw % 0xFFFFFF:06x}",
    "costOfSaleAccount": _ACCOUNT,
    "country": _among("USA"),
    "createdBy": lambda draw, frame: frame.directory.name("employees", draw % frame.directory.sizes["employees"]),
    "crossSaleGroup": _among("Comfort", "Protection"),
    "currency": _among("USD"),
    "customerPo": _code("PO-"),
    "depositPercent": _among(0.0, 25.0, 50.0),
    "detailType": _among("Income", "Cost of Goods Sold", "Other Current Assets"),
    "externalId": _code("EXT-"),
    "fileName": _code("IMG_"),
    "firstName": lambda draw, _: one_of(pools().first_names, draw),
    "generalLedgerAccountName": _ACCOUNT,
    "hours": lambda draw, _: (1 + draw % 12) / 2,
    "inventoryLocation": _among("Main Warehouse", "East Shop"),
    "inventoryStatus": _among("Consumed", "Pending"),
    "isPaused": _among(*_NO),
    "jobTypeName": _among(*NAMES["job_types"]),
    "key": _among("CRM-Id", "ERP-Id", "Source"),
    "lastName": lambda draw, _: one_of(pools().last_names, draw),
    "latitude": lambda draw, _: round(35.6 + draw % 4_000 / 10_000, 6),
    "leadCity": lambda draw, _: one_of(CITIES, draw),
    "leadCustomerName": _person,
    "leadState": _among("NC"),
    "leadStreet": lambda draw, _: one_of(pools().streets, draw),
    "leadZip": lambda draw, _: str(27_501 + draw % 115),
    "loginName": lambda draw, frame: _email(draw, frame).partition("@")[0],
    "longitude": lambda draw, _: round(-79.1 + draw % 7_000 / 10_000, 6),
    "manufacturer": lambda draw, _: one_of(MAKERS, draw),
    "model": _code("M"),
    "number": lambda draw, _: str(draw % 90_000 + 10_000),
    "phoneNumber": _phone,
    "quantity": lambda draw, _: float(1 + draw % 4),
    "recordingUrl": lambda draw, _: f"https://recordings.example.com/{draw % 10**9}.mp3",
    "recurrenceDaysOfMonth": lambda draw, _: 1 + draw % 28,
    "referenceNumber": _code("REF-"),
    "serialNumber": _code("SN"),
    "shiftEnd": _among("17:00:00", "18:30:00"),
    "shiftStart": _among("07:00:00", "08:00:00"),
    "skuAccount": _ACCOUNT,
    "skuType": _among("Material", "Equipment"),
    "soldHours": lambda draw, _: (1 + draw % 12) / 2,
    "source": _among("Website", "Phone", "Import"),
    "state": _among("NC"),
    "status": _among("Pending", "Received"),
    "street": lambda draw, _: one_of(pools().streets, draw),
    "streetAddress": lambda draw, _: one_of(pools().streets, draw),
    "syncStatus": _among("Pending", "Posted", "Exported"),
    "tag": _among("", "Follow up", "VIP"),
    "taxRate": _among(0.0725, 0.0675),
    "team": _among("Plumbing A", "Plumbing B", "Comfort"),
    "technicianName": _person,
    "termName": _among("Due Upon Receipt", "Net 15", "Net 30"),
    "type": _among("Income", "Expense", "Asset"),
    "unit": lambda draw, _: f"Apt {draw % 40 + 1}",
    "unitOfMeasure": _among("Each", "Foot", "Box"),
    "url": lambda draw, _: f"https://files.example.com/{draw % 10**9}.jpg",
    "value": lambda draw, _: str(draw % 9_000 + 1_000),
    "vendorName": lambda draw, frame: frame.directory.name("vendors", draw % 8),
    "vendorPart": _code("VP"),
    "voiceMailPath": lambda draw, _: f"https://recordings.example.com/voicemail/{draw % 10**9}.mp3",
    "zip": lambda draw, _: str(27_501 + draw % 115),
}
_BY_ENDING: tuple[tuple[tuple[str, ...], Maker], ...] = (
    (("email", "Email"), _email),
    (("phone", "Phone"), _phone),
    (("Url", "url", "image", "Images", "Videos"), _BY_NAME["url"]),
    (("Name", "name"), lambda draw, _: one_of(EQUIPMENT, draw)),
    (("code", "Code", "Number", "Id"), _code("C")),
)
_BY_FORMAT: Mapping[str, Maker] = {
    "date": lambda draw, frame: day_of(frame.created - draw % (20 * DAY)),
    "date-time": _recently,
    "duration": lambda draw, _: f"{draw % 2:02d}:{draw // 2 % 60:02d}:{draw // 120 % 60:02d}",
    "email": _email,
    "phone": _phone,
    "double": lambda draw, _: float(draw % 11),
    "int32": lambda draw, _: draw % 12,
}


def _text(_: str) -> Maker:
    return lambda draw, __: one_of(NOTES, draw)


def _number(name: str) -> Maker:
    if name.endswith(("Rate", "Percentage", "Percent")):
        return lambda draw, _: draw % 400 / 10
    return lambda draw, _: draw % 50_000 / 100


def _identity(stream: str, path: str, facts: Property) -> Maker:
    name = path.rpartition(".")[2]
    if name == "id" or name in LOOSE:
        return lambda draw, _: id_of(f"{stream}.{path}", draw % 1_000_000)
    if name == "skuId":
        return lambda draw, frame: frame.directory.pick(one_of(SKUS, draw), draw // 3)
    # A reference to rows that come and go is for the business to make: here it would dangle.
    return _nothing if nullable(facts) else _zero


def _nothing(_: int, __: Frame) -> None:
    return None


def _zero(_: int, __: Frame) -> int:
    return 0


def _array(stream: str, path: str, facts: Property) -> Maker:
    inner = facts["items"]
    known = target_of(stream, path) or path.rpartition(".")[2] in _BY_NAME
    if type_of(inner) == "object" or (type_of(inner) == "integer" and not known):
        return lambda _, __: []
    one = maker(stream, path, inner)
    return lambda draw, frame: list(dict.fromkeys(one(draw >> shift, frame) for shift in range(0, draw % 3 * 7, 7)))


def maker(stream: str, path: str, facts: Property) -> Maker:
    """Choose how a field's values are made up."""
    name = path.rpartition(".")[2]
    kind = type_of(facts)
    if enum := facts.get("enum"):
        return _among(*enum)
    if kind == "array":
        return _array(stream, path, facts)
    if target := target_of(stream, path):
        return _as_text(reference(target)) if kind == "string" else reference(target)
    if kind == "boolean":
        return _among(*_YES) if name == "active" else lambda draw, _: draw % 5 == 0
    if kind == "integer" and facts.get("format") == "int64":
        return _identity(stream, path, facts)
    return _plain(name, kind, facts)


def _plain(name: str, kind: str, facts: Property) -> Maker:
    by_format = _BY_FORMAT.get(facts.get("format", ""))
    if by_format:
        return _BY_NAME.get(name, by_format)
    if kind == "number":
        return _BY_NAME[name] if name in _BY_NAME and name != "number" else _number(name)
    if kind == "integer":
        return _BY_FORMAT["int32"]
    if name in _BY_NAME:
        return _as_text(_BY_NAME[name])
    return next((make for endings, make in _BY_ENDING if name.endswith(endings)), _text(name))


def _as_text(make: Maker) -> Maker:
    return lambda draw, frame: str(make(draw, frame))
