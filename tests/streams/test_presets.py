"""Reports of ServiceTitan's own, by a name: what comes equals the tenant's rows, and what is otherwise is told."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tap_servicetitan.catalog import report_presets
from tap_servicetitan.cli import reports
from tap_servicetitan.sandbox.reporting import built_in
from tests.support.reporting import config, read

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.server import Sandbox

START = "2026-10-20"


def preset(name: str, **more: object) -> dict[str, object]:
    """Name a preset and nothing more than it needs."""
    return {"preset": name, "start": START} | more


def meta(name: str) -> str:
    """Give the sandbox's word for the description of a preset's report."""
    return f"report-metadata:{report_presets.BY_NAME[name].id}"


@pytest.mark.parametrize("name", report_presets.BY_NAME)
def test_each_preset_is_read(sandbox: Sandbox, name: str) -> None:
    """Two words are enough: the report comes with all of its columns, each row by its own key."""
    output = read(config(sandbox, preset(name)), name)
    assert output.error is None
    rows = output.records[name]
    [schema] = [one for one in output.messages if one["type"] == "SCHEMA"]
    key = schema["key_properties"]
    assert rows
    assert len({tuple(row[one] for one in key) for row in rows}) == len(rows)
    known = report_presets.BY_NAME[name]
    own = {one for one in schema["schema"]["properties"] if one.startswith("_")}
    assert len(schema["schema"]["properties"]) == len(known.columns) + len(own)
    assert {(row["_report_id"], row["_window_from"] >= START) for row in rows} == {(known.id, True)}
    if known.days == 1:
        assert all(row["_window_from"] == row["_window_to"] for row in rows)


def test_sums_of_days_are_those_of_the_tenant(sandbox: Sandbox) -> None:
    """Completed revenue, added up over all days, is the income of completed jobs that no adjustment made."""
    output = read(
        config(sandbox, preset("business_unit_revenue", start="2026-10-02", window={"look_back_days": 0})),
        "business_unit_revenue",
    )
    jobs = {one["id"] for one in sandbox.rows("jobs") if (one["completedOn"] or "") >= "2026-10-02T05"}
    wanted: dict[str, Decimal] = defaultdict(Decimal)
    for invoice in sandbox.rows("invoices"):
        if invoice["job"] and invoice["job"]["id"] in jobs and invoice["adjustmentToId"] is None:
            for item in invoice["items"]:
                if item["generalLedgerAccount"]["type"] == "Income":
                    wanted[item["businessUnit"]["name"]] += Decimal(str(item["total"]))
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in output.records["business_unit_revenue"]:
        found[row["name"]] += Decimal(str(row["completed_revenue"]))
    assert wanted
    assert {name: sum_ for name, sum_ in found.items() if sum_} == pytest.approx(dict(wanted))


def test_a_report_is_found_by_its_name(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the id is another report's, or nobody's, the name finds it; the id that was found is what rows carry."""
    for wrong in (built_in.UNIT_SALES.id, 999):
        known = report_presets.BY_NAME["business_unit_revenue"]
        moved = {"business_unit_revenue": replaced(known, id=wrong, report="BUSINESS unit-revenue")}
        monkeypatch.setattr("tap_servicetitan.reports.discovery.BY_NAME", moved)
        output = read(config(sandbox, preset("business_unit_revenue")), "business_unit_revenue")
        assert output.error is None
        assert {row["_report_id"] for row in output.records["business_unit_revenue"]} == {175}


def test_a_report_may_have_another_name(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """What has the id and all columns is the report, whatever the tenant calls it; a line says so."""
    described = built_in.UNIT_REVENUE.description_body("2026-01-01T00:00:00Z") | {"name": "Umsatz"}
    sandbox.fault("content", meta("business_unit_revenue"), times=0, content=described)
    output = read(config(sandbox, preset("business_unit_revenue")), "business_unit_revenue")
    assert output.error is None
    assert output.records["business_unit_revenue"]
    assert "report 175 (Umsatz) of this tenant is taken for the preset business_unit_revenue" in caplog.text


@pytest.mark.parametrize("gone", [False, True])
def test_a_tenant_without_the_report(sandbox: Sandbox, caplog: pytest.LogCaptureFixture, *, gone: bool) -> None:
    """What is the known report neither by id nor by name is left out, in one sentence that says what there is."""
    described = built_in.UNIT_REVENUE.description_body("2026-01-01T00:00:00Z")
    other = described | {"name": "Other", "fields": described["fields"][:3]}
    if gone:
        sandbox.fault("status", meta("business_unit_revenue"), times=0, status=404)
    else:
        sandbox.fault("content", meta("business_unit_revenue"), times=0, content=other)
    output = read(config(sandbox, preset("business_unit_revenue"), preset("labor_cost")), "labor_cost")
    assert output.counts.keys() == {"labor_cost"}
    assert "business_unit_revenue" in str(output.error)
    [line] = {one for one in caplog.messages if one.startswith("Left out business_unit_revenue")}
    assert "the preset business_unit_revenue is report 175, Business Unit Revenue" in line
    assert ("at this tenant report 175 is Other and lacks AdjustmentRevenue" in line) is not gone
    assert "the category business-unit-dashboard has 175 Business Unit Revenue, 178 Business Unit Memberships" in line
    assert "with id beside preset" in line


def test_the_id_can_be_named(sandbox: Sandbox) -> None:
    """Whoever knows better names the report, and has the rest of the preset."""
    output = read(config(sandbox, preset("business_unit_revenue", id=built_in.UNIT_SALES.id)), "business_unit_revenue")
    assert {row["_report_id"] for row in output.records["business_unit_revenue"]} == {built_in.UNIT_SALES.id}
    assert "total_sales" in output.records["business_unit_revenue"][0]


def test_presets_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """The command lists them without any settings, and what to write."""
    assert reports.main(["--presets"]) == 0
    said = capsys.readouterr().out
    lines = said.splitlines()
    assert [line.split()[0] for line in lines[2 : 2 + len(report_presets.PRESETS)]] == list(report_presets.BY_NAME)
    assert json.loads(said[said.index("\n{") :]) == {
        "custom_reports": [{"preset": "business_unit_revenue", "start": "2025-01-01"}]
    }


def replaced(known: report_presets.Preset, **changes: object) -> report_presets.Preset:
    """Make a preset that is known otherwise."""
    return report_presets.Preset(**{name: getattr(known, name) for name in known.__slots__} | changes)
