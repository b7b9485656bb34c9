"""States of native aggregates as batches: what snapshots consist of, and what two-phase aggregates send."""
cimport cython
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.stdint cimport int32_t, int64_t

from pyflinkx._core.columns.batch cimport ColumnBatch, make_batch
from pyflinkx._core.columns.column cimport Column, first_value, trusted_column
from pyflinkx._core.pfx.agg_columns cimport pfx_agg_import, pfx_agg_import_free, pfx_agg_import_init
from pyflinkx._core.pfx.arrow cimport PFX_KIND_LIST, PFX_KIND_NULL
from pyflinkx._core.pfx.key_columns cimport pfx_key_column
from pyflinkx._core.pfx.key_index cimport pfx_key_index
from pyflinkx._core.pfx.out_column cimport pfx_out_column, pfx_out_column_free, pfx_out_column_init, pfx_out_column_trim
from pyflinkx._core.pfx.state_export cimport pfx_export_place
from pyflinkx._core.pfx.state_rows cimport pfx_state_rows, pfx_state_rows_free, pfx_state_rows_init
from pyflinkx._core.pfx.status cimport (
    PFX_CORRUPT,
    PFX_INVALID_UTF8,
    PFX_OK,
    PFX_OVERFLOW,
    PFX_WRONG_STATE,
    pfx_status,
)
from pyflinkx._core.memory.budget cimport MemoryBudget
from pyflinkx._core.columns.written cimport take_column
from pyflinkx._core.native.aggregates cimport NativeAggregation
from pyflinkx._core.columns.schema cimport Field, Schema
from pyflinkx._core.status cimport check

from pyflinkx.errors import CorruptDataError, KeyTypeError, WrongStateError

# Of a schema: what its states are, with the versions of their parts.
STATE_METADATA = b"pyflinkx.state"
# Namespaces: of slices of time their last milliseconds.
SLICE_FIELDS = (Field("slice_last", "l", False),)
SESSION_FIELDS = (Field("session_start", "l", False), Field("session_end", "l", False), Field("session_fired", "l"))
COUNT_FIELDS = (Field("key_rows", "l", False), Field("slice", "l"))
cdef Field KEY_GROUP = Field("key_group", "i", False)


def state_schema(NativeAggregation owner not None, space_fields, version=None):
    """The columns of a batch of states: the key group, the key's, the namespace's, the accumulators'.

    Args:
        owner: whose states they are.
        space_fields: of the namespace.
        version: what they are, for the metadata; None for none.
    """
    keys = [owner.schema.fields[position] for position in owner.key_positions]
    fields = [Field(f"key.{field.name}", field.format, field.nullable, carried=field.carried) for field in keys]
    metadata = None if version is None else {STATE_METADATA: version.encode()}
    return Schema([KEY_GROUP, *fields, *space_fields, *owner.state_fields()], metadata)


@cython.final
cdef class StateColumns:
    def __cinit__(self, Schema schema not None, MemoryBudget budget not None):
        cdef int number = 0
        cdef Field field
        self.schema = schema
        self.budget = budget
        self.count = flattened(schema)
        self.outs = <pfx_out_column *> PyMem_Calloc(self.count + 1, sizeof(pfx_out_column))
        if self.outs == NULL:
            raise MemoryError
        for field in schema.fields:
            pfx_out_column_init(&self.outs[number], &field.type, &budget.budget)
            number += 1
            if field.type.kind == PFX_KIND_LIST:
                pfx_out_column_init(&self.outs[number], &(<Field> field.children[0]).type, &budget.budget)
                number += 1

    def __dealloc__(self):
        if self.outs != NULL:
            for i in range(self.count):
                pfx_out_column_free(&self.outs[<int> i])
        PyMem_Free(self.outs)

    cdef ColumnBatch take(self, int64_t rows):
        cdef list columns = []
        cdef int number = 0
        cdef Field field
        cdef Column offsets, items
        if rows == 0:
            return None
        for field in self.schema.fields:
            if field.type.kind == PFX_KIND_LIST:
                offsets = take_column(&self.outs[number], field, self.budget)
                items = self.take_one(number + 1, field.children[0])
                columns.append(trusted_column(
                    field, rows, 0, 0, None, offsets.offsets_buffer, None, (items,)))
                number += 2
            else:
                columns.append(self.take_one(number, field))
                number += 1
        return make_batch(self.schema, tuple(columns), rows, None, None)

    cdef Column take_one(self, int number, Field field):
        cdef Column column
        check(pfx_out_column_trim(&self.outs[number]))
        column = take_column(&self.outs[number], field, self.budget)
        if field.type.kind == PFX_KIND_NULL:
            return trusted_column(field, column.length, 0, column.length, None, None, None, ())
        return column


cdef int flattened(Schema schema) except -1:
    """The number of columns, where a list counts as two."""
    return len(schema.fields) + sum([(<Field> field).type.kind == PFX_KIND_LIST for field in schema.fields])


cdef bint is_alike(Field one, Field other) except -1:
    """Whether values are the same bytes; what makes Python values of them is nothing to states, unless it runs code.

    Who reads a batch looks whether it says that it holds pickles, and loads those only that are signed: one that says
    nothing must hold none.
    """
    if one.format != other.format or len(one.children) != len(other.children):
        return False
    if other.carried is None and one.carried is not None and getattr(one.carried, "contains_pickle", False):
        return False
    return all([is_alike(a, b) for a, b in zip(one.children, other.children)])


@cython.final
cdef class StateReader:
    def __cinit__(self, Schema expected not None, int keys, int spaces, version=None):
        self.expected = expected
        self.version = version
        self.spaces_count = spaces
        self.columns = <pfx_key_column *> PyMem_Calloc(flattened(expected) + 1, sizeof(pfx_key_column))
        if self.columns == NULL:
            raise MemoryError
        self.keys = self.columns + 1
        self.spaces = self.keys + keys

    def __dealloc__(self):
        pfx_agg_import_free(&self.states)
        PyMem_Free(self.columns)

    cdef int bind(self, NativeAggregation owner, ColumnBatch batch) except -1:
        cdef Field field
        cdef Column column
        cdef int number = 0
        if batch.schema is not self.last:
            self.positions = self.positions_in(batch.schema)
            self.last = batch.schema
        for field, position in zip(self.expected.fields, self.positions):
            column = batch.columns[position]
            if not field.nullable and column.count_nulls() > 0:
                raise ValueError(f"column {field.name!r} of a batch of states has nulls")
            bind_column(&self.columns[number], column)
            number += 1
            if field.type.kind == PFX_KIND_LIST:
                bind_column(&self.columns[number], column.children[0])
                number += 1
        if batch.kinds is not None and any(memoryview(batch.kinds)):
            raise ValueError("a batch of states has updates or deletions")
        self.batch = batch
        check(pfx_agg_import_init(
            &self.states, &owner.agg, self.spaces + self.spaces_count, batch.length))
        return 0

    def positions_in(self, Schema schema):
        """Where the expected columns are in a batch.

        Raises:
            ValueError: they are not there, or others are.
        """
        stated = (schema.metadata or {}).get(STATE_METADATA)
        if self.version is not None and stated is not None and stated != self.version.encode():
            raise ValueError(
                f"the states are {stated.decode(errors='replace')!r}, not {self.version!r}: they are those of another "
                "operator or release"
            )
        names = schema.names
        found = []
        for field in self.expected.fields:
            if names.count(field.name) != 1:
                raise ValueError(
                    f"a batch of states has {names.count(field.name)} columns {field.name!r}; it is to have "
                    f"{', '.join(self.expected.names)}"
                )
            position = names.index(field.name)
            found.append(position)
            other = schema.fields[position]
            if not is_alike(field, other):
                raise ValueError(
                    f"column {field.name!r} of a batch of states holds {other.type_name}, not {field.type_name}")
        others = [name for name in names if name not in self.expected.names]
        if others:
            raise ValueError(
                f"a batch of states has columns that this operator has not: {', '.join(others)}; it has "
                f"{', '.join(self.expected.names)}"
            )
        return found

    cdef const int64_t *int64s(self, str name) except? NULL:
        return <const int64_t *> first_value(self.batch.columns[self.positions[self.expected.index_of(name)]])

    cdef int done(self, NativeAggregation owner, pfx_status status) except -1:
        cdef int64_t row = self.states.failed_row
        cdef int32_t acc = self.states.failed_acc
        pfx_agg_import_free(&self.states)
        self.batch = None
        if status == PFX_CORRUPT or status == PFX_INVALID_UTF8:
            first = 1 + len(owner.key_positions)
            spaces = ", ".join(self.expected.names[first:first + self.spaces_count])
            what = owner.acc_name(acc) if acc >= 0 else spaces
            raise CorruptDataError(
                f"row {row} of a batch of states: {what} cannot be what it says, or not beside what is there already")
        return check(status)


cdef void bind_column(pfx_key_column *bound, Column column) noexcept:
    bound.type = &column.field.type
    bound.validity = column.validity
    bound.offsets = column.offsets
    bound.data = column.data
    bound.offset = column.offset


@cython.final
cdef class StateRows:
    def __cinit__(self, NativeStates owner not None, int32_t max_parallelism, bint of_snapshot=False):
        cdef const pfx_key_index *index = owner.snapshot_keys() if of_snapshot else &owner.index
        if index == NULL:
            raise WrongStateError("there is no snapshot")
        schema = state_schema(owner, owner.space_fields, owner.state_version(owner.kind))
        self.columns = StateColumns(schema, owner.budget)
        check(pfx_state_rows_init(
            &self.rows, &owner.agg, index, max_parallelism, self.columns.outs, len(owner.space_fields)))

    def __dealloc__(self):
        pfx_state_rows_free(&self.rows)

    cdef ColumnBatch take(self):
        cdef int64_t rows = self.rows.rows
        self.rows.rows = 0
        return self.columns.take(rows)


cdef class NativeStates(NativeAggregation):
    """Aggregates that can be exported and imported; the arguments are those of NativeAggregation."""

    cdef int describe(self, str kind, tuple space_fields) except -1:
        self.kind = kind
        self.space_fields = space_fields
        version = self.state_version(kind)
        self.reader = StateReader(
            state_schema(self, space_fields, version), len(self.key_positions), len(space_fields), version)
        return 0

    cdef pfx_status export_rows(self, pfx_state_rows *rows, pfx_export_place *place, int64_t limit) noexcept nogil:
        return PFX_WRONG_STATE

    cdef pfx_status import_rows(
        self, const pfx_key_column *keys, const pfx_key_column *spaces, pfx_agg_import *states, int64_t rows
    ) noexcept nogil:
        return PFX_WRONG_STATE

    cdef pfx_status begin_snapshot(self) noexcept nogil:
        return PFX_WRONG_STATE

    cdef pfx_status read_snapshot(self) noexcept nogil:
        return PFX_WRONG_STATE

    cdef pfx_status export_snapshot(self, pfx_state_rows *rows, pfx_export_place *place, int64_t limit) noexcept nogil:
        return PFX_WRONG_STATE

    cdef const pfx_key_index *snapshot_keys(self) noexcept nogil:
        return NULL

    cdef void end_snapshot(self) noexcept nogil:
        pass

    def snapshot(self, int32_t max_parallelism, int64_t limit=32_768):
        """Begin a snapshot of all states, which another thread may read while they go on changing.

        Args:
            max_parallelism: number of key groups.
            limit: the most rows of a batch.

        Returns:
            A generator of what ``export`` would give now, for one thread to go through or to close. When that is done,
            and before the next one, ``forget_snapshot`` gives back what the snapshot takes; from the thread that
            changes the states.

        Raises:
            WrongStateError: there is one, or a call has left results that are still to be taken.
            ValueError: an argument is out of range.
        """
        cdef pfx_status status
        if limit < 1:
            raise ValueError(f"batches of at most {limit} rows are none")
        with nogil:
            status = self.begin_snapshot()
        if status == PFX_WRONG_STATE:
            raise WrongStateError("states are in a snapshot already, or results are to be taken first")
        check(status)
        return self.snapshot_batches(max_parallelism, limit)

    def forget_snapshot(self):
        """Give back what a snapshot takes that nobody reads any more; nothing happens where there is none."""
        self.end_snapshot()

    def snapshot_batches(self, int32_t max_parallelism, int64_t limit):
        """The batches of the snapshot that has begun; see ``snapshot``."""
        cdef pfx_export_place place
        cdef StateRows rows
        cdef ColumnBatch batch
        cdef pfx_status status
        place.at = place.within = 0
        with nogil:
            status = self.read_snapshot()
        check(status)
        rows = StateRows(self, max_parallelism, True)
        while True:
            with nogil:
                status = self.export_snapshot(&rows.rows, &place, limit)
            batch = self.exported(rows, status)
            if batch is None:
                return
            yield batch

    cdef ColumnBatch exported(self, StateRows rows, pfx_status status):
        if status == PFX_WRONG_STATE:
            raise WrongStateError("states cannot be exported while results are sent: take all of them first")
        if status == PFX_OVERFLOW:
            names = ", ".join([repr(self.schema.fields[position].name) for position in self.key_positions])
            raise KeyTypeError(f"a row has no key by {names}: its date or time does not fit the key format")
        check(status)
        return rows.take()

    def export(self, int32_t max_parallelism, int64_t limit=32_768):
        """All states, as batches in the form of docs/formats/states.md.

        A generator, which is to be gone through before anything else is called.

        Args:
            max_parallelism: number of key groups.
            limit: the most rows of a batch; batches of large values are shorter.

        Raises:
            WrongStateError: a call has left results that are still to be taken.
            KeyTypeError: a key has no canonical form.
            ValueError: an argument is out of range.
        """
        cdef pfx_export_place place
        cdef StateRows rows
        cdef ColumnBatch batch
        cdef pfx_status status
        if limit < 1:
            raise ValueError(f"batches of at most {limit} rows are none")
        place.at = place.within = 0
        rows = StateRows(self, max_parallelism)
        while True:
            with nogil:
                status = self.export_rows(&rows.rows, &place, limit)
            batch = self.exported(rows, status)
            if batch is None:
                return
            yield batch

    def import_(self, ColumnBatch batch not None):
        """Add states that were exported, by this or by any other subtask; after an error nothing can be relied on.

        Columns are found by their names. Watermarks are to be set before, and all rows of a key to come to one subtask.

        Raises:
            ValueError: the columns are others.
            CorruptDataError: a row is what no state can be.
            WrongStateError: a call has left results that are still to be taken.
        """
        cdef StateReader reader = self.reader
        cdef pfx_status status
        cdef int64_t rows = batch.length
        reader.bind(self, batch)
        with nogil:
            status = self.import_rows(reader.keys, reader.spaces, &reader.states, rows)
        if status == PFX_WRONG_STATE:
            reader.done(self, PFX_OK)
            raise WrongStateError("states cannot be imported while results are sent: take all of them first")
        reader.done(self, status)
