"""The columns of rows that are held by number (pfx/rows.h says which key has which)."""
cimport cython
from libc.stdint cimport INT64_MAX, INT64_MIN, int32_t, int64_t, uint8_t
from libc.string cimport memcpy

from pyflinkx._core.columns.batch cimport ColumnBatch
from pyflinkx._core.columns.column cimport Buffer, new_buffer, writable
from pyflinkx._core.memory.budget cimport MemoryBudget
from pyflinkx._core.pfx.column_math cimport pfx_int64_largest
from pyflinkx._core.pfx.gather cimport pfx_mask_to_indices

from pyflinkx._core.columns.batch import concat

# What is put together into one block: so few that no copy of them takes long, so many that there are few blocks.
cdef enum:
    BLOCK_ROWS = 1 << 18
    BLOCK_BYTES = 1 << 25
    MOST_BLOCKS = 16  # before those that have lost rows are put together, and looking for a number takes longer
    LOOKED_PER_ROW = 4


@cython.final
@cython.no_gc
cdef class Block:
    """Rows with ascending numbers; never changed."""

    cdef ColumnBatch rows
    cdef int64_t first      # number
    cdef int64_t following  # more than that of any row
    cdef Buffer numbers     # of each row; None where none is missing
    cdef int64_t earliest   # time
    cdef int64_t latest

    cdef int64_t number(self, int64_t row) noexcept:
        return self.first + row if self.numbers is None else (<const int64_t *> self.numbers.data)[row]


cdef Block make_block(ColumnBatch rows, int64_t first, int64_t following, Buffer numbers):
    cdef Block block = Block.__new__(Block)
    cdef const int64_t *times = rows.timestamp_values()
    cdef int64_t i
    block.rows, block.first, block.following, block.numbers = rows, first, following, numbers
    block.earliest = INT64_MAX
    with nogil:
        block.latest = pfx_int64_largest(times, rows.length)
        for i in range(rows.length):
            block.earliest = min(block.earliest, times[i])
    return block


cdef Block join_blocks(Block one, Block other, MemoryBudget budget):
    """The rows of two blocks that follow each other."""
    cdef Block joined = Block.__new__(Block)
    cdef Buffer numbers
    cdef int64_t i, length = one.rows.length + other.rows.length
    joined.rows = concat([one.rows, other.rows], budget)
    joined.first, joined.following = one.first, other.following
    joined.earliest, joined.latest = min(one.earliest, other.earliest), max(one.latest, other.latest)
    if one.numbers is None and other.numbers is None and one.first + one.rows.length == other.first:
        return joined
    numbers = new_buffer(length * sizeof(int64_t), budget)
    for i in range(one.rows.length):
        (<int64_t *> writable(numbers))[i] = one.number(i)
    for i in range(other.rows.length):
        (<int64_t *> writable(numbers))[one.rows.length + i] = other.number(i)
    joined.numbers = numbers
    return joined


cdef Block later_rows(Block block, int64_t until, MemoryBudget budget):
    """The rows with a later time; None when there are none."""
    cdef const int64_t *times = block.rows.timestamp_values()
    cdef int64_t i, length = block.rows.length, kept = 0
    cdef Buffer mask, indices, numbers
    if block.latest <= until or length == 0:
        return None
    if block.earliest > until:
        return block
    mask = new_buffer(length, budget)
    with nogil:
        for i in range(length):
            (<uint8_t *> writable(mask))[i] = times[i] > until
            kept += times[i] > until
    indices = new_buffer((kept + 1) * sizeof(int64_t), budget)
    numbers = new_buffer(kept * sizeof(int64_t), budget)
    with nogil:
        pfx_mask_to_indices(mask.data, length, <int64_t *> writable(indices))
    for i in range(kept):
        (<int64_t *> writable(numbers))[i] = block.number((<const int64_t *> indices.data)[i])
    rows = block.rows.take_checked(<const int64_t *> indices.data, kept, budget)
    return make_block(rows, block.first, block.following, numbers)


cdef bint are_small(Block one, Block other) except -1:
    """Whether they are not too large for one block."""
    return (one.rows.length + other.rows.length <= BLOCK_ROWS
            and one.rows.nbytes + other.rows.nbytes <= BLOCK_BYTES)


cdef Block compacted(Block block, int64_t until, MemoryBudget budget):
    """The block without most of its rows that are not later, if these are most of it."""
    cdef const int64_t *times = block.rows.timestamp_values()
    cdef int64_t i, later = 0, start = -1, stop = 0
    cdef Buffer indices
    with nogil:
        for i in range(block.rows.length):
            if times[i] > until:
                later += 1
                start = i if start < 0 else start
                stop = i + 1
    if later * 2 >= block.rows.length:
        return block
    if block.numbers is not None or later * 2 < stop - start:
        return later_rows(block, until, budget)
    # Times hardly ever fall far, so that rows that are over stand before the others: numbers without gaps can stay so.
    indices = new_buffer((stop - start) * sizeof(int64_t), budget)
    for i in range(stop - start):
        (<int64_t *> writable(indices))[i] = start + i
    rows = block.rows.take_checked(<const int64_t *> indices.data, stop - start, budget)
    return make_block(rows, block.first + start, block.first + stop, None)


@cython.final
@cython.no_gc
cdef class Located:
    pass


@cython.final
cdef class HeldColumns:
    """Rows in the order of their numbers, in blocks that are never changed: who has them has what was held then.

    Args:
        budget: what they are charged to.
    """

    def __cinit__(self, MemoryBudget budget not None):
        self.budget = budget
        self.blocks = []

    @property
    def width(self):
        """How many columns the rows have; None when there are no rows."""
        return len((<Block> self.blocks[0]).rows.columns) if self.blocks else None

    def rows_after(self, int64_t until):
        """The rows with a later time than ``until``, as a list of batches that is as it is now whatever comes: another
        thread may go through it."""
        return [
            later for later in [HeldBlock(block, until, self.budget) for block in self.blocks] if later.latest > until
        ]

    cdef int add(self, ColumnBatch batch) except -1:
        cdef Block block, before
        if batch.length == 0:
            return 0
        block = make_block(batch, self.following, self.following + batch.length, None)
        self.following += batch.length
        self.credit += batch.length * LOOKED_PER_ROW
        while self.blocks:
            # Each row is copied a logarithm of times.
            before = self.blocks[len(self.blocks) - 1]
            if (before.rows.length > 2 * block.rows.length or before.following != block.first
                    or before.numbers is not None or not are_small(before, block)):
                break
            block = join_blocks(before, block, self.budget)
            self.blocks.pop()
        self.blocks.append(block)
        return 0

    cdef int expire(self, int64_t until) except -1:
        cdef Block block, before
        cdef int64_t length
        if until == INT64_MIN or not self.blocks:
            return 0
        if any([(<Block> part).latest <= until for part in self.blocks]):
            self.blocks = [part for part in self.blocks if (<Block> part).latest > until]
        while self.blocks:
            self.looked = self.looked if self.looked < len(self.blocks) else 0
            block = self.blocks[self.looked]
            length = block.rows.length
            if self.credit < length:
                break
            self.credit -= length
            if block.earliest <= until:
                block = compacted(block, until, self.budget)
                self.blocks[self.looked] = block
            if self.looked > 0 and len(self.blocks) > MOST_BLOCKS:
                before = self.blocks[self.looked - 1]
                if before.rows.length + block.rows.length <= BLOCK_ROWS // 2 and are_small(before, block):
                    self.blocks[self.looked - 1:self.looked + 1] = [join_blocks(before, block, self.budget)]
                    self.looked -= 1
            self.looked += 1
            if self.looked == len(self.blocks):
                # What is left is for the rows that are to come.
                self.credit = min(self.credit, BLOCK_ROWS)
                break
        return 0

    cdef Located locate(self, Buffer numbers, Buffer mine, Buffer times, int64_t count):
        cdef Located found = Located.__new__(Located)
        cdef Block block
        cdef int64_t blocks = len(self.blocks), i, end, at, low, half, left
        cdef Buffer firsts, owners, ends, order
        cdef const int64_t *sought = <const int64_t *> numbers.data
        cdef int64_t *first_numbers
        cdef int64_t *ending
        cdef int64_t *positions
        cdef int32_t *owner
        found.count = count
        found.blocks = []
        found.ends = []
        block = self.blocks[0]
        if blocks == 1:
            found.mine, found.times = mine, times
            found.theirs = located_in(block, sought, count, self.budget)
            found.blocks.append(block.rows)
            found.ends.append(count)
            return found
        firsts = new_buffer(blocks * sizeof(int64_t), self.budget)
        first_numbers = <int64_t *> writable(firsts)
        for i in range(blocks):
            first_numbers[i] = (<Block> self.blocks[i]).first
        owners = new_buffer(count * sizeof(int32_t), self.budget)
        owner = <int32_t *> writable(owners)
        ends = new_buffer((blocks + 1) * sizeof(int64_t), self.budget, zero=True)
        ending = <int64_t *> writable(ends)
        order = new_buffer(count * sizeof(int64_t), self.budget)
        positions = <int64_t *> writable(order)
        with nogil:
            for i in range(count):
                low = 0
                left = blocks
                while left > 1:
                    half = left // 2
                    low += half if first_numbers[low + half] <= sought[i] else 0
                    left -= half
                owner[i] = <int32_t> low
                ending[low + 1] += 1
            for i in range(blocks):
                ending[i + 1] += ending[i]
            # ending[b] is where block b begins, and becomes where it ends.
            for i in range(count):
                positions[ending[owner[i]]] = i
                ending[owner[i]] += 1
        found.mine = reordered(mine, positions, count, self.budget)
        found.times = reordered(times, positions, count, self.budget)
        numbers = reordered(numbers, positions, count, self.budget)
        found.theirs = numbers
        at = 0
        for i in range(blocks):
            end = ending[i]
            if end == at:
                continue
            block = self.blocks[i]
            locate_in(block, <int64_t *> writable(numbers) + at, end - at)
            found.blocks.append(block.rows)
            found.ends.append(end)
            at = end
        return found


cdef Buffer located_in(Block block, const int64_t *numbers, int64_t count, MemoryBudget budget):
    """Where in the block the rows of those numbers are."""
    cdef Buffer places = new_buffer(count * sizeof(int64_t), budget)
    memcpy(writable(places), numbers, count * sizeof(int64_t))
    locate_in(block, <int64_t *> writable(places), count)
    return places


cdef void locate_in(Block block, int64_t *numbers, int64_t count) noexcept:
    """The same, in place."""
    cdef int64_t i, low, half, left
    cdef const int64_t *known
    if block.numbers is None:
        for i in range(count):
            numbers[i] -= block.first
        return
    known = <const int64_t *> block.numbers.data
    for i in range(count):
        low = 0
        left = block.rows.length
        while left > 1:
            half = left // 2
            low += half if known[low + half] <= numbers[i] else 0
            left -= half
        numbers[i] = low


cdef Buffer reordered(Buffer values, const int64_t *positions, int64_t count, MemoryBudget budget):
    cdef Buffer result = new_buffer(count * sizeof(int64_t), budget)
    cdef int64_t *to = <int64_t *> writable(result)
    cdef const int64_t *items = <const int64_t *> values.data
    cdef int64_t i
    with nogil:
        for i in range(count):
            to[i] = items[positions[i]]
    return result


@cython.final
cdef class HeldBlock:
    """What was held of a block when it was asked for."""

    cdef Block block
    cdef int64_t until
    cdef MemoryBudget budget

    def __cinit__(self, Block block not None, int64_t until, MemoryBudget budget not None):
        self.block = block
        self.until = until
        self.budget = budget

    @property
    def latest(self):
        """The latest time of a row."""
        return self.block.latest

    def rows(self):
        """Its rows, as a batch with timestamps."""
        return later_rows(self.block, self.until, self.budget).rows
