"""The sandbox's asynchronous reports, fetched over HTTP by what the vendor's documents say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from tap_servicetitan.sandbox.reporting.definitions import JOBS
from tests.sandbox.test_reports import OCTOBER, Reporting

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.server import Sandbox

Json = dict[str, Any]
NAME = f"report:{JOBS.id}"


class Queries(Reporting):
    """Somebody who fetches reports the asynchronous way."""

    def start(self, query: Json | None = None, **parameters: Any) -> requests.Response:  # noqa: ANN401 - any value
        """Start a run of the report of jobs completed in October."""
        given = {"DateType": 2, **OCTOBER} | parameters
        body = {"parameters": [{"name": name, "value": value} for name, value in given.items()]}
        path = f"report-category/{JOBS.categories[0]}/reports/{JOBS.id}/data/query"
        return self.session.post(self.url(path), params=query, json=body, timeout=9)

    def poll(self, token: str) -> requests.Response:
        """Fetch the rows of a token."""
        return self.session.get(self.url(f"data-queries/{token}"), timeout=9)

    def cancel(self, token: str) -> requests.Response:
        """Cancel the run of a token."""
        return self.session.delete(self.url(f"data-queries/{token}"), timeout=9)

    def rows(self, **query: Any) -> Json:  # noqa: ANN401 - any value
        """Fetch the same rows the synchronous way."""
        return dict(self.data(JOBS, query, DateType=2, **OCTOBER).json())


@pytest.fixture
def queries(sandbox: Sandbox) -> Queries:
    """Get a token."""
    return Queries(sandbox)


def test_rows_can_come_at_once(queries: Queries) -> None:
    """The first response has the rows of the page, and never a total."""
    response = queries.start({"page": 2, "pageSize": 4, "includeTotal": "true"})
    assert response.status_code == 200
    assert response.json() == queries.rows(page=2, pageSize=4)
    assert response.json()["totalCount"] is None
    assert queries.sandbox.report_queries == []


@pytest.mark.parametrize("polls", [1, 3])
def test_rows_can_take_some_polls(queries: Queries, polls: int) -> None:
    """A token comes first; the rows come with as many polls as were set, and again after that."""
    queries.sandbox.set_report_queries(ready_after=polls)
    started = queries.start({"pageSize": 4})
    assert started.status_code == 202
    assert started.json().keys() == {"token", "status"}
    assert started.json()["status"] == "NotStarted"
    token = started.json()["token"]
    answers = [queries.poll(token) for _ in range(polls + 1)]
    assert [one.status_code for one in answers] == [202] * (polls - 1) + [200, 200]
    assert all(one.json() == {"token": token, "status": "InProgress"} for one in answers[:-2])
    assert answers[-1].json() == answers[-2].json() == queries.rows(pageSize=4)
    names = [request["stream"] for request in queries.sandbox.requests() if request["stream"].startswith("report")]
    assert names == [NAME, *[f"report-poll:{JOBS.id}"] * (polls + 1), NAME]


def test_pages_are_runs_of_their_own(queries: Queries) -> None:
    """Three pages together, each by its own token, are the report, and `hasMore` says which is the last."""
    queries.sandbox.set_report_queries(ready_after=1)
    everything = queries.rows()["data"]
    size = -(-len(everything) // 3)
    tokens = [queries.start({"page": page, "pageSize": size}).json()["token"] for page in (1, 2, 3)]
    assert len({*tokens}) == 3
    pages = [queries.poll(token).json() for token in tokens]
    assert [row for page in pages for row in page["data"]] == everything
    assert [page["hasMore"] for page in pages] == [True, True, False]


def test_rows_can_never_come(queries: Queries) -> None:
    """A run that never ends can be canceled, once, and frees its slot."""
    queries.sandbox.set_report_queries(ready_after=None, slots=1)
    token = queries.start().json()["token"]
    assert {queries.poll(token).status_code for _ in range(5)} == {202}
    assert queries.start().status_code == 429
    assert queries.cancel(token).status_code == 200
    assert [query["status"] for query in queries.sandbox.report_queries] == ["Canceled"]
    assert queries.sandbox.requests(f"report-cancel:{JOBS.id}")[0]["method"] == "DELETE"
    assert (queries.cancel(token).status_code, queries.poll(token).status_code) == (404, 404)
    assert queries.start().status_code == 202


def test_a_finished_run_has_nothing_to_cancel(queries: Queries) -> None:
    """It answers 204; an unknown token 404; a missing scope 403."""
    queries.sandbox.set_report_queries(ready_after=1)
    token = queries.start().json()["token"]
    assert queries.poll(token).status_code == 200
    assert queries.cancel(token).status_code == 204
    assert queries.cancel("unknown").status_code == 404
    control = f"{queries.sandbox.url}/_sandbox/scopes"
    assert requests.post(control, json={"scope": "tn.rpr.reports:w"}, timeout=9).status_code == 200
    assert queries.cancel(queries.start().json()["token"]).status_code == 403


def test_tokens_expire(queries: Queries) -> None:
    """A token that was forgotten is not found; a new run has another one."""
    queries.sandbox.set_report_queries(ready_after=1)
    token = queries.start().json()["token"]
    assert queries.sandbox.expire_report_queries() == 1
    assert queries.poll(token).status_code == 404
    again = queries.start().json()["token"]
    assert again != token
    assert queries.poll(again).status_code == 200


def test_names_can_begin_with_a_capital(queries: Queries) -> None:
    """Tokens and pages have PascalCase names on demand, in this way alone."""
    queries.sandbox.set_report_queries(pascal_case=True, ready_after=1)
    token = queries.start().json()["Token"]
    body = queries.poll(token).json()
    assert body.keys() == {"Page", "PageSize", "HasMore", "TotalCount", "Data", "Fields"}
    usual = queries.rows()
    assert body["Data"] == usual["data"]
    assert [(one["Name"], one["Label"]) for one in body["Fields"]] == [
        (one["name"], one["label"]) for one in usual["fields"]
    ]


@pytest.mark.parametrize("status", [404, 405])
def test_a_server_can_lack_the_endpoints(queries: Queries, status: int) -> None:
    """All three are refused; the synchronous way works."""
    queries.sandbox.set_report_queries(ready_after=1)
    token = queries.start().json()["token"]
    queries.sandbox.set_report_queries(missing=status)
    answers = (queries.start(), queries.poll(token), queries.cancel(token))
    assert {one.status_code for one in answers} == {status}
    assert queries.rows()["data"]


def test_long_reports_can_fail_one_way_only(queries: Queries) -> None:
    """What is too long for the synchronous way works the other way, unless it is too long for that too."""
    queries.sandbox.set_limits(report_days=0)
    day: Json = {"From": "2026-10-07", "To": "2026-10-07"}
    assert queries.data(JOBS, DateType=2, **day).status_code == 500
    queries.sandbox.set_report_queries(days=7, ready_after=1)
    token = queries.start(**day).json()["token"]
    assert queries.poll(token).json()["data"]
    assert queries.poll(queries.start().json()["token"]).status_code == 500


def test_runs_have_the_limit_of_the_report(queries: Queries) -> None:
    """Each start counts, either way; polls and cancellations do not."""
    queries.sandbox.set_report_queries(ready_after=3)
    queries.sandbox.set_limits(report_interval=60)
    token = queries.start().json()["token"]
    assert [queries.poll(token).status_code for _ in range(3)] == [202, 202, 200]
    refused = (queries.start(), queries.data(JOBS, DateType=2, **OCTOBER))
    assert {one.status_code for one in refused} == {429}
    assert "Try again in" in refused[0].json()["title"]


def test_wrong_requests_are_refused_at_the_start(queries: Queries) -> None:
    """Parameters and pages are checked before a token is handed out."""
    queries.sandbox.set_report_queries(ready_after=1)
    assert queries.start(From="yesterday").status_code == 400
    assert queries.start({"pageSize": 25_001}).status_code == 400
    assert queries.start({"page": 0}).status_code == 400
    assert queries.sandbox.report_queries == []


def test_a_token_can_be_missing(queries: Queries) -> None:
    """Faults change pending responses as they change pages."""
    queries.sandbox.set_report_queries(ready_after=1)
    queries.sandbox.fault("envelope", NAME, without=["token"], fields={"queryToken": "x"})
    response = queries.start()
    assert (response.status_code, response.json()) == (202, {"status": "NotStarted", "queryToken": "x"})


def test_the_server_is_set_up_over_http(queries: Queries) -> None:
    """The control endpoint shows the settings and the runs, and refuses what it does not know."""
    url = f"{queries.sandbox.url}/_sandbox/report-queries"
    assert requests.post(url, json={"ready_after": 2}, timeout=9).json()["ready_after"] == 2
    assert requests.post(url, json={"soon": 2}, timeout=9).status_code == 400
    token = queries.start().json()["token"]
    [query] = requests.get(url, timeout=9).json()["queries"]
    assert (query["token"], query["report"], query["polls"]) == (token, JOBS.id, 0)
    assert requests.delete(url, timeout=9).json() == {"expired": 1}
