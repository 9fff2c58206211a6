"""Refresh ``tap_servicetitan/catalog/twins.json`` from a folder of the vendor's OpenAPI documents.

    python -m scripts.list_twins <folder>

Most export feeds have a twin: a list of the same rows, which counts them (``includeTotal``) and filters them by their
date of creation. The tap reads the feed, and the audit compares with the list. For each feed that has one, the path,
the parameters, the parameter that includes inactive rows, and the fields of the feed that the list lacks are stored.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.api_documents import plain, read_documents
from scripts.refresh_schemas import answer_facts, sort_by_id
from tap_servicetitan.catalog.endpoints import ENDPOINTS
from tap_servicetitan.catalog.schema import stream_facts

if TYPE_CHECKING:
    from tap_servicetitan.catalog.endpoint import Endpoint

Json = dict[str, Any]
Documents = dict[str, tuple[Json, Json]]

TWINS = Path(__file__).parent.parent / "tap_servicetitan" / "catalog" / "twins.json"

PAGED = {"inventory_bills": "/accounting/v2/tenant/{tenant}/inventory-bills/paginated"}
"""Twins whose path is not the feed's without ``export/``: that one has no pages."""

SWITCHES = {"active": "active=Any", "activeState": "activeState=All", "activeOnly": "activeOnly=false"}
"""The parameter that includes inactive rows, by its name (documented)."""

NEEDED = {"includeTotal", "createdOnOrAfter", "createdBefore", "page", "pageSize"}
"""What the audit asks of a list."""


def twin(row: Endpoint, documents: Documents) -> Json | None:
    """Find the list that has the rows of a feed; None where there is none that counts them by date."""
    path = PAGED.get(row.name, row.url.replace("/export/", "/"))
    document, item = documents.get(plain(path), ({}, {}))
    query = [one for one in item.get("get", {}).get("parameters", ()) if one["in"] == "query"]
    names = [one["name"] for one in query]
    if not {*names} >= NEEDED or any(one.get("required") for one in query):
        return None
    answer = answer_facts(row, document, item["get"]["responses"]["200"])
    own = stream_facts(row)["properties"]
    return {
        "path": item["path"],
        "parameters": names,
        "inactive": next((SWITCHES[name] for name in names if name in SWITCHES), None),
        "sort": sort_by_id(query),
        "without": sorted(own.keys() - answer["properties"].keys()),
    }


def twins(documents: Documents) -> Json:
    """Find the twins of all feeds."""
    found = {row.name: twin(row, documents) for row in ENDPOINTS if row.kind == "export"}
    return {name: facts for name, facts in found.items() if facts}


def main() -> None:
    """Write the file."""
    [folder] = sys.argv[1:]
    TWINS.write_text(json.dumps(twins(read_documents(Path(folder))), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
