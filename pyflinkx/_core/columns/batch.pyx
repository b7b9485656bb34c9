"""Batches of typed columns."""
cimport cython
from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t

from pyflinkx._core.columns.arrow_import cimport ImportedBatch, import_batch
from pyflinkx._core.columns.arrow_import cimport import_column as import_one_column
from pyflinkx._core.columns.column cimport (
    Buffer,
    Column,
    buffer_from,
    first_value,
    make_column,
    new_buffer,
    trusted_column,
    writable,
)
from pyflinkx._core.pfx.arrow cimport (
    PFX_KIND_BOOL,
    PFX_KIND_DATE32,
    PFX_KIND_DATE64,
    PFX_KIND_INT64,
    PFX_KIND_TIMESTAMP,
    PFX_MILLISECOND,
    pfx_time_unit,
)
from pyflinkx._core.pfx.bitmap cimport pfx_bits_expand
from pyflinkx._core.pfx.calendar cimport PFX_NO_TIMESTAMP, pfx_days_to_ms, pfx_units_to_ms
from pyflinkx._core.pfx.gather cimport pfx_indices_check, pfx_mask_count, pfx_mask_to_indices
from pyflinkx._core.pfx.status cimport PFX_OK, pfx_status
from pyflinkx._core.columns.gather cimport concat_rows, take_rows
from pyflinkx._core.memory.budget cimport MemoryBudget
from pyflinkx._core.columns.schema cimport Field, Schema

import array as array_module

from pyflinkx._core.columns.arrow_export import schema_capsule, stream_capsule, table_capsules
from pyflinkx.errors import TypeInformationError

cdef object EMPTY_INT64 = memoryview(array_module.array("q"))

cdef Field TIMESTAMP_FIELD = Field("timestamp", "l", False)
cdef Field KIND_FIELD = Field("kind", "c", False)


@cython.final
cdef class ColumnBatch:
    """n rows as columns of typed values, each row with an optional timestamp and row kind; immutable.

    Args:
        schema: one Field per column.
        columns: one Column of ``length`` rows per field, of its type.
        length: rows.
        timestamps: milliseconds since the epoch for every row, NO_TIMESTAMP where a row has none, as an int64 Column
            without nulls or an object with the buffer protocol such as ``array.array("q")``; None when no row has one.
        kinds: row kinds (RowKind values) for every row, as an int8 Column or a buffer such as ``array.array("b")``;
            None when all are inserts.

    Raises:
        ValueError: lengths or types do not fit together.

    Example:
        >>> batch = ColumnBatch.from_arrow(pyarrow.record_batch({"a": [1, 2, 3]}))
        >>> batch.slice(1, 3)
        ColumnBatch(2 rows: a int64)
    """

    def __init__(self, Schema schema not None, columns, int64_t length, timestamps=None, kinds=None):
        self.schema = schema
        self.columns = tuple(columns)
        self.length = length
        if len(self.columns) != len(schema):
            raise ValueError(f"{len(self.columns)} columns for a schema of {len(schema)}")
        for field, column in zip(schema.fields, self.columns):
            if not isinstance(column, Column):
                raise TypeError(f"column {field.name!r} must be a Column, not {type(column).__name__}")
            if not (<Field> field).same_type((<Column> column).field):
                raise ValueError(f"column {field.name!r} holds {column.field.type_name}, not {field.type_name}")
            if (<Column> column).length != length:
                raise ValueError(f"column {field.name!r} has {(<Column> column).length} rows, not {length}")
        if length < 0:
            raise ValueError(f"a batch cannot have {length} rows")
        self.timestamps = row_values(timestamps, TIMESTAMP_FIELD, length)
        self.kinds = row_values(kinds, KIND_FIELD, length)

    @staticmethod
    def from_arrow(producer, MemoryBudget budget=None):
        """The table that an object with ``__arrow_c_array__`` hands over, without copying what can be read in place.

        Args:
            producer: a pyarrow RecordBatch, a ColumnBatch, or anything else that exports a struct array.
            budget: what decoded columns (dictionary-encoded ones and string views) are charged to; the process's when
                None.

        Raises:
            TypeError: the object has no such method.
            TypeInformationError: a column has a type that no Column can have; the message names both.
            CorruptDataError: what the producer declares cannot be.
        """
        if not hasattr(producer, "__arrow_c_array__"):
            hint = "; import_stream() reads it" if hasattr(producer, "__arrow_c_stream__") else ""
            raise TypeError(f"{type(producer).__name__} has no __arrow_c_array__{hint}")
        cdef ImportedBatch batch = import_batch(producer, budget)
        return imported_rows(batch, 0, batch.length)

    @staticmethod
    def from_rows(rows, Schema schema not None, timestamps=None, kinds=None, MemoryBudget budget=None):
        """Rows (tuples, lists, Rows, dicts or dataclasses) as columns of that schema; see from_rows.from_rows."""
        from pyflinkx._core.columns.from_rows import from_rows

        return from_rows(rows, schema, timestamps, kinds, budget)

    def to_rows(self, str kind="row"):
        """The rows as Python values, of kind ``"row"``, ``"tuple"`` or ``"dict"``; see to_rows.to_rows."""
        from pyflinkx._core.columns.to_rows import to_rows

        return to_rows(self, kind)

    def __arrow_c_schema__(self):
        """The schema as an ``arrow_schema`` capsule."""
        return schema_capsule(self.schema)

    def __arrow_c_array__(self, requested_schema=None):
        """The columns as a pair of capsules, ``arrow_schema`` and ``arrow_array``; nothing is copied.

        Timestamps and row kinds stay behind, and the requested schema is not looked at.
        """
        return table_capsules(self.schema, self.columns, self.length)

    def __arrow_c_stream__(self, requested_schema=None):
        """The columns as an ``arrow_array_stream`` capsule of one batch; nothing is copied."""
        return stream_capsule(self.schema, iter([self]))

    def __len__(self):
        return self.length

    def __repr__(self):
        columns = ", ".join(f"{field.name} {field.type_name}" for field in self.schema)
        return f"ColumnBatch({self.length} rows: {columns})"

    @property
    def nbytes(self):
        """Bytes that these rows take, timestamps and kinds included (a slice counts only its own rows)."""
        extras = [extra for extra in (self.timestamps, self.kinds) if extra is not None]
        return sum(column.nbytes for column in (*self.columns, *extras))

    def column(self, key):
        """The column of that name or number.

        Raises:
            KeyError, IndexError: there is none, or several have that name.
        """
        return self.columns[self.schema.index_of(key)]

    def slice(self, start, stop):
        """The rows from start up to stop; nothing is copied.

        Raises:
            IndexError: the rows do not exist.
        """
        return self.slice_rows(start, stop)

    def select(self, keys):
        """The columns of those names or numbers, in that order; nothing is copied."""
        indices = [self.schema.index_of(key) for key in keys]
        return make_batch(
            Schema([self.schema.fields[i] for i in indices], self.schema.metadata),
            tuple([self.columns[i] for i in indices]), self.length, self.timestamps, self.kinds)

    def with_column(self, str name not None, Column column not None):
        """The batch with the column of that name put in place of the one it has, or added at the end.

        Raises:
            ValueError: the column has another number of rows.
        """
        if column.length != self.length:
            raise ValueError(f"column {name!r} has {column.length} rows, not {self.length}")
        if column.field.name != name:
            column = column.with_field(column.field.renamed(name))
        fields = list(self.schema.fields)
        columns = list(self.columns)
        if name in self.schema.positions:
            i = self.schema.index_of(name)
            fields[i] = column.field
            columns[i] = column
        else:
            fields.append(column.field)
            columns.append(column)
        return make_batch(
            Schema(fields, self.schema.metadata), tuple(columns), self.length, self.timestamps, self.kinds)

    def with_timestamps(self, timestamps):
        """The batch with other timestamps (see the class's ``timestamps``); nothing is copied."""
        return make_batch(
            self.schema, self.columns, self.length, row_values(timestamps, TIMESTAMP_FIELD, self.length), self.kinds)

    def with_kinds(self, kinds):
        """The batch with other row kinds (see the class's ``kinds``); nothing is copied."""
        return make_batch(
            self.schema, self.columns, self.length, self.timestamps, row_values(kinds, KIND_FIELD, self.length))

    def with_timestamps_from(self, key, MemoryBudget budget=None):
        """The batch with the values of one of its columns as timestamps.

        An int64 column (milliseconds) or a timestamp[ms] one without nulls is shared. Timestamps in other units are
        converted, rounding down, and so are dates, to midnight UTC; a null becomes NO_TIMESTAMP.

        Raises:
            TypeInformationError: the column has another type.
            OverflowError: a time does not fit int64 milliseconds.
        """
        cdef Column column = self.columns[self.schema.index_of(key)]
        return make_batch(self.schema, self.columns, self.length, as_milliseconds(column, budget), self.kinds)

    def take(self, indices, MemoryBudget budget=None):
        """The rows at those indices, in their order, copied; timestamps and kinds go with them.

        Args:
            indices: an int64 Column without nulls, ``array.array("q")`` or another contiguous int64 buffer, or a
                sequence of int.
            budget: what the copy is charged to; the process's when None.

        Raises:
            IndexError: there is no such row.
        """
        cdef const int64_t[::1] view = int64_view(indices)
        cdef int64_t count = view.shape[0]
        if count == 0:
            return self.take_checked(NULL, 0, budget)
        if pfx_indices_check(&view[0], count, self.length, 0) != PFX_OK:
            wrong = next(i for i in view if not 0 <= i < self.length)
            raise IndexError(f"row {wrong} of {self.length}")
        return self.take_checked(&view[0], count, budget)

    def filter(self, mask, MemoryBudget budget=None):
        """The rows whose mask is true, in order, copied.

        Args:
            mask: a bool Column (a null counts as false), or a buffer with one byte per row (``bytes``, a NumPy bool
                array), any of which is true when not 0.
            budget: what the copy is charged to; the process's when None.

        Raises:
            ValueError: the mask has another length.
        """
        cdef Buffer selected = mask_bytes(mask, self.length)
        cdef Buffer indices
        cdef int64_t count
        with nogil:
            count = pfx_mask_count(selected.data, self.length)
        if count == self.length:
            return self
        # One more than there are: see pfx_mask_to_indices.
        indices = new_buffer((count + 1) * sizeof(int64_t), budget)
        with nogil:
            pfx_mask_to_indices(selected.data, self.length, <int64_t *> indices.data)
        return self.take_checked(<const int64_t *> indices.data, count, budget)

    def validate(self, bint full=False):
        """Check that every row can be read; with ``full`` also what costs more (see Column.validate).

        Raises:
            CorruptDataError: it cannot; the message names the column.
        """
        for column in self.columns:
            column.validate(full)

    def __reduce__(self):
        return ColumnBatch, (self.schema, self.columns, self.length, self.timestamps, self.kinds)

    cdef ColumnBatch slice_rows(self, int64_t start, int64_t stop):
        if not 0 <= start <= stop <= self.length:
            raise IndexError(f"rows {start} to {stop} of {self.length}")
        return make_batch(
            self.schema,
            tuple([(<Column> column).slice_rows(start, stop) for column in self.columns]),
            stop - start,
            None if self.timestamps is None else self.timestamps.slice_rows(start, stop),
            None if self.kinds is None else self.kinds.slice_rows(start, stop),
        )

    cdef ColumnBatch take_checked(self, const int64_t *indices, int64_t count, MemoryBudget budget):
        return make_batch(
            self.schema,
            tuple([take_rows(<Column> column, indices, count, False, budget) for column in self.columns]),
            count,
            None if self.timestamps is None else take_rows(self.timestamps, indices, count, False, budget),
            None if self.kinds is None else take_rows(self.kinds, indices, count, False, budget),
        )

    cdef const int64_t *timestamp_values(self) noexcept:
        if self.timestamps is None:
            return NULL
        return <const int64_t *> first_value(self.timestamps)


cdef ColumnBatch make_batch(Schema schema, tuple columns, int64_t length, Column timestamps, Column kinds):
    cdef ColumnBatch batch = ColumnBatch.__new__(ColumnBatch)
    batch.schema = schema
    batch.columns = columns
    batch.length = length
    batch.timestamps = timestamps
    batch.kinds = kinds
    return batch


cdef ColumnBatch imported_rows(ImportedBatch batch, int64_t start, int64_t stop):
    return make_batch(batch.schema, tuple(batch.columns(start, stop)), stop - start, None, None)


cdef Column row_values(object values, Field field, int64_t length):
    """Timestamps or kinds as a column of their one type."""
    cdef Column column
    if values is None:
        return None
    if isinstance(values, Column):
        column = values
        if column.kind != field.type.kind or column.count_nulls() != 0:
            raise ValueError(f"{field.name}s must be {field.type_name} without nulls, not {column.field.type_name}")
    else:
        view = memoryview(values)
        if view.itemsize != field.type.width or view.format not in ("q", "l", "b"):
            raise ValueError(f"{field.name}s must be {field.type_name}, not items of format {view.format!r}")
        column = make_column(field, len(view), 0, 0, None, None, buffer_from(view), ())
    if column.length != length:
        raise ValueError(f"{column.length} {field.name}s for {length} rows")
    if field is KIND_FIELD:
        check_kinds(column)
    return column


cdef int check_kinds(Column column) except -1:
    cdef const int8_t *kinds = <const int8_t *> first_value(column)
    cdef int64_t row
    for row in range(column.length):
        if not 0 <= kinds[row] <= 3:
            raise ValueError(f"row {row}: {kinds[row]} is no row kind")
    return 0


cdef Column as_milliseconds(Column column, MemoryBudget budget):
    cdef Buffer result
    cdef pfx_status status = PFX_OK
    cdef const uint8_t *source = first_value(column)
    cdef pfx_time_unit unit = PFX_MILLISECOND
    if column.kind == PFX_KIND_TIMESTAMP:
        unit = column.field.type.unit
    elif column.kind not in (PFX_KIND_INT64, PFX_KIND_DATE32, PFX_KIND_DATE64):
        raise TypeInformationError(
            f"column {column.name!r}: {column.field.type_name} is not a time; timestamps come from int64 "
            "(milliseconds), timestamp or date columns"
        )
    if column.kind != PFX_KIND_DATE32 and unit == PFX_MILLISECOND and column.count_nulls() == 0:
        return trusted_column(TIMESTAMP_FIELD, column.length, column.offset, 0, None, None, column.data_buffer, ())
    result = new_buffer(column.length * sizeof(int64_t), budget)
    with nogil:
        if column.kind == PFX_KIND_DATE32:
            pfx_days_to_ms(
                <const int32_t *> source, column.validity, column.offset, column.length, <int64_t *> writable(result))
        else:
            status = pfx_units_to_ms(
                <const int64_t *> source, unit, column.validity, column.offset, column.length,
                <int64_t *> writable(result))
    if status != PFX_OK:
        raise OverflowError(f"column {column.name!r}: a time does not fit 64-bit milliseconds")
    return trusted_column(TIMESTAMP_FIELD, column.length, 0, 0, None, None, result, ())


cdef const int64_t[::1] int64_view(object indices):
    try:
        view = memoryview(indices)
    except TypeError:
        view = memoryview(array_module.array("q", indices))
    # "l" is what NumPy calls an int64 where C's long has 64 bits.
    if view.format == "l" and view.itemsize == 8:
        view = view.cast("B").cast("q") if view.nbytes > 0 else EMPTY_INT64
    return view


cdef Buffer mask_bytes(object mask, int64_t length):
    """One byte per row, 0 for the rows to leave out."""
    cdef Column column
    cdef Buffer result
    cdef Buffer present
    cdef int64_t i
    if not isinstance(mask, Column):
        view = memoryview(mask)
        if view.itemsize != 1 or len(view) != length:
            raise ValueError(f"a mask for {length} rows needs one byte per row, not {len(view)} of {view.itemsize}")
        return buffer_from(view)
    column = mask
    if column.kind != PFX_KIND_BOOL or column.length != length:
        raise ValueError(f"{column.length} rows of {column.field.type_name} are no mask for {length} rows")
    result = new_buffer(length, None)
    pfx_bits_expand(column.data, column.offset, length, writable(result))
    if column.validity != NULL:
        present = new_buffer(length, None)
        pfx_bits_expand(column.validity, column.offset, length, writable(present))
        for i in range(length):
            writable(result)[i] &= present.data[i]
    return result


def concat(batches, MemoryBudget budget=None):
    """One batch with the rows of all of them, copied.

    Rows of a batch without timestamps get NO_TIMESTAMP when another batch has some, and kind 0 (insert) likewise.

    Raises:
        ValueError: there is none, or their schemas differ in type.
        OverflowError: a column would hold more than its type can.
    """
    cdef ColumnBatch first
    cdef ColumnBatch batch
    parts = list(batches)
    if not parts:
        raise ValueError("no batches to put together")
    first = parts[0]
    if len(parts) == 1:
        return first
    for part in parts:
        batch = part
        if len(batch.columns) != len(first.columns):
            raise ValueError(f"batches of {len(first.columns)} and {len(batch.columns)} columns cannot be put together")
        for mine, other in zip(first.schema.fields, batch.schema.fields):
            if not (<Field> mine).same_type(<Field> other):
                raise ValueError(
                    f"column {mine.name!r}: {mine.type_name} and {other.type_name} cannot be put together"
                )
    timestamps = None
    kinds = None
    if any([(<ColumnBatch> part).timestamps is not None for part in parts]):
        timestamps = concat_rows([timestamps_or_none(part, budget) for part in parts], budget)
    if any([(<ColumnBatch> part).kinds is not None for part in parts]):
        kinds = concat_rows([kinds_or_inserts(part, budget) for part in parts], budget)
    return make_batch(
        first.schema,
        tuple([
            concat_rows([(<ColumnBatch> part).columns[i] for part in parts], budget)
            for i in range(len(first.columns))
        ]),
        sum([(<ColumnBatch> part).length for part in parts]),
        timestamps,
        kinds,
    )


cdef Column timestamps_or_none(ColumnBatch batch, MemoryBudget budget):
    cdef Buffer values
    cdef int64_t i
    if batch.timestamps is not None:
        return batch.timestamps
    values = new_buffer(batch.length * sizeof(int64_t), budget)
    for i in range(batch.length):
        (<int64_t *> writable(values))[i] = PFX_NO_TIMESTAMP
    return trusted_column(TIMESTAMP_FIELD, batch.length, 0, 0, None, None, values, ())


cdef Column kinds_or_inserts(ColumnBatch batch, MemoryBudget budget):
    if batch.kinds is not None:
        return batch.kinds
    return trusted_column(KIND_FIELD, batch.length, 0, 0, None, None, new_buffer(batch.length, budget, zero=True), ())


def import_column(producer, MemoryBudget budget=None):
    """The column that an object with ``__arrow_c_array__`` hands over, such as a pyarrow Array.

    Raises:
        TypeError, TypeInformationError, CorruptDataError: as ColumnBatch.from_arrow.
    """
    if not hasattr(producer, "__arrow_c_array__"):
        raise TypeError(f"{type(producer).__name__} has no __arrow_c_array__")
    return import_one_column(producer, budget)
