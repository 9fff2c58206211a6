"""Which paths the vendor's documents have: what came, went or changed, and what is neither read nor excused."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from scripts.api_documents import Json, body_parameters, plain
from tap_servicetitan.catalog.endpoints import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

KNOWN = Path(__file__).with_name("api_paths.json")
UNREAD = Path(__file__).with_name("unread_paths.toml")

METHODS = ("get", "post", "put", "patch", "delete")

Paths = dict[str, dict[str, Json]]
"""What is known of each method and path, by the base path of its document."""


class Unread(msgspec.Struct, forbid_unknown_fields=True):
    """Paths that no stream reads, and why; each with the stream that has the same, if one does."""

    reason: str
    paths: dict[str, str]


def unread(file: Path = UNREAD) -> tuple[Unread, ...]:
    """Read the excuses."""
    return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8"))["unread"], tuple[Unread, ...])


def excused(reasons: Collection[Unread]) -> set[str]:
    """List the excused methods and paths, however their placeholders are named."""
    return {plain(path) for one in reasons for path in one.paths}


def read() -> set[str]:
    """List the methods and paths that the stream table reads."""
    return {f"{row.method} {plain(row.url)}" for row in ENDPOINTS}


def _of_reports() -> set[str]:
    return excused([one for one in unread() if "custom reports" in one.reason])


def paths_in(documents: Mapping[str, tuple[Json, Json]]) -> Paths:
    """Reduce each path to its facts. What the paths of the stream table take and need is in their own facts."""
    found: Paths = {}
    streams, reports = read(), _of_reports()
    for url, (document, item) in documents.items():
        for method in METHODS:
            if method in item:
                path = f"{method.upper()} {url}"
                facts = _facts(item[method])
                if path in reports:
                    facts["parameters"] = _parameters(document, item[method])
                if path in streams:
                    facts.pop("scope", None)
                found.setdefault(item["base"], {})[path] = facts
    return {base: dict(sorted(found[base].items())) for base in sorted(found)}


def _facts(operation: Json) -> Json:
    scopes = [scope for way in operation.get("security", ()) for scope in way.get("oauth", ())]
    limits = [_limit(one) for one in operation.get("parameters", ()) if one["name"] == "pageSize"]
    known = {"scope": [*scopes, None][0], "deprecated": operation.get("deprecated"), "page_limit": [*limits, None][0]}
    return {word: value for word, value in known.items() if value}


def _parameters(document: Json, operation: Json) -> list[str]:
    query = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return [*query, *(body_parameters(document, body)["parameters"] if body else ())]


def _limit(parameter: Json) -> int | None:
    """Find the largest page that is documented, as a fact or in words."""
    words = re.search(r"max[a-z]*\D{0,30}?(\d[\d,]*)", parameter.get("description") or "", re.IGNORECASE)
    limit: int | None = parameter.get("schema", {}).get("maximum")
    return limit or (int(words[1].replace(",", "")) if words else None)


def changes(old: Paths, new: Paths) -> Iterator[str]:
    """Report documents and paths that came or went, and what changed about one."""
    for base in sorted({*old, *new}):
        if base not in old or base not in new:
            yield f"document {base}: {'new' if base in new else 'gone'}"
        before, after = old.get(base, {}), new.get(base, {})
        for path in sorted({*before, *after}):
            if path not in before or path not in after:
                yield f"path     {path}: {'new' if path in after else 'gone'}"
            else:
                yield from (f"path     {path}: {change}" for change in _changes(before[path], after[path]))


def _changes(old: Json, new: Json) -> Iterator[str]:
    if old.get("deprecated") != new.get("deprecated"):
        yield "deprecated" if new.get("deprecated") else "no longer deprecated"
    for word in ("scope", "page_limit"):
        if old.get(word) != new.get(word):
            yield f"{word} {old.get(word)} -> {new.get(word)}"
    if "parameters" in old and "parameters" in new:
        yield from (f"parameter {name} is new" for name in new["parameters"] if name not in old["parameters"])
        yield from (f"parameter {name} is gone" for name in old["parameters"] if name not in new["parameters"])


def undecided(known: Paths) -> Iterator[str]:
    """Report the paths of the documents that are neither read nor excused, and excuses without an object."""
    there = {path for paths in known.values() for path in paths}
    excuses, streams = excused(unread()), read()
    for path in sorted(there - excuses - streams):
        if path.startswith("GET "):
            yield f"decide   {path}: neither read nor excused; add a row to endpoints.py, or an entry to {UNREAD.name}"
    yield from (f"decide   {path}: a stream reads it, and it is in no document" for path in sorted(streams - there))
    yield from (f"decide   {path}: excused, and a stream reads it" for path in sorted(excuses & streams))
    yield from (f"decide   {path}: excused, and in no document" for path in sorted(excuses - there))


def stored(file: Path = KNOWN) -> Paths:
    """Read what was known at the last refresh."""
    return msgspec.json.decode(file.read_bytes(), type=Paths) if file.exists() else {}


def dump(known: Paths) -> str:
    """Write JSON with a line for each path."""
    documents = [
        f" {json.dumps(base)}: {{\n"
        + ",\n".join(f"  {json.dumps(path)}: {json.dumps(facts)}" for path, facts in paths.items())
        + "\n }"
        for base, paths in known.items()
    ]
    return "{\n" + ",\n".join(documents) + "\n}\n"
