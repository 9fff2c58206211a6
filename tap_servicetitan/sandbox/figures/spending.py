"""What campaigns and e-mails cost. A day's cost falls due at its first instant."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tap_servicetitan.sandbox.catalogue import NAMES
from tap_servicetitan.sandbox.clock import DAY, SECOND
from tap_servicetitan.sandbox.directory import number_of
from tap_servicetitan.sandbox.draw import mix, salt

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.rows import Item
    from tap_servicetitan.sandbox.spans import Span
    from tap_servicetitan.sandbox.world import World

_WEEK = 7


def campaign_costs(world: World, span: Span, now: int) -> list[Item]:
    """Sum up what each campaign cost in a span: its cost of a day, which is set month by month."""
    days: Counter[tuple[int, int]] = Counter()
    for day in span.days(now):
        at = datetime.fromtimestamp(day * DAY // SECOND, UTC)
        days[at.year, at.month] += 1
    cents: Counter[int] = Counter()
    for row in world.rows("costs", now):
        cost = row.state(now)
        if count := days[cost["year"], cost["month"]]:
            cents[cost["campaignId"]] += count * cost["dailyCost"]
    return [
        {"campaignId": campaign, "campaignName": NAMES["campaigns"][number_of(campaign)], "totalCost": total / 100}
        for campaign, total in sorted(cents.items())
    ]


def email_costs(world: World, span: Span, now: int) -> list[Item]:
    """Sum up what e-mails to customers cost in a span; they are sent once a week."""
    first = world.start // DAY - world.history
    sent = [day for day in span.days(now) if day >= first and day % _WEEK == 0]
    cents = sum(300 + mix(world.seed + salt("email"), day) % 900 for day in sent)
    return [{"totalCost": cents / 100}]
