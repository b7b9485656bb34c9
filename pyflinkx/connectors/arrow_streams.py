"""What gives Arrow batches without being a table: data sets, scanners, and iterables such as iter_batches()."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx.errors import SourceError


class DataSet:
    """A pyarrow data set as a stream of its batches, read anew each time; it travels as what it is, not with its data.

    Args:
        dataset: the data set.
    """

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.dataset.scanner().to_reader().__arrow_c_stream__(requested_schema)


def arrow_stream(data: Any) -> Any:
    """Something with ``__arrow_c_stream__`` for what has it not; other data as it is.

    An iterable is asked for its first batch at once, which tells the columns, and for the others as the job reads them.

    Raises:
        SourceError: it is empty, or gives what are no batches.
    """
    library = type(data).__module__.partition(".")[0]
    if library == "pyarrow" and hasattr(data, "scanner"):
        return DataSet(data)
    if library == "pyarrow" and hasattr(data, "to_reader") and hasattr(data, "projected_schema"):
        return data.to_reader()
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        return data
    if isinstance(data, (str, bytes)) or not isinstance(data, Iterable):
        return data
    return reader_of(iter(data))


def reader_of(batches: Iterator[Any]) -> Any:
    """A reader of batches that are asked for one by one.

    Raises:
        SourceError: there is none, or the first one is none.
    """
    import pyarrow

    first = checked(next(batches, None), 0, None)
    if first is None:
        raise SourceError(
            "from_arrow(): an iterable of batches tells its columns by its first one, and this one has none; hand over "
            "a table, or pyarrow.RecordBatchReader.from_batches(schema, batches)"
        )

    def all_batches() -> Iterator[Any]:
        yield first
        for number, batch in enumerate(batches, 1):
            yield checked(batch, number, first.schema)

    return pyarrow.RecordBatchReader.from_batches(first.schema, all_batches())


def checked(batch: Any, number: int, schema: Any) -> Any:
    """A batch, if it is one and has the columns of the first one.

    Raises:
        SourceError: it is none, or has others.
    """
    import pyarrow

    if batch is None and number == 0:
        return None
    if not isinstance(batch, pyarrow.RecordBatch):
        raise SourceError(
            f"from_arrow(): item {number} is no pyarrow.RecordBatch, but {short_repr(batch)} ({type(batch).__name__})"
        )
    if schema is not None and not batch.schema.equals(schema):
        raise SourceError(
            f"from_arrow(): batch {number} has the columns {shape(batch.schema)}, and the first one has {shape(schema)}"
        )
    return batch


def shape(schema: Any) -> str:
    """Names and types."""
    return ", ".join(f"{field.name}: {field.type}" for field in schema)
