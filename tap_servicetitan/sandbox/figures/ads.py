"""What advertising brought, by campaign, by ad group and by keyword: sums of what each keyword did on each day.

The figures of a day stand at its first instant, and are corrected for some days.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.catalogue import NAMES
from tap_servicetitan.sandbox.clock import DAY
from tap_servicetitan.sandbox.directory import id_of
from tap_servicetitan.sandbox.draw import mix, salt
from tap_servicetitan.sandbox.frame import Frame
from tap_servicetitan.sandbox.rows import Cents, form_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_servicetitan.sandbox.rows import Item
    from tap_servicetitan.sandbox.spans import Span
    from tap_servicetitan.sandbox.world import World

DAYS = 45
"""So many days of history have figures."""

# Campaigns that are advertised; the last one is unknown to the tenant, and has no id there.
_CAMPAIGNS = (0, 1, 10, None)
_GROUPS = ("Plumbing", "Heating", "Emergency")
_WORDS = ("near me", "repair", "cost", "24 hour", "best", "install", "replacement", "company", "quote", "same day")
# Platforms go on counting conversions for so many days.
_CORRECTED_FOR = 3
_SILENT_ONCE_IN = 4


@dataclasses.dataclass(slots=True)
class _Tally:
    impressions: int = 0
    clicks: int = 0
    cents: int = 0
    conversions: int = 0
    revenue: int = 0

    def count(self, draw: int, age: int) -> None:
        """Count what a keyword did on a day so many days ago."""
        impressions = 40 + draw % 400
        clicks = impressions * (2 + draw // 400 % 7) // 100
        conversions = (clicks // 4) * (_CORRECTED_FOR + min(age, _CORRECTED_FOR)) // (2 * _CORRECTED_FOR)
        self.impressions += impressions
        self.clicks += clicks
        self.cents += clicks * (180 + draw // 3_000 % 700)
        self.conversions += conversions
        self.revenue += conversions * (20_000 + draw // 7_000 % 40_000)


def _keywords(world: World) -> Iterator[tuple[int, int, int]]:
    for campaign in range(len(_CAMPAIGNS)):
        for group in range(2 + campaign % 2):
            for word in range(world.directory.sizes["keywords"]):
                yield campaign, group, word


def performance(depth: int, world: World, span: Span, now: int) -> list[Item]:
    """Sum up a span by the first so many of campaign, ad group and keyword."""
    tallies: dict[tuple[int, ...], _Tally] = {}
    first = world.start // DAY - DAYS
    for day in span.days(now):
        if day < first:
            continue
        for number, place in enumerate(_keywords(world)):
            draw = mix(world.seed + salt("performance") + day, number)
            if draw % _SILENT_ONCE_IN:
                tallies.setdefault(place[:depth], _Tally()).count(draw // 7, now // DAY - day)
    return [_row(world, place, tally) for place, tally in tallies.items()]


def _row(world: World, place: tuple[int, ...], tally: _Tally) -> Item:
    campaign, *within = place
    nothing: Item = {"id": "", "name": "", "status": None}
    group, word = (within[0] if within else None), (within[1] if within[1:] else None)
    given = {
        "campaign": _campaign(campaign),
        "adGroup": nothing if group is None else _labelled(f"{7_100 + 10 * campaign + group}", _GROUPS[group]),
        # The platform numbers keywords anew within each ad group.
        "keyword": nothing if word is None else _labelled(f"kwd-{word + 1}", _word(word)),
        "digitalStats": _digital(tally),
        "leadStats": _leads(tally),
        "returnOnInvestment": round((tally.revenue - tally.cents) / tally.cents, 4) if tally.cents else None,
    }
    seed = mix(world.seed + salt("performance"), salt(str(place)))
    return form_of("campaign_performance").fill(given, seed, Frame(world.start, world.directory))


def _word(number: int) -> str:
    turn, place = divmod(number, len(_WORDS))
    return f"plumber {_WORDS[place]}" + (f" {turn + 1}" if turn else "")


def _labelled(identity: str, name: str) -> Item:
    return {"id": identity, "name": name, "status": "Live"}


def _campaign(place: int) -> Item:
    number = _CAMPAIGNS[place]
    return {
        "id": None if number is None else id_of("campaigns", number),
        "externalId": 900_100 + place,
        "name": "Imported from Google" if number is None else NAMES["campaigns"][number],
        "category": "Paid Search",
        "launchDate": "2026-01-05",
        "status": "Live",
    }


def _digital(tally: _Tally) -> Item:
    clicks, conversions, cost = tally.clicks, tally.conversions, tally.cents / 100
    return {
        "impressionShare": None,
        "impressions": tally.impressions,
        "clicks": clicks,
        "averageCPC": round(cost / clicks, 4) if clicks else 0.0,
        "conversions": conversions,
        "allConversions": float(conversions),
        "cost": Cents(tally.cents),
        "clickRate": round(clicks / tally.impressions, 4),
        "costPerConversion": round(cost / conversions, 4) if conversions else None,
        "conversionRate": round(conversions / clicks, 4) if clicks else None,
    }


def _leads(tally: _Tally) -> dict[str, Any]:
    booked = tally.conversions // 2
    return {
        "leads": tally.conversions,
        "leadCalls": tally.conversions - tally.conversions // 3,
        "onlineBooking": tally.conversions // 3,
        "manualBooking": 0,
        "bookedJobs": booked,
        "ranJobs": booked,
        "soldJobs": booked // 2,
        "revenue": Cents(tally.revenue),
        "potentialRevenue": Cents(tally.revenue * 3 // 2),
        "bookingRate": round(booked / tally.conversions, 4) if tally.conversions else None,
        "avgTicket": round(tally.revenue / 100 / booked, 2) if booked else None,
    }
