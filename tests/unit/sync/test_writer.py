"""STATE messages: behind what they cover, few beside the rows, and never too large."""

from __future__ import annotations

import errno
import json
from typing import Any

import pytest

from tap_servicetitan.errors import ClosedError, OutputError
from tap_servicetitan.state.bookmarks import ChildBookmark, DateBookmark, FeedBookmark
from tap_servicetitan.state.dedup import LIMIT
from tap_servicetitan.sync.writer import FREE_STATE_BYTES, MOST_SECONDS, PageWriter, bounded

ROW = b'{"type":"RECORD"}\n'


class Output:
    """A writer whose output and clock are the test's."""

    def __init__(self, captured: pytest.CaptureFixture[bytes]) -> None:
        """Begin with nothing written."""
        self.now = 0.0
        self._captured, self._written = captured, b""
        self.writer = PageWriter(clock=lambda: self.now)

    @property
    def written(self) -> list[bytes]:
        """All lines that were written."""
        self._written += self._captured.readouterr().out
        return self._written.splitlines(keepends=True)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """All messages that were written."""
        return [json.loads(line) for line in self.written]

    def states(self) -> list[dict[str, Any]]:
        """The bookmarks of each STATE message that was written."""
        return [line["value"]["bookmarks"] for line in self.lines if line["type"] == "STATE"]

    def bytes_of_states(self) -> int:
        """How much of the output is STATE messages."""
        return sum(len(line) for line in self.written if b'"STATE"' in line)


@pytest.fixture
def output(capsysbinary: pytest.CaptureFixture[bytes]) -> Output:
    """Give a writer to a test."""
    return Output(capsysbinary)


def large(page: int) -> dict[str, Any]:
    """Give a bookmark that is as large as the free STATE bytes."""
    return {"continue_from": f"token {page}", "filling": "x" * FREE_STATE_BYTES}


def test_while_states_are_small_one_follows_each_page(output: Output) -> None:
    """A run that is killed then begins at the last page that it wrote."""
    for page in range(20):
        output.writer.write_page([ROW], "jobs", {"continue_from": str(page)})
    assert [line["type"] for line in output.lines] == ["RECORD", "STATE"] * 20


def test_large_states_are_a_tenth_of_the_output(output: Output) -> None:
    """However large the bookmarks, STATE messages stay below a tenth of the output and what is free."""
    for page in range(300):
        output.writer.write_page([ROW * 1_000], "jobs", large(page))
    written = 300 * 1_000 * len(ROW)
    assert len(output.states()) >= 2
    # One more: the size of the first is not known before it is made.
    assert output.bytes_of_states() <= written / 10 + 2 * FREE_STATE_BYTES + 1_000


def test_what_is_held_back_is_in_the_next_state(output: Output) -> None:
    """A bookmark that moved without a STATE message is in that of another stream, and at the end in the last one."""
    output.writer.write_page([ROW], "jobs", large(1))
    output.writer.write_page([ROW], "jobs", large(2))
    assert [one["jobs"]["continue_from"] for one in output.states()] == ["token 1"]
    output.now = MOST_SECONDS
    output.writer.write_page([ROW], "teams", {"continue_from": "t"})
    assert [one["jobs"]["continue_from"] for one in output.states()] == ["token 1", "token 2"]
    output.writer.write_page([ROW], "jobs", large(3))
    output.writer.write_held_state()
    output.writer.write_held_state()
    assert [one["jobs"]["continue_from"] for one in output.states()] == ["token 1", "token 2", "token 3"]


def test_a_state_follows_within_a_minute(output: Output) -> None:
    """A bookmark is held back for a minute at the most, as long as pages come, be they without a bookmark."""
    output.writer.write_page([ROW], "jobs", large(1))
    output.writer.write_page([ROW], "jobs", large(2))
    output.now = MOST_SECONDS - 1
    output.writer.write_page([ROW], "teams")
    assert len(output.states()) == 1
    output.now = MOST_SECONDS
    output.writer.write_page([ROW], "teams")
    assert [one["jobs"]["continue_from"] for one in output.states()] == ["token 1", "token 2"]


def test_a_state_is_below_a_megabyte() -> None:
    """With all that 120 streams and their parents can remember, a state is below 1 MB, and no bookmark is changed."""
    recent = tuple(f"2026-11-01T00:00:00.1234567Z|{number:012}{number:012}" for number in range(LIMIT))
    feed = FeedBookmark(token="t" * 200, mark="2026-11-01T00:00:00Z", recent=recent).to_state("1", "modifiedOn")
    child = ChildBookmark(parent=feed, recent=recent).to_state("1")
    state = {"bookmarks": {f"stream_{number}": child if number % 2 else feed for number in range(120)}}
    written = bounded(state)
    assert 500_000 < len(json.dumps(written)) < 1_000_000
    digests = tuple(f"2026-11-01|{number:043}={number:012}" for number in range(LIMIT))
    windows = {name: DateBookmark(recent=digests).to_state("1", "date") for name in ("keywords", "groups", "campaigns")}
    assert len(json.dumps(bounded({"bookmarks": windows}))) < 1_000_000
    assert set(written["bookmarks"]) == set(state["bookmarks"])
    assert len(feed["recent"]) == LIMIT
    assert written["bookmarks"]["stream_1"]["parent"]["continue_from"] == feed["continue_from"]


def test_what_is_held_back_is_written_when_the_run_is_stopped(output: Output) -> None:
    """The last STATE covers all pages that were written, and none that came behind the end."""
    output.writer.write_page([ROW], "jobs", large(1))
    output.writer.write_page([ROW], "jobs", large(2))
    assert output.writer.close(10)
    with pytest.raises(ClosedError):
        output.writer.write_page([ROW], "jobs", large(3))
    assert output.writer.close(10)
    assert [line["type"] for line in output.lines] == ["RECORD", "STATE", "RECORD", "STATE"]
    assert output.states()[-1]["jobs"]["continue_from"] == "token 2"


def test_an_output_that_failed_gets_no_state(output: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that could not be written is covered by no STATE, though the output takes some again."""
    output.writer.write_page([ROW], "jobs", large(1))
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdout", Full())
        with pytest.raises(OutputError):
            output.writer.write_page([ROW], "jobs", large(2))
    assert output.writer.close(10)
    assert [one["jobs"]["continue_from"] for one in output.states()] == ["token 1"]


class Full:
    """An output on a disk that is full."""

    def __init__(self) -> None:
        """Be its own buffer."""
        self.buffer = self

    def write(self, _: bytes) -> None:
        """Refuse."""
        raise OSError(errno.ENOSPC, "No space left on device")
