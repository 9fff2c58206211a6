"""A body in, the page or the error out."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tap_servicetitan.api.pages import items_of, number_of_items, read_export, read_list
from tap_servicetitan.errors import EndlessFeedError, UnexpectedBodyError, UnreadableBodyError

OURS = (UnreadableBodyError, UnexpectedBodyError, EndlessFeedError)


class Feed(NamedTuple):
    """What a page of a feed says."""

    items: list[Any]
    token: str | None
    more: bool


class Listed(NamedTuple):
    """What a page of a list says."""

    items: list[Any]
    more: bool | None
    total: int | None


def feed(raw: bytes, asked: str | None) -> Feed:
    """Read a page of a feed with its items."""
    page = read_export(raw, asked)
    items = items_of(page.data)
    assert number_of_items(page.data) == len(items)
    return Feed(items, page.token, page.more)


def listed(raw: bytes, field: str = "data", size: int | None = 2) -> Listed:
    """Read a page of a list with its items."""
    page = read_list(raw, field, size)
    items = items_of(page.data)
    assert page.count == len(items)
    return Listed(items, page.more, page.total)


def body(*, more: object = False, data: object = (), **rest: object) -> bytes:
    """Write a page as the API does."""
    return json.dumps({"hasMore": more, **rest, "data": data}).encode()


@pytest.mark.parametrize(
    ("came", "kept"),
    [
        pytest.param({"continueFrom": "new"}, "new", id="new token"),
        pytest.param({"continueFrom": "old"}, "old", id="the token of the request"),
        pytest.param({"continueFrom": ""}, "old", id="empty token"),
        pytest.param({"continueFrom": None}, "old", id="null for a token"),
        pytest.param({}, "old", id="no token"),
    ],
)
def test_the_last_page_never_loses_the_token(came: dict[str, Any], kept: str) -> None:
    """The last page ends the run whatever its token, and without one the old token stays in force."""
    page = feed(body(data=[{"id": 1}], **came), "old")
    assert (page.items, page.token, page.more) == ([{"id": 1}], kept, False)


@pytest.mark.parametrize("came", [{"continueFrom": ""}, {"continueFrom": None}, {}], ids=["empty", "null", "missing"])
def test_a_feed_without_any_token_has_none(came: dict[str, Any]) -> None:
    """A first page that is the last and has no token leaves no token, and no empty one."""
    assert feed(body(**came), None).token is None


@pytest.mark.parametrize("asked", [None, "old"], ids=["first page", "a later page"])
def test_a_page_leads_to_the_next(asked: str | None) -> None:
    """As long as there is more, the new token leads on."""
    page = feed(body(more=True, data=[{"id": 1}], continueFrom="new"), asked)
    assert (page.items, page.token, page.more) == ([{"id": 1}], "new", True)


def test_empty_is_not_finished() -> None:
    """A page without rows is a page like any other: hasMore alone tells whether the feed goes on."""
    page = feed(body(more=True, continueFrom="new"), "old")
    assert (page.items, page.token, page.more) == ([], "new", True)


@pytest.mark.parametrize(
    ("came", "asked", "said"),
    [
        pytest.param({"continueFrom": "old"}, "old", "the token of the request", id="same token"),
        pytest.param({"continueFrom": ""}, "old", "the token of the request", id="empty, which is the same"),
        pytest.param({}, "old", "the token of the request", id="none, which is the same"),
        pytest.param({}, None, "no token", id="none on the first page"),
        pytest.param({"continueFrom": ""}, None, "no token", id="empty on the first page"),
        pytest.param({"continueFrom": None}, None, "no token", id="null on the first page"),
    ],
)
def test_more_without_a_new_token_is_an_error(came: dict[str, Any], asked: str | None, said: str) -> None:
    """A feed that says there is more and does not lead on is an error, not a loop, with rows or without."""
    for data in ([], [{"id": 1}]):
        with pytest.raises(EndlessFeedError, match=said):
            feed(body(more=True, data=data, **came), asked)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(b" \r\n", "empty", id="white space"),
        pytest.param(b'{"hasMore": true, "continueFrom": "t", "data": [{"id": 1}, {"i', "not JSON", id="cut short"),
        pytest.param(b'{"hasMore": false, "data": [{"name": "J\xc3', "not JSON", id="cut within a letter"),
        pytest.param(b"<html><body>502 Bad Gateway</body></html>", "not JSON", id="page of a proxy"),
        pytest.param(body() + b"\n" + body(), "not JSON", id="two bodies"),
        # Regression: UnicodeDecodeError went through to the user as a fault of the tap, without a second try.
        pytest.param(b'{"hasMore": false, "data": [{"name": "J\xfcrgen"}]}', "not JSON", id="not UTF-8, in a row"),
        pytest.param(b'{"hasMore": false, "continueFrom": "\xfc"}', "not JSON", id="not UTF-8, in the token"),
    ],
)
def test_what_is_not_json_is_unreadable(raw: bytes, said: str) -> None:
    """A body that is not JSON is an error of its own, because asking again may help; its text is not repeated."""
    with pytest.raises(UnreadableBodyError) as error:
        read_export(raw, "old")
    assert str(error.value) == said


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"[]", id="array"),
        pytest.param(b"null", id="null"),
        pytest.param(b'"page"', id="text"),
        pytest.param(b"{}", id="no hasMore"),
        pytest.param(b'{"continueFrom": "t", "data": []}', id="no hasMore beside the rest"),
        pytest.param(body(more=None), id="hasMore null"),
        pytest.param(body(more="true"), id="hasMore a string"),
        pytest.param(body(more=1), id="hasMore a number"),
        pytest.param(body(continueFrom=7), id="token a number"),
        pytest.param(body(data={"id": 1}), id="data an object"),
        pytest.param(body(data="rows"), id="data a string"),
        pytest.param(b'["\\ud83d"]', id="array with half an emoji"),
        pytest.param(b'{"hasMore": false, "data": {"name": "\\ud83d"}}', id="data an object with half an emoji"),
    ],
)
def test_what_is_no_page_is_unexpected(raw: bytes) -> None:
    """JSON of another shape is an error of its own, because asking again will not help; it never passes as no rows."""
    with pytest.raises(UnexpectedBodyError, match=r"^wanted \{hasMore, continueFrom, data\}: "):
        feed(raw, "old")


@pytest.mark.parametrize(
    ("value", "is_lost"),
    [
        (b"NaN", True),
        (b"1e1000000000000000000", True),
        (b"[" * 20_000 + b"]" * 20_000, True),
        (b'"\\ud83d"', False),
        (b'"NaN"', False),
        (b"1.50", False),
    ],
    ids=["no number", "exponent", "depth", "half an emoji", "text", "number"],
)
def test_it_is_told_where_a_value_is_lost(value: bytes, *, is_lost: bool) -> None:
    """A value that became null before its page could be read is told of; a text that was mended is not lost."""
    told: list[bool] = []
    body = b'{"data": [{"id": 1, "a": ' + value + b"}]}"
    page = read_list(body, "data", None, lambda: told.append(True))
    (item,) = items_of(page.data, lambda: told.append(True))
    assert (b"null" in json.dumps(item, default=str).encode(), bool(told)) == (is_lost, is_lost)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"NaN", id="no number"),
        pytest.param(b"Infinity", id="infinite"),
        pytest.param(b"-Infinity", id="infinite below zero"),
        pytest.param(b"1e1000000000000000000", id="exponent that no number has"),
        pytest.param(b"-1.5E-99999999999999999999", id="exponent that no number has, below one"),
        pytest.param(b'"\\ud83d", "b": 1e99999999999999999999', id="exponent beside half an emoji"),
    ],
)
@pytest.mark.parametrize("field", ["data", ""], ids=["envelope", "body"])
def test_a_value_that_json_cannot_hold_costs_itself_alone(value: bytes, field: str) -> None:
    """It becomes null, and whatever looks like it within a text stays."""
    array = b'[{"id": 1, "a": ' + value + b'}, {"id": 2, "a": "[[ NaN 1e1000000000000000000"}]'
    read = listed(b'{"data": ' + array + b"}" if field else array, field).items
    fed = feed(b'{"hasMore": false, "continueFrom": "t", "data": ' + array + b"}", None).items
    for first, second in (read, fed):
        assert first["id"] == 1
        assert first.get("b", first["a"]) is None
        assert second == {"id": 2, "a": "[[ NaN 1e1000000000000000000"}


@pytest.mark.parametrize("levels", [1_100, 100_000])
def test_what_is_nested_too_deep_costs_itself_alone(levels: int) -> None:
    """Its depths become null."""
    deep = b'{"id": 1, "deep": ' + b"[" * levels + b"]" * levels + b', "name": "a"}, {"id": 2}'
    first, second = feed(b'{"hasMore": false, "continueFrom": "t", "data": [' + deep + b"]}", None).items
    assert (first["id"], first["name"], second) == (1, "a", {"id": 2})


def test_a_number_of_too_many_digits_is_an_error_of_ours() -> None:
    """What no program can hold ends in one of the errors that the tap can explain."""
    with pytest.raises((UnreadableBodyError, UnexpectedBodyError)):
        feed(b'{"hasMore": false, "continueFrom": "t", "data": ["\\ud83d", ' + b"9" * 5_000 + b"]}", None)


@pytest.mark.parametrize("raw", [b'{"hasMore": false}', b'{"hasMore": true, "continueFrom": "t", "data": null}'])
def test_a_page_without_data_is_no_page(raw: bytes) -> None:
    """Its token would skip the rows that it should have had."""
    with pytest.raises(UnexpectedBodyError, match="no rows in 'data'"):
        feed(raw, "old")


def test_items_of_any_kind_are_kept() -> None:
    """What the items are is not for the page to judge: a null among them does not lose the others."""
    assert feed(body(data=[None, 1, "two", [3], {"id": 4}]), None).items == [None, 1, "two", [3], {"id": 4}]


NUMBERS = [
    "1.10",
    "0.000",
    "-0.0",
    "12345678901234567890.12345678901234567890",
    "1E-7",
    "79228162514264337593543950335",
]


@pytest.mark.parametrize("beside", ["", ', "\\ud83d"'], ids=["alone", "beside half an emoji"])
@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_keep_their_digits(number: str, beside: str) -> None:
    """A number keeps all its digits, zeros at the end too, even where the body has to be mended."""
    (value, *_) = feed(f'{{"hasMore": false, "data": [{number}{beside}]}}'.encode(), None).items
    assert str(value) == number
    assert type(value) is (Decimal if {".", "E"} & {*number} else int)


def test_half_an_emoji_does_not_lose_the_page() -> None:
    """A lone surrogate, which JSON allows and Unicode does not, costs one letter and not the page."""
    rows = b'[{"id": 1, "n": "a\\ud83d"}, {"id": 2, "n": "\\ud83d\\ude00\xc3\xbc"}]'
    page = feed(b'{"hasMore": true, "continueFrom": "new", "data": ' + rows + b"}", "old")
    assert page.items == [{"id": 1, "n": "a?"}, {"id": 2, "n": "\U0001f600ü"}]
    assert (page.token, page.more) == ("new", True)


def test_a_byte_order_mark_does_not_lose_the_page() -> None:
    """A byte order mark before the body is passed over."""
    assert feed(b"\xef\xbb\xbf" + body(data=[{"id": 1}]), None).items == [{"id": 1}]


def arrays(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """JSON text of arrays."""
    return st.lists(parts, max_size=4).map(lambda texts: f"[{','.join(texts)}]")


def objects(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """JSON text of objects."""
    members = st.tuples(strings, parts).map(":".join)
    return st.lists(members, max_size=4).map(lambda texts: f"{{{','.join(texts)}}}")


# Texts with any code point, lone surrogates too, escaped as JSON wants it.
strings = st.text(st.characters(codec=None), max_size=5).map(json.dumps)
numbers = st.from_regex(r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,22})?", fullmatch=True)
values = st.recursive(
    st.sampled_from(["null", "true", "false"]) | strings | numbers, lambda inner: arrays(inner) | objects(inner)
)
pages = st.fixed_dictionaries(
    {"hasMore": st.sampled_from(["true", "false"]) | values},
    optional={
        "continueFrom": st.sampled_from(['"old"', '"new"', '""', "null"]) | values,
        "data": arrays(values) | values,
    },
).map(lambda parts: "{" + ",".join(f'"{name}": {text}' for name, text in parts.items()) + "}")


@settings(deadline=None, derandomize=True, max_examples=300)
@given(text=values | pages, asked=st.sampled_from([None, "old"]))
@example(text='{"hasMore": true, "continueFrom": "old"}', asked="old")
def test_any_json_is_a_page_or_an_error_of_ours(text: str, asked: str | None) -> None:
    """Any JSON at all gives a page that leads on or ends, or one of the three errors."""
    try:
        page = feed(text.encode(), asked)
    except OURS:
        return
    assert isinstance(page.items, list)
    assert page.token != ""
    assert page.token or not asked, "a token was lost"
    assert not page.more or page.token not in (None, asked)


@settings(deadline=None, derandomize=True)
@given(raw=st.binary(max_size=40))
def test_any_bytes_are_a_page_or_an_error_of_ours(raw: bytes) -> None:
    """Any bytes at all give one of the errors, alone and within a page."""
    for whole in (raw, b'{"hasMore": false, "data": ["' + raw + b'"]}'):
        try:
            feed(whole, None)
        except OURS:
            continue


# Lists


def page(**fields: object) -> bytes:
    """Write the envelope of a list."""
    return json.dumps(fields).encode()


TWO = [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize(
    ("fields", "size", "more"),
    [
        pytest.param({"hasMore": True, "data": TWO}, 2, True, id="more, and a full page"),
        pytest.param({"hasMore": True, "data": TWO}, 5, True, id="more, and a page that is not full"),
        pytest.param({"hasMore": True, "data": []}, 2, True, id="more, and an empty page"),
        pytest.param({"hasMore": True, "data": None}, 2, True, id="more, and null"),
        pytest.param({"hasMore": False, "data": TWO}, 2, False, id="no more, and a full page"),
        pytest.param({"hasMore": False, "data": []}, 2, False, id="no more, and nothing"),
        pytest.param({"data": TWO}, 2, None, id="not told, and a full page"),
        pytest.param({"data": TWO}, 1, None, id="not told, and more than was asked for"),
        pytest.param({"data": TWO}, 3, None, id="not told, and a page that is not full"),
        pytest.param({"data": []}, 2, None, id="not told, and nothing"),
        pytest.param({"data": None}, 2, None, id="not told, and null"),
        pytest.param({"hasMore": None, "data": TWO}, 2, None, id="null, and a full page"),
        pytest.param({"hasMore": None, "data": TWO}, 3, None, id="null, and a page that is not full"),
        pytest.param({"hasMore": True, "data": TWO}, None, False, id="more, in a list without pages"),
        pytest.param({"data": TWO}, None, False, id="not told, in a list without pages"),
    ],
)
def test_whether_a_list_goes_on(fields: dict[str, Any], size: int | None, more: bool | None) -> None:  # noqa: FBT001 - a column of the table
    """Whether a list goes on is what it says, if it says it; and it never does where it has no pages."""
    found = listed(page(**fields), size=size)
    assert found == (fields["data"] or [], more, None)


def test_an_array_is_read_where_an_envelope_is_declared() -> None:
    """The rows are the same; whether there is another page, it does not tell."""
    assert listed(b' [{"id": 1}, {"id": 2}]') == (TWO, None, None)


@pytest.mark.parametrize(("told", "size"), [(2, 2), (None, None), ("2", None)])
def test_how_many_rows_a_page_has_at_most(told: object, size: int | None) -> None:
    """The size that the server names is a hint: what is no number does no harm."""
    assert read_list(page(pageSize=told, data=TWO), "data", 5).size == size


@pytest.mark.parametrize(
    ("fields", "total"),
    [
        pytest.param({"totalCount": 7}, 7, id="number"),
        pytest.param({"totalCount": 0}, 0, id="zero"),
        pytest.param({"totalCount": None}, None, id="null"),
        pytest.param({}, None, id="missing"),
    ],
)
def test_how_many_there_are(fields: dict[str, Any], total: int | None) -> None:
    """How many items there are in all is told only where the API tells it."""
    assert listed(page(page=1, pageSize=2, hasMore=False, data=TWO, **fields)) == (TWO, False, total)


@pytest.mark.parametrize("field", ["data", "items", "history", "taskTypes"])
def test_items_are_in_the_field(field: str) -> None:
    """The items are those of the field that is named, whatever else stands beside it."""
    assert listed(page(**({"data": [3], "other": {"a": [4]}} | {field: TWO})), field).items == TWO


@pytest.mark.parametrize(
    ("raw", "items"),
    [
        pytest.param(b'[{"id": 1}, {"id": 2}]', TWO, id="array"),
        pytest.param(b" [1, 2]\n", [1, 2], id="array in white space"),
        pytest.param(b"[]", [], id="empty array"),
        pytest.param(b"[[1], null]", [[1], None], id="array of anything"),
        pytest.param(b'{"id": 1}', [{"id": 1}], id="object"),
        pytest.param(b'{"data": [{"id": 1}]}', [{"data": [{"id": 1}]}], id="object that looks like an envelope"),
        pytest.param(b"{}", [{}], id="empty object"),
        pytest.param(b"null", [None], id="null"),
        pytest.param(b"7", [7], id="integer"),
        pytest.param(b"\r\n7 ", [7], id="integer in white space"),
        pytest.param(b'"[a]"', ["[a]"], id="text"),
        pytest.param(b"true", [True], id="true"),
        pytest.param(b'{"n": "a\\ud83d"}', [{"n": "a?"}], id="half an emoji"),
        pytest.param(b"\xef\xbb\xbf[1]", [1], id="array after a byte order mark"),
    ],
)
def test_the_body_is_the_records(raw: bytes, items: list[Any]) -> None:
    """Without a field, the items are the array that the body is, or the body is the one item; there is no more."""
    assert listed(raw, "", None) == (items, False, None)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(b" \r\n", "empty", id="white space"),
        pytest.param(b'{"data": [{"id": 1}, {"i', "not JSON", id="cut short"),
        pytest.param(b"nul", "not JSON", id="null cut short"),
        pytest.param(b"<html><body>502 Bad Gateway</body></html>", "not JSON", id="page of a proxy"),
        pytest.param(page(data=TWO) + page(data=TWO), "not JSON", id="two bodies"),
        # Regression: was not seen before the items were, when it was too late for a second try.
        pytest.param(b'{"data": [{"name": "J\xfcrgen"}]}', "not JSON", id="not UTF-8"),
    ],
)
@pytest.mark.parametrize("field", ["data", ""], ids=["envelope", "whole"])
def test_a_list_that_is_not_json_is_unreadable(raw: bytes, said: str, field: str) -> None:
    """A body that is not JSON is an error of its own, because asking again may help; its text is not repeated."""
    with pytest.raises(UnreadableBodyError) as error:
        read_list(raw, field, 2)
    assert str(error.value) == said


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"null", id="null"),
        pytest.param(b"7", id="number"),
        pytest.param(b'"data"', id="text"),
        pytest.param(b"{}", id="no field"),
        pytest.param(page(hasMore=False, items=TWO), id="another field"),
        pytest.param(page(hasMore=False, Data=TWO), id="a field in another spelling"),
        pytest.param(page(data={"id": 1}), id="data an object"),
        pytest.param(page(data="rows"), id="data a text"),
        pytest.param(page(data=7), id="data a number"),
        pytest.param(page(hasMore="true", data=TWO), id="hasMore a text"),
        pytest.param(page(hasMore=1, data=TWO), id="hasMore a number"),
        pytest.param(page(totalCount="7", data=TWO), id="totalCount a text"),
        pytest.param(page(totalCount=7.5, data=TWO), id="totalCount a fraction"),
    ],
)
def test_a_list_of_another_shape_is_unexpected(raw: bytes) -> None:
    """JSON of another shape is an error of its own, because asking again will not help; it never passes as no rows."""
    with pytest.raises(UnexpectedBodyError, match=r"^wanted an object with the array 'data': "):
        read_list(raw, "data", 2)


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_of_a_list_keep_their_digits(number: str) -> None:
    """A number keeps all its digits in a list, too, wherever its items are."""
    for raw, field in ((f'{{"data": [{number}]}}', "data"), (f"[{number}]", ""), (number, "")):
        assert [str(one) for one in listed(raw.encode(), field).items] == [number]


@settings(deadline=None, derandomize=True, max_examples=300)
@given(text=values | pages, size=st.sampled_from([None, 1, 2]), field=st.sampled_from(["data", ""]))
@example(text='{"data": []}', size=None, field="data")
def test_any_json_is_a_list_or_an_error_of_ours(text: str, size: int | None, field: str) -> None:
    """Any JSON at all gives items, or one of the errors; an array is no longer or shorter than it came."""
    try:
        found = listed(text.encode(), field, size)
    except OURS:
        return
    assert not found.more or size is not None
    came = json.loads(text)
    wanted = came if isinstance(came, list) else (came["data"] or []) if field else [came]
    assert len(found.items) == len(wanted)


@settings(deadline=None, derandomize=True)
@given(raw=st.binary(max_size=40))
def test_any_bytes_are_a_list_or_an_error_of_ours(raw: bytes) -> None:
    """Any bytes at all give items or one of the errors, alone and within a page."""
    for whole, field in ((raw, ""), (raw, "data"), (b'{"data": ["' + raw + b'"]}', "data")):
        try:
            listed(whole, field)
        except OURS:
            continue
