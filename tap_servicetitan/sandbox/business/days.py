"""The business day by day: what was there at the start, and what each day brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_servicetitan.sandbox.business import crew, web
from tap_servicetitan.sandbox.business.aftermath import Aftermath
from tap_servicetitan.sandbox.business.clients import agree, merge, welcome
from tap_servicetitan.sandbox.business.filling import fill
from tap_servicetitan.sandbox.business.jobs import book, phone
from tap_servicetitan.sandbox.business.opening import open_shop
from tap_servicetitan.sandbox.business.shop import Shop, money
from tap_servicetitan.sandbox.catalogue import NAMES
from tap_servicetitan.sandbox.clock import DAY, HOUR, MINUTE
from tap_servicetitan.sandbox.draw import dice
from tap_servicetitan.sandbox.pricebook import price_of
from tap_servicetitan.sandbox.rows import Redraw

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from tap_servicetitan.sandbox.world import World

HISTORY_DAYS = 200
_JOBS_A_DAY = 22.0
_FEWEST_JOBS_A_DAY = 0.5
_CUSTOMERS = 1_100
_FEWEST_CUSTOMERS = 20
_AGREEMENTS = 40
_FEWEST_AGREEMENTS = 5
# Saturday is half a day, and Sunday for emergencies. 1970-01-01 was a Thursday.
_WEIGHTS = (1.2, 1.2, 0.6, 0.2, 1.4, 1.2, 1.2)
# In UTC: seven to half past seven in North Carolina.
_OPENS, _CLOSES = 11 * HOUR, 23 * HOUR + 30 * MINUTE
# Prices are raised every so many days, one kind of entry after the other: a bulk edit, so one stamp for many rows.
_PRICES_RISE_EVERY = 30

# What people alter in rows that nothing else alters; one row in so many changes on a day.
_ALTERED: Mapping[str, tuple[str, int]] = {
    "activity_categories": ("allowEdit", 60),
    "activity_codes": ("isDiscretionary", 80),
    "activity_types": ("defaultMemo", 80),
    "business_units": ("invoiceMessage", 60),
    "customer_contacts": ("memo", 900),
    "customers": ("doNotMail", 500),
    "employees": ("phoneNumber", 60),
    "equipment": ("model", 300),
    "installed_equipment": ("memo", 900),
    "invoice_templates": ("isSettingsTemplate", 70),
    "location_contacts": ("memo", 900),
    "locations": ("taxExempt", 700),
    "materials": ("chargeableByDefault", 400),
    "membership_types": ("showMembershipSavings", 60),
    "payroll_settings": ("externalPayrollId", 120),
    "pricebook_categories": ("hideInMobile", 80),
    "recurring_service_types": ("jobSummary", 70),
    "services": ("bonus", 300),
    "tag_types": ("color", 60),
    "technicians": ("dailyGoal", 40),
    "timesheet_codes": ("description", 80),
    "equipment_systems": ("memo", 300),
}
# The same, in lists.
_ALTERED_LISTS: Mapping[str, tuple[str, int]] = {
    "campaigns": ("medium", 60),
    "contact_methods": ("memo", 400),
    "discounts_and_fees": ("bonus", 60),
    "gl_accounts": ("description", 60),
    "job_types": ("summary", 80),
    "trucks": ("memo", 80),
    "vendors": ("memo", 30),
}
_LEAVES_ONCE_IN = 12


class Business:
    """Writes the tenant's history and future into a world, a day at a time."""

    def __init__(self, world: World, scale: float, start: int) -> None:
        """Open the shop on the day that history begins."""
        self._world = world
        self._scale = scale
        self._day = start // DAY - HISTORY_DAYS
        self._shop = Shop(world)
        self._calls = 0.0
        self._jobs = 0.0
        self._aftermath = Aftermath(world)
        self._open()

    def _open(self) -> None:
        began = self._day * DAY
        rng = dice(self._world.seed, "opening")
        open_shop(self._world, began, rng)
        count = max(_FEWEST_CUSTOMERS, round(_CUSTOMERS * self._scale))
        for at in sorted(self._since_when(began, number, rng) for number in range(count)):
            welcome(self._shop, at)
        for number in range(max(_FEWEST_AGREEMENTS, round(_AGREEMENTS * self._scale))):
            client = self._shop.clients[number * 7 % len(self._shop.clients)]
            agree(self._shop, client, began + rng.randrange(-300 * DAY, HISTORY_DAYS * DAY), rng)

    @staticmethod
    def _since_when(began: int, number: int, rng: Random) -> int:
        # A fifth came over from an older system in one import, and share its stamp.
        return began - 1_050 * DAY if number % 5 == 0 else began - rng.randrange(1_050 * DAY)

    def fill_other_streams(self) -> None:
        """Return the streams that the business does not speak of rows from their facts alone."""
        fill(self._world, self._scale, self._day * DAY - HISTORY_DAYS * DAY)

    def live_until(self, now: int) -> None:
        """Live through all days that have begun."""
        while self._day * DAY <= now:
            self._live(self._day)
            self._day += 1

    def _live(self, day: int) -> None:
        rng = dice(self._world.seed, "day", day)
        weight = _WEIGHTS[day % 7]
        begin = day * DAY
        jobs = self._due("_jobs", max(_FEWEST_JOBS_A_DAY, _JOBS_A_DAY * self._scale) * weight)
        for at in sorted(begin + rng.randrange(_OPENS, _CLOSES) for _ in range(jobs)):
            book(self._shop, self._rounded(at, rng))
            if self._shop.jobs % 40 == 20:  # noqa: PLR2004 - a rate
                merge(self._shop, rng, at)
        self._take_calls(begin, weight, rng)
        self._alter(begin, rng)
        if day % _PRICES_RISE_EVERY == 0:
            self._raise_prices(begin + 9 * HOUR, day // _PRICES_RISE_EVERY)
        crew.work(self._world, day)
        web.budget(self._world, day)
        web.browse(self._world, day, self._scale)
        self._aftermath.catch_up()

    def _due(self, what: str, rate: float) -> int:
        """Turn a rate into whole events; what is left over counts towards the next day."""
        owed = getattr(self, what) + rate
        setattr(self, what, owed % 1)
        return int(owed)

    @staticmethod
    def _rounded(at: int, rng: Random) -> int:
        """Cut some stamps short: not all of them show seven digits."""
        unit = rng.choice((1, 1, 1, 10, 10_000, 10_000_000))
        return at // unit * unit

    def _take_calls(self, begin: int, weight: float, rng: Random) -> None:
        """Answer the calls that lead to nothing."""
        for _ in range(self._due("_calls", max(_FEWEST_JOBS_A_DAY, _JOBS_A_DAY * self._scale) * weight / 2)):
            at = begin + rng.randrange(_OPENS, _CLOSES)
            client = rng.choice(self._shop.clients)
            if client.row.created > at:
                continue
            reason = rng.randrange(len(NAMES["call_reasons"]))
            call = phone(self._shop, client, rng) | {
                "type": rng.choice(("Unbooked", "Excused", "Abandoned", "NotLead")),
                "reason": {
                    "id": self._world.directory.pick("call_reasons", reason),
                    "name": NAMES["call_reasons"][reason],
                },
                "location": None,
            }
            # What was no call at all is taken out of the lists by and by.
            call["active"] = call["type"] != "NotLead"
            self._world.add("calls", at, call)

    def _alter(self, begin: int, rng: Random) -> None:
        for stream, (field, once_in) in (*_ALTERED.items(), *_ALTERED_LISTS.items()):
            rows = self._world.born(stream)
            for _ in range(int(len(rows) / once_in + rng.random())):
                row = rng.choice(rows)
                if row.created > begin:
                    continue
                changes: dict[str, object] = {field: Redraw(rng.getrandbits(32))}
                if rng.randrange(_LEAVES_ONCE_IN) == 0:
                    changes["active"] = bool(rng.getrandbits(1))
                self._world.change(row, self._rounded(begin + rng.randrange(_OPENS, _CLOSES), rng), changes)

    def _raise_prices(self, at: int, turn: int) -> None:
        stream = ("services", "materials", "equipment")[turn % 3]
        for row in self._world.born(stream):
            if row.created < at and row.number % 2 == turn % 2:
                self._world.change(row, at, {"price": money(price_of(stream, row.number) * 1.03)})
