"""Windows over columnar batches, whose aggregates are computed without a Python call per row or key."""
cimport cython
from libc.stdint cimport int64_t

from pyflinkx._core.batch cimport ColumnBatch
from pyflinkx._core.column cimport Buffer, new_buffer
from pyflinkx._core.cpfx cimport (
    PFX_OK,
    pfx_slices,
    pfx_slices_add,
    pfx_slices_fire,
    pfx_slices_free,
    pfx_slices_init,
    pfx_status,
)
from pyflinkx._core.native_agg cimport NativeAggregation
from pyflinkx._core.status cimport check


@cython.final
cdef class SliceWindows(NativeAggregation):
    """Event-time windows that are the same for all keys.

    Args:
        size: milliseconds.
        slide: milliseconds from one window's start to the next; of cumulative windows from one's end to the next.
        offset: milliseconds by which the windows are shifted from the epoch.
        cumulative: windows of slide, 2 slide, ... size that start every ``size``.
        lateness: milliseconds by which a window outlives its end.

    Raises:
        ValueError: the windows make no sense.
    """

    cdef pfx_slices slices

    def __init__(self, schema, keys, aggregates, results, size, slide, offset=0, cumulative=False, lateness=0,
                 budget=None):
        cdef int64_t c_size = size, c_slide = slide, c_offset = offset, c_lateness = lateness
        pfx_slices_free(&self.slices)
        check(pfx_slices_init(
            &self.slices, &self.agg, &self.index, c_size, c_slide, c_offset, cumulative, c_lateness))

    def __dealloc__(self):
        pfx_slices_free(&self.slices)

    @property
    def held(self):
        """The number of slices that memory is held for."""
        return self.slices.count

    def add(self, ColumnBatch batch not None):
        """Add a batch.

        Returns:
            The rows that came too late (None for none), and the results of windows that fired again (None for none).

        Raises:
            ValueError: a row has no timestamp.
            OverflowError: a timestamp is out of range, or a sum is.
        """
        cdef const int64_t *timestamps = batch.timestamp_values()
        cdef Buffer late
        cdef int64_t late_count = 0, row = 0, rows = batch.length
        cdef pfx_status status
        if rows == 0:
            return None, None
        if timestamps == NULL:
            raise ValueError(
                "an event-time window needs rows with timestamps: call assign_timestamps_and_watermarks() before it"
            )
        self.bind(batch)
        late = new_buffer(rows * sizeof(int64_t), self.budget)
        with nogil:
            status = pfx_slices_add(
                &self.slices, self.columns, self.fields, timestamps, rows, <int64_t *> late.data, &late_count,
                &self.written, &row)
        if status != PFX_OK:
            self.failed(status, batch, row)
        too_late = None
        if late_count > 0:
            too_late = batch.take_checked(<const int64_t *> late.data, late_count, self.budget)
        return too_late, self.take()

    def fire(self, int64_t watermark, int64_t limit):
        """Results of windows that end by ``watermark``.

        Args:
            watermark: milliseconds.
            limit: the most rows.

        Returns:
            A batch (None for no rows), and whether there are more: then the call is to be repeated.

        Raises:
            OverflowError: a sum is out of range.
        """
        cdef bint more = False
        cdef pfx_status status
        with nogil:
            status = pfx_slices_fire(&self.slices, watermark, limit, &self.written, &more)
        if status != PFX_OK:
            self.failed(status, None, -1)
        return self.take(), more
