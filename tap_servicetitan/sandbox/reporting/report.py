"""What a report is: its parameters and columns, as the API describes them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from tap_servicetitan.sandbox.directory import id_of

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind: TypeAlias = Literal["String", "Number", "Boolean", "Date", "Time"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a report."""

    name: str
    label: str
    kind: Kind
    required: bool = False
    many: bool = False
    values: Sequence[tuple[Any, str]] = ()
    """The values that are accepted, each with its name; any if there are none."""
    dynamic: str | None = None
    """The set of values that is accepted, where another endpoint lists them."""

    def description_body(self) -> dict[str, Any]:
        """Describe the parameter as the API does."""
        accepted = None
        if self.values or self.dynamic:
            fields = [{"name": "Value", "label": "Value"}, {"name": "Name", "label": "Name"}]
            values = [list(one) for one in self.values] or None
            accepted = {"fields": fields, "dynamicSetId": self.dynamic, "values": values}
        return {
            "name": self.name,
            "label": self.label,
            "dataType": self.kind,
            "isArray": self.many,
            "isRequired": self.required,
            "acceptValues": accepted,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """A column."""

    name: str
    label: str
    kind: Kind


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report."""

    number: int
    """Its number among the reports that somebody has built, or its id if ServiceTitan has built it."""
    categories: Sequence[str]
    name: str
    description: str | None
    parameters: Sequence[Parameter]
    fields: Sequence[Field]
    built_in: bool = False

    @property
    def id(self) -> int:
        """The id in its path."""
        return self.number if self.built_in else id_of("reports", self.number)

    def description_body(self, modified: str) -> dict[str, Any]:
        """Describe the report as the API does."""
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "modifiedOn": modified,
            "parameters": [one.description_body() for one in self.parameters],
            "fields": [{"name": one.name, "label": one.label, "dataType": one.kind} for one in self.fields],
        }


SPAN = (
    Parameter(name="From", label="From", kind="Date", required=True),
    Parameter(name="To", label="To", kind="Date", required=True),
)
UNITS = Parameter(name="BusinessUnitIds", label="Business Units", kind="Number", many=True, dynamic="business-units")
