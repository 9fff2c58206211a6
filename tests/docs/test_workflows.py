"""What GitHub runs and asks: of the form that GitHub takes, held to exact versions, and with few rights."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.paths import ROOT

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))

FORMS = {
    "vendor.github-workflows": [*WORKFLOWS, ROOT / "examples/production/github-actions.yml"],
    "custom.github-workflows-require-timeout": [*WORKFLOWS, ROOT / "examples/production/github-actions.yml"],
    "vendor.dependabot": [GITHUB / "dependabot.yml"],
    "vendor.github-issue-forms": [GITHUB / "ISSUE_TEMPLATE" / name for name in ("failure.yml", "missing.yml")],
    "vendor.github-issue-config": [GITHUB / "ISSUE_TEMPLATE" / "config.yml"],
    "vendor.meltano": [ROOT / "meltano.yml", ROOT / "examples/production/meltano/meltano.yml"],
}

pytestmark = pytest.mark.checkout


@pytest.mark.parametrize("form", FORMS)
def test_files_have_the_form_that_is_wanted(form: str) -> None:
    """The schemas come with check-jsonschema, so that nothing is fetched."""
    program = Path(sys.executable).with_name("check-jsonschema")
    command = [str(program), "--builtin-schema", form, *map(str, FORMS[form])]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - ours
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_runs_what_it_names_and_no_more(file: Path) -> None:
    """Actions are named by commit, with their version beside; rights are given job by job; what make runs is there."""
    text = file.read_text(encoding="utf-8")
    used = re.findall(r"uses: (.*)$", text, re.MULTILINE)
    assert [one for one in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)] == []
    assert yaml.safe_load(text)["permissions"] == {}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"run: make ([\w-]+)", text):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_a_report_cannot_end_the_block_that_it_stands_in(tmp_path: Path) -> None:
    """Whatever names the vendor's documents have: all of them are code in the issue, none is Markdown or a mention."""
    steps = yaml.safe_load((GITHUB / "workflows" / "drift.yml").read_text(encoding="utf-8"))["jobs"]["report"]["steps"]
    (step,) = [one for one in steps if one.get("name") == "Tell"]
    report = "jobs: new field a\n```\n~~~\n# Heading\r@everyone\x0b<img src=x>\x1b[2J\n\n</pre>[link](x)\n" * 20
    (tmp_path / "report.txt").write_text(report, newline="")
    program = tmp_path / "gh"
    program.write_text('#!/bin/sh\necho "$@" >> calls\n')
    program.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "TITLE": step["env"]["TITLE"]}
    subprocess.run(["bash", "-e", "-c", step["run"]], cwd=tmp_path, env=environment, check=True)  # noqa: S603, S607 - our own step
    assert "issue create" in (tmp_path / "calls").read_text()
    head, blank, *block = (tmp_path / "body.md").read_bytes().decode().split("\n")
    assert (head[:7], blank, block.pop()) == ("Refresh", "", "")
    assert len(block) == report.count("\n")
    assert all(line.startswith("    ") and line.isprintable() for line in block)


def test_the_tests_run_on_every_version() -> None:
    """The versions that the package names are those of the two jobs together."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    known = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    jobs: dict[str, Any] = yaml.safe_load((GITHUB / "workflows" / "test.yml").read_text(encoding="utf-8"))["jobs"]
    first = [
        step["with"]["python-version"] for step in jobs["all"]["steps"] if "python-version" in step.get("with", {})
    ]
    assert first + jobs["tests"]["strategy"]["matrix"]["python"] == known
