"""One sandbox serves several tenants, and each is as if it were alone."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import requests

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.sandbox.__main__ import main
from tap_servicetitan.sandbox.server import Sandbox, serve, serve_tenants
from tests.support.running import run, texts, truth
from tests.support.sandbox_client import access

if TYPE_CHECKING:
    from collections.abc import Iterator

STREAMS = ("customers", "jobs", "invoices", "tag_types")


@pytest.fixture(scope="module")
def tenants() -> Iterator[list[Sandbox]]:
    """Run three tenants."""
    with serve_tenants(3, page_size=50) as running:
        yield running


def asked(tenant: Sandbox, headers: dict[str, str], stream: str = "jobs") -> requests.Response:
    """Ask for a page of a tenant, with somebody's credentials."""
    url = tenant.url + BY_NAME[stream].url.format(tenant=tenant.config["tenant_id"])
    return requests.get(url, headers=headers, timeout=9)


def test_each_has_its_own_id_credentials_and_data(tenants: list[Sandbox]) -> None:
    """They share an address and nothing else."""
    for name in ("tenant_id", "client_id", "client_secret", "st_app_key"):
        assert len({tenant.config[name] for tenant in tenants}) == 3
    assert len({tenant.url for tenant in tenants}) == 1
    for stream in STREAMS:
        rows = [tenant.rows(stream) for tenant in tenants]
        # The same ids: in a table without a tenant column they would replace each other.
        assert {row["id"] for row in rows[0]} & {row["id"] for row in rows[1]}
    names = [[row["name"] for row in tenant.rows("customers")] for tenant in tenants]
    assert names[0] != names[1] != names[2]


def test_a_tenant_is_the_same_alone_and_among_others(tenants: list[Sandbox]) -> None:
    """The second of several is the one that its seed and id make."""
    with serve(seed=2, tenant_id=tenants[1].config["tenant_id"]) as alone:
        assert alone.config["client_secret"] == tenants[1].config["client_secret"]
        for stream in STREAMS:
            assert alone.rows(stream) == tenants[1].rows(stream)


def test_nobody_reads_another_tenant(tenants: list[Sandbox]) -> None:
    """A token, an app key and an address that do not belong together are refused."""
    ours, theirs = tenants[:2]
    assert asked(ours, access(ours)).status_code == 200
    assert asked(theirs, access(ours)).status_code == 404
    mixed = access(ours) | {"ST-App-Key": theirs.config["st_app_key"]}
    assert asked(ours, mixed).status_code == 401
    form = {"grant_type": "client_credentials", "client_id": ours.config["client_id"]}
    answer = requests.post(ours.config["auth_url"], form | {"client_secret": theirs.config["client_secret"]}, timeout=9)
    assert answer.json()["error"] == "invalid_client"


def test_each_has_its_own_limit(tenants: list[Sandbox]) -> None:
    """Where one has used up its requests of a second, another has not."""
    ours, theirs = tenants[:2]
    headers = access(ours)
    ours.set_limits(requests_per_second=1)
    statuses = [asked(ours, headers).status_code for _ in range(5)]
    assert asked(theirs, access(theirs)).status_code == 200
    ours.set_limits(requests_per_second=None)
    assert 429 in statuses


def test_orders_reach_the_tenant_that_they_name(tenants: list[Sandbox]) -> None:
    """Over HTTP, ``?tenant=`` says whose clock is moved, whose rows are told, and whose requests go wrong."""
    first, second, third = tenants
    before = first.now, third.now
    control = f"{first.url}/_sandbox"
    whose = {"tenant": second.config["tenant_id"]}
    moved = requests.post(f"{control}/clock", json={"advance": 60}, params=whose, timeout=9).json()
    assert moved["now"] == second.now > before[0]
    assert (first.now, third.now) == before
    assert requests.get(f"{control}/counts", whose, timeout=9).json() == second.counts()
    second.fault("status", "jobs", status=503)
    assert [asked(one, access(one)).status_code for one in tenants] == [200, 503, 200]
    assert requests.get(f"{control}/counts", {"tenant": "1"}, timeout=9).status_code == 400


def test_the_tap_brings_each_its_own(tenants: list[Sandbox]) -> None:
    """What a run with a tenant's settings brings is what this tenant has."""
    for tenant in tenants:
        output = run(tenant.config | {"include_recent_changes": True}, "customers", "invoices")
        assert output.error is None
        for stream in ("customers", "invoices"):
            assert texts(output.records[stream]) == texts(truth(tenant, stream))


def test_the_command_prints_a_line_of_settings_for_each() -> None:
    """A line is all that the tap needs for one tenant."""
    command = [sys.executable, "-m", "tap_servicetitan.sandbox", "--port", "0", "--scale", "0.005", "--tenants", "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:  # noqa: S603 - our own
        assert process.stdout
        try:
            configs = [json.loads(process.stdout.readline()) for _ in range(3)]
            output = run(configs[2], "tag_types")
        finally:
            process.terminate()
            rest, _ = process.communicate(timeout=9)
    assert output.error is None
    assert {row["id"] for row in output.records["tag_types"]}
    assert [config["tenant_id"] for config in configs] == ["4242", "4243", "4244"]
    assert (process.returncode, rest) == (0, "")


@pytest.mark.parametrize("count", ["0", "-1", "x"])
def test_a_number_of_tenants_that_makes_no_sense_is_refused(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    """There is one tenant at least."""
    with pytest.raises(SystemExit) as ended:
        main(["--tenants", count])
    assert ended.value.code == 2
    assert "--tenants" in capsys.readouterr().err
