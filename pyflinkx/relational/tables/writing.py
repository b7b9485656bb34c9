"""What is written to a table: the plan that a statement gives, brought to the table's columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.config.configuration import Configuration
from pyflinkx.config.table_options import MATERIALIZE, NOT_NULL
from pyflinkx.errors import SqlError, TypeInformationError
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.operators.base import Operator, OperatorContext
from pyflinkx.plan.columns import columnar_operator
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.binder import Binder, Scope
from pyflinkx.relational.bound import Bound, Constant, Input
from pyflinkx.relational.changes.nodes import DropUpdateBefore, Materialize, upserts_by
from pyflinkx.relational.nodes import Calc, Node
from pyflinkx.relational.tables.definition import TableDefinition
from pyflinkx.relational.tables.factory import Building, TableSink, context_of
from pyflinkx.relational.tables.options import suggestion
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.types.changes import INSERT_ONLY, Changes
from pyflinkx.types.data_type import DataType, Family, Kind
from pyflinkx.types.data_type_rules import castable, common_type


@dataclass(frozen=True)
class Sinking:
    """A plan whose rows go to a table.

    Args:
        name: of the table.
        node: the rows, with the columns that are written.
        sink: writes them.
        definition: of the table.
        configuration: of the job.
    """

    name: str
    node: Node
    sink: TableSink
    definition: TableDefinition
    configuration: Configuration

    def end(self, stream: Stream, building: Building) -> None:
        """End the plan's stream in the sink."""
        required = [
            column.name for column in self.definition.written if column.type is not None and not column.type.nullable
        ]
        checked = [name for name, kind in self.node.columns if name in required and self.nullable_source(name)]
        if checked:
            drop = self.configuration.value_of(NOT_NULL) == "DROP"
            spec = OperatorSpec.of(NotNullOperator, tuple(checked), drop, self.name)
            stream = columnar_operator("NotNullEnforcer", spec, [stream], stream.columns)
        self.sink.end(stream, building)

    def nullable_source(self, name: str) -> bool:
        """Whether the rows may have nulls in a column."""
        return dict(self.node.columns)[name].nullable

    def describe(self) -> str:
        """What it does, in a line of a plan."""
        columns = ", ".join(name for name, _ in self.node.columns)
        return f"Sink(table=[{self.name}], fields=[{columns}])"


def sinking(
    name: str,
    definition: TableDefinition,
    node: Node,
    columns: Sequence[str],
    partition: Mapping[str, Bound],
    overwrite: bool,
    configuration: Configuration,
    streaming: bool,
) -> Sinking:
    """A plan that writes to a table.

    Args:
        name: of the table.
        definition: of it.
        node: the rows.
        columns: the names of those that the rows fill; empty for all.
        partition: values of columns that PARTITION says.
        overwrite: whether what is there goes.
        configuration: of the job.
        streaming: whether it runs as a stream.

    Raises:
        SqlError: the rows do not fit the table, or the sink cannot take their changes.
        ConfigurationError: the connector cannot be written to, or its options are wrong.
    """
    factory, context = context_of(name, definition, configuration, streaming)
    sink = factory.sink(context)
    overwritten = getattr(sink, "overwritten", None)
    if overwrite and overwritten is None:
        raise SqlError(f"INSERT OVERWRITE {name}: the connector '{factory.name}' cannot overwrite")
    check_changes(name, node, sink.takes, definition)
    made = brought(name, definition, node, columns, partition)
    if sink.takes.kind == "upsert" and definition.primary_key is not None:
        names = [column for column, _ in made.columns]
        made = upserted(made, tuple(names.index(column) for column in definition.primary_key.columns), configuration)
    if overwrite and overwritten is not None:
        overwritten()
    return Sinking(name, made, sink, definition, configuration)


def upserted(node: Node, key: tuple[int, ...], configuration: Configuration) -> Node:
    """Rows as upserts by a key; what materializes them can be left out (NONE) or asked for (FORCE)."""
    how = configuration.value_of(MATERIALIZE)
    if how == "FORCE" and node.changes != INSERT_ONLY:
        return Materialize(node, key)
    if how == "NONE" and node.changes != INSERT_ONLY:
        return DropUpdateBefore(node, key)
    return upserts_by(node, key)


def check_changes(name: str, node: Node, takes: Changes, definition: TableDefinition) -> None:
    """Refuse rows of kinds that a sink does not take."""
    changes = node.changes
    if takes == INSERT_ONLY and changes != INSERT_ONLY:
        raise SqlError(
            f"table {name} takes inserts only, and {maker_of(node).describe()} gives {changes}: a sink that takes "
            "updates ('upsert-kafka', 'jdbc' with a PRIMARY KEY, 'print') is needed, or a query that gives none, such "
            "as windows of event time in place of a GROUP BY without end"
        )
    if takes.kind == "upsert" and changes != INSERT_ONLY and definition.primary_key is None:
        raise SqlError(
            f"table {name} gets {changes} from {maker_of(node).describe()}, and needs a PRIMARY KEY (...) NOT "
            "ENFORCED to know which rows these replace"
        )


def maker_of(node: Node) -> Node:
    """The node that makes the changes of a plan's rows."""
    while True:
        before = [each for each in node.inputs if each.changes != INSERT_ONLY]
        if len(before) != 1:
            return node
        node = before[0]


def brought(
    name: str, definition: TableDefinition, node: Node, columns: Sequence[str], partition: Mapping[str, Bound]
) -> Node:
    """Rows with the columns of a table, of its types."""
    written = definition.written
    known = [column.name for column in written]
    for given in (*columns, *partition):
        if given not in known:
            others = [each.name for each in definition.columns]
            why = "is not stored" if given in others else "is not there"
            raise SqlError(f"INSERT INTO {name}: column {given} {why}{suggestion(given, known)}")
    filled = list(columns) if columns else [column for column in known if column not in partition]
    filled = [column for column in filled if column not in partition] if columns else filled
    if len(set(filled)) < len(filled):
        raise SqlError(f"INSERT INTO {name}: a column is named twice")
    if len(node.columns) != len(filled):
        raise SqlError(
            f"INSERT INTO {name}: the query has {len(node.columns)} columns, and {len(filled)} are to be filled\n"
            f"  query: {listed(node.columns)}\n"
            f"  table: {listed([(each.name, each.type) for each in written if each.name in filled])}"
        )
    by_name = {column: index for index, column in enumerate(filled)}
    projection: list[tuple[str, Bound]] = []
    changed = False
    for column in written:
        kind = column.type
        assert kind is not None
        if column.name in partition:
            bound: Bound = assigned(partition[column.name], kind, name, column.name, "the value of PARTITION")
            changed = True
        elif column.name in by_name:
            index = by_name[column.name]
            source, found = node.columns[index]
            bound = assigned(Input(found, index, source), kind, name, column.name, f"column {source} of the query")
            changed |= not isinstance(bound, Input) or source != column.name or index != len(projection)
        else:
            if not kind.nullable:
                raise SqlError(f"INSERT INTO {name}: column {column.name} is {kind}, and gets no value")
            bound = Constant(kind, None)
            changed = True
        projection.append((column.name, bound))
    return Calc(node, tuple(projection)) if changed else node


def assigned(bound: Bound, kind: DataType, table: str, column: str, what: str) -> Bound:
    """A value as a column of a table takes it, without a cast that the program would have to write.

    Raises:
        SqlError: it takes none such.
    """
    if not assignable(bound.type, kind):
        hint = f"; CAST(... AS {kind.with_nullable(True)}) makes one of it" if castable(bound.type, kind) else ""
        raise SqlError(f"INSERT INTO {table}: column {column} is {kind}, and {what} is {bound.type}{hint}")
    target = kind.with_nullable(bound.type.nullable).with_time(None)
    if bound.type.with_time(None) == target or (same_column(bound.type, target) and isinstance(bound, Input)):
        return bound
    return Binder("", Scope([])).cast(bound, target, tree.Null())


def same_column(first: DataType, second: DataType) -> bool:
    """Whether values of one type are as they are in a column of the other: text and bytes of any length."""
    for family in (Family.CHARACTER_STRING, Family.BINARY_STRING):
        if first.family(family) and second.family(family):
            return first.kind is not Kind.BINARY and second.kind is not Kind.BINARY
    return False


def assignable(source: DataType, target: DataType) -> bool:
    """Whether values of a type go to columns of another without a word; Flink's implicit casts."""
    if source.kind is Kind.NULL or source.with_nullable(True) == target.with_nullable(True):
        return True
    for family in (Family.CHARACTER_STRING, Family.BINARY_STRING, Family.TIME_STAMP):
        if source.family(family) and target.family(family):
            return True
    if source.kind is Kind.DATE and target.family(Family.TIME_STAMP):
        return True
    if source.family(Family.NUMERIC) and target.family(Family.NUMERIC):
        if target.kind is Kind.DECIMAL:
            return source.family(Family.EXACT_NUMERIC)
        common = common_type((source, target))
        return common is not None and common.kind is target.kind
    if source.kind is target.kind:
        if source.children or target.children:
            return len(source.children) == len(target.children) and all(
                map(assignable, source.children, target.children)
            )
        return True
    return False


def listed(columns: Any) -> str:
    """Names and types of columns."""
    return ", ".join(f"{name} {kind}" for name, kind in columns)


class NotNullOperator(Operator):
    """Looks whether columns that have no nulls get some.

    Args:
        names: of the columns.
        drop: whether rows with nulls there are left out; else they are an error.
        table: the name of the table.
    """

    def __init__(self, names: Sequence[str], drop: bool, table: str) -> None:
        self.names = tuple(names)
        self.drop = drop
        self.table = table

    def open(self, context: OperatorContext) -> None:
        super().open(context)

    def process_batch(self, batch: ColumnBatch, port: int = 0) -> None:
        for name in self.names:
            column = batch.column(name)
            if not column.null_count:
                continue
            missing = [column.is_null(row) for row in range(len(batch))]
            if not self.drop:
                row = missing.index(True)
                fault = TypeInformationError(
                    f"column '{name}' of table {self.table} is NOT NULL, and gets null in "
                    f"{batch.slice(row, row + 1).to_rows('dict')[0]!r:.500}; with {NOT_NULL.key}=DROP such rows "
                    "are left out"
                )
                raise self.site.wrap(fault, "on the way to a table") from fault
            batch = batch.filter(bytearray(not each for each in missing))
        if len(batch):
            self.output.emit(batch)
