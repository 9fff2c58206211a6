"""The output of a whole run is valid Singer, tells the truth, and may be cut off after any line."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from jsonschema import FormatChecker
from singer_sdk.typing import DEFAULT_JSONSCHEMA_VALIDATOR

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.sandbox.server import Sandbox, serve
from tap_servicetitan.sync.writer import FREE_STATE_BYTES
from tests.support.running import (
    LASTING,
    RESUMED,
    Message,
    Output,
    bookmarks_and_rows,
    catalog_file,
    run,
    run_command,
    texts,
    truth,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

STREAMS = sorted(LASTING)


@dataclasses.dataclass(frozen=True)
class Case:
    """A run over all streams, and the sandbox it read."""

    sandbox: Sandbox
    config: Message
    output: Output


@pytest.fixture(scope="module", params=[1, 8], ids="concurrency {}".format)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """Run the tap's command line once, with many pages; the sandbox's clock stands still."""
    # So many rows that there are a dozen STATE messages, which are held to a tenth of all output.
    with serve(seed=1, scale=0.03, page_size=20) as sandbox:
        config = sandbox.config | {"concurrency": request.param, "requests_per_second": 10_000}
        folder = tmp_path_factory.mktemp("run")
        output = run_command(folder, config, "--catalog", catalog_file(folder, *STREAMS))
        assert output.code == 0, output.log
        yield Case(sandbox, config, output)


def format_checker() -> FormatChecker:
    """Make the SDK's format checker able to check times, for which it wants another package."""
    formats = DEFAULT_JSONSCHEMA_VALIDATOR.FORMAT_CHECKER
    checker = FormatChecker()
    checker.checkers = {**formats.checkers}
    checker.checks("date-time", ValueError)(lambda text: text is None or bool(datetime.fromisoformat(text)))
    return checker


def test_stdout_has_nothing_but_messages(case: Case) -> None:
    """Every line of stdout is a Singer message, and the last one is complete."""
    assert case.output.raw.endswith(b"\n")
    assert {message["type"] for message in case.output.messages} == {"SCHEMA", "RECORD", "STATE"}


def test_each_stream_is_announced_once_and_before_its_records(case: Case) -> None:
    """A target has seen the schema of a record before the record, and has to create its table only once."""
    announced: Counter[str] = Counter()
    for message in case.output.messages:
        if message["type"] == "SCHEMA":
            announced[message["stream"]] += 1
        elif message["type"] == "RECORD":
            assert message["stream"] in announced
    assert announced == dict.fromkeys(STREAMS, 1)


def test_the_key_is_that_of_the_table(case: Case) -> None:
    """A target learns the key that the table says, and that no record lacks it."""
    found = {one["stream"]: one for one in case.output.messages if one["type"] == "SCHEMA"}
    assert {stream: tuple(one["key_properties"]) for stream, one in found.items()} == {
        stream: BY_NAME[stream].key for stream in STREAMS
    }
    for stream, records in case.output.records.items():
        keys = [tuple(record[name] for name in BY_NAME[stream].key) for record in records]
        assert None not in {part for key in keys for part in key}
        assert len(set(keys)) == len(keys)


def test_records_fit_their_schema(case: Case) -> None:
    """Every record validates against the schema that was sent before it, formats included."""
    validators = {}
    for line in case.output.raw.splitlines():
        # As a target reads it, with floats.
        message = json.loads(line)
        if message["type"] == "SCHEMA":
            DEFAULT_JSONSCHEMA_VALIDATOR.check_schema(message["schema"])
            validators[message["stream"]] = DEFAULT_JSONSCHEMA_VALIDATOR(
                message["schema"], format_checker=format_checker()
            )
        elif message["type"] == "RECORD":
            validators[message["stream"]].validate(message["record"])


@pytest.mark.parametrize("stream", STREAMS)
def test_the_rows_are_the_truth(case: Case, stream: str) -> None:
    """Each row of the API is written once, with all its values to the digit, and no other row is."""
    assert texts(case.output.records[stream]) == texts(truth(case.sandbox, stream))


def test_no_state_is_ahead_of_the_rows(case: Case) -> None:
    """Cut off anywhere and resumed from the last STATE, the output has every row, and none of those before it again."""
    rounds = 0
    messages = [one for one in case.output.messages if one["type"] != "RECORD" or one["stream"] in RESUMED]
    for every, before in bookmarks_and_rows(messages):
        bookmarks = {stream: one for stream, one in every.items() if stream in RESUMED}
        if not bookmarks:
            break
        rounds += 1
        rest = run(case.config, *bookmarks, state={"bookmarks": bookmarks})
        assert rest.error is None
        for stream in bookmarks:
            assert texts(before[stream] + rest.records[stream]) == texts(truth(case.sandbox, stream)), stream
    assert rounds > 10


def test_a_state_never_falls_back(case: Case) -> None:
    """No bookmark is forgotten or comes back; one moves at a time, until STATE messages would be too much of it all."""
    lines = [(json.loads(line), len(line)) for line in case.output.raw.splitlines()]
    written = [(one["value"]["bookmarks"], size) for one, size in lines if one["type"] == "STATE"]
    states = [bookmarks for bookmarks, _ in written]
    past: dict[str, list[Message]] = {stream: [one] for stream, one in states[0].items()}
    written_so_far = itertools.accumulate(size for _, size in written)
    totals = itertools.islice(written_so_far, 1, None)
    for (earlier, later), total in zip(itertools.pairwise(states), totals, strict=True):
        assert earlier.keys() <= later.keys()
        moved = [stream for stream in later if later[stream] != earlier.get(stream)]
        assert len(moved) == 1 or total > FREE_STATE_BYTES
        assert moved
        for stream in moved:
            assert later[stream] not in past.setdefault(stream, [])
            past[stream].append(later[stream])
    assert sorted(states[-1]) == STREAMS
