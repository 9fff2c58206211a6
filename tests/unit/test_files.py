"""The files that a command line names: any encoding of Unicode is read, and all else is refused by the file's name."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_servicetitan.errors import FileError
from tap_servicetitan.files import read_object, read_state

if TYPE_CHECKING:
    from pathlib import Path

    from tap_servicetitan.files import Role

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
ROLES: tuple[Role, ...] = ("config", "catalog", "state")

objects: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.text(), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=4)
)


def written(folder: Path, content: bytes) -> str:
    """Write a file."""
    file = folder / "file.json"
    file.write_bytes(content)
    return str(file)


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(deadline=None, derandomize=True, max_examples=60)
@given(found=objects, escaped=st.booleans(), indent=st.sampled_from([None, 2]))
def test_any_encoding_is_read(
    tmp_path_factory: pytest.TempPathFactory, encoding: str, found: dict[str, Any], *, escaped: bool, indent: int | None
) -> None:
    """With a byte order mark or without, on a line or on many: what was written is what is read."""
    text = json.dumps(found, ensure_ascii=escaped, indent=indent)
    file = written(tmp_path_factory.mktemp("files"), (text + "\r\n").encode(encoding, errors="surrogatepass"))
    assert read_object(file, "config") == read_state(file, pytest.fail) == json.loads(text)


def test_numbers_keep_their_digits(tmp_path: Path) -> None:
    """A fraction is read to its last digit."""
    assert read_object(written(tmp_path, b'{"a": 1.10}'), "state") == {"a": Decimal("1.10")}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b"{", "Expecting property name"),
        (b'{"a": 1}}', "Extra data (line 1, column 9)"),
        (b"\xff", "it is no text in UTF-8 or UTF-16"),
        (b"\x89PNG\r\n", "it is no text in UTF-8 or UTF-16"),
        (b"[" * 100_000, "it is nested too deep"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "it has a number with too many digits"),
        (b"[]", "it holds a list, not a JSON object"),
        (b"5", "it holds a number, not a JSON object"),
        (b"5.5", "it holds a number, not a JSON object"),
        (b"true", "it holds a boolean, not a JSON object"),
        (b"null", "it holds null, not a JSON object"),
        (b'"a"', "it holds a string, not a JSON object"),
    ],
)
def test_what_is_no_object_is_refused(tmp_path: Path, role: Role, content: bytes, why: str) -> None:
    """One line says what the file is for, where it is, what is wrong with it, and what to do."""
    file = written(tmp_path, content)
    with pytest.raises(FileError) as refusal:
        read_object(file, role)
    said = str(refusal.value)
    assert said.startswith(f"{role} file {file} cannot be read as JSON: {why}")
    assert "; " in said
    assert "\n" not in said


@pytest.mark.parametrize("role", ROLES)
def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, role: Role) -> None:
    """Neither a file that is not there nor a folder can be read."""
    for path, why in ((tmp_path / "none.json", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(FileError) as refusal:
            read_object(str(path), role)
        assert str(refusal.value) == f"{role} file {path} cannot be opened: {why}; check --{role}"


@settings(deadline=None, derandomize=True, max_examples=60)
@given(states=st.lists(objects, min_size=2, max_size=5), end=st.sampled_from(["", "\n", "\r\n\r\n"]))
def test_of_several_states_the_last_is_read(
    tmp_path_factory: pytest.TempPathFactory, states: list[dict[str, Any]], end: str
) -> None:
    """A state a line, as targets write them: the last one counts, whatever characters are in it, and it is said so."""
    text = "\n".join(json.dumps(one, ensure_ascii=False) for one in states) + end
    file = written(tmp_path_factory.mktemp("files"), text.encode(errors="surrogatepass"))
    said: list[str] = []
    assert read_state(file, said.append) == states[-1]
    assert said == [f"state file {file} has {len(states)} lines; the state of the last one is used"]
    with pytest.raises(FileError, match="Extra data"):
        read_object(file, "config")


def test_a_last_state_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    """Which line it is, is said: to go back to an earlier state is not for the tap to decide."""
    with pytest.raises(FileError, match="line 2, cannot be read as JSON"):
        read_state(written(tmp_path, b'{"a": 1}\n{"a": '), print)
