"""The vendor's OpenAPI documents: finding a path in them, and reducing their schemas to facts."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]


def read_documents(folder: Path) -> dict[str, tuple[Json, Json]]:
    """Index the documents by path: ``/crm/v2/tenant/{tenant}/…`` to (document, path item)."""
    found: dict[str, tuple[Json, Json]] = {}
    for file in sorted(folder.glob("*.json")):
        document = json.loads(file.read_text())
        base = urlsplit(document["servers"][0]["url"]).path
        for path, item in document["paths"].items():
            known = item | {"path": base + path, "base": base}
            # Two paths may differ in how a placeholder is named, and have different methods.
            _, same = found.get(plain(base + path), (document, {}))
            found[plain(base + path)] = (document, same | known if "get" in known else known | same)
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
    types = dict.fromkeys(one for each in variants for one in types_of(each))
    facts: Json = {"type": list(types) if len(types) > 1 else next(iter(types))}
    some = [each for each in variants if types_of(each) != ["null"]]
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


def types_of(facts: Json) -> list[str]:
    """List the types of a fact."""
    return [facts["type"]] if isinstance(facts["type"], str) else facts["type"]


def properties(document: Json, schema: Json, seen: tuple[str, ...]) -> Json:
    """Reduce the properties of an object to their facts, in the vendor's order."""
    return {name: fact(document, part, seen) for name, part in schema["properties"].items()}


def body_parameters(document: Json, schema: Json, prefix: str = "") -> Json:
    """List what a body takes and requires as parameters; those within an object have dots in their names."""
    body, _, _ = resolve(document, schema)
    known: Json = {"parameters": [], "required": []}
    for name, part in body.get("properties", {}).items():
        inner, _, _ = resolve(document, part)
        required = name in body.get("required", ())
        if "properties" in inner:
            within = body_parameters(document, inner, f"{prefix}{name}.")
            known["parameters"] += within["parameters"]
            known["required"] += within["required"] if required else []
        else:
            known["parameters"].append(prefix + name)
            known["required"] += [prefix + name] if required else []
    return known
