"""The first of two phases of an aggregation: partial aggregates of what one subtask has seen, as rows."""
cimport cython
from libc.stdint cimport INT64_MAX, INT64_MIN, int32_t, int64_t

from pyflinkx._core.columns.batch cimport ColumnBatch
from pyflinkx._core.pfx.panes cimport pfx_panes_held
from pyflinkx._core.pfx.partials cimport (
    pfx_partial_rows,
    pfx_partial_rows_free,
    pfx_partial_rows_init,
    pfx_partials,
    pfx_partials_add,
    pfx_partials_forget_keys,
    pfx_partials_forget_running,
    pfx_partials_free,
    pfx_partials_init,
    pfx_partials_send,
    pfx_partials_send_running,
)
from pyflinkx._core.pfx.running cimport pfx_running, pfx_running_add, pfx_running_free, pfx_running_init
from pyflinkx._core.pfx.slicing cimport pfx_slicing, pfx_slicing_init
from pyflinkx._core.pfx.status cimport PFX_OK, PFX_OVERFLOW, pfx_status
from pyflinkx._core.native.aggregates cimport NativeAggregation
from pyflinkx._core.native.states cimport StateColumns
from pyflinkx._core.columns.schema cimport Schema
from pyflinkx._core.status cimport check

from pyflinkx._core.native.states import SLICE_FIELDS, state_schema
from pyflinkx.errors import KeyTypeError


cdef class LocalAggregation(NativeAggregation):
    """Partial aggregates of a subtask; the arguments are those of NativeAggregation and then these.

    ``results`` are those that ``partial_columns`` gives. Rows come in order of the subtasks that have their key groups.

    Args:
        max_parallelism: number of key groups of the second phase.
        subtasks: its parallelism.
    """

    cdef StateColumns state_columns
    cdef pfx_partial_rows partial_rows

    cdef int start(self, int32_t max_parallelism, int32_t subtasks, tuple spaces) except -1:
        expected = state_schema(self, spaces)
        if self.results != expected:
            raise ValueError(f"partial aggregates are {', '.join(expected.names)}")
        pfx_partial_rows_free(&self.partial_rows)
        self.state_columns = StateColumns(expected, self.budget)
        check(pfx_partial_rows_init(
            &self.partial_rows, &self.agg, &self.index, max_parallelism, subtasks, self.state_columns.outs,
            len(spaces)))
        self.written.count = 0  # there are columns for states, none for what is read off them
        return 0

    cdef ColumnBatch sent(self, pfx_status status):
        cdef int64_t rows = self.partial_rows.rows.rows
        if status == PFX_OVERFLOW:
            names = ", ".join([repr(self.schema.fields[position].name) for position in self.key_positions])
            raise KeyTypeError(f"a row has no key by {names}: its date or time does not fit the key format")
        check(status)
        self.partial_rows.rows.rows = 0
        return self.state_columns.take(rows)


def partial_columns(schema, keys, aggregates, bint sliced):
    """The columns of partial aggregates; None where they would not pay.

    That is where states own memory (texts, decimals, sets of values): to make, send and merge one costs more than its
    rows do, unless they are dozens.

    Args:
        schema: of the rows.
        keys: names of the key columns.
        aggregates: as NativeAggregation takes them.
        sliced: whether they are those of slices of time, which are counted as late with their numbers of rows.
    """
    cdef NativeAggregation aggregation = NativeAggregation(schema, keys, aggregates, Schema([]))
    if aggregation.agg.owning:
        return None
    if sliced:
        aggregation.count_rows()
    return state_schema(aggregation, SLICE_FIELDS if sliced else ())


@cython.final
cdef class LocalSlices(LocalAggregation):
    """Partial aggregates by slice of time, for windows that are the same for all keys.

    Args:
        size: milliseconds.
        slide: milliseconds from one window's start to the next, at most the size; of cumulative windows from one's end
            to the next.
        offset: milliseconds by which the windows are shifted from the epoch.
        cumulative: windows of slide, 2 slide, ... size that start every ``size``.

    Raises:
        ValueError: the windows make no sense, or have gaps between them; or an argument is out of range.
    """

    cdef pfx_partials slices

    def __init__(self, schema, keys, aggregates, results, int32_t max_parallelism, int32_t subtasks, int64_t size,
                 int64_t slide, int64_t offset=0, bint cumulative=False, *, budget=None):
        cdef pfx_slicing slicing
        pfx_partials_free(&self.slices)
        self.count_rows()
        self.start(max_parallelism, subtasks, SLICE_FIELDS)
        check(pfx_slicing_init(&slicing, size, slide, offset, cumulative))
        check(pfx_partials_init(&self.slices, &self.agg, &self.index, &slicing))

    def __dealloc__(self):
        pfx_partials_free(&self.slices)
        pfx_partial_rows_free(&self.partial_rows)

    @property
    def held(self):
        """The number of states, with those of the first slice that have been sent."""
        return pfx_panes_held(&self.slices.panes)

    def add(self, ColumnBatch batch not None, int64_t sequence, int64_t start=0, int64_t watermark=INT64_MIN):
        """Add the rows of a batch from number ``start`` on, as far as no states have to be sent before.

        That is up to the first row whose slice ends by ``watermark`` (ms), or for whose slice there is no room.

        Args:
            batch: with timestamps.
            sequence: number of its first row in order of arrival; less than what follows from the batches before counts
                for nothing.
            start: 0 to the batch's length.
            watermark: of states that are to be sent before such a row is added.

        Returns:
            The number of that row; the batch's length when all rows have been added.

        Raises:
            ValueError: a row has no timestamp.
            OverflowError: a timestamp is out of range.
        """
        cdef const int64_t *timestamps = batch.timestamp_values()
        cdef int64_t row = 0, rows = batch.length
        cdef pfx_status status
        if not 0 <= start <= rows:
            raise IndexError(f"row {start} of {rows}")
        if rows == 0:
            return rows
        if timestamps == NULL:
            raise ValueError(
                "the rows have no timestamps, which windows of time need: call assign_timestamps_and_watermarks()"
            )
        self.bind(batch)
        self.slices.sequence = max(self.slices.sequence, sequence)
        with nogil:
            status = pfx_partials_add(
                &self.slices, self.columns, self.fields, timestamps, start, rows, watermark, &row)
        if status != PFX_OK:
            self.failed(status, batch, row)
        return row

    def send(self, int64_t watermark, int64_t limit):
        """The states of slices that end by ``watermark`` (ms), at most ``limit``, which are forgotten.

        Returns:
            A batch (None for no states), and whether there are more: then the call is to be repeated before any other.

        Raises:
            KeyTypeError: a key has no canonical form.
        """
        cdef int more = 0
        cdef pfx_status status
        self.partial_rows.most_bytes = self.written.most_bytes
        with nogil:
            status = pfx_partials_send(&self.slices, &self.partial_rows, watermark, limit, &more)
        return self.sent(status), more != 0

    def forget_keys(self):
        """Give back the memory of the keys, once everything has been sent.

        Raises:
            ValueError: there still are states.
        """
        if self.held > 0:
            raise ValueError(f"{self.held} states have not been sent")
        pfx_partials_forget_keys(&self.slices, &self.partial_rows)


@cython.final
cdef class LocalKeys(LocalAggregation):
    """Partial aggregates of all rows of a key so far."""

    cdef pfx_running running

    def __init__(self, schema, keys, aggregates, results, int32_t max_parallelism, int32_t subtasks, *, budget=None):
        pfx_running_free(&self.running)
        self.start(max_parallelism, subtasks, ())
        check(pfx_running_init(&self.running, &self.agg, &self.index))

    def __dealloc__(self):
        pfx_running_free(&self.running)
        pfx_partial_rows_free(&self.partial_rows)

    def add(self, ColumnBatch batch not None, int64_t sequence):
        """Add a batch; see ``LocalSlices.add``."""
        cdef pfx_status status
        cdef int64_t done = 0, rows = batch.length
        self.bind(batch)
        self.running.sequence = max(self.running.sequence, sequence)
        with nogil:
            status = pfx_running_add(
                &self.running, self.columns, self.fields, rows, 0, INT64_MAX, &done, &self.written)
        self.written.work = 0
        if status != PFX_OK:
            self.failed(status, batch, -1)

    def send(self, int64_t first, int64_t limit):
        """The states of at most ``limit`` keys from number ``first`` on, fewer of long ones; None for none.

        Raises:
            KeyTypeError: a key has no canonical form.
        """
        cdef pfx_status status = PFX_OK
        if 0 <= first < self.running.count and limit > 0:
            self.partial_rows.most_bytes = self.written.most_bytes
            with nogil:
                status = pfx_partials_send_running(&self.running, &self.partial_rows, first, limit)
        return self.sent(status)

    def forget(self):
        """Forget all keys and states."""
        pfx_partials_forget_running(&self.running, &self.partial_rows)
