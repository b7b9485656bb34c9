"""What a stream of columnar batches does otherwise than one of Python rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.errors import GraphError, TypeInformationError
from pyflinkx.graph.partitioners import ForwardPartitioner, HashPartitioner
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.graph.transformation import Inserted, Transformation, Upstream
from pyflinkx.operators.columnar_expressions import positions_of
from pyflinkx.operators.columnar_timestamps import ColumnTimestampsOperator
from pyflinkx.operators.columns import ColumnsToRowsOperator, RowsToColumnsOperator
from pyflinkx.operators.columns_of_schema import ColumnAlignmentOperator
from pyflinkx.operators.source_alignment import WatermarkAlignment
from pyflinkx.operators.timestamps import TimestampsAndWatermarksOperator
from pyflinkx.plan.stream import RecordType, Stream
from pyflinkx.plan.stream import operator as row_operator
from pyflinkx.types.arrow import field_type, native_field, schema_of, type_info_of
from pyflinkx.types.carried import carried, is_carried
from pyflinkx.types.typeinfo import TypeInformation

MAX_KEY_COLUMNS = 64


def columnar_operator(
    operation: str, spec: OperatorSpec, inputs: Sequence[Stream], schema: Schema, **more: Any
) -> Stream:
    """The stream of a native operator: columnar batches of ``schema``, made without Python functions of the user's.

    ``more`` are further fields of its Transformation.
    """
    record_type = RecordType(type_info_of(schema), columns=schema)
    return row_operator(operation, spec, inputs, record_type, columnar=True, schema=schema, native=True, **more)


def rows_of(stream: Stream) -> Stream:
    """A stream as rows for one operator: columns are spread as the stream says, then converted beside it."""
    if stream.schema is None:
        return stream
    rows = converted(stream, stream.upstreams, "output")
    keyed = any(isinstance(up.partitioner, HashPartitioner) for up in stream.upstreams)
    return replace(stream, upstreams=(Upstream(rows, ForwardPartitioner() if keyed else None),), made_by=None)


def rows_before(stream: Stream) -> Stream:
    """A stream as rows, converted where it is made and spread afterwards, so that a function of rows may spread them.

    Its records keep their order on the way to their key.
    """
    if stream.schema is None:
        return stream
    upstreams = []
    for up in stream.upstreams:
        rows = converted(stream, (replace(up, partitioner=None),), "input")
        upstreams.append(Upstream(rows, up.partitioner))
    return replace(stream, upstreams=tuple(upstreams), made_by=None)


def converted(stream: Stream, upstreams: tuple[Upstream, ...], parallelism_of: str) -> Transformation:
    """What makes rows of columnar streams."""
    rows = row_operator(
        "ColumnsToRows",
        OperatorSpec.of(ColumnsToRowsOperator),
        [Stream(upstreams)],
        stream.record_type,
        native=True,
        parallelism_of=parallelism_of,
        inserted=Inserted("rows"),
    )
    return rows.origin


def columns_of(stream: Stream, call: str, needed: Collection[str] | None = None) -> Stream:
    """A stream as columns: behind a visible conversion where it is one of rows.

    Args:
        stream: the stream.
        call: the API call, for errors.
        needed: names of the columns of which something becomes; a stream of rows gets no others. None for all.

    Raises:
        GraphError: its records' type is not known, or has no columns.
    """
    if stream.schema is not None:
        return stream
    schema = known_schema(stream, call)
    wanted = None if needed is None else positions_of(schema, needed)
    spec = OperatorSpec.of(RowsToColumnsOperator, schema, wanted)
    made = schema if wanted is None else Schema([schema.fields[position] for position in wanted])
    placed = {"parallelism_of": "input", "inserted": Inserted("columns")}
    return columnar_operator("RowsToColumns", spec, [stream], made, **placed)


def aligned(stream: Stream, columns: Schema) -> Stream:
    """A columnar stream with just these columns, spread as it was; see ColumnAlignmentOperator."""
    if stream.schema == columns:
        return stream
    upstreams = []
    for up in stream.upstreams:
        assert up.schema is not None
        spec = OperatorSpec.of(ColumnAlignmentOperator, up.schema, columns)
        placed = {"parallelism_of": "input", "inserted": Inserted("align")}
        made = columnar_operator("Align", spec, [Stream((replace(up, partitioner=None),))], columns, **placed)
        upstreams.append(Upstream(made.origin, up.partitioner))
    record_type = RecordType(type_info_of(columns), columns=columns)
    return replace(stream, upstreams=tuple(upstreams), record_type=record_type, made_by=None)


def with_native(stream: Stream, names: Collection[str], call: str) -> Stream:
    """A columnar stream whose columns of these names have values that native operators can look into.

    Raises:
        GraphError: a column carries values that have no such form.
    """
    schema = stream.columns
    fields = [native_or_refused(field, call) if field.name in names else field for field in schema]
    return aligned(stream, Schema(fields, schema.metadata))


def with_carried(stream: Stream, names: Collection[str]) -> Stream:
    """A columnar stream whose columns of these names, where they are lists, structs or maps, carry them as they are."""
    schema = stream.columns
    fields = [
        carried(field.name, field_type(field), field.nullable) if field.children and field.name in names else field
        for field in schema
    ]
    return aligned(stream, Schema(fields, schema.metadata))


def native_or_refused(field: Field, call: str) -> Field:
    """The native form of a column.

    Raises:
        GraphError: it has none.
    """
    native = native_field(field)
    if native is None:
        raise GraphError(
            f"{call}: column '{field.name}' carries values of {field_type(field)}, which no type of columns is for: "
            "leave it out with select(), or make other values of it with map(..., output_type=...) before"
        )
    return native


def known_schema(stream: Stream, call: str) -> Schema:
    """The columns that a stream's rows make.

    Raises:
        GraphError: their type is not known, or has no columns.
    """
    known, columns = stream.record_type.known, stream.record_type.columns
    if isinstance(columns, str):
        raise GraphError(f"{call}: {columns}")
    if columns is not None:
        return columns
    if known is None:
        raise GraphError(
            f"{call} needs the type of the records: give the operator before it an output_type such as "
            "Types.ROW_NAMED(['key', 'value'], [Types.LONG(), Types.DOUBLE()]), or annotate its function with a "
            "dataclass or NamedTuple"
        )
    try:
        return schema_of(known)
    except TypeInformationError as error:
        raise GraphError(
            f"{call}: {error}; it takes records that are Rows, tuples, NamedTuples or dataclasses of types that "
            "columns have"
        ) from None


def same_columns(streams: Sequence[Stream]) -> bool:
    """Whether all streams are columnar, of the same names and types; whether a column may have nulls does not count."""
    schemas = [stream.schema for stream in streams]
    first = schemas[0]
    if first is None:
        return False
    return all(schema is not None and shape_of(schema) == shape_of(first) for schema in schemas)


def shape_of(schema: Schema) -> list[tuple[str, str, tuple[Field, ...]]]:
    """Names and types."""
    return [(field.name, field.format, field.children) for field in schema]


def column_name(schema: Schema, key: Any, call: str) -> str:
    """The name of the column that a name or position stands for.

    Raises:
        GraphError: there is none.
    """
    names = schema.names
    if isinstance(key, int) and not isinstance(key, bool) and 0 <= key < len(names):
        return names[key]
    if not isinstance(key, str) or key not in names:
        raise GraphError(f"{call}: there is no column {key!r}; there are {', '.join(names)}")
    return key


def keyed_by_columns(
    stream: Stream, selectors: Sequence[Any], key_type: TypeInformation | None = None
) -> Stream | None:
    """A columnar stream by a key that names columns; None where rows are needed: for functions and row streams.

    Raises:
        GraphError: there is no such column, or its type is no key.
    """
    schema = stream.schema
    if schema is None or not all(isinstance(selector, (str, int)) for selector in selectors):
        return None
    if any(isinstance(selector, str) and "." in selector and selector not in schema.names for selector in selectors):
        return None  # a path into a field, which only rows have
    names = tuple(column_name(schema, selector, "key_by()") for selector in selectors)
    natives = [native_field(schema[name]) for name in names if is_carried(schema[name])]
    if any(native is None or native.children for native in natives):
        return None  # the values that are carried may be keys, but only as Python objects
    if len(set(names)) < len(names):
        raise GraphError(f"key_by(): a column is named twice: {', '.join(names)}")
    if len(names) > MAX_KEY_COLUMNS:
        raise GraphError(f"key_by() takes at most {MAX_KEY_COLUMNS} columns, not {len(names)}")
    for name in names:
        if schema[name].format.startswith("+"):
            raise GraphError(f"key_by(): column '{name}' is a {schema[name].type_name}, which is no key")
    selector = itemgetter(*(schema.index(name) for name in names))
    return with_native(stream, names, "key_by()").keyed(selector, names, key_type)


def timestamps_of_column(
    stream: Stream,
    key: Any,
    out_of_orderness: int | None,
    idle_timeout: int | None,
    alignment: WatermarkAlignment | None,
) -> Stream:
    """A columnar stream with timestamps and watermarks.

    Args:
        stream: the stream.
        key: name or position of the column of the timestamps; None to keep those that there are.
        out_of_orderness, idle_timeout, alignment: as for ColumnTimestampsOperator.

    Raises:
        GraphError: there is no such column, or it holds no time.
    """
    schema = stream.columns
    column = None
    if key is not None:
        column = column_name(schema, key, "with_timestamp_column()")
        if not schema[column].format.startswith(("l", "ts", "tdD", "tdm")):
            raise GraphError(
                f"with_timestamp_column(): column '{column}' is {schema[column].type_name}; timestamps come from int64 "
                "(milliseconds since the epoch), timestamp and date columns"
            )
    spec = OperatorSpec.of(ColumnTimestampsOperator, column, out_of_orderness, idle_timeout, alignment)
    return columnar_operator("Timestamps/Watermarks", spec, [stream], schema)


def time_format(stream: Stream) -> str | None:
    """Arrow's format of the column that a stream's timestamps come from; None where they come from none, or differ."""
    found: set[str | None] = set()
    seen: set[Transformation] = set()
    pending = [up.transformation for up in stream.upstreams]
    while pending:
        transformation = pending.pop()
        if transformation in seen:
            continue
        seen.add(transformation)
        spec = transformation.spec
        if spec is not None and issubclass(spec.operator, TimestampsAndWatermarksOperator):
            column = spec.arguments[0] if spec.operator is ColumnTimestampsOperator else None
            if column is not None or spec.operator is not ColumnTimestampsOperator:
                found.add(None if column is None else transformation.schema[column].format)
                continue
        pending.extend(up.transformation for streams in transformation.inputs for up in streams)
    return found.pop() if len(found) == 1 else None
