"""What happens to a file that cannot be used: one sentence, exit code 1, and the file as it was."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
import pytest

from tap_servicetitan.duckdb.errors import LoadError
from tests.duckdb.support import TYPES, command, load, query, records, saved_state, schema, state

if TYPE_CHECKING:
    from pathlib import Path

X = schema(x=TYPES["VARCHAR"])

VERSION_AT = slice(12, 20)
HEADER = slice(8, 4096)
"""Where a DuckDB file has the version of its format, and what the checksum in its first bytes is of."""

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1


def test_a_file_that_is_not_duckdb(tmp_path: Path) -> None:
    """It stays as it is."""
    file = tmp_path / "f"
    file.write_bytes(b"something else\n" * 1000)
    done = command("--path", file, given=X)
    assert (done.returncode, done.stderr) == (1, f"{file} is not a DuckDB file; name another\n")
    assert file.read_bytes() == b"something else\n" * 1000


def test_a_file_that_another_process_holds(tmp_path: Path) -> None:
    """It is said, and the run ends at once."""
    file = tmp_path / "f"
    with duckdb.connect(file):
        done = command("--path", file, given=X)
    assert done.returncode == 1
    assert f"{file} is in use by another process" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("streams", "count"), [(1, 3_000), (12, 400)], ids=["staging", "commit"])
def test_a_full_disk(tmp_path: Path, streams: int, count: int) -> None:
    """Where no more can be written, the run ends with what was committed, and says why."""
    file = tmp_path / "f"
    load(file, X, records({"id": 1}), state(1))
    rows = [{"id": number, "x": f"{number}" * 200} for number in range(count)]
    names = [f"stream_{number}" for number in range(streams)]
    given = b"".join(schema(name, x=TYPES["VARCHAR"]) + records(*rows, stream=name) for name in names)
    program = [sys.executable, "-m", "tap_servicetitan.duckdb", "--path", str(file)]
    limit = file.stat().st_size + 100_000
    done = subprocess.run(  # noqa: S603 - our own command
        program,
        input=given + state(2),
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert done.returncode == 1
    assert b"File too large" in done.stderr
    assert done.stderr.count(b"\n") == 1
    assert saved_state(file) == {"bookmarks": {"jobs": {"at": 1}}}
    assert query(file) == [(1, None)]


def test_a_record_larger_than_memory(tmp_path: Path) -> None:
    """The setting is named."""
    file = tmp_path / "f"
    load(file, X, records({"id": 1}), state(1))
    with pytest.raises(LoadError, match="memory_limit"):
        load(file, X, records({"id": 2, "x": "x" * 10_000_000}), state(2), memory_limit="10MB")
    assert query(file) == [(1, None)]


@pytest.mark.parametrize("version", [1, 100_000])
def test_a_file_of_another_version_of_duckdb(tmp_path: Path, version: int) -> None:
    """Both versions are named."""
    file = tmp_path / "f"
    load(file, X, records({"id": 1}), state(1))
    content = bytearray(file.read_bytes())
    content[VERSION_AT] = struct.pack("<Q", version)
    content[:8] = struct.pack("<Q", checksum(content[HEADER]))
    file.write_bytes(content)
    done = command("--path", file, given=X)
    assert done.returncode == 1
    assert f"{file} was written by a version of DuckDB that {duckdb.__version__} cannot read" in done.stderr
    assert f"version number {version}," in done.stderr
    assert done.stderr.count("\n") == 1
    assert file.read_bytes() == content


def checksum(content: bytearray) -> int:
    """Compute what DuckDB writes into the first bytes of a block."""
    result = 5381
    for (word,) in struct.iter_unpack("<Q", content):
        result ^= word * 0xBF58476D1CE4E5B9 % 2**64
    return result


@pytest.mark.parametrize("name", ["f", "new"])
def test_a_folder_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    """Neither a file that is there nor a new one can be loaded into; a state can still be printed."""
    load(tmp_path / "f", X, records({"id": 1}), state(1))
    before = (tmp_path / "f").read_bytes()
    (tmp_path / "f").chmod(0o444)
    tmp_path.chmod(0o555)
    done = run_with_rights_of_files("--path", tmp_path / name)
    printed = run_with_rights_of_files("--path", tmp_path / "f", "--print-state")
    tmp_path.chmod(0o755)
    assert done.returncode == 1
    assert f"{tmp_path / name} cannot be written; name a file in a folder that can be written" in done.stderr
    assert done.stderr.count("\n") == 1
    assert [one.name for one in tmp_path.iterdir()] == ["f"]
    assert (tmp_path / "f").read_bytes() == before
    assert json.loads(printed.stdout) == {"bookmarks": {"jobs": {"at": 1}}}


def run_with_rights_of_files(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command so that it may write only what the rights of files let it, also as root."""

    def drop() -> None:
        if os.getuid() == 0:
            ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)

    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "tap_servicetitan.duckdb", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=drop,
    )
