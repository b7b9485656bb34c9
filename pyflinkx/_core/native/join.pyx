"""Joins of two columnar streams by key and time."""
cimport cython
from libc.stdint cimport INT64_MAX, INT64_MIN, int32_t, int64_t

from pyflinkx._core.columns.batch cimport ColumnBatch, make_batch
from pyflinkx._core.columns.column cimport (
    Buffer,
    Column,
    new_buffer,
    trusted_column,
    value_start,
    writable,
)
from pyflinkx._core.pfx.arrow cimport PFX_KIND_LIST
from pyflinkx._core.pfx.calendar cimport PFX_NO_TIMESTAMP
from pyflinkx._core.pfx.column_math cimport pfx_int64_largest
from pyflinkx._core.pfx.interval_join cimport (
    pfx_join,
    pfx_join_advance,
    pfx_join_cursor,
    pfx_join_expire,
    pfx_join_forgotten,
    pfx_join_free,
    pfx_join_init,
    pfx_join_late,
    pfx_join_probe,
)
from pyflinkx._core.pfx.key_columns cimport pfx_key_column, pfx_key_column_allowed
from pyflinkx._core.pfx.results cimport PFX_RESULT_BYTES
from pyflinkx._core.pfx.rows cimport pfx_rows_add, pfx_rows_find_keys
from pyflinkx._core.pfx.status cimport PFX_OVERFLOW, pfx_status
from pyflinkx._core.columns.gather cimport concat_rows, take_rows
from pyflinkx._core.keys.secret cimport process_secret
from pyflinkx._core.memory.budget cimport MemoryBudget, default_budget
from pyflinkx._core.native.rows cimport HeldColumns, Located
from pyflinkx._core.columns.schema cimport Field, Schema
from pyflinkx._core.status cimport check

from pyflinkx._core.native.states import STATE_METADATA
from pyflinkx._core.keys.partition import column_key_groups
from pyflinkx.errors import KeyTypeError, LongBatchError

cdef enum:
    MAX_KEY_COLUMNS = 64
    PAIRS = 16384  # of an emitted batch: few enough for their indices to stay in the processor's cache
    FEWEST_EXPIRED = 65536  # rows that come between two looks at all that is held
    KEYS_PER_ROW = 4  # that are looked at, while such a look is under way
    FEWEST_KEYS = 1024  # at once
    MOST_KEYS = 65536  # when event time goes on

cdef Field TIMESTAMP_FIELD = Field("timestamp", "l", False)
cdef Field TIME_FIELD = Field("time", "l", False)
cdef Field GROUP_FIELD = Field("key_group", "i", False)
# Of docs/formats/states.md.
STATE_VERSION = 1


cdef bytes state_version(int side):
    """What the states of a side are."""
    return f"join {'right' if side else 'left'} {STATE_VERSION}".encode()


# How many of the rows at `count` indices, at least `fewest`, have together no more than `left` bytes of text in each
# column; what the column with the most of it has is taken off `left`. An element of a list counts as eight bytes.
cdef int64_t fitting(ColumnBatch batch, const int64_t *indices, int64_t count, int64_t fewest, int64_t *left) except -1:
    cdef Column column
    cdef int64_t i, total, size, bytes, most = 0
    for item in batch.columns:
        column = item
        if column.offset_width == 0:
            continue
        size = 8 if column.kind == PFX_KIND_LIST else 1
        total = 0
        for i in range(count):
            bytes = (value_start(column, indices[i] + 1) - value_start(column, indices[i])) * size
            if total + bytes > left[0] and i >= fewest:
                count = i
                break
            total += bytes
        most = max(most, total)
    left[0] -= most
    return count


@cython.final
@cython.no_gc
cdef class NativeJoin:
    """Finds the pairs of rows of two sides (0 left, 1 right) of one key that fit in time; see pfx/interval_join.h.

    Args:
        left_keys: positions of the left side's key columns.
        right_keys: positions of the right side's, as many.
        schema: of the pairs: the left side's columns, then the right side's.
        lower: least difference in ms from a left row's timestamp to a right row's.
        upper: largest difference.
        window_size: ms of a tumbling window, for a join of what lies in one window; 0 for a join by difference.
        window_offset: ms by which windows start later than the epoch.
        budget: what held rows and pairs are charged to; the process's when None.

    Raises:
        ValueError: the keys or the times make no sense.
    """

    cdef pfx_join join
    # The bytes of a batch of pairs at most, unless it has one pair only.
    cdef public int64_t most_bytes
    cdef MemoryBudget budget
    cdef Schema schema
    cdef tuple keys
    # The columns of the rows that each side holds.
    cdef HeldColumns left
    cdef HeldColumns right
    cdef int64_t added
    cdef int64_t expire_after
    cdef bint expiring  # a look at all keys is under way
    # The largest timestamp so far, and what it was when all that is held was last looked at.
    cdef int64_t latest
    cdef int64_t looked_until

    def __init__(
        self, left_keys, right_keys, Schema schema not None, int64_t lower=0, int64_t upper=0, int64_t window_size=0,
        int64_t window_offset=0, MemoryBudget budget=None
    ):
        self.keys = (tuple(left_keys), tuple(right_keys))
        if not 1 <= len(self.keys[0]) <= MAX_KEY_COLUMNS or len(self.keys[0]) != len(self.keys[1]):
            raise ValueError(f"keys of {len(self.keys[0])} and {len(self.keys[1])} columns cannot be joined")
        if lower > upper:
            raise ValueError(f"no time is at least {lower} ms and at most {upper} ms after another")
        if not 0 <= window_size <= INT64_MAX // 2:
            raise ValueError(f"a window cannot have {window_size} ms")
        self.budget = default_budget if budget is None else budget
        self.schema = schema
        self.left, self.right = HeldColumns(self.budget), HeldColumns(self.budget)
        self.expire_after = FEWEST_EXPIRED
        self.most_bytes = PFX_RESULT_BYTES
        self.latest = self.looked_until = INT64_MIN
        pfx_join_free(&self.join)
        pfx_join_init(
            &self.join, &self.budget.budget, &process_secret, lower, upper, window_size, window_offset)

    def __cinit__(self):
        pfx_join_init(&self.join, &default_budget.budget, &process_secret, 0, 0, 0, 0)

    def __dealloc__(self):
        pfx_join_free(&self.join)

    @property
    def rows(self):
        """How many rows the left and the right side hold; some of them may be forgotten already."""
        return self.join.rows.held[0], self.join.rows.held[1]

    cdef HeldColumns side(self, int side):
        if side not in (0, 1):
            raise ValueError(f"a join has no side {side}")
        return self.right if side else self.left

    def export(self, int side, int max_parallelism, int64_t limit=32_768):
        """The rows that a side holds now, as batches in the form of docs/formats/states.md.

        They can be gone through while the join goes on, and by another thread.

        Args:
            side: 0 for the left one, 1 for the right one.
            max_parallelism: number of key groups.
            limit: the most rows of a batch.

        Raises:
            ValueError: an argument is out of range.
        """
        if limit < 1:
            raise ValueError(f"there are no batches of at most {limit} rows")
        held = self.side(side).rows_after(pfx_join_forgotten(&self.join, side))
        return exported_rows(held, side, self.keys[side], max_parallelism, limit)

    def import_(self, int side, ColumnBatch batch not None):
        """Hold rows that were exported, by this or by any other subtask; they make pairs with rows that come later.

        Args:
            side: 0 for the left one, 1 for the right one.
            batch: the rows.

        Raises:
            ValueError: the columns are others.
            KeyTypeError: a row's key cannot be one.
        """
        cdef const int64_t *times
        cdef ColumnBatch rows
        cdef Column column
        cdef Field field
        self.side(side)
        stated = (batch.schema.metadata or {}).get(STATE_METADATA, state_version(side))
        if stated != state_version(side):
            raise ValueError(
                f"the states are {stated.decode(errors='replace')!r}, not {state_version(side).decode()!r}")
        width = len(batch.columns) - 2
        if not max(self.keys[side]) < width < len(self.schema.fields):
            raise ValueError(f"a row of a join of {len(self.schema.fields)} columns cannot have {width}")
        start = 0 if side == 0 else len(self.schema.fields) - width
        theirs = self.schema.fields[start:start + width]
        columns, fields = [], []
        for column, field in zip(batch.columns, (GROUP_FIELD, TIME_FIELD, *theirs)):
            if not column.field.same_type(field) or (not field.nullable and column.count_nulls() > 0):
                raise ValueError(
                    f"column {column.name!r} of a batch of states holds {column.field.type_name}, or nulls; it is to "
                    f"be {field.type_name}"
                )
            field = field.renamed(column.name.removeprefix("row."))
            fields.append(field)
            columns.append(column.with_field(field))
        rows = make_batch(Schema(fields[2:]), tuple(columns[2:]), batch.length, columns[1], None)
        times = rows.timestamp_values()
        for row in range(rows.length):
            if times[row] == PFX_NO_TIMESTAMP:
                raise ValueError(f"row {row} of a batch of states has no time")
        if rows.length > 0:
            self.hold(rows, side, self.find_keys(rows, side))

    @property
    def longest(self):
        """The most steps beyond the first that the search for a key takes."""
        return self.join.rows.index.longest

    def advance(self, int64_t watermark):
        """Event time has come to ``watermark`` (ms)."""
        pfx_join_advance(&self.join, watermark)
        self.left.expire(pfx_join_forgotten(&self.join, 0))
        self.right.expire(pfx_join_forgotten(&self.join, 1))
        # All that was held at the last look is over, so that it is worth another one, however few rows have come since.
        if (self.join.rows.held[0] + self.join.rows.held[1] >= FEWEST_EXPIRED
                and self.looked_until <= pfx_join_forgotten(&self.join, 0)
                and self.looked_until <= pfx_join_forgotten(&self.join, 1)):
            self.begin_expiring()
        if self.expiring:
            self.expire(MOST_KEYS)

    def process(self, ColumnBatch batch not None, int side, emit):
        """Take rows of a side: ``emit`` is called with batches of the pairs that they make with rows of the other side.

        A generator: it stops after each 16,384 pairs, and each batch of long ones, while there may be more, and is to
        be gone through before any other call.

        Returns:
            The rows that came too late, as a batch; None when there are none.

        Raises:
            ValueError: a row has no timestamp, or is a retraction.
            KeyTypeError: a row's key cannot be one.
        """
        cdef const int64_t *times = batch.timestamp_values()
        cdef ColumnBatch late = None
        cdef Buffer mask, keys
        cdef Located pairs
        cdef int64_t i, at, count
        cdef const int64_t *stamps
        cdef pfx_join_cursor cursor
        self.side(side)
        if batch.length == 0:
            return None
        for i in range(batch.length):
            if times == NULL or times[i] == PFX_NO_TIMESTAMP:
                raise ValueError(
                    f"row {i} of the {'right' if side else 'left'} side has no timestamp: "
                    f"{batch.slice_rows(i, i + 1).to_rows('dict')[0]!r:.200}; assign timestamps before the join"
                )
        if batch.kinds is not None and any(memoryview(batch.kinds)):
            raise ValueError("a join takes inserts only, not updates and deletions")
        mask = new_buffer(batch.length, self.budget)
        count = pfx_join_late(&self.join, times, batch.length, writable(mask))
        if count:
            late = batch.filter(mask)
            for i in range(batch.length):
                writable(mask)[i] = not mask.data[i]
            if count == batch.length:
                return late
            batch = batch.filter(mask)
        stamps = batch.timestamp_values()
        keys = self.find_keys(batch, side)
        cursor.row = 0
        cursor.at = -1
        while cursor.row < batch.length:
            pairs = self.find_pairs(batch, side, <const int32_t *> keys.data, stamps, &cursor)
            at = 0
            while pairs is not None and at < pairs.count:
                at += self.emit_pairs(batch, side, pairs, at, emit)
                if at < pairs.count:
                    yield
            if cursor.row < batch.length:
                yield
        self.hold(batch, side, keys)
        return late

    # Take rows to a side.
    cdef int hold(self, ColumnBatch batch, int side, Buffer keys) except -1:
        cdef HeldColumns held = self.side(side)
        cdef const int64_t *times = batch.timestamp_values()
        with nogil:
            check(pfx_rows_add(
                &self.join.rows, side, <const int32_t *> keys.data, times, batch.length, held.following))
            self.latest = max(self.latest, pfx_int64_largest(times, batch.length))
        held.add(make_batch(batch.schema, batch.columns, batch.length, batch.timestamps, None))
        held.expire(pfx_join_forgotten(&self.join, side))
        self.added += batch.length
        if self.added >= self.expire_after and not self.expiring:
            self.begin_expiring()
        if self.expiring:
            self.expire(max(batch.length * KEYS_PER_ROW, FEWEST_KEYS))
        return 0

    cdef Buffer find_keys(self, ColumnBatch batch, int side):
        cdef pfx_key_column columns[MAX_KEY_COLUMNS]
        cdef Buffer keys = new_buffer(batch.length * sizeof(int32_t), self.budget)
        cdef tuple positions = self.keys[side]
        cdef int32_t width = <int32_t> len(positions)
        cdef Column column
        cdef int64_t row = -1
        cdef pfx_status status
        others = self.side(1 - side).width
        if others is not None and len(batch.columns) + others != len(self.schema.fields):
            raise ValueError(f"pairs of {len(batch.columns) + others} columns, not {len(self.schema.fields)}")
        for i in range(width):
            column = batch.columns[positions[i]]
            if not pfx_key_column_allowed(column.kind):
                raise KeyTypeError(f"column {column.name!r} cannot be a key: {column.field.type_name} has no such form")
            columns[i].type = &column.field.type
            columns[i].validity = column.validity
            columns[i].offsets = column.offsets
            columns[i].data = column.data
            columns[i].offset = column.offset
        with nogil:
            status = pfx_rows_find_keys(
                &self.join.rows, columns, width, batch.length, <int32_t *> writable(keys), &row)
        if status == PFX_OVERFLOW and row >= 0:
            raise KeyTypeError(f"row {row} has no key: its date or time does not fit the key format")
        check(status)
        return keys

    # The next pairs, from where the cursor is; None when there are none.
    cdef Located find_pairs(
        self, ColumnBatch batch, int side, const int32_t *keys, const int64_t *times, pfx_join_cursor *cursor
    ):
        cdef Buffer rows = new_buffer(PAIRS * sizeof(int64_t), self.budget)
        cdef Buffer numbers = new_buffer(PAIRS * sizeof(int64_t), self.budget)
        cdef Buffer stamps = new_buffer(PAIRS * sizeof(int64_t), self.budget)
        cdef int64_t pairs = 0
        with nogil:
            check(pfx_join_probe(
                &self.join, side, keys, times, batch.length, cursor, PAIRS, <int64_t *> writable(rows),
                <int64_t *> writable(numbers), <int64_t *> writable(stamps), &pairs))
        return None if pairs == 0 else self.side(1 - side).locate(numbers, rows, stamps, pairs)

    # Emit pairs from number `first` on, as many as fit in a batch: how many these are.
    cdef int64_t emit_pairs(self, ColumnBatch batch, int side, Located pairs, int64_t first, object emit) except -1:
        cdef const int64_t *mine = <const int64_t *> pairs.mine.data + first
        cdef int64_t count = pairs.count - first
        cdef int64_t left = self.most_bytes
        count = self.fitting_others(pairs, first, fitting(batch, mine, count, 1, &left))
        while True:
            try:
                ours = [take_rows(column, mine, count, False, self.budget) for column in batch.columns]
                others = self.take_others(pairs, first, first + count)
                break
            except LongBatchError:  # of what lies deeper
                if count == 1:
                    raise
                count = count // 2
        columns = ours + others if side == 0 else others + ours
        renamed = tuple([
            (<Column> column).with_field(field) for column, field in zip(columns, self.schema.fields)])
        stamps = trusted_column(TIMESTAMP_FIELD, count, first, 0, None, None, pairs.times, ())
        emit(make_batch(self.schema, renamed, count, stamps, None))
        return count

    # How many of `count` pairs from number `first` on have other rows of few enough bytes, at least one.
    cdef int64_t fitting_others(self, Located pairs, int64_t first, int64_t count) except -1:
        cdef const int64_t *theirs = <const int64_t *> pairs.theirs.data
        cdef int64_t at = first, end, stop = first + count, left = self.most_bytes
        for block, last in zip(pairs.blocks, pairs.ends):
            end = min(<int64_t> last, stop)
            if end > at:
                count = fitting(block, theirs + at, end - at, at == first, &left)
                if count < end - at:
                    return at + count - first
                at = end
        return stop - first

    cdef list take_others(self, Located pairs, int64_t first, int64_t stop):
        cdef const int64_t *theirs = <const int64_t *> pairs.theirs.data
        cdef int64_t at = first, end
        cdef ColumnBatch block
        cdef list parts = []
        for part, last in zip(pairs.blocks, pairs.ends):
            block = part
            end = min(<int64_t> last, stop)
            if end > at:
                parts.append([take_rows(column, theirs + at, end - at, False, self.budget) for column in block.columns])
                at = end
        if len(parts) == 1:
            return parts[0]
        return [concat_rows(list(columns), self.budget) for columns in zip(*parts)]

    # A look at all keys, some at a time, for rows that can make no more pairs.
    cdef int begin_expiring(self) except -1:
        self.expiring = True
        self.added = 0
        self.looked_until = self.latest
        return 0

    cdef int expire(self, int64_t most) except -1:
        cdef int64_t left = 0
        with nogil:
            check(pfx_join_expire(&self.join, most, &left))
        if left == 0:
            self.expiring = False
            self.expire_after = max(self.join.rows.held[0] + self.join.rows.held[1], FEWEST_EXPIRED)
        return 0


def exported_rows(held, int side, key_positions, int max_parallelism, int64_t limit):
    """Rows that a side holds as batches of at most ``limit``."""
    cdef ColumnBatch rows
    for block in held:
        rows = block.rows()
        for start in range(0, rows.length, limit):
            part = rows.slice_rows(start, min(start + limit, rows.length))
            yield exported(part, side, key_positions, max_parallelism)


cdef ColumnBatch exported(ColumnBatch rows, int side, tuple key_positions, int max_parallelism):
    groups = column_key_groups(rows, key_positions, max_parallelism)
    fields = [(<Field> field).renamed(f"row.{field.name}") for field in rows.schema.fields]
    schema = Schema([GROUP_FIELD, TIME_FIELD, *fields], {STATE_METADATA: state_version(side)})
    columns = [(<Column> column).with_field(field) for column, field in zip(rows.columns, fields)]
    stamps = rows.timestamps.with_field(TIME_FIELD)
    return make_batch(
        schema, (Column(GROUP_FIELD, rows.length, [None, groups]), stamps, *columns), rows.length, None, None)
