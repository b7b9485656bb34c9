"""Whether the rows of a stream of changes are those that DuckDB has for the same query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import duckdb

from bench.nexmark.queries import Query


def connection(tables: dict[str, Any], threads: int = 1) -> Any:
    """DuckDB with the tables in its own memory."""
    database = duckdb.connect(config={"threads": threads})
    database.execute("SET TimeZone = 'UTC'")
    for name, table in tables.items():
        database.register("loaded", table)
        database.execute(f"CREATE TABLE {name} AS SELECT * FROM loaded")
        database.unregister("loaded")
    return database


def folded(changes: Iterable[Any]) -> list[tuple[Any, ...]]:
    """What is left when each insert adds a row and each delete takes one away.

    Raises:
        AssertionError: a row is taken away that is not there.
    """
    rows: Counter[tuple[Any, ...]] = Counter()
    for row in changes:
        values = tuple(row)
        if row.get_row_kind().name in ("INSERT", "UPDATE_AFTER"):
            rows[values] += 1
        else:
            rows[values] -= 1
            if not rows[values]:
                del rows[values]
    missing = [values for values, count in rows.items() if count < 0]
    assert not missing, f"{len(missing)} rows are taken away that are not there, such as {missing[0]}"
    return list(rows.elements())


def difference(database: Any, query: Query, rows: list[tuple[Any, ...]]) -> str:
    """How rows differ from DuckDB's; empty when they do not."""
    expected = database.execute(query.there).fetchall()
    places = query.compared
    ours, theirs = (Counter(plain(row, places) for row in found) for found in (rows, expected))
    only_ours, only_theirs = ours - theirs, theirs - ours
    if not only_ours and not only_theirs:
        return ""
    examples = [next(iter(found), None) for found in (only_ours, only_theirs)]
    return (
        f"{len(rows)} rows, {len(expected)} expected; {only_ours.total()} only here, such as {examples[0]}; "
        f"{only_theirs.total()} only in DuckDB, such as {examples[1]}"
    )


def plain(row: tuple[Any, ...], places: tuple[int, ...] | None) -> tuple[Any, ...]:
    """The values that are compared; decimals without the zeros at their end."""
    values = row if places is None else [row[place] for place in places]
    return tuple(value.normalize() if isinstance(value, Decimal) else value for value in values)
