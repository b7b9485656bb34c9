"""Joins of two columnar streams by key and time."""
cimport cython
from libc.stdint cimport INT64_MAX, INT64_MIN, int32_t, int64_t

from pyflinkx._core.columns.batch cimport ColumnBatch, make_batch
from pyflinkx._core.columns.column cimport (
    Buffer,
    Column,
    first_value,
    new_buffer,
    trusted_column,
    value_start,
    writable,
)
from pyflinkx._core.pfx.arrow cimport PFX_KIND_LIST
from pyflinkx._core.pfx.calendar cimport PFX_NO_TIMESTAMP
from pyflinkx._core.pfx.column_math cimport pfx_int64_largest
from pyflinkx._core.pfx.gather cimport pfx_mask_to_indices
from pyflinkx._core.pfx.interval_join cimport (
    pfx_join,
    pfx_join_add,
    pfx_join_advance,
    pfx_join_cursor,
    pfx_join_expire,
    pfx_join_find_keys,
    pfx_join_forgotten,
    pfx_join_free,
    pfx_join_init,
    pfx_join_late,
    pfx_join_mark,
    pfx_join_probe,
    pfx_join_renumber,
    pfx_join_times,
)
from pyflinkx._core.pfx.key_columns cimport pfx_key_column, pfx_key_column_allowed
from pyflinkx._core.pfx.results cimport PFX_RESULT_BYTES
from pyflinkx._core.pfx.status cimport PFX_OVERFLOW, pfx_status
from pyflinkx._core.columns.gather cimport take_rows
from pyflinkx._core.keys.secret cimport process_secret
from pyflinkx._core.memory.budget cimport MemoryBudget, default_budget
from pyflinkx._core.columns.schema cimport Field, Schema
from pyflinkx._core.status cimport check

from pyflinkx._core.columns.batch import concat
from pyflinkx._core.native.states import STATE_METADATA
from pyflinkx._core.keys.partition import column_key_groups
from pyflinkx.errors import KeyTypeError, LongBatchError

cdef enum:
    MAX_KEY_COLUMNS = 64
    PAIRS = 16384  # of an emitted batch: few enough for their indices to stay in the processor's cache
    FEWEST_EXPIRED = 65536  # rows that come between two looks at all that is held
    LARGEST_BLOCK = 1 << 30  # bytes of what is put together, so that text stays within offsets of 32 bits

cdef Field TIMESTAMP_FIELD = Field("timestamp", "l", False)
cdef Field TIME_FIELD = Field("time", "l", False)
cdef Field GROUP_FIELD = Field("key_group", "i", False)
# Of docs/formats/states.md.
STATE_VERSION = 1


cdef bytes state_version(int side):
    """What the states of a side are."""
    return f"join {'right' if side else 'left'} {STATE_VERSION}".encode()


# How many of the rows at `count` indices, at least one, have together no more than `most` bytes of text in a column. An
# element of a list counts as eight bytes.
cdef int64_t fitting(ColumnBatch batch, const int64_t *indices, int64_t count, int64_t most) except -1:
    cdef Column column
    cdef int64_t i, total, size
    for item in batch.columns:
        column = item
        if column.offset_width == 0:
            continue
        size = 8 if column.kind == PFX_KIND_LIST else 1
        total = 0
        for i in range(count):
            total += (value_start(column, indices[i] + 1) - value_start(column, indices[i])) * size
            if total > most and i > 0:
                count = i
                break
    return count


@cython.final
@cython.no_gc
cdef class Pairs:
    """Pairs of rows of a batch with rows of a block, by their numbers there, and the pairs' times."""

    cdef ColumnBatch block
    cdef Buffer mine
    cdef Buffer theirs
    cdef Buffer times
    cdef int64_t count


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
    # Per side: the rows held, in the order of their numbers, and the number after the last one.
    cdef tuple blocks
    cdef int64_t following[2]
    cdef int64_t added
    cdef int64_t expire_after
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
        self.blocks = ([], [])
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
        return self.join.rows[0], self.join.rows[1]

    def export(self, int side, int max_parallelism, int64_t limit=32_768):
        """The rows that a side holds, as batches in the form of docs/formats/states.md; rows that are forgotten go.

        A generator, which is to be gone through before anything else is called.

        Args:
            side: 0 for the left one, 1 for the right one.
            max_parallelism: number of key groups.
            limit: the most rows of a batch.

        Raises:
            ValueError: an argument is out of range.
        """
        cdef Buffer times
        cdef ColumnBatch block
        cdef int64_t first = 0, start, stop
        if side not in (0, 1) or limit < 1:
            raise ValueError(f"there are no batches of side {side} with at most {limit} rows")
        self.expire()
        times = new_buffer(self.following[side] * sizeof(int64_t), self.budget)
        with nogil:
            pfx_join_times(&self.join, side, <int64_t *> writable(times))
        for part in list(self.blocks[side]):
            block = part
            for start in range(0, block.length, limit):
                stop = min(start + limit, block.length)
                yield self.exported(block.slice_rows(start, stop), side, times, first + start, max_parallelism)
            first += block.length

    cdef ColumnBatch exported(self, ColumnBatch rows, int side, Buffer times, int64_t first, int max_parallelism):
        groups = column_key_groups(rows, self.keys[side], max_parallelism)
        fields = [(<Field> field).renamed(f"row.{field.name}") for field in rows.schema.fields]
        schema = Schema([GROUP_FIELD, TIME_FIELD, *fields], {STATE_METADATA: state_version(side)})
        columns = [(<Column> column).with_field(field) for column, field in zip(rows.columns, fields)]
        stamps = trusted_column(TIME_FIELD, rows.length, first, 0, None, None, times, ())
        return make_batch(
            schema, (Column(GROUP_FIELD, rows.length, [None, groups]), stamps, *columns), rows.length, None, None)

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
        if side not in (0, 1):
            raise ValueError(f"a join has no side {side}")
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
        rows = make_batch(Schema(fields[2:]), tuple(columns[2:]), batch.length, None, None)
        if rows.length > 0:
            times = <const int64_t *> first_value(batch.columns[1])
            self.hold(rows, side, self.find_keys(rows, side), times)

    @property
    def longest(self):
        """The most steps beyond the first that the search for a key takes."""
        return self.join.index.longest

    def advance(self, int64_t watermark):
        """Event time has come to ``watermark`` (ms)."""
        pfx_join_advance(&self.join, watermark)
        # All that was held at the last look is over, so that it is worth another one, however few rows have come since.
        if (self.join.rows[0] + self.join.rows[1] >= FEWEST_EXPIRED
                and pfx_join_forgotten(&self.join, self.looked_until)):
            self.expire()

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
        cdef int64_t i, at, count
        cdef const int64_t *stamps
        cdef pfx_join_cursor cursor
        if side not in (0, 1):
            raise ValueError(f"a join has no side {side}")
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
        cursor.position = -1
        while cursor.row < batch.length:
            for pairs in self.find_pairs(batch, side, <const int32_t *> keys.data, stamps, &cursor):
                at = 0
                while at < (<Pairs> pairs).count:
                    at += self.emit_pairs(batch, side, pairs, at, emit)
                    if at < (<Pairs> pairs).count:
                        yield
            if cursor.row < batch.length:
                yield
        self.hold(batch, side, keys, stamps)
        return late

    # Take rows to a side.
    cdef int hold(self, ColumnBatch batch, int side, Buffer keys, const int64_t *times) except -1:
        with nogil:
            check(pfx_join_add(
                &self.join, side, <const int32_t *> keys.data, times, batch.length, self.following[side]))
            self.latest = max(self.latest, pfx_int64_largest(times, batch.length))
        self.following[side] += batch.length
        # The rows' times are in the join's own table.
        self.keep(make_batch(batch.schema, batch.columns, batch.length, None, None), side)
        self.added += batch.length
        if self.added >= self.expire_after:
            self.expire()
        return 0

    cdef Buffer find_keys(self, ColumnBatch batch, int side):
        cdef pfx_key_column columns[MAX_KEY_COLUMNS]
        cdef Buffer keys = new_buffer(batch.length * sizeof(int32_t), self.budget)
        cdef tuple positions = self.keys[side]
        cdef int32_t width = <int32_t> len(positions)
        cdef Column column
        cdef int64_t row = -1
        cdef pfx_status status
        for part in self.blocks[1 - side][:1]:
            pairs = len(batch.columns) + len((<ColumnBatch> part).columns)
            if pairs != len(self.schema.fields):
                raise ValueError(f"pairs of {pairs} columns, not {len(self.schema.fields)}")
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
            status = pfx_join_find_keys(
                &self.join, columns, width, batch.length, <int32_t *> writable(keys), &row)
        if status == PFX_OVERFLOW and row >= 0:
            raise KeyTypeError(f"row {row} has no key: its date or time does not fit the key format")
        check(status)
        return keys

    # The next pairs, from where the cursor is, by the block that has the other rows.
    cdef list find_pairs(
        self, ColumnBatch batch, int side, const int32_t *keys, const int64_t *times, pfx_join_cursor *cursor
    ):
        cdef list found = []
        cdef Buffer rows = new_buffer(PAIRS * sizeof(int64_t), self.budget)
        cdef Buffer numbers = new_buffer(PAIRS * sizeof(int64_t), self.budget)
        cdef Buffer stamps = new_buffer(PAIRS * sizeof(int64_t), self.budget)
        cdef int64_t pairs = 0
        cdef int64_t first = 0
        cdef ColumnBatch block
        with nogil:
            check(pfx_join_probe(
                &self.join, side, keys, times, batch.length, cursor, PAIRS, <int64_t *> writable(rows),
                <int64_t *> writable(numbers), <int64_t *> writable(stamps), &pairs))
        if pairs == 0:
            return found
        for part in self.blocks[1 - side]:
            block = part
            self.pick_pairs(block, first, rows, numbers, stamps, pairs, found)
            first += block.length
        return found

    # Those pairs whose other row lies in a block, which starts with the row of number `first`.
    cdef int pick_pairs(
        self, ColumnBatch block, int64_t first, Buffer rows, Buffer numbers, Buffer stamps, int64_t pairs, list found
    ) except -1:
        cdef Pairs picked
        cdef Buffer mine = new_buffer(pairs * sizeof(int64_t), self.budget)
        cdef Buffer theirs = new_buffer(pairs * sizeof(int64_t), self.budget)
        cdef Buffer times = new_buffer(pairs * sizeof(int64_t), self.budget)
        cdef int64_t *mine_at = <int64_t *> writable(mine)
        cdef int64_t *theirs_at = <int64_t *> writable(theirs)
        cdef int64_t *times_at = <int64_t *> writable(times)
        cdef int64_t count = 0
        cdef int64_t i, at
        with nogil:
            for i in range(pairs):
                at = (<const int64_t *> numbers.data)[i] - first
                mine_at[count] = (<const int64_t *> rows.data)[i]
                theirs_at[count] = at
                times_at[count] = (<const int64_t *> stamps.data)[i]
                count += 0 <= at < block.length
        if count == 0:
            return 0
        picked = Pairs.__new__(Pairs)
        picked.block, picked.mine, picked.theirs, picked.times, picked.count = block, mine, theirs, times, count
        found.append(picked)
        return 0

    # Emit pairs from number `first` on, as many as fit in a batch: how many these are.
    cdef int64_t emit_pairs(self, ColumnBatch batch, int side, Pairs pairs, int64_t first, object emit) except -1:
        cdef const int64_t *mine = <const int64_t *> pairs.mine.data + first
        cdef const int64_t *theirs = <const int64_t *> pairs.theirs.data + first
        cdef int64_t count = fitting(batch, mine, pairs.count - first, self.most_bytes)
        count = fitting(pairs.block, theirs, count, self.most_bytes)
        while True:
            try:
                ours = [take_rows(column, mine, count, False, self.budget) for column in batch.columns]
                others = [take_rows(column, theirs, count, False, self.budget) for column in pairs.block.columns]
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

    # Few blocks are quick to look through, and each row is copied a logarithm of times.
    cdef int keep(self, ColumnBatch batch, int side) except -1:
        cdef list blocks = self.blocks[side]
        cdef ColumnBatch before
        while blocks:
            before = blocks[len(blocks) - 1]
            if before.length > 2 * batch.length or before.nbytes > LARGEST_BLOCK - batch.nbytes:
                break
            batch = concat([blocks.pop(), batch], self.budget)
        blocks.append(batch)
        return 0

    # What can make no more pairs goes, and what stays is numbered anew, from 0.
    cdef int expire(self) except -1:
        cdef int side
        with nogil:
            check(pfx_join_expire(&self.join))
        for side in range(2):
            self.shrink(side)
        self.added = 0
        self.looked_until = self.latest
        self.expire_after = max(self.join.rows[0] + self.join.rows[1], FEWEST_EXPIRED)
        return 0

    cdef int shrink(self, int side) except -1:
        cdef int64_t total = self.following[side]
        cdef int64_t kept = 0
        cdef int64_t first = 0
        cdef int64_t i, start
        cdef Buffer held = new_buffer(total, self.budget, zero=True)
        cdef Buffer numbers = new_buffer(total * sizeof(int64_t), self.budget)
        cdef Buffer indices = new_buffer(total * sizeof(int64_t), self.budget)
        cdef ColumnBatch block
        cdef list held_blocks = self.blocks[side][:]
        with nogil:
            pfx_join_mark(&self.join, side, writable(held))
            for i in range(total):
                (<int64_t *> writable(numbers))[i] = kept
                kept += held.data[i]
            pfx_join_renumber(&self.join, side, <const int64_t *> numbers.data)
        (<list> self.blocks[side]).clear()
        for part in held_blocks:
            block = part
            start = (<const int64_t *> numbers.data)[first] if first < total else kept
            pfx_mask_to_indices(held.data + first, block.length, <int64_t *> writable(indices))
            first += block.length
            i = ((<const int64_t *> numbers.data)[first] if first < total else kept) - start
            if i:
                self.keep(block.take_checked(<const int64_t *> indices.data, i, self.budget), side)
        self.following[side] = kept
        return 0
