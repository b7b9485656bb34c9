"""What a stream of columnar batches does otherwise than one of Python rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

from pyflinkx._core.schema import Field, Schema
from pyflinkx.errors import GraphError, TypeInformationError
from pyflinkx.graph.partitioners import ForwardPartitioner, HashPartitioner
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.graph.transformation import Inserted, Transformation, Upstream
from pyflinkx.operators.alignment import WatermarkAlignment
from pyflinkx.operators.columnar_timestamps import ColumnTimestampsOperator
from pyflinkx.operators.columns import ColumnsToRowsOperator, RowsToColumnsOperator
from pyflinkx.plan.stream import RecordType, Stream
from pyflinkx.plan.stream import operator as row_operator
from pyflinkx.types.arrow import schema_of, type_info_of
from pyflinkx.types.typeinfo import TypeInformation

MAX_KEY_COLUMNS = 64


def columnar_operator(
    operation: str, spec: OperatorSpec, inputs: Sequence[Stream], schema: Schema, **more: Any
) -> Stream:
    """The stream of a native operator: columnar batches of ``schema``, made without Python functions of the user's.

    ``more`` are further fields of its Transformation.
    """
    record_type = RecordType(type_info_of(schema))
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


def columns_of(stream: Stream, call: str) -> Stream:
    """A stream as columns: behind a visible conversion where it is one of rows.

    Raises:
        GraphError: its records' type is not known, or has no columns.
    """
    if stream.schema is not None:
        return stream
    schema = known_schema(stream, call)
    spec = OperatorSpec.of(RowsToColumnsOperator, schema)
    placed = {"parallelism_of": "input", "inserted": Inserted("columns")}
    return columnar_operator("RowsToColumns", spec, [stream], schema, **placed)


def known_schema(stream: Stream, call: str) -> Schema:
    """The columns that a stream's rows make.

    Raises:
        GraphError: their type is not known, or has no columns.
    """
    known = stream.record_type.known
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
    if len(set(names)) < len(names):
        raise GraphError(f"key_by(): a column is named twice: {', '.join(names)}")
    if len(names) > MAX_KEY_COLUMNS:
        raise GraphError(f"key_by() takes at most {MAX_KEY_COLUMNS} columns, not {len(names)}")
    for name in names:
        if schema[name].format.startswith("+"):
            raise GraphError(f"key_by(): column '{name}' is a {schema[name].type_name}, which is no key")
    return stream.keyed(itemgetter(*(schema.index(name) for name in names)), names, key_type)


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
