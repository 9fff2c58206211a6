"""Refresh ``tap_servicetitan/catalog/schemas/`` from a folder of the vendor's OpenAPI documents.

    python scripts/refresh_schemas.py <folder> [<module> ...]

With modules, such as crm, only their rows are refreshed, and only their documents have to be there.

Walks the stream table, looks each row's path up in the documents, and stores the facts that
carry over: names, types, nullability, enum and format of the fields, the query parameters and
the scope, and the fields around the records. The vendor's sentences stay behind. What was added,
removed or retyped is printed; running it again with the same documents changes and prints nothing.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tap_servicetitan.catalog.endpoints import ENDPOINTS
from tap_servicetitan.reports.api import REPORTS_SCOPES

if TYPE_CHECKING:
    from collections.abc import Collection

    from tap_servicetitan.catalog.endpoint import Endpoint

SCHEMAS = Path(__file__).parent.parent / "tap_servicetitan" / "catalog" / "schemas"
SCOPES = SCHEMAS.parent / "scopes.json"

Json = dict[str, Any]

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


def read_documents(folder: Path) -> dict[str, tuple[Json, Json]]:
    """Index the documents by path: ``/crm/v2/tenant/{tenant}/…`` to (document, path item)."""
    found: dict[str, tuple[Json, Json]] = {}
    for file in sorted(folder.glob("*.json")):
        document = json.loads(file.read_text())
        base = urlsplit(document["servers"][0]["url"]).path
        for path, item in document["paths"].items():
            found[plain(base + path)] = (document, item | {"path": base + path})
    return found


def plain(url: str) -> str:
    """Leave out how placeholders are named: in the table, by the field that their value goes into."""
    return re.sub(r"{\w+}", "{}", url)


def resolve(document: Json, schema: Json, seen: tuple[str, ...] = ()) -> tuple[Json, tuple[str, ...], bool]:
    """Follow references and one-member unions; also tell the references passed and whether null is allowed."""
    nullable = schema.get("nullable", False)
    if union := schema.get("oneOf"):
        member = next(one for one in union if one.get("type") != "null")
        inner, seen, inner_nullable = resolve(document, member, seen)
        return inner, seen, nullable or inner_nullable or len(union) > 1
    if reference := schema.get("$ref"):
        inner, passed, inner_nullable = resolve(
            document, document["components"]["schemas"][reference.rsplit("/", 1)[1]], (*seen, reference)
        )
        return inner, passed, nullable or inner_nullable
    return schema, seen, nullable


def fact(document: Json, schema: Json, seen: tuple[str, ...] = ()) -> Json:
    """Reduce a schema to its facts. A component that contains itself is cut where it comes again."""
    inner, passed, nullable = resolve(document, schema, seen)
    if variants := inner.get("anyOf"):
        parts = [fact(document, one, passed) for one in variants]
        return merged([*parts, {"type": "null"}] if nullable else parts)
    types = [inner["type"]] if isinstance(inner["type"], str) else list(inner["type"])
    if nullable and "null" not in types:
        types.append("null")
    facts: Json = {"type": types if len(types) > 1 else types[0]}
    facts |= {word: inner[word] for word in ("format", "enum") if word in inner}
    if "array" in types:
        facts["items"] = fact(document, inner["items"], passed)
    if "properties" in inner and len(set(passed)) == len(passed):
        facts["properties"] = properties(document, inner, passed)
    return facts


def merged(variants: list[Json]) -> Json:
    """Make one fact of several that a value may be of: all their types, and the properties of all."""
    types = dict.fromkeys(one for each in variants for one in _types(each))
    facts: Json = {"type": list(types) if len(types) > 1 else next(iter(types))}
    some = [each for each in variants if _types(each) != ["null"]]
    formats = {each.get("format") for each in some}
    if len(formats) == 1 and (only := formats.pop()):
        facts["format"] = only
    if some and all("enum" in each for each in some):
        facts["enum"] = list(dict.fromkeys(one for each in some for one in each["enum"]))
    if items := [each["items"] for each in variants if "items" in each]:
        facts["items"] = merged(items)
    names = dict.fromkeys(name for each in variants for name in each.get("properties", ()))
    if names:
        facts["properties"] = {
            name: merged([each["properties"][name] for each in variants if name in each.get("properties", ())])
            for name in names
        }
    return facts


def _types(facts: Json) -> list[str]:
    return [facts["type"]] if isinstance(facts["type"], str) else facts["type"]


def properties(document: Json, schema: Json, seen: tuple[str, ...]) -> Json:
    """Reduce the properties of an object to their facts, in the vendor's order."""
    return {name: fact(document, part, seen) for name, part in schema["properties"].items()}


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
        asked, _, _ = resolve(document, operation["requestBody"]["content"]["application/json"]["schema"])
        facts |= {"parameters": list(asked["properties"]), "required": asked["required"]}
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
    if "array" in _types(body):
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


def flatten(facts: Json, prefix: str = "") -> dict[str, str]:
    """List the properties, nested ones too, as dotted path to what is known of each."""
    flat = {}
    for name, part in facts.get("properties", {}).items():
        path = f"{prefix}{name}"
        inner = part
        while "items" in inner:
            path, inner = f"{path}[]", inner["items"]
        flat[path] = " ".join(str(part.get(word)) for word in ("type", "format", "enum")) + f" {inner['type']}"
        flat |= flatten(inner, f"{path}.")
    return flat


def report(stream: str, old: Json, new: Json) -> list[str]:
    """Tell what the new facts add, remove or retype."""
    before, after = flatten(old), flatten(new)
    lines = [f"added    {stream}.{name}" for name in after if name not in before]
    lines += [f"removed  {stream}.{name}" for name in before if name not in after]
    lines += [
        f"retyped  {stream}.{name}: {before[name]} -> {after[name]}"
        for name in after
        if name in before and before[name] != after[name]
    ]
    for word in ("path", "scope", "parameters", "required", "sort", "envelope"):
        if old and old.get(word) != new.get(word):
            lines.append(f"changed  {stream}: {word} {old.get(word)} -> {new.get(word)}")
    return lines


def rows_of(modules: Collection[str]) -> list[Endpoint]:
    """Give the rows of some modules; of all if none is named."""
    if unknown := {*modules} - {row.module for row in ENDPOINTS}:
        msg = f"no row is in the module {', '.join(sorted(unknown))}; modules are named as in endpoints.py"
        raise SystemExit(msg)
    return [row for row in ENDPOINTS if not modules or row.module in modules]


def refresh(documents: dict[str, tuple[Json, Json]], folder: Path = SCHEMAS, only: Collection[str] = ()) -> list[str]:
    """Write the facts of all rows, or of those of some modules, below `folder` and tell what changed."""
    modules: dict[str, Json] = {}
    rows = rows_of(only)
    lost = [row.name for row in rows if plain(row.url) not in documents]
    if lost:
        msg = f"no document has the path of: {', '.join(lost)}; fix the row in endpoints.py or bring its document"
        raise SystemExit(msg)
    for row in rows:
        modules.setdefault(row.module, {})[row.name] = endpoint_facts(row, documents)
    lines = []
    for module, streams in modules.items():
        file = folder / f"{module}.json"
        old = json.loads(file.read_text()) if file.exists() else {}
        for stream in [*streams, *(gone for gone in old if gone not in streams)]:
            if stream not in streams:
                lines.append(f"removed  {stream}")
            else:
                lines += report(stream, old.get(stream, {}), streams[stream])
        file.write_text(dump(streams) + "\n")
    return lines


def scope_names(documents: dict[str, tuple[Json, Json]], only: Collection[str] = ()) -> dict[str, str]:
    """Give the names that the developer portal has for the scopes which the rows need."""
    known: dict[str, str] = {}
    for document, _ in documents.values():
        for scheme in document.get("components", {}).get("securitySchemes", {}).values():
            for flow in scheme.get("flows", {}).values():
                known |= flow["scopes"]
    used = {endpoint_facts(row, documents)["scope"] for row in rows_of(only)}
    used |= {*REPORTS_SCOPES} if not only or "reporting" in only else set()
    return {scope: known[scope] for scope in sorted(used)}


def refresh_scopes(
    documents: dict[str, tuple[Json, Json]], file: Path = SCOPES, only: Collection[str] = ()
) -> list[str]:
    """Write the names of the scopes and tell which changed."""
    old = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    new = scope_names(documents, only)
    if only:
        new = dict(sorted((old | new).items()))
    file.write_text(json.dumps(new, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return [f"renamed  {scope}: {old.get(scope)} -> {name}" for scope, name in new.items() if old.get(scope) != name]


def main() -> None:
    """Refresh the facts from the folder named on the command line."""
    folder, only = Path(*sys.argv[1:2]), sys.argv[2:]
    if len(sys.argv) == 1 or not folder.is_dir():
        raise SystemExit(__doc__)
    documents = read_documents(folder)
    for line in [*refresh(documents, only=only), *refresh_scopes(documents, only=only)]:
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
