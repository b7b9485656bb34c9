"""Streams of column batches, in and out through the Arrow stream interface."""
cimport cython
from libc.stdint cimport int64_t

from pyflinkx._core.columns.arrow_import cimport ImportedBatch, ImportedStream
from pyflinkx._core.columns.arrow_import cimport import_stream as open_stream
from pyflinkx._core.columns.batch cimport imported_rows
from pyflinkx._core.memory.budget cimport MemoryBudget
from pyflinkx._core.columns.schema cimport Schema

from pyflinkx._core.columns.arrow_export import schema_capsule, stream_capsule
from pyflinkx.errors import LongBatchError


@cython.final
cdef class BatchStream:
    """The batches of a stream of tables, read one at a time: an iterator with a schema.

    Made by import_stream. The producer's stream is released at its end, by close(), when the ``with`` block ends, or
    with this object.
    """

    cdef ImportedStream stream
    cdef ImportedBatch current
    cdef int64_t position
    cdef int64_t batch_size

    def __init__(self):
        raise TypeError("import_stream() makes a BatchStream")

    @property
    def schema(self):
        """The Schema of every batch."""
        return self.stream.schema

    def __iter__(self):
        return self

    def __next__(self):
        cdef int64_t start, stop
        while self.current is None or self.position >= self.current.length:
            self.current = self.stream.next_batch()
            self.position = 0
            if self.current is None:
                raise StopIteration
            if self.current.length == 0:
                # An empty batch says nothing.
                self.current = None
        start = self.position
        stop = self.current.length
        if 0 < self.batch_size < stop - start:
            stop = start + self.batch_size
        while True:
            try:
                batch = imported_rows(self.current, start, stop)
            except LongBatchError:
                # Decoded texts are longer than what stands for them.
                if stop - start < 2:
                    raise
                stop = start + (stop - start) // 2
            else:
                self.position = stop
                return batch

    def close(self):
        """Release the stream; there are no more batches."""
        self.current = None
        self.stream.close()

    def __enter__(self):
        return self

    def __exit__(self, *details):
        self.close()


def import_stream(producer, batch_size=None, MemoryBudget budget=None):
    """The tables that an object with ``__arrow_c_stream__`` hands over, one at a time; what can be is read in place.

    Args:
        producer: a pyarrow Table or RecordBatchReader, a Polars or pandas DataFrame, a DuckDB relation, a ColumnStream,
            or anything else that exports a stream of struct arrays.
        batch_size: the most rows of a batch; None takes the producer's batches as they come. Smaller batches share the
            memory of the one they are part of.
        budget: what decoded columns (dictionary-encoded ones and string views) are charged to; None: the process's.

    Returns:
        A BatchStream, an iterator of ColumnBatch.

    Raises:
        TypeError: the object has no such method.
        ValueError: batch_size is not positive.
        TypeInformationError: a column has a type that no Column can have; the message names both.
        SourceError: the producer fails, with its own message (also while iterating).
        CorruptDataError: what the producer declares cannot be (also while iterating).

    Example:
        >>> for batch in import_stream(polars.DataFrame({"a": [1, 2]})):
        ...     print(batch)
        ColumnBatch(2 rows: a int64)
    """
    cdef BatchStream result
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"batch_size must be positive, not {batch_size}")
    if not hasattr(producer, "__arrow_c_stream__"):
        raise TypeError(f"{type(producer).__name__} has no __arrow_c_stream__")
    result = BatchStream.__new__(BatchStream)
    result.stream = open_stream(producer, budget)
    result.batch_size = batch_size or 0
    return result


class ColumnStream:
    """Batches that another library can read as one table, through ``__arrow_c_stream__``.

    Args:
        schema: the Schema of every batch.
        batches: an iterable of ColumnBatch. It is asked for one batch at a time, when the reader wants it, possibly
            from another thread. An iterator can be read only once.

    Example:
        >>> pyarrow.table(ColumnStream(batch.schema, [batch]))
    """

    def __init__(self, Schema schema not None, batches):
        self.schema = schema
        self.batches = batches

    def __arrow_c_schema__(self):
        """The schema as an ``arrow_schema`` capsule."""
        return schema_capsule(self.schema)

    def __arrow_c_stream__(self, requested_schema=None):
        """The batches as an ``arrow_array_stream`` capsule.

        An exception of the iterable reaches the reader as an error with its type and message; the requested schema is
        not looked at.
        """
        return stream_capsule(self.schema, iter(self.batches))
