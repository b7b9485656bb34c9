"""Tables of other libraries as columns: Arrow, pandas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyflinkx._core.columns.arrow_stream import ColumnStream
from pyflinkx._core.columns.batch import ColumnBatch, concat
from pyflinkx._core.columns.schema import Schema
from pyflinkx.datastream.data_stream import DataStream
from pyflinkx.datastream.tables import collected, imported
from pyflinkx.errors import TypeInformationError
from pyflinkx.expressions.vectors import Frame
from pyflinkx.relational.nodes import Columns, Node
from pyflinkx.relational.tables.stream_columns import brought
from pyflinkx.relational.tables.wire import converted
from pyflinkx.relational.values import field
from pyflinkx.table.column_types import DataType, RowType
from pyflinkx.table.data_types import logical_of
from pyflinkx.types.changes import INSERT_ONLY
from pyflinkx.types.data_type import DataType as LogicalType
from pyflinkx.types.data_type import Kind
from pyflinkx.types.data_type_field import type_of_field

WIDER = {
    Kind.UNSIGNED_TINYINT: Kind.SMALLINT,
    Kind.UNSIGNED_SMALLINT: Kind.INT,
    Kind.UNSIGNED_INT: Kind.BIGINT,
}


def of_arrow(data: Any) -> tuple[ColumnBatch, Columns]:
    """The columns of Arrow data."""
    batch = imported_batch(data)
    columns = tuple((each.name, plain(type_of_field(each).logical())) for each in batch.schema)
    return as_columns(batch, columns), columns


def imported_batch(data: Any) -> ColumnBatch:
    """Arrow data as one batch."""
    if hasattr(data, "__arrow_c_array__") and not hasattr(data, "__arrow_c_stream__"):
        return ColumnBatch.from_arrow(data)
    pyarrow = imported("pyarrow", "arrow", "from_arrow()")
    table = data if isinstance(data, pyarrow.Table) else pyarrow.table(data)
    batches = [ColumnBatch.from_arrow(batch) for batch in table.to_batches()]
    if not batches:
        batches = [ColumnBatch.from_arrow(batch) for batch in [pyarrow.RecordBatch.from_pylist([], table.schema)]]
    return concat(batches)


def plain(kind: LogicalType) -> LogicalType:
    """A type that tables have: unsigned numbers get the next wider one."""
    if kind.kind in WIDER:
        return LogicalType(WIDER[kind.kind], nullable=kind.nullable)
    if kind.kind is Kind.UNSIGNED_BIGINT:
        return LogicalType(Kind.DECIMAL, 20, 0, nullable=kind.nullable)
    return kind


def as_columns(batch: ColumnBatch, columns: Columns) -> ColumnBatch:
    """A batch with just these names and types.

    Raises:
        TypeInformationError: a value does not fit.
    """
    import numpy

    frame = Frame(batch, numpy)
    schema = Schema([field(name, kind) for name, kind in columns])
    made = []
    for column, wanted, (name, kind) in zip(batch.columns, schema, columns, strict=True):
        try:
            made.append(converted(column, wanted, frame, brought(column.field, wanted, kind)))
        except (TypeInformationError, ValueError, OverflowError, TypeError) as error:
            raise TypeInformationError(f"column '{name}' as {kind}: {error}") from error
    return ColumnBatch(schema, made, len(batch))


def of_pandas(frame: Any, schema: DataType | Sequence[str] | Sequence[DataType] | None) -> tuple[ColumnBatch, Columns]:
    """The columns of a DataFrame."""
    pandas = imported("pandas", "pandas", "from_pandas()")
    pyarrow = imported("pyarrow", "pandas", "from_pandas()")
    if not isinstance(frame, pandas.DataFrame):
        raise TypeError(f"from_pandas() takes a DataFrame, not {type(frame).__name__}")
    names = [str(name) for name in frame.columns]
    types: list[LogicalType] | None = None
    if isinstance(schema, RowType):
        names, types = schema.field_names(), [logical_of(kind) for kind in schema.field_types()]
    elif isinstance(schema, DataType):
        raise TypeError(f"from_pandas() takes a row type as its schema, not {schema!r}")
    elif schema:
        if all(isinstance(each, DataType) for each in schema):
            types = [logical_of(kind) for kind in schema if isinstance(kind, DataType)]
        elif all(isinstance(each, str) for each in schema):
            names = [str(name) for name in schema]
        else:
            raise TypeError(f"Unsupported schema type: {schema!r}")
    if len(names) != len(frame.columns) or (types is not None and len(types) != len(names)):
        count = len(names) if types is None else len(types)
        raise TypeInformationError(f"from_pandas(): {count} columns for a DataFrame of {len(frame.columns)}")
    renamed = frame.copy(deep=False)
    renamed.columns = names
    batch = imported_batch(pyarrow.Table.from_pandas(renamed, preserve_index=False))
    found = [plain(type_of_field(each).logical()) for each in batch.schema]
    columns = tuple(zip(names, found if types is None else types, strict=True))
    return as_columns(batch, columns), columns


def arrow_of(environment: Any, node: Node, call: str) -> Any:
    """The rows of a plan that are there in the end, as a pyarrow.Table."""
    pyarrow = imported("pyarrow", "arrow", call)
    stream = environment._env._stream(environment._translation().stream(node))
    environment._env._program.roots.pop()
    found = pyarrow.RecordBatchReader.from_stream(last_rows(stream, node, call)).read_all()
    return found


def pandas_of(environment: Any, node: Node) -> Any:
    """The rows of a plan that are there in the end, as a DataFrame."""
    imported("pandas", "pandas", "to_pandas()")
    return arrow_of(environment, node, "to_pandas()").to_pandas()


def last_rows(stream: DataStream, node: Node, call: str) -> ColumnStream:
    """The batches of a stream without the rows that others of it take back."""
    found = collected(stream, None, call)
    if node.changes == INSERT_ONLY:
        return found
    batches = list(found.batches)
    return ColumnStream(found.schema, [kept(concat(batches))] if batches else [])


def kept(batch: ColumnBatch) -> ColumnBatch:
    """The rows that are there in the end."""
    open_places: dict[Any, list[int]] = {}
    for place, row in enumerate(batch.to_rows()):
        key = repr(tuple(row))
        if row.get_row_kind().value in (0, 2):
            open_places.setdefault(key, []).append(place)
        elif open_places.get(key):
            open_places[key].pop()
    return batch.take(sorted(place for places in open_places.values() for place in places)).with_kinds(None)
