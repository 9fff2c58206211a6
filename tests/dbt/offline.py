"""Compile the package for a warehouse that nobody connects to, and resolve each name in what comes of it.

The Python that has dbt runs it, with the adapter's name and class, a file of the columns of each loaded table, and
dbt's own arguments.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbt.cli.main import dbtRunner
from sqlglot import exp, parse_one
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Tables = dict[str, dict[str, str]]
TEMPORAL = {exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPTZ, exp.DType.DATETIME}
"""No warehouse compares a time with a time zone with one without."""


def main() -> int:
    """Print what was compiled and nothing is wrong with."""
    name, class_name, columns, *arguments = sys.argv[1:]
    loaded: Tables = json.loads(Path(columns).read_text())
    know_tables(getattr(importlib.import_module(f"dbt.adapters.{name}.impl"), class_name), loaded)
    if not dbtRunner().invoke(arguments).success:
        return 1
    manifest = Path(arguments[arguments.index("--target-path") + 1]) / "manifest.json"
    nodes = json.loads(manifest.read_text())["nodes"]
    schema = MappingSchema(dialect=name)
    for table, known in loaded.items():
        schema.add_table(exp.table_(table, db="main", catalog="warehouse"), known, dialect=name)
    for node in in_order(nodes):
        selected = resolved(Path(node["compiled_path"]).read_text(), schema, name)
        print(node["name"])  # noqa: T201 - for the test
        if node["resource_type"] == "model":
            schema.add_table(exp.table_(node["alias"], db="models", catalog="warehouse"), selected, dialect=name)
    return 0


def know_tables(adapter: Any, loaded: Tables) -> None:  # noqa: ANN401 - dbt has no types
    """Let an adapter know the loaded tables, and no others, without a connection."""

    def get_relation(self: Any, database: str, schema: str, identifier: str) -> Any:  # noqa: ANN401
        known = identifier in loaded
        return self.Relation.create(database=database, schema=schema, identifier=identifier) if known else None

    def get_columns(self: Any, relation: Any) -> list[Any]:  # noqa: ANN401
        return [self.Column(*column) for column in loaded[relation.identifier].items()]

    adapter.get_relation = get_relation
    adapter.get_columns_in_relation = get_columns


def in_order(nodes: Mapping[str, Any]) -> Iterator[Any]:
    """Give what was compiled, each after all that it reads."""
    done: set[str] = set()

    def with_parents(name: str) -> Iterator[Any]:
        if name in nodes and name not in done:
            done.add(name)
            for parent in nodes[name]["depends_on"]["nodes"]:
                yield from with_parents(parent)
            yield nodes[name]

    for name in nodes:
        yield from (node for node in with_parents(name) if node.get("compiled_path"))


def resolved(sql: str, schema: MappingSchema, dialect: str) -> dict[str, exp.DataType]:
    """Name and type the columns of a query; one that is not there, or is compared with another kind, is an error."""
    query = annotate_types(qualify(parse_one(sql, dialect=dialect), schema=schema, dialect=dialect), schema=schema)
    for comparison in query.find_all(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE):
        kinds = {side.type.this for side in (comparison.left, comparison.right)}
        if len(kinds) > 1 and kinds <= TEMPORAL:
            msg = f"{comparison.sql(dialect)} compares {' with '.join(kind.value for kind in kinds)}"
            raise TypeError(msg)
    return {column.alias_or_name: column.type for column in query.selects}


if __name__ == "__main__":
    sys.exit(main())
