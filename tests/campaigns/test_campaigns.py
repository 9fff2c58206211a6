"""The short campaigns: whatever goes wrong, and whenever the tap is ended, no row is lost and none comes twice."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

import pytest

from tests.campaigns import crashes, faults, loads, moves, reports
from tests.campaigns.figures import Figures

if TYPE_CHECKING:
    from tests.campaigns.figures import Report

pytestmark = pytest.mark.long


def totals(report: Report) -> list[list[int]]:
    """Read the last row of each table, the sums of its columns."""
    return [
        [int(cell.replace(",", "")) for cell in re.findall(r"[\d,]+", line)]
        for table in report.tables
        for line in table.splitlines()
        if line.startswith("| total ")
    ]


def test_no_fault_costs_a_row(caplog: pytest.LogCaptureFixture) -> None:
    """Every fault at every position, those that stay, and mixtures: nothing lost or repeated, all ends as told."""
    caplog.set_level(logging.CRITICAL)
    report = faults.report(long=False)
    assert report.is_clean, str(report)
    for runs, injected, rows, lost, repeated, wrong, _ in totals(report):
        assert min(runs, injected, rows) > 0
        assert (lost, repeated, wrong) == (0, 0, 0)


@pytest.mark.parametrize("figure", ["lost", "repeated", "failed"])
def test_a_campaign_can_fail(figure: str) -> None:
    """One row or run that is not as it should be is enough."""
    assert Figures(runs=1, faults=1, rows=1).is_clean
    assert not Figures(**{figure: 1}).is_clean


@pytest.mark.parametrize("report", reports.REPORTS)
def test_a_report_that_is_not_as_it_should_be_is_counted(report: str) -> None:
    """A row of a report that is missing, that comes twice, or that has another value shows in the figures."""
    with faults.lab() as here:
        rows = here.run(report).records[report]
        altered = [rows[0] | {reports.key(report): 1}, *rows[1:]]
        for written, lost, repeated in (
            (rows, 0, 0),
            (rows[1:], 1, 0),
            ([*rows, rows[0]], 0, 1),
            (altered, 1, 1),
        ):
            figures = Figures()
            figures.compare(here.sandbox, {report: written}, [report])
            assert (figures.rows, figures.lost, figures.repeated) == (len(rows), lost, repeated)


def test_no_kill_costs_a_row(caplog: pytest.LogCaptureFixture) -> None:
    """Killed, told to end, or left by its target at random bytes: nothing lost, and only what was in doubt again."""
    caplog.set_level(logging.CRITICAL)
    report = crashes.report(long=False)
    assert report.is_clean, str(report)
    [(kills, rows, lost, _, _, wrong)] = totals(report)
    assert kills > len(crashes.CASES)
    assert rows > 0
    assert (lost, wrong) == (0, 0)


def test_no_move_costs_a_row(caplog: pytest.LogCaptureFixture) -> None:
    """Rows are deleted, made and changed while they are read: after a quiet run the table has all that there are."""
    caplog.set_level(logging.CRITICAL)
    report = moves.report(long=False)
    assert report.is_clean, str(report)
    [(runs, moved, rows, lost, wrong, _, failed)] = totals(report)
    assert min(runs, rows) > 0
    assert moved > len(moves.STREAMS)
    assert (lost, wrong, failed) == (0, 0, 0)


def test_no_kill_costs_a_row_of_the_file() -> None:
    """With tap, loader or both killed, no key is in the DuckDB file twice, and at the end it equals the sandbox."""
    report = loads.report(long=False)
    assert report.is_clean, str(report)
    [(runs, kills, commits, rows, twice, lost, failed)] = totals(report)
    assert runs > kills > 0
    assert min(commits, rows) > 0
    assert (twice, lost, failed) == (0, 0, 0)


@pytest.mark.parametrize("figure", ["twice", "lost", "failed"])
def test_a_campaign_of_loads_can_fail(figure: str) -> None:
    """One key or run that is not as it should be is enough."""
    assert loads.Figures(runs=1, kills=1, commits=1, rows=1).is_clean
    assert not loads.Figures(**{figure: 1}).is_clean
