"""Refresh ``tap_servicetitan/schemas/`` from a folder of the vendor's OpenAPI documents.

    python scripts/refresh_schemas.py <folder>

Walks the stream table, looks each row's path up in the documents, and stores the facts that
carry over: names, types, nullability, enum and format of the fields, the query parameters and
the scope. The vendor's sentences stay behind. What was added, removed or retyped is printed;
running it again with the same documents changes and prints nothing.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tap_servicetitan.endpoints import ENDPOINTS

SCHEMAS = Path(__file__).parent.parent / "tap_servicetitan" / "schemas"

Json = dict[str, Any]


def read_documents(folder: Path) -> dict[str, tuple[Json, Json]]:
    """Index the documents by path: ``/crm/v2/tenant/{tenant}/…`` to (document, path item)."""
    found: dict[str, tuple[Json, Json]] = {}
    for file in sorted(folder.glob("*.json")):
        document = json.loads(file.read_text())
        base = urlsplit(document["servers"][0]["url"]).path
        found |= {base + path: (document, item) for path, item in document["paths"].items()}
    return found


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


def properties(document: Json, schema: Json, seen: tuple[str, ...]) -> Json:
    """Reduce the properties of an object to their facts, in the vendor's order."""
    return {name: fact(document, part, seen) for name, part in schema["properties"].items()}


def endpoint_facts(url: str, documents: dict[str, tuple[Json, Json]]) -> Json:
    """Facts about what an export feed answers."""
    document, item = documents[url]
    operation = item["get"]
    envelope, _, _ = resolve(document, operation["responses"]["200"]["content"]["application/json"]["schema"])
    rows, passed, _ = resolve(document, envelope["properties"]["data"]["items"])
    return {
        "path": url,
        "scope": next(scope for way in operation["security"] for scope in way["oauth"]),
        "parameters": [one["name"] for one in operation["parameters"] if one["in"] == "query"],
        "properties": properties(document, rows, passed),
    }


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
    for word in ("path", "scope", "parameters"):
        if old and old[word] != new[word]:
            lines.append(f"changed  {stream}: {word} {old[word]} -> {new[word]}")
    return lines


def refresh(documents: dict[str, tuple[Json, Json]], folder: Path = SCHEMAS) -> list[str]:
    """Write the facts of all rows below `folder` and tell what changed."""
    modules: dict[str, Json] = {}
    lost = [row.name for row in ENDPOINTS if row.url not in documents]
    if lost:
        msg = f"no document has the path of: {', '.join(lost)}; mend the row in endpoints.py or bring its document"
        raise SystemExit(msg)
    for row in ENDPOINTS:
        modules.setdefault(row.module, {})[row.name] = endpoint_facts(row.url, documents)
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


def main() -> None:
    """Refresh the facts from the folder named on the command line."""
    folder = Path(*sys.argv[1:])
    if len(sys.argv) == 1 or not folder.is_dir():
        raise SystemExit(__doc__)
    for line in refresh(read_documents(folder)):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
