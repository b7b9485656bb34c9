"""Windows over columnar batches, whose aggregates are computed without a Python call per row or key."""
cimport cython
from libc.stdint cimport INT64_MAX, int64_t

from pyflinkx._core.columns.batch cimport ColumnBatch, make_batch
from pyflinkx._core.columns.column cimport Buffer, Column, new_buffer
from pyflinkx._core.pfx.agg_columns cimport pfx_agg_import
from pyflinkx._core.pfx.counts cimport (
    pfx_counts, pfx_counts_add, pfx_counts_begin_snapshot, pfx_counts_end_snapshot, pfx_counts_free,
    pfx_counts_init, pfx_counts_read_snapshot, pfx_counts_snapshot, pfx_counts_step_snapshot,
)
from pyflinkx._core.pfx.key_columns cimport pfx_key_column
from pyflinkx._core.pfx.key_index cimport pfx_key_index
from pyflinkx._core.pfx.panes cimport (
    pfx_panes_end_snapshot,
    pfx_panes_read_snapshot,
    pfx_panes_snapshot,
    pfx_panes_step_snapshot,
)
from pyflinkx._core.pfx.running cimport (
    pfx_running,
    pfx_running_add,
    pfx_running_finish,
    pfx_running_free,
    pfx_running_init,
    pfx_running_read_snapshot,
    pfx_running_snapshot,
    pfx_running_step_snapshot,
    pfx_running_begin_snapshot,
    pfx_running_end_snapshot,
    pfx_running_merge,
)
from pyflinkx._core.pfx.sessions cimport (
    pfx_sessions,
    pfx_sessions_add,
    pfx_sessions_fire,
    pfx_sessions_free,
    pfx_sessions_init,
    pfx_sessions_read_snapshot,
    pfx_sessions_snapshot,
    pfx_sessions_step_snapshot,
    pfx_sessions_begin_snapshot,
    pfx_sessions_end_snapshot,
)
from pyflinkx._core.pfx.slices cimport (
    pfx_slices,
    pfx_slices_add,
    pfx_slices_begin_snapshot,
    pfx_slices_fire,
    pfx_slices_free,
    pfx_slices_init,
    pfx_slices_merge,
    pfx_slices_next_end,
)
from pyflinkx._core.pfx.state_export cimport (
    pfx_counts_export,
    pfx_counts_import,
    pfx_export_place,
    pfx_panes_export,
    pfx_running_export,
    pfx_sessions_export,
    pfx_sessions_import,
    pfx_slices_export,
    pfx_slices_import,
)
from pyflinkx._core.pfx.state_rows cimport pfx_state_rows
from pyflinkx._core.pfx.status cimport PFX_OK, PFX_OVERFLOW, PFX_WRONG_STATE, pfx_status
from pyflinkx._core.native.states cimport NativeStates, StateReader
from pyflinkx._core.columns.schema cimport Field, Schema
from pyflinkx._core.status cimport check

from pyflinkx._core.native.states import COUNT_FIELDS, SESSION_FIELDS, SLICE_FIELDS, state_schema
from pyflinkx.errors import WrongStateError

# How many rows a partial aggregate has, which is an accumulator where rows are counted.
ROWS_FIELD = Field("rows().n", "l", False)


cdef int check_part(int64_t done, int64_t rows, int64_t limit) except -1:
    if not 0 <= done <= rows:
        raise IndexError(f"row {done} of {rows}")
    if limit < 1:
        raise ValueError(f"results of at most {limit} rows are none")
    return 0


cdef class TimeWindows(NativeStates):
    """Windows of time; the arguments are those of NativeAggregation and then the subclass's."""

    cdef pfx_status add_rows(
        self, const int64_t *timestamps, int64_t rows, int64_t limit, int64_t *done, int64_t *late, int64_t *late_count,
        int64_t *row, int *more
    ) noexcept nogil:
        return PFX_OK

    cdef pfx_status fire_rows(self, int64_t watermark, int64_t limit, int *more) noexcept nogil:
        return PFX_OK

    cdef void number_from(self, int64_t sequence) noexcept nogil:
        pass

    def add(self, ColumnBatch batch not None, int64_t done=0, int64_t limit=INT64_MAX, int64_t sequence=0):
        """Add a batch, or what is left of it.

        Args:
            batch: with timestamps.
            done: how many of its rows were added before.
            limit: the most rows of results; it also stops when there was much work to do, or texts are long.
            sequence: number of its first row in order of arrival; less than what follows from the batches before counts
                for nothing.

        Returns:
            The rows that came too late (None for none), the results of windows that fired again (None for none), and
            how many rows have been added when there is more to do: then the call is to be repeated with that, before
            any other. None when there is not.

        Raises:
            ValueError: a row has no timestamp, or ``limit`` is less than 1.
            IndexError: there are fewer rows than ``done``.
            OverflowError: a timestamp is out of range, or a sum is.
        """
        cdef const int64_t *timestamps = batch.timestamp_values()
        cdef Buffer late
        cdef int64_t late_count = 0, row = 0, rows = batch.length
        cdef int more = 0
        cdef pfx_status status
        check_part(done, rows, limit)
        if rows == 0:
            return None, None, None
        if timestamps == NULL:
            raise ValueError(
                "the rows have no timestamps, which windows of time need: call assign_timestamps_and_watermarks()"
            )
        self.bind(batch)
        self.number_from(sequence)
        late = new_buffer(rows * sizeof(int64_t), self.budget)
        with nogil:
            status = self.add_rows(
                timestamps, rows, limit, &done, <int64_t *> late.data, &late_count, &row, &more)
        if status != PFX_OK:
            self.failed(status, batch, row)
        too_late = None
        if late_count > 0:
            too_late = batch.take_checked(<const int64_t *> late.data, late_count, self.budget)
        return too_late, self.take(), done if more else None

    def fire(self, int64_t watermark, int64_t limit):
        """Results of windows that end by ``watermark``.

        Args:
            watermark: milliseconds.
            limit: the most rows; it also stops when there was much work to do, or texts are long.

        Returns:
            A batch (None for no rows), and whether there are more: then the call is to be repeated before any other.

        Raises:
            ValueError: ``limit`` is less than 1.
            OverflowError: a sum is out of range.
        """
        cdef int more = 0
        cdef pfx_status status
        check_part(0, 0, limit)
        with nogil:
            status = self.fire_rows(watermark, limit, &more)
        if status != PFX_OK:
            self.failed(status, None, -1)
        return self.take(), more != 0


@cython.final
cdef class SliceWindows(TimeWindows):
    """Windows that are the same for all keys.

    Args:
        size: milliseconds.
        slide: milliseconds from one window's start to the next; of cumulative windows from one's end to the next.
        offset: milliseconds by which the windows are shifted from the epoch.
        cumulative: windows of slide, 2 slide, ... size that start every ``size``.
        lateness: milliseconds by which a window outlives its end.
        partials: whether partial aggregates come, too.

    Raises:
        ValueError: the windows make no sense.
    """

    cdef pfx_slices slices
    cdef pfx_panes_snapshot *taken
    cdef StateReader partial_reader

    def __init__(self, schema, keys, aggregates, results, int64_t size, int64_t slide, int64_t offset=0,
                 bint cumulative=False, int64_t lateness=0, *, partials=False, budget=None):
        cdef Schema sent
        pfx_slices_free(&self.slices)
        check(pfx_slices_init(&self.slices, &self.agg, &self.index, size, slide, offset, cumulative, lateness))
        self.describe("slices", SLICE_FIELDS)
        if partials:
            sent = state_schema(self, SLICE_FIELDS)
            if ROWS_FIELD not in sent.fields:
                sent = Schema([*sent.fields, ROWS_FIELD])
            self.partial_reader = StateReader(sent, len(self.key_positions), 1)

    def __dealloc__(self):
        pfx_slices_free(&self.slices)

    @property
    def held(self):
        """The number of slices that memory is held for."""
        return self.slices.panes.count

    def merge(self, ColumnBatch batch not None):
        """Add a batch of partial aggregates, as LocalSlices sends them; for windows without lateness.

        Returns:
            How many rows are in those that came too late.

        Raises:
            ValueError: the columns are others.
            CorruptDataError: a row is what no state can be.
            OverflowError: a time is out of range.
        """
        cdef StateReader reader = self.partial_reader
        cdef int64_t late_rows = 0, row = 0, rows = batch.length
        cdef const int64_t *lasts
        cdef const int64_t *counts
        cdef pfx_status status
        reader.bind(self, batch)
        lasts = reader.int64s("slice_last")
        counts = reader.int64s(ROWS_FIELD.name)
        with nogil:
            status = pfx_slices_merge(
                &self.slices, reader.keys, &reader.states, lasts, counts, rows, &late_rows, &row)
        if status == PFX_OVERFLOW:
            reader.done(self, PFX_OK)
            raise OverflowError(f"row {row}: the time {lasts[row]}, or the number or size of the keys, is out of range")
        reader.done(self, status)
        return late_rows

    def next_end(self):
        """When (ms) the next window ends that has rows; None for none."""
        cdef int64_t end = 0
        cdef int found = 0
        check(pfx_slices_next_end(&self.slices, &end, &found))
        return end if found else None

    cdef pfx_status add_rows(
        self, const int64_t *timestamps, int64_t rows, int64_t limit, int64_t *done, int64_t *late, int64_t *late_count,
        int64_t *row, int *more
    ) noexcept nogil:
        return pfx_slices_add(
            &self.slices, self.columns, self.fields, timestamps, rows, limit, done, late, late_count, &self.written,
            row, more)

    cdef pfx_status fire_rows(self, int64_t watermark, int64_t limit, int *more) noexcept nogil:
        return pfx_slices_fire(&self.slices, watermark, limit, &self.written, more)

    cdef void number_from(self, int64_t sequence) noexcept nogil:
        self.slices.sequence = max(self.slices.sequence, sequence)

    cdef pfx_status export_rows(self, pfx_state_rows *rows, pfx_export_place *place, int64_t limit) noexcept nogil:
        return pfx_slices_export(&self.slices, rows, place, limit)

    cdef pfx_status begin_snapshot(self) noexcept nogil:
        cdef int64_t left, watermark, sequence
        cdef pfx_status status
        if self.taken != NULL:
            return PFX_WRONG_STATE
        status = pfx_slices_begin_snapshot(&self.slices, &self.taken, &watermark, &sequence)
        if status == PFX_OK:
            pfx_panes_step_snapshot(&self.slices.panes, INT64_MAX, &left)
        return status

    cdef pfx_status read_snapshot(self) noexcept nogil:
        return pfx_panes_read_snapshot(self.taken)

    cdef pfx_status export_snapshot(self, pfx_state_rows *rows, pfx_export_place *place, int64_t limit) noexcept nogil:
        return pfx_panes_export(&self.taken.view, rows, place, limit)

    cdef const pfx_key_index *snapshot_keys(self) noexcept nogil:
        return NULL if self.taken == NULL else &self.taken.keys

    cdef void end_snapshot(self) noexcept nogil:
        if self.taken != NULL:
            self.taken = NULL
            pfx_panes_end_snapshot(&self.slices.panes)

    cdef pfx_status import_rows(
        self, const pfx_key_column *keys, const pfx_key_column *spaces, pfx_agg_import *states, int64_t rows
    ) noexcept nogil:
        return pfx_slices_import(&self.slices, keys, spaces, states, rows)

    @property
    def watermark(self):
        """Milliseconds by which windows have fired and rows are late; it may be set where there are no states yet."""
        return self.slices.watermark

    @watermark.setter
    def watermark(self, int64_t timestamp):
        if self.held > 0:
            raise WrongStateError("a watermark cannot be set beside states: it is what has happened to them")
        self.slices.watermark = timestamp


@cython.final
cdef class SessionWindows(TimeWindows):
    """Windows that a pause ends.

    Args:
        gap: milliseconds.
        lateness: milliseconds by which a session outlives its end.

    Raises:
        ValueError: one of them is out of range.
    """

    cdef pfx_sessions sessions
    cdef pfx_sessions_snapshot *taken

    def __init__(self, schema, keys, aggregates, results, int64_t gap, int64_t lateness=0, *, budget=None):
        pfx_sessions_free(&self.sessions)
        check(pfx_sessions_init(&self.sessions, &self.agg, &self.index, gap, lateness))
        self.describe("sessions", SESSION_FIELDS)

    def __dealloc__(self):
        pfx_sessions_free(&self.sessions)

    @property
    def held(self):
        """The number of sessions that memory is held for."""
        return self.sessions.live

    cdef pfx_status add_rows(
        self, const int64_t *timestamps, int64_t rows, int64_t limit, int64_t *done, int64_t *late, int64_t *late_count,
        int64_t *row, int *more
    ) noexcept nogil:
        return pfx_sessions_add(
            &self.sessions, self.columns, self.fields, timestamps, rows, limit, done, late, late_count, &self.written,
            row, more)

    cdef pfx_status fire_rows(self, int64_t watermark, int64_t limit, int *more) noexcept nogil:
        return pfx_sessions_fire(&self.sessions, watermark, limit, &self.written, more)

    cdef void number_from(self, int64_t sequence) noexcept nogil:
        self.sessions.sequence = max(self.sessions.sequence, sequence)

    cdef pfx_status export_rows(self, pfx_state_rows *rows, pfx_export_place *place, int64_t limit) noexcept nogil:
        return pfx_sessions_export(&self.sessions, rows, place, limit)

    cdef pfx_status begin_snapshot(self) noexcept nogil:
        cdef int64_t left
        cdef pfx_status status
        if self.taken != NULL:
            return PFX_WRONG_STATE
        status = pfx_sessions_begin_snapshot(&self.sessions, &self.taken)
        if status == PFX_OK:
            pfx_sessions_step_snapshot(&self.sessions, INT64_MAX, &left)
        return status

    cdef pfx_status read_snapshot(self) noexcept nogil:
        return pfx_sessions_read_snapshot(self.taken)

    cdef pfx_status export_snapshot(self, pfx_state_rows *rows, pfx_export_place *place, int64_t limit) noexcept nogil:
        return pfx_sessions_export(&self.taken.view, rows, place, limit)

    cdef const pfx_key_index *snapshot_keys(self) noexcept nogil:
        return NULL if self.taken == NULL else &self.taken.keys

    cdef void end_snapshot(self) noexcept nogil:
        if self.taken != NULL:
            self.taken = NULL
            pfx_sessions_end_snapshot(&self.sessions)

    cdef pfx_status import_rows(
        self, const pfx_key_column *keys, const pfx_key_column *spaces, pfx_agg_import *states, int64_t rows
    ) noexcept nogil:
        return pfx_sessions_import(&self.sessions, keys, spaces, states, rows)

    @property
    def watermark(self):
        """Milliseconds by which windows have fired and rows are late; it may be set where there are no states yet."""
        return self.sessions.watermark

    @watermark.setter
    def watermark(self, int64_t timestamp):
        if self.held > 0:
            raise WrongStateError("a watermark cannot be set beside states: it is what has happened to them")
        self.sessions.watermark = timestamp


@cython.final
cdef class CountWindows(NativeStates):
    """Windows of a number of rows of a key.

    Args:
        size: rows.
        slide: rows from one window's start to the next.

    Raises:
        ValueError: one of them is out of range.
    """

    cdef pfx_counts counts
    cdef pfx_counts_snapshot *taken

    def __init__(self, schema, keys, aggregates, results, int64_t size, int64_t slide, *, budget=None):
        pfx_counts_free(&self.counts)
        check(pfx_counts_init(&self.counts, &self.agg, &self.index, size, slide))
        self.describe("counts", COUNT_FIELDS)

    def __dealloc__(self):
        pfx_counts_free(&self.counts)

    @property
    def held(self):
        """The number of slices that memory is held for."""
        return self.counts.live

    def add(self, ColumnBatch batch not None, int64_t done=0, int64_t limit=INT64_MAX, int64_t sequence=0):
        """Add a batch, or what is left of it; arguments are as in ``TimeWindows.add``.

        Returns:
            None, as no rows are late; the results of the windows that are full (None for none); and how many rows have
            been added when there is more to do: then the call is to be repeated with that. None when there is not.

        Raises:
            ValueError: ``limit`` is less than 1.
            IndexError: there are fewer rows than ``done``.
            OverflowError: a sum is out of range.
        """
        cdef pfx_status status
        cdef int64_t rows = batch.length
        cdef int more = 0
        check_part(done, rows, limit)
        self.bind(batch)
        self.counts.sequence = max(self.counts.sequence, sequence)
        with nogil:
            status = pfx_counts_add(
                &self.counts, self.columns, self.fields, rows, INT64_MAX, limit, &done, &self.written, &more)
        if status != PFX_OK:
            self.failed(status, batch, -1)
        return None, self.take(), done if more else None

    def fire(self, int64_t watermark, int64_t limit):
        """Nothing: such windows do not wait for a watermark."""
        return None, False

    cdef pfx_status export_rows(self, pfx_state_rows *rows, pfx_export_place *place, int64_t limit) noexcept nogil:
        return pfx_counts_export(&self.counts, rows, place, limit)

    cdef pfx_status begin_snapshot(self) noexcept nogil:
        cdef int64_t left
        cdef pfx_status status
        if self.taken != NULL:
            return PFX_WRONG_STATE
        status = pfx_counts_begin_snapshot(&self.counts, &self.taken)
        if status == PFX_OK:
            pfx_counts_step_snapshot(&self.counts, INT64_MAX, &left)
        return status

    cdef pfx_status read_snapshot(self) noexcept nogil:
        return pfx_counts_read_snapshot(self.taken)

    cdef pfx_status export_snapshot(self, pfx_state_rows *rows, pfx_export_place *place, int64_t limit) noexcept nogil:
        return pfx_counts_export(&self.taken.view, rows, place, limit)

    cdef const pfx_key_index *snapshot_keys(self) noexcept nogil:
        return NULL if self.taken == NULL else &self.taken.keys

    cdef void end_snapshot(self) noexcept nogil:
        if self.taken != NULL:
            self.taken = NULL
            pfx_counts_end_snapshot(&self.counts)

    cdef pfx_status import_rows(
        self, const pfx_key_column *keys, const pfx_key_column *spaces, pfx_agg_import *states, int64_t rows
    ) noexcept nogil:
        return pfx_counts_import(&self.counts, keys, spaces, states, rows)


@cython.final
cdef class RunningAggregates(NativeStates):
    """Aggregates of all rows of a key so far."""

    cdef pfx_running running
    cdef pfx_running_snapshot *taken
    cdef StateReader partial_reader

    def __init__(self, schema, keys, aggregates, results, *, budget=None):
        pfx_running_free(&self.running)
        check(pfx_running_init(&self.running, &self.agg, &self.index))
        self.describe("running", ())
        self.partial_reader = StateReader(state_schema(self, ()), len(self.key_positions), 0)

    def __dealloc__(self):
        pfx_running_free(&self.running)

    def add(self, ColumnBatch batch not None, bint each, int64_t done=0, int64_t limit=INT64_MAX, int64_t sequence=0):
        """Add a batch, or what is left of it.

        Args:
            batch: the batch.
            each: whether to give for every row what its key's results are after it, with the row's timestamp.
            done: how many of its rows were added before.
            limit: the most rows of results; it also stops when there was much work to do, or texts are long.
            sequence: as in ``TimeWindows.add``.

        Returns:
            The results (None for none), and how many rows have been added when there are more: then the call is to be
            repeated with that. None when there are not.

        Raises:
            ValueError: ``limit`` is less than 1.
            IndexError: there are fewer rows than ``done``.
            OverflowError: a sum is out of range.
        """
        cdef pfx_status status
        cdef int64_t first = done, rows = batch.length
        cdef ColumnBatch results
        check_part(done, rows, limit)
        self.bind(batch)
        self.running.sequence = max(self.running.sequence, sequence)
        with nogil:
            status = pfx_running_add(
                &self.running, self.columns, self.fields, rows, each, limit, &done, &self.written)
        if status != PFX_OK:
            self.failed(status, batch, -1)
        results = self.take()
        if results is not None and batch.timestamps is not None:
            results = make_batch(
                results.schema, results.columns, results.length,
                (<Column> batch.timestamps).slice_rows(first, first + results.length), None)
        return results, done if done < rows else None

    def merge(self, ColumnBatch batch not None):
        """Add a batch of partial aggregates, as LocalKeys sends them.

        Raises:
            ValueError: the columns are others.
            CorruptDataError: a row is what no state can be.
        """
        cdef StateReader reader = self.partial_reader
        cdef int64_t rows = batch.length
        cdef pfx_status status
        reader.bind(self, batch)
        with nogil:
            status = pfx_running_merge(&self.running, reader.keys, &reader.states, rows)
        reader.done(self, status)

    def finish(self, int64_t first, int64_t limit):
        """The results of at most ``limit`` keys from number ``first`` on, in order of first appearance; None for none.

        Fewer where their texts are long.

        Raises:
            ValueError: ``limit`` is less than 1.
            IndexError: ``first`` is negative.
            OverflowError: a sum is out of range.
        """
        cdef pfx_status status
        check_part(first, INT64_MAX, limit)
        with nogil:
            status = pfx_running_finish(&self.running, first, limit, &self.written)
        if status != PFX_OK:
            self.failed(status, None, -1)
        return self.take()

    cdef pfx_status export_rows(self, pfx_state_rows *rows, pfx_export_place *place, int64_t limit) noexcept nogil:
        return pfx_running_export(&self.running, rows, place, limit)

    cdef pfx_status begin_snapshot(self) noexcept nogil:
        cdef int64_t left
        cdef pfx_status status
        if self.taken != NULL:
            return PFX_WRONG_STATE
        status = pfx_running_begin_snapshot(&self.running, &self.taken)
        if status == PFX_OK:
            pfx_running_step_snapshot(&self.running, INT64_MAX, &left)
        return status

    cdef pfx_status read_snapshot(self) noexcept nogil:
        return pfx_running_read_snapshot(self.taken)

    cdef pfx_status export_snapshot(self, pfx_state_rows *rows, pfx_export_place *place, int64_t limit) noexcept nogil:
        return pfx_running_export(&self.taken.view, rows, place, limit)

    cdef const pfx_key_index *snapshot_keys(self) noexcept nogil:
        return NULL if self.taken == NULL else &self.taken.keys

    cdef void end_snapshot(self) noexcept nogil:
        if self.taken != NULL:
            self.taken = NULL
            pfx_running_end_snapshot(&self.running)

    cdef pfx_status import_rows(
        self, const pfx_key_column *keys, const pfx_key_column *spaces, pfx_agg_import *states, int64_t rows
    ) noexcept nogil:
        return pfx_running_merge(&self.running, keys, states, rows)
