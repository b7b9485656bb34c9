"""What a stream of columnar batches does otherwise than one of Python rows."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from pyflinkx._core.schema import Field, Schema
from pyflinkx.common.watermark_strategy import ColumnTimestampAssigner, WatermarkStrategy
from pyflinkx.datastream.calls import RecordType
from pyflinkx.datastream.data_stream import DataStream
from pyflinkx.errors import GraphError, TypeInformationError
from pyflinkx.graph.partitioners import ForwardPartitioner, HashPartitioner
from pyflinkx.graph.transformation import Transformation, Upstream
from pyflinkx.operators.columnar_alignment import ColumnAlignmentOperator
from pyflinkx.operators.columnar_expressions import positions_of
from pyflinkx.operators.columnar_timestamps import ColumnTimestampsOperator
from pyflinkx.operators.columns import ColumnsToRowsOperator, RowsToColumnsOperator
from pyflinkx.types.arrow import field_type, native_field, schema_of, type_info_of
from pyflinkx.types.carried import is_carried

if TYPE_CHECKING:
    from pyflinkx.datastream.stream_execution_environment import StreamExecutionEnvironment

MAX_KEY_COLUMNS = 64


def columnar_stream(
    environment: StreamExecutionEnvironment,
    name: str,
    make_operator: Callable[[], Any],
    inputs: Iterable[tuple[Upstream, ...]],
    schema: Schema,
) -> DataStream:
    """The stream of a native operator: columnar batches of ``schema``, made without Python functions of the user's."""
    transformation = Transformation(
        name=name,
        kind="operator",
        make_operator=make_operator,
        inputs=tuple(inputs),
        columnar=True,
        schema=schema,
        native=True,
    )
    return environment._stream_of(transformation, RecordType(type_info_of(schema), columns=schema))


def rows_of(stream: DataStream) -> DataStream:
    """A columnar stream as rows for one operator: columns are spread as the stream says, then converted beside it."""
    rows = converted(stream, stream._upstreams, "output")
    keyed = any(isinstance(up.partitioner, HashPartitioner) for up in stream._upstreams)
    upstream = Upstream(rows._transformation, ForwardPartitioner() if keyed else None)
    return DataStream(stream._environment, (upstream,), stream._record_type)


def rows_before(stream: DataStream) -> DataStream:
    """A stream as rows, converted where it is made and spread afterwards, so that a function of rows may spread them.

    Its records keep their order on the way to their key.
    """
    if stream._schema is None:
        return stream
    upstreams = []
    for up in stream._upstreams:
        rows = converted(stream, (replace(up, partitioner=None),), "input")
        upstreams.append(Upstream(rows._transformation, up.partitioner))
    return DataStream(stream._environment, tuple(upstreams), stream._record_type)


def converted(stream: DataStream, upstreams: tuple[Upstream, ...], parallelism_of: str) -> DataStream:
    """The rows of columnar streams."""
    rows = stream._environment._operator_stream(
        "ColumnsToRows", ColumnsToRowsOperator, [upstreams], stream._record_type
    )
    rows._transformation.native = True
    rows._transformation.parallelism_of = parallelism_of
    return rows


def columns_of(stream: DataStream, call: str, needed: Collection[str] | None = None) -> DataStream:
    """A stream as columns: behind a visible conversion where it is one of rows.

    Args:
        stream: the stream.
        call: the API call, for errors.
        needed: names of the columns of which something becomes; a stream of rows gets no others. None for all.

    Raises:
        GraphError: its records' type is not known, or has no columns.
    """
    if stream._schema is not None:
        return stream
    schema = known_schema(stream, call)
    wanted = None if needed is None else positions_of(schema, needed)
    make = partial(RowsToColumnsOperator, schema, wanted)
    made = schema if wanted is None else Schema([schema.fields[position] for position in wanted])
    columns = columnar_stream(stream._environment, "RowsToColumns", make, [stream._upstreams], made)
    columns._transformation.parallelism_of = "input"
    return columns


def aligned(stream: DataStream, columns: Schema) -> DataStream:
    """A columnar stream with just these columns, spread as it was; see ColumnAlignmentOperator."""
    if stream._schema == columns:
        return stream
    upstreams = []
    for up in stream._upstreams:
        assert up.schema is not None
        make = partial(ColumnAlignmentOperator, up.schema, columns)
        inputs = [(replace(up, partitioner=None),)]
        made = columnar_stream(stream._environment, "Align", make, inputs, columns)
        made._transformation.parallelism_of = "input"
        upstreams.append(Upstream(made._transformation, up.partitioner))
    return DataStream(stream._environment, tuple(upstreams), made._record_type)


def with_native(stream: DataStream, names: Collection[str], call: str) -> DataStream:
    """A columnar stream whose columns of these names have values that native operators can look into.

    Raises:
        GraphError: a column carries values that have no such form.
    """
    schema = stream._schema
    assert schema is not None
    fields = [native_or_refused(field, call) if field.name in names else field for field in schema]
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


def known_schema(stream: DataStream, call: str) -> Schema:
    """The columns that a stream's rows make.

    Raises:
        GraphError: their type is not known, or has no columns.
    """
    known, columns = stream._record_type.known, stream._record_type.columns
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


def same_columns(streams: Sequence[DataStream]) -> bool:
    """Whether all streams are columnar, of the same names and types; whether a column may have nulls does not count."""
    schemas = [stream._schema for stream in streams]
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


class KeyColumns(NamedTuple):
    """Columns that are a key, and what takes the same key out of a row."""

    names: tuple[str, ...]
    selector: Callable[[Any], Any]


def key_columns(stream: DataStream, selectors: Sequence[Any]) -> KeyColumns | None:
    """The key of a columnar stream that names columns; None where rows are needed: for functions and row streams.

    Raises:
        GraphError: there is no such column, or its type is no key.
    """
    schema = stream._schema
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
    return KeyColumns(names, operator.itemgetter(*(schema.index(name) for name in names)))


def columnar_timestamps(stream: DataStream, strategy: WatermarkStrategy) -> DataStream | None:
    """The stream with timestamps and watermarks, still columnar; None where a Python function needs rows.

    Raises:
        GraphError: the strategy names a column that is not there or holds no time.
    """
    schema, assigner = stream._schema, strategy.timestamp_assigner
    if schema is None or not (assigner is None or isinstance(assigner, ColumnTimestampAssigner)):
        return None
    if strategy.generator_supplier is not None:
        return None
    column = None
    if assigner is not None:
        column = column_name(schema, assigner.column, "with_timestamp_column()")
        if not schema[column].format.startswith(("l", "ts", "tdD", "tdm")):
            raise GraphError(
                f"with_timestamp_column(): column '{column}' is {schema[column].type_name}; timestamps come from int64 "
                "(milliseconds since the epoch), timestamp and date columns"
            )
    waits = strategy.idle_timeout_ms, strategy.alignment
    make = partial(ColumnTimestampsOperator, column, strategy.out_of_orderness_ms, *waits)
    return stream._then_columns("Timestamps/Watermarks", make, schema)
