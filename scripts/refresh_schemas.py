"""Refresh ``tap_servicetitan/catalog/schemas/`` from a folder of the vendor's OpenAPI documents.

    python -m scripts.refresh_schemas [--check] <folder> [<module> ...]

With modules, such as crm, only their rows are refreshed, and only their documents have to be there. With --check,
nothing is written, and a change is exit code 1. Without, that is for a path which is neither read nor excused.

Walks the stream table, looks each row's path up in the documents, and stores the facts that
carry over: names, types, nullability, enum and format of the fields, the query parameters and
the scope, and the fields around the records. The vendor's sentences stay behind. What was added,
removed or retyped is printed, and of all paths in the documents, read or not, what came, went or changed; running
it again with the same documents changes and prints nothing.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scripts import api_paths
from scripts.api_documents import Json, body_parameters, fact, plain, properties, read_documents, resolve, types_of
from tap_servicetitan.catalog.endpoints import ENDPOINTS
from tap_servicetitan.reports.api import REPORTS_SCOPES

if TYPE_CHECKING:
    from collections.abc import Collection

    from tap_servicetitan.catalog.endpoint import Endpoint

SCHEMAS = Path(__file__).parent.parent / "tap_servicetitan" / "catalog" / "schemas"
SCOPES = SCHEMAS.parent / "scopes.json"

PAGE = ["page", "pageSize", "hasMore", "totalCount", "data"]
"""The usual fields around the records of a page."""

UNDOCUMENTED: dict[str, Json] = {
    # The documents have no schema of the answer; these fields were seen by a public client.
    "job_attachments": {
        "id": {"type": "integer", "format": "int64"},
        "fileName": {"type": ["string", "null"]},
        "createdById": {"type": ["integer", "null"], "format": "int64"},
        "createdOn": {"type": "string", "format": "date-time"},
    },
}

SCOPE_NAMES: dict[str, str] = {
    # Not known in the words of the developer portal; written as it has those of their siblings.
    "tn.acc.expensetransactions:r": "Accounting → Expense Transactions (Read)",
    "tn.eqs.equipmentsystems:r": "Equipment Systems → Equipment Systems (Read)",
    "tn.flt.events:w": "Fleet Pro → Events (Write)",
    "tn.flt.gps:w": "Fleet Pro → GPS (Write)",
    "tn.flt.vehicles:r": "Fleet Pro → Vehicles (Read)",
    "tn.tlc.optinout:r": "Telecom → Opt In Outs (Read)",
}


def is_in(row: Endpoint, documents: dict[str, tuple[Json, Json]]) -> bool:
    """Tell whether the documents have the path of a row, with its method."""
    return row.method.lower() in documents.get(plain(row.url), ({}, {}))[1]


def endpoint_facts(row: Endpoint, documents: dict[str, tuple[Json, Json]]) -> Json:
    """Facts about what an endpoint takes and answers."""
    document, item = documents[plain(row.url)]
    operation = item[row.method.lower()]
    query = [one for one in operation.get("parameters", ()) if one["in"] == "query"]
    facts: Json = {
        "path": item["path"],
        "scope": next(scope for way in operation["security"] for scope in way["oauth"]),
        "parameters": [one["name"] for one in query],
        "required": [one["name"] for one in query if one.get("required")],
    }
    if row.method == "POST":
        facts |= body_parameters(document, operation["requestBody"]["content"]["application/json"]["schema"])
    if sort := sort_by_id(query):
        facts["sort"] = sort
    return facts | answer_facts(row, document, operation["responses"]["200"])


def sort_by_id(query: list[Json]) -> str | None:
    """Give the value of ``sort`` that puts rows in the order of their ids, where the documents name that field."""
    told = next((one.get("description", "") for one in query if one["name"] == "sort"), "")
    found = re.search(r"[:,]\s*(I[dD])\b", told)
    return f"+{found[1]}" if found else None


def answer_facts(row: Endpoint, document: Json, answer: Json) -> Json:
    """Facts about the body: the fields around its records, and those of a record."""
    if "content" not in answer:
        return {"envelope": PAGE, "properties": UNDOCUMENTED[row.name]}
    body, passed, _ = resolve(document, answer["content"]["application/json"]["schema"])
    facts: Json = {}
    if row.records:
        facts["envelope"] = list(body["properties"])
        body, passed, _ = resolve(document, body["properties"][row.records], passed)
    if "array" in types_of(body):
        body, passed, _ = resolve(document, body["items"], passed)
    if row.scalar:
        return facts | {"properties": {row.scalar: fact(document, body)}}
    return facts | {"properties": properties(document, body, passed)}


def dump(value: object, indent: str = "") -> str:
    """Write JSON with a line for each property, so that a vendor's change is a one-line diff."""
    if not isinstance(value, dict):
        return json.dumps(value)
    if not _is_nested(value):
        return json.dumps(value)
    if "properties" in value or "items" in value:
        parts = [f"{json.dumps(word)}: {_dump_word(word, part, indent)}" for word, part in value.items()]
        return "{" + ", ".join(parts) + "}"
    deeper = indent + " "
    lines = [f"{deeper}{json.dumps(name)}: {dump(part, deeper)}" for name, part in value.items()]
    return "{\n" + ",\n".join(lines) + "\n" + indent + "}"


def _dump_word(word: str, part: object, indent: str) -> str:
    if word != "properties" or not isinstance(part, dict):
        return dump(part, indent)
    deeper = indent + " "
    lines = [f"{deeper}{json.dumps(name)}: {dump(one, deeper)}" for name, one in part.items()]
    return "{\n" + ",\n".join(lines) + "\n" + indent + "}"


def _is_nested(value: Json) -> bool:
    return any(isinstance(part, dict) for part in value.values())


def flatten(facts: Json, prefix: str = "") -> dict[str, Json]:
    """List the properties, nested ones too, as dotted path to what is known of each."""
    flat = {}
    for name, part in facts.get("properties", {}).items():
        path = f"{prefix}{name}"
        inner = part
        while "items" in inner:
            path, inner = f"{path}[]", inner["items"]
        known = {word: part[word] for word in ("type", "format", "enum") if word in part}
        flat[path] = known | ({"items": inner["type"]} if inner is not part else {})
        flat |= flatten(inner, f"{path}.")
    return flat


def report(stream: str, old: Json, new: Json) -> list[str]:
    """Report what the new facts add, remove or retype."""
    before, after = flatten(old), flatten(new)
    lines = [f"added    {stream}.{name}" for name in after if name not in before]
    lines += [f"removed  {stream}.{name}" for name in before if name not in after]
    lines += [
        f"retyped  {stream}.{name}: {retyped(before[name], after[name])}"
        for name in after
        if name in before and before[name] != after[name]
    ]
    for word in ("path", "scope", "parameters", "required", "sort", "envelope"):
        if old and old.get(word) != new.get(word):
            lines.append(f"changed  {stream}: {difference(word, old.get(word), new.get(word))}")
    return lines


def difference(word: str, before: object, after: object) -> str:
    """Say how a fact changed; of a list, what came and went."""
    if isinstance(before, list) and isinstance(after, list) and {*before} != {*after}:
        came, went = [one for one in after if one not in before], [one for one in before if one not in after]
        return " ".join([word, *(f"+{one}" for one in came), *(f"-{one}" for one in went)])
    return f"{word} {before} -> {after}"


def retyped(old: Json, new: Json) -> str:
    """Say what changed about a property."""
    words = [word for word in dict.fromkeys([*old, *new]) if old.get(word) != new.get(word)]
    return ", ".join(difference(word, old.get(word), new.get(word)) for word in words)


def rows_of(modules: Collection[str]) -> list[Endpoint]:
    """Give the rows of some modules; of all if none is named."""
    if unknown := {*modules} - {row.module for row in ENDPOINTS}:
        msg = f"no row is in the module {', '.join(sorted(unknown))}; modules are named as in endpoints.py"
        raise SystemExit(msg)
    return [row for row in ENDPOINTS if not modules or row.module in modules]


def refresh(
    documents: dict[str, tuple[Json, Json]],
    folder: Path = SCHEMAS,
    only: Collection[str] = (),
    *,
    write: bool = True,
) -> list[str]:
    """Write the facts of all rows, or of those of some modules, below `folder`, and report what changed."""
    modules: dict[str, dict[str, Endpoint]] = {}
    for row in rows_of(only):
        modules.setdefault(row.module, {})[row.name] = row
    lines = []
    for module, rows in modules.items():
        file = folder / f"{module}.json"
        old = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        # A row that is in no document keeps its facts; `api_paths` reports it.
        new = {
            name: endpoint_facts(row, documents) if is_in(row, documents) else old[name]
            for name, row in rows.items()
            if is_in(row, documents) or name in old
        }
        lines += [f"removed  {stream}" for stream in old if stream not in rows]
        lines += [line for stream, facts in new.items() for line in report(stream, old.get(stream, {}), facts)]
        if write:
            file.write_text(dump(new) + "\n", encoding="utf-8")
    return lines


def scope_names(documents: dict[str, tuple[Json, Json]], only: Collection[str] = ()) -> dict[str, str]:
    """Give the names that the developer portal has for the scopes which the rows need."""
    known: dict[str, str] = {}
    for document, _ in documents.values():
        for scheme in document.get("components", {}).get("securitySchemes", {}).values():
            for flow in scheme.get("flows", {}).values():
                known |= flow["scopes"]
    used = {endpoint_facts(row, documents)["scope"] for row in rows_of(only) if is_in(row, documents)}
    used |= {*REPORTS_SCOPES} if not only or "reporting" in only else set()
    return {scope: SCOPE_NAMES.get(scope) or known.get(scope, scope) for scope in sorted(used)}


def refresh_scopes(
    documents: dict[str, tuple[Json, Json]], file: Path = SCOPES, only: Collection[str] = (), *, write: bool = True
) -> list[str]:
    """Write the names of the scopes, and report which changed."""
    old = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    new = scope_names(documents, only)
    if only or not all(is_in(row, documents) for row in rows_of(only)):
        new = dict(sorted((old | new).items()))
    if write:
        file.write_text(json.dumps(new, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return [f"renamed  {scope}: {old.get(scope)} -> {name}" for scope, name in new.items() if old.get(scope) != name]


def refresh_paths(
    documents: dict[str, tuple[Json, Json]],
    file: Path = api_paths.KNOWN,
    only: Collection[str] = (),
    *,
    write: bool = True,
) -> tuple[list[str], list[str]]:
    """Write which paths the documents have; report what changed, and which paths wait for a decision."""
    old, new = api_paths.stored(file), api_paths.paths_in(documents)
    if only:
        here = {documents[plain(row.url)][1]["base"] for row in rows_of(only) if is_in(row, documents)}
        new = {
            base: new[base] if base in here else paths for base, paths in (old | new).items() if base in {*old, *here}
        }
    if write:
        file.write_text(api_paths.dump(dict(sorted(new.items()))), encoding="utf-8")
    return [*api_paths.changes(old, new)], [*api_paths.undecided(new)]


def main() -> int:
    """Refresh the facts from the folder named on the command line, and print what changed."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.refresh_schemas", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing; a change is exit code 1")
    parser.add_argument("folder", type=Path, help="a folder of OpenAPI documents")
    parser.add_argument("module", nargs="*", help="a module, such as crm")
    given = parser.parse_args()
    if not given.folder.is_dir():
        parser.error(f"{given.folder} is no folder")
    documents, only, write = read_documents(given.folder), given.module, not given.check
    changed, undecided = refresh_paths(documents, only=only, write=write)
    changed += refresh(documents, only=only, write=write)
    changed += refresh_scopes(documents, only=only, write=write)
    sys.stdout.writelines(f"{line}\n" for line in [*changed, *undecided])
    return int(bool(undecided or (given.check and changed)))


if __name__ == "__main__":
    sys.exit(main())
