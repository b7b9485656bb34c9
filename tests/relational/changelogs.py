"""Tables of changes, and queries on them as jobs, for tests."""

from collections import Counter
from dataclasses import dataclass

from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.columns.to_rows import to_values
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.operators.base import Operator
from pyflinkx.plan.columns import columnar_operator
from pyflinkx.relational.keyed_rows import kind_column, schema_of
from pyflinkx.relational.nodes import Scan
from pyflinkx.relational.translation import translates
from pyflinkx.relational.values import field
from pyflinkx.table import EnvironmentSettings, TableEnvironment
from pyflinkx.table.table import Table
from tests.relational.queries import typed

KINDS = ["+I", "-U", "+U", "-D"]


@dataclass(frozen=True)
class Changing(Scan):
    """A table whose rows have kinds."""


class KindsOfColumn(Operator):
    """Takes the kinds of rows from their last column."""

    def process_batch(self, batch, port=0):
        kinds = to_values(batch.column(len(batch.schema) - 1))
        rest = batch.select(range(len(batch.schema) - 1))
        self.output.emit(rest.with_kinds(kind_column(kinds)))


@translates(Changing)
def changing(node, translation):
    rows = translation.source(Scan(node.table, node.fields, node.name))
    spec = OperatorSpec.of(KindsOfColumn).producing(node.rows)
    return columnar_operator("Kinds", spec, [rows], schema_of(node.fields))


def table(columns, rows, changes=None, keys=(), name="t"):
    """The scan of rows, which are pairs of a kind and values where ``changes`` are said."""
    fields = tuple((each, typed(kind)) for each, kind in columns.items())
    schema = Schema([field(*each) for each in fields])
    if changes is None:
        return Scan(from_rows([tuple(row) for row in rows], schema), fields, name)
    wider = Schema([*schema.fields, Field("$kind", "i")])
    batch = from_rows([(*row, KINDS.index(kind)) for kind, row in rows], wider)
    return Changing(batch, fields, name, changes, tuple(map(frozenset, keys)))


def environment(streaming=True, options=None):
    """A table environment."""
    settings = EnvironmentSettings.in_streaming_mode() if streaming else EnvironmentSettings.in_batch_mode()
    made = TableEnvironment.create(settings)
    for key, value in (options or {}).items():
        made.get_config().set(key, value)
    return made


def log(query, tables, streaming=True, options=None):
    """What a query gives: pairs of a kind and values."""
    made = environment(streaming, options)
    for name, node in tables.items():
        made.create_temporary_view(name, Table(node, made))
    with made.execute_sql(query).collect() as found:
        return [(str(row.get_row_kind()), tuple(row)) for row in found]


def log_of(node):
    """What a plan gives."""
    with Table(node, environment()).execute().collect() as found:
        return [(str(row.get_row_kind()), tuple(row)) for row in found]


def rows(query, tables, **more):
    """The rows that are there at the end, each as often as it is."""
    return folded(log(query, tables, **more))


def hashable(value):
    """A value that can be counted."""
    if isinstance(value, list):
        return tuple(map(hashable, value))
    if isinstance(value, dict):
        return frozenset((hashable(key), hashable(each)) for key, each in value.items())
    return value


def folded(changes):
    """What changes come to; a row that is taken back must be there."""
    there = Counter()
    for kind, row in changes:
        row = tuple(map(hashable, row))
        there[row] += 1 if kind in ("+I", "+U") else -1
        assert there[row] >= 0, (kind, row)
    return +there
