"""Names of tables in the text of a method: what a method of a Table means is bound as SQL that names its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from pyflinkx.relational.nodes import Node

if TYPE_CHECKING:
    from pyflinkx.table.table import Table

# Tables that expressions hold, by the names that stand for them; nobody can write such names.
_TABLES: WeakValueDictionary[str, Any] = WeakValueDictionary()
PREFIX = "$table"


def name_of(table: Table) -> str:
    """The name that stands for a table in the text of an expression; whoever uses it has to hold the table."""
    name = f"{PREFIX}{id(table)}"
    _TABLES[name] = table
    return name


def node_of(path: tuple[str, ...]) -> Node | None:
    """The plan of the table that a name stands for."""
    table = _TABLES.get(path[-1]) if path[-1].startswith(PREFIX) else None
    node: Node | None = None if table is None else table._node
    return node
