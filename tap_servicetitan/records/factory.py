"""The items of a page to the records of one stream."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from typing import TYPE_CHECKING, Any

from tap_servicetitan.api.pages import items_of
from tap_servicetitan.api.replies import printable
from tap_servicetitan.catalog.schema import END_MARKER
from tap_servicetitan.errors import NonConformingPageError, StreamError, UnexpectedBodyError, UnreadableBodyError
from tap_servicetitan.records.coerce import Coercer
from tap_servicetitan.records.making import dict_records, passthrough_records
from tap_servicetitan.records.records import DictRecords

if TYPE_CHECKING:
    import logging
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from tap_servicetitan.api.pages import Items
    from tap_servicetitan.catalog.endpoint import Endpoint
    from tap_servicetitan.records.columns import AddedColumn
    from tap_servicetitan.records.masking import Masking
    from tap_servicetitan.records.passthrough import Passthrough, Rows
    from tap_servicetitan.records.records import Records

_UNDECLARED = (
    "%s: the API sends this field, which the schema does not have; it is left out. "
    "Update the tap; if it is the newest, report the field there"
)

_MOST_NAMED = 20
"""Fields of a stream that are not declared, and are named in the log."""


@dataclasses.dataclass(kw_only=True)
class RecordFactory:
    """Makes records, and logs once for each field what is odd about it."""

    row: Endpoint
    """The stream's row of the table."""
    logger: logging.Logger
    tenant: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """The field that names the tenant, if the settings ask for it."""
    masking: Masking | None = None
    """Leaves out or hashes personal data, if it is not kept."""
    columns: Sequence[AddedColumn] = ()
    """Columns that the settings ask for."""
    passthrough: Passthrough | None = None
    """Checks rows and passes them through; None where records are not the rows themselves."""
    is_plain: bool = False
    """Records are written as they are: no map, no flattening, no batch and no limit looks into them."""
    schema: dict[str, Any] | None = None
    """What records are coerced to; None for records that are not written."""
    end_fields: Sequence[str] = ()
    """All fields of a record, where end markers tell what is gone."""
    undeclared: set[str] = dataclasses.field(default_factory=set)
    """Fields that came and the schema does not have."""
    left_out: int = 0
    """Records that came without their key."""
    _logged: set[str] = dataclasses.field(default_factory=set)
    _named: int = 0
    """Fields that are not declared, and were told of."""

    @functools.cached_property
    def _coercer(self) -> Coercer | None:
        return Coercer(self.schema) if self.schema else None

    def make(self, data: Items, added: Mapping[str, Any] | None = None, line: Iterator[int] | None = None) -> Records:
        """Make the records of a page.

        Args:
            data: The items, in JSON.
            added: Fields that the tap knows, such as the parent's id.
            line: Numbers the records, where that is their key.

        Raises:
            StreamError: The items are not what they should be.
        """
        added, line = {**self.tenant, **(added or {})}, line or itertools.count(1)
        if self.end_fields:
            added[END_MARKER] = False
        rows = self._checked(data)
        if rows is not None and self.is_plain:
            return passthrough_records(self.row, rows, added, line, self.columns)
        try:
            found = dict_records(self.row, items_of(data, self.warn_of_loss), added, line, self.columns)
        except (UnexpectedBodyError, UnreadableBodyError) as error:
            msg = f"{self.row.name}: {error}; the bookmark stays where it is, report this answer to ServiceTitan"
            raise StreamError(msg) from None
        found = self.masked(found)
        return found if self._coercer is None else self._coerced(found, self._coercer)

    def masked(self, found: DictRecords) -> DictRecords:
        """Leave out or hash personal data."""
        return DictRecords(map(self.masking.record, found.dicts())) if self.masking else found

    def ends(self, keys: Iterable[Mapping[str, Any]]) -> Records:
        """Make end markers: rows of nothing but the fields that tell what is gone, or behind which line all is."""
        nothing = {**dict.fromkeys(self.end_fields), **self.tenant}
        found = self.masked(DictRecords({**nothing, **key, END_MARKER: True} for key in keys))
        return found if self._coercer is None else self._coerced(found, self._coercer)

    def _checked(self, data: Items) -> Rows | None:
        """Give the rows of a page if all of them fit what is declared."""
        if self.passthrough is None:
            return None
        try:
            rows = self.passthrough.read(data)
        except NonConformingPageError as error:
            if "" not in self._logged:
                self._logged.add("")
                self.logger.info(
                    "%s; pages like this one are read more slowly, and nothing of them is lost", printable(error)
                )
            return None
        if self.is_plain:
            self._warn_of_undeclared(rows.undeclared)
        return rows

    def _coerced(self, found: DictRecords, coercer: Coercer) -> DictRecords:
        """Make records fit the schema, and log each field once in which something did not."""
        coerced = type(found)(coercer.coerced(found.dicts()))
        for name in coercer.counts:
            self.warn_once("%s: a value is not of the declared type; what is emitted: docs/odd-data.md", name)
        self._warn_of_undeclared(coercer.undeclared)
        self.left_out = coercer.keyless
        if coercer.keyless:
            self.warn_once("%s: a record without it is left out", "the key")
        return coerced

    def _warn_of_undeclared(self, names: Collection[str]) -> None:
        """Name a handful of the fields that are not declared, and count the others: there may be thousands."""
        self.undeclared.update(names)
        new = sorted({*names} - self._logged)
        named = max(0, _MOST_NAMED - self._named)
        self._named += len(new)
        for name in new[:named]:
            self.warn_once(_UNDECLARED, name)
        if more := new[named:]:
            self._logged.update(more)
            self.logger.warning(
                "%s: %d more fields that the schema does not have are left out", self.row.name, len(more)
            )

    def warn_of_loss(self) -> None:
        """Log the first time that a page has values which became null before it could be read."""
        self.warn_once("%s: values that JSON or no database holds came, and are null: docs/odd-data.md", "*")

    def warn_once(self, message: str, field: str) -> None:
        """Log a warning about a field, the first time."""
        if field not in self._logged:
            self._logged.add(field)
            # A name comes from outside as well.
            self.logger.warning(message, printable(f"{self.row.name}.{field}"))


def parent_records(row: Endpoint, logger: logging.Logger) -> RecordFactory:
    """Make records for their children's sake alone: they are not written."""
    return RecordFactory(row=row, logger=logger)
