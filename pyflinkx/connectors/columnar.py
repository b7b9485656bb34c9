"""Sources of columnar data that the program already holds: Arrow, NumPy, pandas, Polars, DuckDB."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any
from weakref import WeakSet

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.columns.arrow_stream import BatchStream, ColumnStream, import_stream
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.build import ColumnBuilder
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.schema import PLAIN_NAMES, Field, Schema
from pyflinkx.connectors.arrow_streams import DataSet
from pyflinkx.connectors.frames import taken_frame
from pyflinkx.connectors.source import END, ReaderContext, Source, SourceReader
from pyflinkx.errors import MissingExtraError, SourceError, TypeInformationError
from pyflinkx.types.arrow import type_info_of
from pyflinkx.types.changes import INSERT_ONLY
from pyflinkx.types.data_type_field import NUMBER_FORMATS
from pyflinkx.types.repeated import repeated

NUMPY_FORMATS = {PLAIN_NAMES[format]: format for format in NUMBER_FORMATS}
# Rows that a reader takes before the next reader's turn, and that are decoded at once: enough for a kernel, few enough
# to keep event time moving and to let a cancel through.
TURN = 131_072
# Their tables give the same rows in the same order to every reader; a query may not.
TABLE_LIBRARIES = {"pandas", "polars", "pyarrow"}
NUMPY_TIMES = {"s": "tss:", "ms": "tsm:", "us": "tsu:", "ns": "tsn:"}


class ColumnarSource(Source):
    """Columnar batches of data in memory, shared and not copied where the data's owner allows it.

    Several readers of one table take turns of some hundred thousand rows; a stream or a query has one reader.

    Args:
        data: anything with ``__arrow_c_stream__`` or ``__arrow_c_array__`` (pyarrow, Polars, pandas, DuckDB), a Polars
            LazyFrame, or a mapping from column name to NumPy array. The index of a pandas DataFrame is left out.

    Raises:
        SourceError: it is none of these, or its columns do not form a table or hold Python objects; or it is a stream
            that can be read only once, which another source has.
        TypeInformationError: a column has a type that is not supported.
        MissingExtraError: pandas gives out its data only with pyarrow, which is not installed.

    Example:
        >>> import numpy
        >>> ColumnarSource({"key": numpy.arange(3)}).output_type
        RowTypeInfo(key: Long)
    """

    columnar = True
    changes = INSERT_ONLY
    operation = "Collection"  # data in memory, as that of a CollectionSource

    def __init__(self, data: Any) -> None:
        data = batch_of_arrays(data) if isinstance(data, Mapping) else taken_frame(data)
        self.data = data
        self._once = can_be_read_only_once(data)
        self.parallelism = None if can_be_divided(data) else 1
        self._opening = Lock()
        if self._once and data in _taken:
            raise read_before(data)
        # Opened here, so that what cannot be read is known before the job starts; the first reader takes it over, as
        # some producers can be read only once.
        self._opened: BatchStream | None = self._open()
        names = self._opened.schema.names
        twice = repeated(names)
        if twice:
            raise SourceError(f"column names must differ, but {twice} come more than once")
        self.schema = self._opened.schema
        self.output_type = type_info_of(self.schema)
        if self._once:
            with suppress(TypeError):  # it takes no weak references, so its second source will find it empty
                _taken.add(data)

    def _open(self) -> BatchStream:
        data = self.data
        if not hasattr(data, "__arrow_c_stream__") and not hasattr(data, "__arrow_c_array__"):
            raise SourceError(
                "columnar data is a mapping of NumPy arrays or offers Arrow's __arrow_c_stream__ or __arrow_c_array__; "
                f"{type(data).__module__}.{type(data).__name__} does not"
            )
        try:
            return import_stream(data, TURN)
        except ImportError as error:
            raise MissingExtraError("reading this data needs pyarrow: pip install 'pyflinkx[arrow]'") from error
        except TypeInformationError:
            raise
        except TypeError as error:
            raise SourceError(f"columnar data is a table or a stream of batches of columns: {error}") from None

    def splits(self, parallelism: int) -> list[Any]:
        return [Turns(number, parallelism) for number in range(parallelism)]

    def check(self) -> None:
        if self._once and self._opened is None:
            raise read_before(self.data)

    def __reduce__(self) -> Any:
        """Travels with its data, which is read for that; the program's own source then has what was read."""
        self.check()
        if isinstance(self.data, DataSet):
            return data_set_source, (self.data.dataset,)
        with self._opening:
            self._hold_batches()
        return ColumnarSource, (self.data,)

    def create_reader(self, context: ReaderContext) -> ColumnarReader:
        self.check()
        with self._opening:  # readers may be threads
            if context.parallelism > 1:
                self._hold_batches()
            unreplayable = self._unreplayable()
            stream, self._opened = self._opened, None
            return ColumnarReader(stream if stream is not None else self._open(), self._open, unreplayable)

    def _unreplayable(self) -> str | None:
        if self._once:
            return "its data is a stream that can be read only once; hand over its table (read_all())"
        if not can_be_divided(self.data):
            return "a query may give its rows in another order each time; hand over its result as a table"
        return None

    def _hold_batches(self) -> None:
        """Take the data over as batches, so that what its owner must convert is converted once for all readers."""
        if not isinstance(self.data, ColumnStream) or not isinstance(self.data.batches, list):
            stream = self._opened if self._opened is not None else self._open()
            self.data = ColumnStream(stream.schema, list(stream))
            self._opened, self._once = None, False


def data_set_source(dataset: Any) -> ColumnarSource:
    """The source of a pyarrow data set, in another process."""
    return ColumnarSource(DataSet(dataset))


@dataclass(frozen=True)
class Turns:
    """The split of one of several readers: every ``count``-th turn from number ``first`` on, and of them what follows
    the first ``row`` rows of the stream.
    """

    first: int
    count: int
    row: int = 0


class ColumnarReader(SourceReader):
    """Hands on its turns of a stream, cut to the wanted length.

    Args:
        stream: the stream, closed with the reader.
        open_again: opens it again, for further splits.
        unreplayable: why it cannot be read again; None when it can.
    """

    def __init__(
        self, stream: BatchStream, open_again: Callable[[], BatchStream], unreplayable: str | None = None
    ) -> None:
        self.stream: BatchStream | None = stream
        self.open_again = open_again
        self.unreplayable = unreplayable
        self.waiting: deque[Turns] = deque()
        self._begin()

    def _begin(self) -> None:
        self.batch: ColumnBatch | None = None
        self.position = 0
        self.passed = 0  # rows of the stream before `batch`

    def add_splits(self, splits: list[Turns]) -> None:
        if splits and not self.waiting:
            self.position = splits[0].row
        self.waiting.extend(splits)

    def snapshot_state(self, checkpoint_id: int) -> list[Turns]:
        if not self.waiting:
            return []
        first, *others = self.waiting
        return [replace(first, row=self.passed + self.position), *others]

    def poll(self, limit: int) -> Any:
        while self.waiting:
            batch = self._read(self.waiting[0], limit)
            if batch is not None:
                return batch
            self.waiting.popleft()
            if self.stream is not None:
                self.stream.close()
                self.stream = None
            if self.waiting:
                self._begin()
                self.position = self.waiting[0].row
        return END

    def _read(self, turns: Turns, limit: int) -> ColumnBatch | None:
        if self.stream is None:
            self.stream = self.open_again()
        while True:
            if self.batch is None or self.position >= len(self.batch):
                held = 0 if self.batch is None else len(self.batch)
                self.passed, self.position = self.passed + held, self.position - held
                self.batch = next(self.stream, None)
                if self.batch is None:
                    return None
                continue
            stop = min(self.position + limit, len(self.batch))
            if turns.count > 1:
                turn, done = divmod(self.passed + self.position, TURN)
                wait = (turns.first - turn) % turns.count
                if wait:
                    self.position += wait * TURN - done  # to the start of its turn
                    continue
                stop = min(stop, self.position + TURN - done)
            start, self.position = self.position, stop
            return self.batch.slice(start, stop)

    def close(self) -> None:
        if self.stream is not None:
            self.stream.close()


def can_be_read_only_once(data: Any) -> bool:
    """Whether it is an iterator of batches, such as pyarrow's RecordBatchReader, or a ColumnStream over one."""
    return hasattr(data, "__next__") or (isinstance(data, ColumnStream) and hasattr(data.batches, "__next__"))


def can_be_divided(data: Any) -> bool:
    """Whether several readers can each read a part: it is held as a whole, and has the same order for all of them."""
    if can_be_read_only_once(data):
        return False
    return isinstance(data, ColumnBatch | ColumnStream) or type(data).__module__.split(".")[0] in TABLE_LIBRARIES


# Streams that a source has, so that no other source finds them empty.
_taken: WeakSet[Any] = WeakSet()


def read_before(stream: Any) -> SourceError:
    name = f"{type(stream).__module__}.{type(stream).__name__}"
    return SourceError(
        f"this {name} is another source's, or a job has read it already, and it can be read only once: "
        "hand over its table (read_all() of a RecordBatchReader), or make a new stream for each job"
    )


def batch_of_arrays(arrays: Mapping[str, Any]) -> ColumnBatch:
    """A columnar batch of NumPy arrays, which share their memory with it where their layout is Arrow's.

    Booleans, strings, objects, dates and arrays that are not contiguous are copied; NaT and what a masked array masks
    become null.

    Args:
        arrays: one-dimensional arrays of one length by column name.

    Raises:
        SourceError: the arrays do not form a table.
    """
    if not arrays:
        raise SourceError("a table needs at least one column")
    columns = [column_of_array(name, array) for name, array in arrays.items()]
    lengths = {column.length for column in columns}
    if len(lengths) > 1:
        raise SourceError(f"columns differ in length: { {c.name: c.length for c in columns} }")
    return ColumnBatch(Schema([column.field for column in columns]), columns, columns[0].length)


def column_of_array(name: Any, values: Any) -> Column:
    """A column of a NumPy array, or of what NumPy makes an array of."""
    import numpy

    if not isinstance(name, str):
        raise SourceError(f"a column name is a str, not {name!r}")
    array = numpy.asarray(values)
    if array.ndim != 1:
        raise SourceError(f"column '{name}': an array of one dimension is needed, not of {array.ndim}")
    length = len(array)
    kind = array.dtype.kind
    masked = numpy.ma.getmaskarray(values) if numpy.ma.is_masked(values) else None
    validity = None if masked is None else numpy.packbits(~masked, bitorder="little")
    if kind in "iuf" and array.dtype.name in NUMPY_FORMATS:
        native = numpy.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
        return Column(Field(name, NUMPY_FORMATS[array.dtype.name]), length, [validity, native])
    if kind == "b":
        return Column(Field(name, "b"), length, [validity, numpy.packbits(array, bitorder="little")])
    if kind == "M":
        return time_column(
            numpy, name, array if masked is None else numpy.where(masked, numpy.datetime64("NaT"), array)
        )
    if kind in "UO":
        return text_column(name, (array if masked is None else numpy.ma.array(array, mask=masked)).tolist())
    raise SourceError(f"column '{name}': NumPy type {array.dtype} has no columnar form here")


def time_column(numpy: Any, name: str, array: Any) -> Column:
    """A column of datetime64 values: days become dates, the other units timestamps."""
    unit = numpy.datetime_data(array.dtype)[0]
    missing = numpy.isnat(array)
    validity = numpy.packbits(~missing, bitorder="little") if missing.any() else None
    if unit == "D":
        days = numpy.where(missing, numpy.datetime64(0, "D"), array).astype("int64")
        outside = (days < -(2**31)) | (days >= 2**31)
        if outside.any():
            row = int(numpy.argmax(outside))
            raise SourceError(f"column '{name}', row {row}: day {int(days[row])} does not fit a date")
        return Column(Field(name, "tdD"), len(array), [validity, days.astype("int32")])
    if unit not in NUMPY_TIMES or numpy.datetime_data(array.dtype)[1] != 1:
        raise SourceError(f"column '{name}': NumPy type {array.dtype} is not in days, s, ms, us or ns")
    native = numpy.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
    return Column(Field(name, NUMPY_TIMES[unit]), len(array), [validity, native.view("int64")])


def text_column(name: str, values: list[Any]) -> Column:
    """A column of strings; None is null."""
    for row, value in enumerate(values):
        if value is not None and not isinstance(value, str):
            raise SourceError(
                f"column '{name}', row {row}: an array of objects holds str or None, not {short_repr(value)} "
                f"({type(value).__name__})"
            )
    builder = ColumnBuilder(Field(name, "u"))
    builder.extend(values)
    return builder.finish()
