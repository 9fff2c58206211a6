"""What the contractor sells: services, materials and equipment with their prices, and what each kind of job needs."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from tap_servicetitan.sandbox.catalogue import NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# In dollars. What a service costs is labor; equipment comes on top.
SERVICES: Mapping[str, float] = {
    "Drain Clearing": 289, "Water Heater Replacement": 1_450, "Toilet Rebuild": 249, "Faucet Replacement": 325,
    "Leak Detection": 349, "Sewer Line Repair": 2_850, "Disposal Replacement": 389, "Capacitor Replacement": 289,
    "Refrigerant Recharge": 445, "Blower Motor Replacement": 895, "AC Tune-Up": 129, "Furnace Tune-Up": 129,
    "Thermostat Install": 259, "AC System Install": 3_200, "Panel Upgrade": 2_450, "Breaker Replacement": 245,
    "Outlet Install": 195, "Ceiling Fan Install": 285, "EV Charger Circuit": 1_150, "Furnace Install": 2_400,
    "Diagnostic Visit": 89, "Camera Inspection": 295, "Gas Line Repair": 650, "Water Softener Install": 895,
}  # fmt: skip
MATERIALS: Mapping[str, float] = {
    "Copper Elbow": 6.5, "PVC Coupling": 4.25, "PEX Tubing": 38, "Ball Valve": 32, "Wax Ring": 14, "Supply Line": 18.5,
    "P-Trap": 22, "Capacitor": 48, "Contactor": 62, "Filter": 24, "R-410A Refrigerant": 95, "Flame Sensor": 38,
    "Ignitor": 85, "12/2 Romex": 110, "GFCI Outlet": 32, "Wire Nut": 1.25, "20A Breaker": 28, "Junction Box": 9.5,
    "Pipe Dope": 8, "Condensate Pump": 145, "Expansion Tank": 135, "Shutoff Valve": 26,
}  # fmt: skip
EQUIPMENT: Mapping[str, float] = {
    "Gas Water Heater": 1_250, "Tankless Water Heater": 2_450, "Heat Pump Water Heater": 2_850, "Split AC": 4_600,
    "Gas Furnace": 3_400, "Heat Pump": 5_900, "Air Handler": 2_350, "Mini Split": 3_200, "Electrical Panel": 850,
    "Water Softener": 1_650, "EV Charger": 750, "Standby Generator": 6_200,
}  # fmt: skip
PRICES: Mapping[str, Mapping[str, float]] = {"services": SERVICES, "materials": MATERIALS, "equipment": EQUIPMENT}
# How larger tenants tell several entries of one name apart, and what each is dearer by.
_VARIANTS: Mapping[str, Sequence[tuple[str, float]]] = {
    "services": (
        ("", 1.0), ("After Hours", 1.5), ("Two Story", 1.2), ("Commercial", 1.6), ("Crawl Space", 1.25),
        ("Weekend", 1.4), ("Second Unit", 0.7), ("Permit Included", 1.15), ("Rush", 1.35), ("Complex", 1.8),
        ("Warranty Plus", 1.1),
    ),
    "materials": (
        ("", 1.0), ("Pack of 5", 4.5), ("Pack of 10", 8.5), ("Heavy Duty", 1.4), ("Premium", 1.6), ("Compact", 0.9),
        ("Commercial", 1.8), ("Lead Free", 1.2), ("Contractor Grade", 1.3), ("Long", 1.25), ("Short", 0.85),
        ("Quick Fit", 1.35), ("Insulated", 1.45), ("Coated", 1.15), ("Stainless", 1.9), ("Universal", 1.1),
        ("Refurbished", 0.6), ("Low Profile", 1.2), ("Extra Large", 1.75),
    ),
    "equipment": (
        ("", 1.0), ("Value", 0.85), ("Plus", 1.15), ("High Efficiency", 1.35), ("Premium", 1.6), ("Commercial", 2.0),
        ("Compact", 0.9), ("Large", 1.3), ("Smart", 1.25), ("Low Noise", 1.2),
    ),
}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Work:
    """What a kind of job needs."""

    units: Sequence[int]
    """The business units that do it, by their places."""
    services: Sequence[str]
    materials: Sequence[str]
    equipment: Sequence[str] = ()
    threshold: float = 200.0
    """What an invoice has to reach for the job to count as converted."""


_PIPES = ("Copper Elbow", "PEX Tubing", "Ball Valve", "Shutoff Valve", "Pipe Dope")
_COOLING = ("Capacitor", "Contactor", "Filter", "R-410A Refrigerant", "Condensate Pump")
_WIRES = ("12/2 Romex", "GFCI Outlet", "Wire Nut", "20A Breaker", "Junction Box")
WORK: Mapping[str, Work] = {
    "Drain Cleaning": Work((0, 7), ("Drain Clearing", "Camera Inspection"), ("PVC Coupling", "P-Trap")),
    "Water Heater Repair": Work((0,), ("Diagnostic Visit", "Gas Line Repair"), ("Expansion Tank", "Supply Line")),
    "Water Heater Install": Work(
        (1,),
        ("Water Heater Replacement",),
        ("Expansion Tank", "Supply Line", "Shutoff Valve"),
        ("Gas Water Heater", "Tankless Water Heater", "Heat Pump Water Heater"),
        1_000.0,
    ),
    "Leak Repair": Work((0, 6), ("Leak Detection", "Gas Line Repair"), _PIPES),
    "Sewer Camera Inspection": Work((7,), ("Camera Inspection", "Sewer Line Repair"), ("PVC Coupling",), (), 0.0),
    "AC Tune-Up": Work((2,), ("AC Tune-Up",), ("Filter", "Capacitor"), (), 0.0),
    "AC Repair": Work((2, 6), ("Capacitor Replacement", "Refrigerant Recharge", "Blower Motor Replacement"), _COOLING),
    "AC Replacement": Work(
        (3,), ("AC System Install", "Thermostat Install"), _COOLING, ("Split AC", "Heat Pump", "Mini Split"), 1_000.0
    ),
    "Furnace Repair": Work(
        (2,), ("Diagnostic Visit", "Blower Motor Replacement"), ("Flame Sensor", "Ignitor", "Filter")
    ),
    "Furnace Replacement": Work((3,), ("Furnace Install",), ("Filter",), ("Gas Furnace", "Air Handler"), 1_000.0),
    "Panel Upgrade": Work((5,), ("Panel Upgrade",), _WIRES, ("Electrical Panel", "Standby Generator"), 1_000.0),
    "Outlet & Switch Repair": Work((4, 6), ("Outlet Install", "Breaker Replacement"), _WIRES),
    "EV Charger Install": Work((5,), ("EV Charger Circuit",), _WIRES, ("EV Charger",), 1_000.0),
    "Toilet Repair": Work((0,), ("Toilet Rebuild",), ("Wax Ring", "Supply Line", "Shutoff Valve")),
    "Fixture Install": Work((1, 4), ("Faucet Replacement", "Disposal Replacement", "Ceiling Fan Install"), _PIPES),
    "Estimate Visit": Work((1, 3, 5), ("Diagnostic Visit",), (), (), 0.0),
}
"""By the name of the job type."""

_TYPES: Mapping[str, int] = {
    "Gas Water Heater": 0, "Tankless Water Heater": 0, "Heat Pump Water Heater": 0, "Split AC": 1, "Mini Split": 1,
    "Gas Furnace": 2, "Heat Pump": 3, "Air Handler": 4, "Electrical Panel": 5, "EV Charger": 5, "Standby Generator": 5,
    "Water Softener": 6,
}  # fmt: skip


def sku_name(stream: str, number: int) -> str:
    """Name an entry of the pricebook."""
    names = list(PRICES[stream])
    variant, _ = _variant(stream, number)
    return f"{names[number % len(names)]} {variant}".strip()


def price_of(stream: str, number: int) -> int:
    """Price an entry of the pricebook in cents, the same wherever it appears."""
    prices = list(PRICES[stream].values())
    _, factor = _variant(stream, number)
    return round(prices[number % len(prices)] * factor * 100)


def _variant(stream: str, number: int) -> tuple[str, float]:
    variants = _VARIANTS[stream]
    return variants[number // len(PRICES[stream]) % len(variants)]


def sku_of(stream: str, name: str, size: int, draw: float) -> int:
    """Choose an entry of a name, mostly the plain one, out of so many that the tenant has."""
    names = list(PRICES[stream])
    first = names.index(name)
    variants = 1 + (size - 1 - first) // len(names)
    # The square lets the plain one come most often.
    return first + int(draw * draw * variants) * len(names)


def equipment_type(number: int) -> int:
    """Return the place of the equipment type that an entry of equipment is of."""
    return _TYPES[list(EQUIPMENT)[number % len(EQUIPMENT)]]


def work_of(job_type: int) -> Work:
    """Return what a job type needs, by the type's place."""
    return WORK[NAMES["job_types"][job_type]]
