"""Queries on rows in memory, for tests."""

from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.columns.to_rows import to_rows
from pyflinkx.relational.evaluate import Projection
from pyflinkx.relational.nodes import Scan
from pyflinkx.relational.queries import bound_query
from pyflinkx.relational.type_names import data_type_of
from pyflinkx.relational.values import field
from pyflinkx.sql.parser import parse_type


def typed(text):
    """The data type that a text says."""
    return data_type_of(parse_type(text), text)


def scan(columns):
    """A table ``t`` of these columns, by name and SQL type."""
    fields = tuple((name, typed(kind)) for name, kind in columns.items())
    return Scan(None, fields, "t")


def run(text, columns=None, rows=((),)):
    """The rows that a query of one Calc gives."""
    plan = bound_query(text, {"t": scan(columns)} if columns else {})
    schema = (
        Schema([field(name, typed(kind)) for name, kind in columns.items()]) if columns else Schema([Field("z", "i")])
    )
    batch = from_rows([tuple(row) if columns else (0,) for row in rows], schema)
    return [tuple(row) for row in to_rows(Projection(plan.projection, plan.condition)(batch))]


def value(expression):
    """What an expression without columns is."""
    return run(f"SELECT {expression}")[0][0]


def kind(expression):
    """The type of an expression without columns, as text."""
    return str(bound_query(f"SELECT {expression}", {}).columns[0][1])
