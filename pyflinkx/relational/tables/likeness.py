"""CREATE TABLE ... LIKE: what is taken from another table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pyflinkx.relational.tables.declared import Declaring
from pyflinkx.relational.tables.definition import (
    Column,
    ComputedColumn,
    MetadataColumn,
    TableDefinition,
)
from pyflinkx.sql.tree.ddl import TableLike

# What happens to each part of the other table where nothing is said of it; as in Flink.
USUAL = {
    "CONSTRAINTS": "INCLUDING",
    "DISTRIBUTION": "INCLUDING",
    "PARTITIONS": "INCLUDING",
    "GENERATED": "INCLUDING",
    "METADATA": "INCLUDING",
    "OPTIONS": "OVERWRITING",
    "WATERMARKS": "INCLUDING",
}


def merged(other: TableDefinition, own: TableDefinition, like: TableLike, declaring: Declaring) -> TableDefinition:
    """A table like another one.

    Args:
        other: that one.
        own: what the statement says beside it.
        like: what is taken.
        declaring: for errors.

    Raises:
        SqlError: both say the same, and OVERWRITING is not said of it.
    """
    strategies = dict(USUAL)
    for option in like.options:
        names = USUAL if option.feature == "ALL" else [option.feature]
        for name in names:
            strategies[name] = option.strategy

    def refuse_both(feature: str, what: str) -> None:
        if strategies[feature] == "INCLUDING":
            declaring.refuse(
                like, f"both tables have {what}: EXCLUDING {feature} or OVERWRITING {feature} says which one counts"
            )

    columns: dict[str, Column] = {}
    for column in other.columns:
        feature = feature_of(column)
        if feature is None or strategies[feature] != "EXCLUDING":
            columns[column.name] = column
    for column in own.columns:
        before = columns.get(column.name)
        if before is not None:
            feature = feature_of(column)
            if feature is None or type(before) is not type(column):
                declaring.refuse(like, f"both tables have a column {column.name}")
            if strategies[feature] != "OVERWRITING":
                declaring.refuse(
                    like, f"both tables have a column {column.name}: OVERWRITING {feature} says that this one counts"
                )
        columns[column.name] = column
    taken: dict[str, Any] = {"columns": tuple(columns.values())}
    for name, feature, what in (
        ("primary_key", "CONSTRAINTS", "a primary key"),
        ("watermark", "WATERMARKS", "a watermark"),
        ("partition_keys", "PARTITIONS", "partitions"),
        ("distribution", "DISTRIBUTION", "a distribution"),
    ):
        mine, others = getattr(own, name), getattr(other, name)
        if strategies[feature] == "EXCLUDING" or not others:
            continue
        if mine:
            refuse_both(feature, what)
        else:
            taken[name] = others
    if strategies["OPTIONS"] != "EXCLUDING":
        both = [key for key in own.options if key in other.options]
        if both:
            refuse_both("OPTIONS", f"the option '{both[0]}'")
        taken["options"] = {**other.options, **own.options}
    return replace(own, **taken)


def feature_of(column: Column) -> str | None:
    """What a column is called in LIKE; None for one that rows have."""
    if isinstance(column, ComputedColumn):
        return "GENERATED"
    return "METADATA" if isinstance(column, MetadataColumn) else None
