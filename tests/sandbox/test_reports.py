"""The sandbox's Reporting API, asked over HTTP by what the vendor's documents say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.sandbox.reporting import definitions
from tests.support.sandbox_client import Client

if TYPE_CHECKING:
    import requests

    from tap_servicetitan.sandbox.server import Sandbox

Json = dict[str, Any]
KINDS: dict[str, Any] = {"String": str, "Number": (int, float), "Boolean": bool, "Date": str, "Time": str}
OCTOBER: Json = {"From": "2026-10-01", "To": "2026-10-31"}


class Reporting(Client):
    """Somebody who asks for reports."""

    def url(self, path: str) -> str:
        """Write an address below the module."""
        return f"{self.sandbox.url}/reporting/v2/tenant/{self.sandbox.config['tenant_id']}/{path}"

    def described(self, report: definitions.Report, category: str | None = None) -> requests.Response:
        """Ask for a report's description."""
        path = f"report-category/{category or report.categories[0]}/reports/{report.id}"
        return self.session.get(self.url(path), timeout=9)

    def data(self, report: definitions.Report, query: Json | None = None, **said: Any) -> requests.Response:  # noqa: ANN401 - any value
        """Ask for a report's data."""
        body = {"parameters": [{"name": name, "value": value} for name, value in said.items()]}
        path = f"report-category/{report.categories[0]}/reports/{report.id}/data"
        return self.session.post(self.url(path), params=query, json=body, timeout=9)


@pytest.fixture
def asking(sandbox: Sandbox) -> Reporting:
    """Get a token."""
    return Reporting(sandbox)


def test_every_listed_report_is_described(asking: Reporting, sandbox: Sandbox) -> None:
    """What the lists name can be asked for, in each category that it stands in."""
    listed = {(row["reportCategoryId"], row["id"]) for row in sandbox.rows("reports")}
    assert listed == {(category, one.id) for one in definitions.REPORTS for category in one.categories}
    assert any(len(one.categories) > 1 for one in definitions.REPORTS)
    for report in definitions.REPORTS:
        for category in report.categories:
            body = asking.described(report, category).json()
            assert body.keys() == {"id", "name", "description", "modifiedOn", "parameters", "fields"}
            assert all(one["dataType"] in KINDS for one in body["parameters"] + body["fields"])


def test_what_is_not_there(asking: Reporting) -> None:
    """A report is found in its own category alone; sets of values have names."""
    assert asking.described(definitions.JOBS, "marketing").status_code == 404
    assert asking.session.get(asking.url("dynamic-value-sets/none"), timeout=9).status_code == 404
    assert asking.session.get(asking.url("report-category/operations/reports/1"), timeout=9).status_code == 404


def test_dynamic_sets_list_what_parameters_accept(asking: Reporting, sandbox: Sandbox) -> None:
    """A set of values has the ids and names of the tenant's own rows, page by page."""
    found: list[Any] = []
    for page in (1, 2, 3):
        query = {"page": page, "pageSize": 3, "includeTotal": "true"}
        body = asking.session.get(asking.url("dynamic-value-sets/technicians"), params=query, timeout=9).json()
        assert body["totalCount"] == 8
        assert body["hasMore"] is (page < 3)
        found += body["data"]
    assert found == [[row["id"], row["name"]] for row in sandbox.rows("technicians")]


def test_rows_are_positional(asking: Reporting) -> None:
    """Rows have a value for each field of the answer, in its order; page and size count in the query alone."""
    whole = asking.data(definitions.JOBS, {"includeTotal": "true"}, DateType=2, **OCTOBER).json()
    assert [one["name"] for one in whole["fields"]] == [one.name for one in definitions.JOBS.fields]
    assert all(len(row) == len(whole["fields"]) for row in whole["data"])
    assert whole["totalCount"] == len(whole["data"]) > 5
    assert whole["pageSize"] == 1_000
    second = asking.data(definitions.JOBS, {"page": 2, "pageSize": 5}, DateType=2, **OCTOBER).json()
    assert second["data"] == whole["data"][5:10]
    assert second["totalCount"] is None


def test_disjoint_windows_share_nothing(asking: Reporting) -> None:
    """Rows and sums of two halves of a month are those of the month."""
    halves: list[Json] = [{"From": "2026-10-01", "To": "2026-10-15"}, {"From": "2026-10-16", "To": "2026-10-31"}]
    rows = [asking.data(definitions.JOBS, DateType=1, **half).json()["data"] for half in halves]
    assert sorted(rows[0] + rows[1]) == sorted(asking.data(definitions.JOBS, DateType=1, **OCTOBER).json()["data"])
    counts = [
        sum(row[1] for row in asking.data(definitions.REVENUE, **span).json()["data"]) for span in (*halves, OCTOBER)
    ]
    assert counts[0] + counts[1] == counts[2] > 0


def test_parameters_choose(asking: Reporting, sandbox: Sandbox) -> None:
    """Lists of a dynamic set and booleans have an effect."""
    unit = sandbox.rows("business_units")[0]
    some = asking.data(definitions.JOBS, DateType=1, BusinessUnitIds=[unit["id"]], **OCTOBER).json()["data"]
    assert {row[4] for row in some} <= {unit["name"]}
    every = asking.data(definitions.JOBS, DateType=1, IncludeNoCharge=False, **OCTOBER).json()["data"]
    assert all(row[7] is False for row in every)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(OCTOBER, id="required one missing"),
        pytest.param({"DateType": 3, **OCTOBER}, id="value not accepted"),
        pytest.param({"DateType": "1", **OCTOBER}, id="wrong type"),
        pytest.param({"DateType": 1, "From": "1/10/2026", "To": "2026-10-31"}, id="no date"),
        pytest.param({"DateType": 1, "BusinessUnitIds": 5, **OCTOBER}, id="no list"),
        pytest.param({"DateType": 1, "BusinessUnitIds": [5], **OCTOBER}, id="not of the dynamic set"),
        pytest.param({"DateType": 1, "Nothing": 1, **OCTOBER}, id="unknown"),
    ],
)
def test_what_a_report_rejects(asking: Reporting, said: Json) -> None:
    """A report takes what its description says, and nothing else."""
    assert asking.data(definitions.JOBS, **said).status_code == 400


@pytest.mark.parametrize("body", [None, [], {"parameters": 5}, {"parameters": [{"value": 1}]}])
def test_bodies_that_are_none(asking: Reporting, body: Any) -> None:  # noqa: ANN401 - any JSON value
    """A body of another form is a bad request."""
    path = f"report-category/operations/reports/{definitions.JOBS.id}/data"
    assert asking.session.post(asking.url(path), json=body, timeout=9).status_code == 400


@pytest.mark.parametrize("query", [{"page": 0}, {"pageSize": 25_001}, {"page": "x"}])
def test_pages_that_are_none(asking: Reporting, query: Json) -> None:
    """Pages have at most 25,000 rows."""
    assert asking.data(definitions.TECHNICIANS, query).status_code == 400


def test_a_report_runs_once_in_so_many_seconds(asking: Reporting, sandbox: Sandbox) -> None:
    """The second run of a report is refused in the vendor's words; another report is not, and a description neither."""
    sandbox.set_limits(report_interval=60)
    assert asking.data(definitions.TECHNICIANS).status_code == 200
    refused = asking.data(definitions.TECHNICIANS, {"page": 2})
    assert refused.status_code == 429
    assert refused.json()["title"] == "Rate limit is exceeded. Try again in 60 seconds."
    assert asking.data(definitions.REVENUE, **OCTOBER).status_code == 200
    assert asking.described(definitions.TECHNICIANS).status_code == 200


def test_long_spans_and_maintenance_on_demand(asking: Reporting, sandbox: Sandbox) -> None:
    """A span may be too long for the server, and a 409 may be ordered for one report."""
    sandbox.set_limits(report_days=30)
    assert asking.data(definitions.REVENUE, **OCTOBER).status_code == 500
    sandbox.fault("status", f"report:{definitions.TECHNICIANS.id}", status=409)
    assert [asking.data(definitions.TECHNICIANS).status_code for _ in range(2)] == [409, 200]


def test_types_lie(asking: Reporting) -> None:
    """One report has values of other types than those it declares; the others keep their word."""
    for report in definitions.REPORTS:
        said: Json = {
            one.name: OCTOBER.get(one.name, one.values[0][0] if one.values else "2026-10-31")
            for one in report.parameters
            if one.required
        }
        rows = asking.data(report, **said).json()["data"]
        values = [(field, row[place]) for row in rows for place, field in enumerate(report.fields)]
        wrong = {
            field.name for field, value in values if value is not None and not isinstance(value, KINDS[field.kind])
        }
        if report is definitions.INVOICES:
            assert {"Invoice #", "Balance"} <= wrong
        else:
            assert wrong == set()


def test_scopes(asking: Reporting, sandbox: Sandbox) -> None:
    """Reports and sets of values have scopes of their own, and nobody asks without a token."""
    sandbox.revoke_scope("reports")
    assert asking.described(definitions.JOBS).status_code == 403
    assert asking.session.get(asking.url("dynamic-value-sets/technicians"), timeout=9).status_code == 200
    del asking.session.headers["Authorization"]
    assert asking.session.get(asking.url("dynamic-value-sets/technicians"), timeout=9).status_code == 401


def test_a_report_can_depend_on_its_description(asking: Reporting, sandbox: Sandbox) -> None:
    """Parameters are taken only with the access token that the report was described with."""
    sandbox.set_limits(report_by_description=True)
    assert asking.data(definitions.REVENUE, **OCTOBER).status_code == 400
    asking.described(definitions.REVENUE)
    assert asking.data(definitions.REVENUE, **OCTOBER).status_code == 200
    assert Reporting(sandbox).data(definitions.REVENUE, **OCTOBER).status_code == 400
