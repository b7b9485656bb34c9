"""Between streams of the DataStream API and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pyflinkx._core.columns.schema import Schema as ColumnSchema
from pyflinkx.common.typeinfo import TypeInformation, Types
from pyflinkx.common.types import Row
from pyflinkx.datastream.data_stream import DataStream
from pyflinkx.errors import GraphError, SqlError
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.plan.columns import columnar_operator, columns_of
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.bound import Bound, Input
from pyflinkx.relational.nodes import Calc, Node, Scan
from pyflinkx.relational.tables.definition import (
    Column,
    ComputedColumn,
    MetadataColumn,
    TableDefinition,
    Watermark,
)
from pyflinkx.relational.tables.factory import Building
from pyflinkx.relational.tables.options import suggestion
from pyflinkx.relational.tables.reading import rows_of, whole_changes, with_all_columns
from pyflinkx.relational.tables.stream_columns import (
    ROWTIME_KEY,
    UPDATE_BEFORE,
    ChangesOperator,
    StreamColumnsOperator,
    brought,
)
from pyflinkx.relational.values import field
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.table.changelog_mode import ChangelogMode
from pyflinkx.table.expression import Expression
from pyflinkx.table.schema import Schema
from pyflinkx.types.changes import INSERT_ONLY, Changes
from pyflinkx.types.composite import CompositeTypeInfo
from pyflinkx.types.data_type import ROWTIME, DataType, Kind
from pyflinkx.types.data_type_field import type_of_field

if TYPE_CHECKING:
    from pyflinkx.table.table_environment import StreamTableEnvironment

Given = Expression | Schema | str
TIME_OF_RECORDS = DataType(Kind.TIMESTAMP_LTZ, 3)


class StreamTable:
    """What makes a table's columns of a stream's records.

    Args:
        stream: of records.
        columns: name and type of each of the table's columns, and the name of the stream's; None for the records' time.
        inserts: whether rows of other kinds are refused.
    """

    def __init__(self, stream: DataStream, columns: Sequence[tuple[str, DataType, str | None]], inserts: bool) -> None:
        self.source = stream
        self.columns = tuple(columns)
        self.inserts = inserts

    def stream(self, building: Building) -> Stream:
        """The columns."""
        stream = columns_of(self.source._value, "from_data_stream()")
        have = stream.columns
        schema = ColumnSchema([field(name, kind) for name, kind, _ in self.columns])
        made: list[Any] = []
        for wanted, (_, kind, source) in zip(schema, self.columns, strict=True):
            if source is None:
                made.append(None)
            else:
                made.append((have.index(source), brought(have[source], wanted, kind)))
        spec = OperatorSpec.of(StreamColumnsOperator, made, schema, self.inserts)
        return columnar_operator("DataStreamToTable", spec, [stream], schema)


def with_columns(stream: DataStream) -> DataStream:
    """A stream whose records have columns: values that are no rows become the one column f0."""
    value = stream._value
    known = value.record_type.known
    if value.schema is not None or isinstance(known, CompositeTypeInfo) or value.record_type.columns is not None:
        return stream
    # As in PyFlink, records of no known type are one column of whatever they are.
    return stream.map(Row, Types.ROW_NAMED(["f0"], [Types.PICKLED_BYTE_ARRAY() if known is None else known]))


def stream_table(stream: DataStream, given: Sequence[Given], mode: ChangelogMode | None, name: str, call: str) -> Node:
    """The plan of a stream's records.

    Args:
        stream: of records.
        given: a Schema, or columns; nothing for those that the records' type has.
        mode: the kinds of its rows; None for inserts.
        name: of the table, for people.
        call: the API call, for errors.

    Raises:
        GraphError: the records' type is not known.
        SqlError: a column is not there, or does not fit.
    """
    if not isinstance(stream, DataStream):
        raise GraphError(f"{call} takes a DataStream, not {type(stream).__name__}")
    stream = with_columns(stream)
    columns = columns_of(stream._value, call).columns
    kinds = {each.name: type_of_field(each).logical() for each in columns}
    if len(given) == 1 and isinstance(given[0], Schema):
        definition = with_physical(given[0]._definition(), kinds)
        places = places_of(definition, list(kinds), call)
    else:
        if any(isinstance(each, Schema) for each in given):
            raise GraphError(f"{call} takes a Schema, or columns, not both")
        definition, places = of_fields(given, kinds, call)
    changes: Changes = INSERT_ONLY if mode is None else mode._changes
    rows, keys = rows_of(changes, definition)
    fields: list[tuple[str, DataType, str | None]] = []
    casts: dict[str, DataType] = {}
    for column in definition.columns:
        if isinstance(column, ComputedColumn):
            continue
        assert column.type is not None
        if isinstance(column, MetadataColumn):
            key = column.key or column.name
            if key != ROWTIME_KEY:
                raise SqlError(
                    f"{call}: column {column.name} is METADATA FROM '{key}', and a stream has '{ROWTIME_KEY}' alone"
                )
            fields.append((column.name, TIME_OF_RECORDS, None))
            casts[column.name] = column.type
        else:
            fields.append((column.name, column.type, places[column.name]))
    table = StreamTable(stream, fields, changes == INSERT_ONLY)
    scan = Scan(table, tuple((column, kind) for column, kind, _ in fields), name, rows, keys)
    return whole_changes(with_all_columns(scan, definition, casts, name), definition)


def with_physical(definition: TableDefinition, kinds: dict[str, DataType]) -> TableDefinition:
    """A definition with the columns of the stream before its own, where it names none."""
    if definition.physical:
        return definition
    taken = {column.name for column in definition.columns}
    physical = tuple(Column(name, kind) for name, kind in kinds.items() if name not in taken)
    return TableDefinition((*physical, *definition.columns), definition.watermark, definition.primary_key)


def places_of(definition: TableDefinition, names: Sequence[str], call: str) -> dict[str, str]:
    """Which of a stream's columns each physical one is: by name, or by position where the stream has no names."""
    physical = [column.name for column in definition.physical]
    missing = [name for name in physical if name not in names]
    if not missing:
        return {name: name for name in physical}
    unnamed = list(names) == [f"f{index}" for index in range(len(names))]
    if unnamed and len(physical) == len(names):
        return dict(zip(physical, names, strict=True))
    raise SqlError(
        f"{call}: the records have no field {missing[0]}{suggestion(missing[0], names)}; they have {', '.join(names)}"
    )


def of_fields(given: Sequence[Any], kinds: dict[str, DataType], call: str) -> tuple[TableDefinition, dict[str, str]]:
    """The definition of columns that are given one by one: names, aliases, event time and processing time."""
    names = list(kinds)
    if not given:
        return TableDefinition(tuple(Column(name, kind) for name, kind in kinds.items())), {
            name: name for name in names
        }
    wanted = [column_of(each, call) for each in given]
    plain = [name for name, _, special in wanted if special is None]
    by_name = all(source in names for _, source, special in wanted if special is None)
    if not by_name and len(plain) > len(names):
        hint = (
            "; records of no known type are the one column f0: give the operator before it an output_type such as "
            "Types.ROW_NAMED(['key', 'value'], [Types.LONG(), Types.DOUBLE()])"
        )
        unknown = names == ["f0"] and kinds["f0"].kind is Kind.RAW
        raise SqlError(f"{call}: {len(plain)} columns for records of {len(names)} fields{hint if unknown else ''}")
    columns: list[Column] = []
    places: dict[str, str] = {}
    watermark = None
    position = 0
    for name, source, special in wanted:
        if special == "PROCTIME":
            columns.append(ComputedColumn(name, None, None, "PROCTIME()"))
        elif special == ROWTIME:
            columns.append(MetadataColumn(name, TIME_OF_RECORDS, None, ROWTIME_KEY, True))
            watermark = Watermark(name, "SOURCE_WATERMARK()")
            position += source in names
        else:
            found = source if by_name else names[position]
            position += 1
            places[name] = found
            columns.append(Column(name, kinds[found]))
    return TableDefinition(tuple(columns), watermark), places


def column_of(given: Any, call: str) -> tuple[str, str, str | None]:
    """The name of a column, that of the stream's, and whether it is a time of rows."""
    if isinstance(given, str):
        return given, given, None
    if isinstance(given, Expression):
        node, name = given._node, given._name
        if isinstance(node, tree.Name):
            return name or node.parts[-1], node.parts[-1], None
        special = {"ROWTIME": ROWTIME, "PROCTIME": "PROCTIME"}
        if isinstance(node, tree.Call) and node.name.parts[-1].upper() in special and len(node.arguments) == 1:
            inner = node.arguments[0]
            if isinstance(inner, tree.Name):
                return name or inner.parts[-1], inner.parts[-1], special[node.name.parts[-1].upper()]
    raise GraphError(f"{call} takes names of columns and a Schema, not {given!r:.100}")


# ---- tables as streams


def rowtime_of(node: Node) -> str | None:
    """The one column that is the time of rows."""
    found = [name for name, kind in node.columns if kind.time == ROWTIME]
    return found[0] if len(found) == 1 else None


def timed(stream: Stream, time: str | None, dropped: Sequence[int] = ()) -> Stream:
    """Rows with their timestamps, without those of some kinds."""
    if time is None and not dropped:
        return stream
    spec = OperatorSpec.of(ChangesOperator, tuple(dropped), time)
    return columnar_operator("TableToDataStream", spec, [stream], stream.columns)


def appended(node: Node, call: str) -> Node:
    """A plan of inserts.

    Raises:
        SqlError: it has updates and deletes.
    """
    if node.changes != INSERT_ONLY:
        raise SqlError(
            f"{call} takes a table of inserts, and {node.describe()} gives {node.changes}: to_changelog_stream() makes "
            "a stream of rows of all kinds"
        )
    return node


def data_stream(environment: StreamTableEnvironment, node: Node) -> DataStream:
    """A table's rows as a stream."""
    stream = environment._translation().stream(appended(node, "to_data_stream()"))
    return environment._env._stream(timed(stream, rowtime_of(node)))


def changelog_stream(
    environment: StreamTableEnvironment, node: Node, schema: Schema | None, mode: ChangelogMode | None
) -> DataStream:
    """A table's rows, of all kinds, as a stream."""
    time = rowtime_of(node)
    if schema is not None:
        node, time = of_schema(node, schema, time)
    dropped: tuple[int, ...] = ()
    if mode is not None:
        if mode._changes == INSERT_ONLY:
            appended(node, "to_changelog_stream() of inserts")
        elif mode._changes.kind == "upsert":
            dropped = (UPDATE_BEFORE,)
    stream = timed(environment._translation().stream(node), time, dropped)
    if (
        schema is not None
        and time is not None
        and time not in [column.name for column in schema._definition().physical]
    ):
        kept = [name for name, _ in node.columns if name != time]
        kinds = dict(node.columns)
        from pyflinkx.relational.calc import CalcOperator

        projection = tuple((name, Input(kinds[name], stream.columns.index(name), name)) for name in kept)
        columns = ColumnSchema([field(name, kinds[name]) for name in kept])
        stream = columnar_operator("Calc", OperatorSpec.of(CalcOperator, projection, None), [stream], columns)
    return environment._env._stream(stream)


def of_schema(node: Node, schema: Schema, time: str | None) -> tuple[Node, str | None]:
    """The columns that a schema names, in its order and of its types; the column of metadata gives the timestamps."""
    definition = schema._definition()
    have = {name: (index, kind) for index, (name, kind) in enumerate(node.columns)}
    projection: list[tuple[str, Bound]] = []
    for column in definition.columns:
        if isinstance(column, ComputedColumn):
            continue
        if column.name not in have:
            if isinstance(column, MetadataColumn):
                source = time
            else:
                physical = [each.name for each in definition.physical]
                names = [name for name in have if name != time]
                position = physical.index(column.name)
                unnamed = len(names) == len(physical)
                source = names[position] if unnamed else None
            if source is None:
                raise SqlError(
                    f"to_changelog_stream(): the table has no column {column.name}{suggestion(column.name, have)}"
                )
        else:
            source = column.name
        index, kind = have[source]
        bound: Bound = Input(kind, index, source)
        if isinstance(column, MetadataColumn):
            time = column.name
        elif column.type is not None:
            from pyflinkx.relational.binder import Binder, Scope

            bound = Binder(source, Scope([])).cast(bound, column.type, tree.Null())
        projection.append((column.name, bound))
    return Calc(node, tuple(projection)), time


def append_stream(environment: StreamTableEnvironment, node: Node, type_info: TypeInformation) -> DataStream:
    """A table's rows as records of a type, by position."""
    stream = data_stream(environment, appended(node, "to_append_stream()"))
    return stream.map(record_of(type_info), type_info)


def retract_stream(environment: StreamTableEnvironment, node: Node, type_info: TypeInformation) -> DataStream:
    """A table's rows as pairs: whether a record is there from now on, and the record."""
    stream = changelog_stream(environment, node, None, None)
    make = record_of(type_info)
    return stream.map(
        lambda row: (row.get_row_kind().value in (0, 2), make(row)), Types.TUPLE([Types.BOOLEAN(), type_info])
    )


def record_of(type_info: TypeInformation) -> Any:
    """What makes a record of a type of a row."""
    if isinstance(type_info, CompositeTypeInfo):
        names = list(type_info.field_names or ())
        if "ROW" not in str(type(type_info)).upper():
            return lambda row: tuple(row)
        return lambda row: renamed(row, names)
    return lambda row: row[0]


def renamed(row: Row, names: Sequence[str]) -> Row:
    """A row by other names, which is an insert."""
    made = Row(*row)
    if names:
        made.set_field_names(list(names))
    return made


__all__ = [
    "append_stream",
    "changelog_stream",
    "data_stream",
    "retract_stream",
    "stream_table",
]
