"""Streams made from tables of other libraries: Arrow, NumPy, pandas, Polars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.connectors.source import Source
from pyflinkx.types.typeinfo import TypeInformation

if TYPE_CHECKING:
    from pyflinkx.datastream.data_stream import DataStream


class TableSourceMethods:
    """What StreamExecutionEnvironment has of them."""

    if TYPE_CHECKING:

        def _source_stream(self, source: Source, name: str, type_info: TypeInformation | None) -> DataStream: ...

    def from_arrow(self, data: Any) -> DataStream:
        """A columnar stream of Arrow data: tables and batches, readers, data sets, iterables of batches.

        That is anything with ``__arrow_c_stream__`` or ``__arrow_c_array__``, a pyarrow data set or scanner, or an
        iterable of ``pyarrow.RecordBatch`` such as ``ParquetFile.iter_batches()``. Readers, data sets and iterables are
        read as the job takes their rows, so they may be larger than memory; on workers that are processes a reader or
        iterable is read whole before the job starts, and a data set is not.

        One reader gives the rows in their order. ``set_parallelism`` of the stream asks for several, which take turns
        of some ten thousand rows of a table in memory.

        Args:
            data: where the rows come from; an iterator or reader is for one job.

        Raises:
            SourceError: it is none of these, or its columns do not form a table.
        """
        from pyflinkx.connectors.arrow_streams import arrow_stream

        return self._columnar(arrow_stream(data), "Arrow Source")

    def from_numpy(self, columns: dict[str, Any]) -> DataStream:
        """A columnar stream of NumPy arrays of one length, by column name."""
        return self._columnar(columns, "NumPy Source")

    def from_pandas(self, frame: Any) -> DataStream:
        """A columnar stream of a pandas DataFrame; its index is left out (``reset_index()`` makes columns of it)."""
        return self._columnar(frame, "Pandas Source")

    def from_polars(self, frame: Any) -> DataStream:
        """A columnar stream of a Polars DataFrame or LazyFrame; columns of Python objects (Object) are refused."""
        return self._columnar(frame, "Polars Source")

    def _columnar(self, data: Any, name: str) -> DataStream:
        from pyflinkx.connectors.columnar import ColumnarSource

        # One reader keeps the order of the rows; set_parallelism() asks for several where order does not matter.
        return self._source_stream(ColumnarSource(data), name, None).set_parallelism(1)
