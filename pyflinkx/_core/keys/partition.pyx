"""Where a record goes: key groups, the subtasks that own them, and the division of a batch among subtasks."""
from cpython cimport array
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.list cimport PyList_GET_ITEM, PyList_New, PyList_SET_ITEM
from cpython.long cimport PyLong_AsLongLongAndOverflow
from cpython.ref cimport Py_INCREF
from libc.stdint cimport int32_t, int64_t, uint64_t

from pyflinkx._core.columns.batch cimport ColumnBatch
from pyflinkx._core.columns.column cimport Buffer, Column, first_value, new_buffer, writable
from pyflinkx._core.pfx.key cimport (
    PFX_MAX_KEY_GROUPS,
    pfx_key,
    pfx_key_clear,
    pfx_key_free,
    pfx_key_group,
    pfx_key_group_range,
    pfx_key_hash,
    pfx_key_hash_long,
    pfx_key_init,
    pfx_subtask,
)
from pyflinkx._core.pfx.key_columns cimport (
    pfx_column_key_groups,
    pfx_key_column,
    pfx_key_column_allowed,
    pfx_key_put_row,
)
from pyflinkx._core.pfx.status cimport PFX_OK, PFX_OVERFLOW, pfx_status
from pyflinkx._core.pfx.xxh64 cimport pfx_xxh64
from pyflinkx._core.keys.encoder cimport KeyEncoder
from pyflinkx._core.keys.canonical cimport put_key
from pyflinkx._core.memory.budget cimport MemoryBudget, default_budget
from pyflinkx._core.records.objects cimport ObjectBatch
from pyflinkx._core.status cimport check

import array as array_module

from pyflinkx._core.keys.canonical import KEY_FORMAT, canonical_key_bytes, check_key
from pyflinkx.errors import KeyTypeError

__all__ = [
    "KEY_FORMAT",
    "MAX_KEY_GROUPS",
    "canonical_key_bytes",
    "check_key",
    "column_key_bytes",
    "column_key_groups",
    "key_group",
    "key_group_range",
    "key_groups",
    "scatter_by_key",
    "scatter_columns",
    "scatter_objects",
    "slice_by_key_group",
    "subtask_of",
    "subtasks_of",
    "xxh64",
]

MAX_KEY_GROUPS = PFX_MAX_KEY_GROUPS

cdef enum:
    MAX_KEY_COLUMNS = 64

cdef array.array INTS = array_module.array("i")
cdef array.array LONGS = array_module.array("q")
cdef array.array BYTES = array_module.array("b")


def xxh64(const unsigned char[::1] data, seed=0):
    """XXH64 of a contiguous buffer, as an unsigned 64-bit int.

    Args:
        data: bytes, or any contiguous buffer of unsigned bytes.
        seed: unsigned 64-bit int.

    Raises:
        OverflowError: the seed does not fit 64 bits.

    Example:
        >>> hex(xxh64(b""))
        '0xef46db3751d8e999'
    """
    cdef const void *start = &data[0] if len(data) else NULL
    return pfx_xxh64(start, len(data), seed)


cdef int check_key_groups(int max_parallelism) except -1:
    if not 1 <= max_parallelism <= PFX_MAX_KEY_GROUPS:
        raise ValueError(f"max parallelism must be 1 to {PFX_MAX_KEY_GROUPS}, not {max_parallelism}")
    return 0


cdef int check_parallelism(int max_parallelism, int parallelism) except -1:
    check_key_groups(max_parallelism)
    if not 1 <= parallelism <= max_parallelism:
        raise ValueError(f"parallelism must be 1 to the max parallelism of {max_parallelism}, not {parallelism}")
    return 0


cdef uint64_t hash_key(pfx_key *out, object key, KeyEncoder encoder) except? 0:
    """XXH64 of a key's canonical bytes, which are left in ``out`` unless the key is a short int."""
    cdef int overflow = 0
    cdef long long value
    if encoder is None:
        if type(key) is int:
            value = PyLong_AsLongLongAndOverflow(key, &overflow)
            if overflow == 0:
                return pfx_key_hash_long(value)
        pfx_key_clear(out)
        put_key(out, key, 0)
    else:
        pfx_key_clear(out)
        encoder.put(out, key)
    return pfx_key_hash(out)


def key_group(key, int max_parallelism, KeyEncoder encoder=None):
    """The key group of a key: XXH64 of its canonical bytes modulo the max parallelism.

    Args:
        key: any key that ``canonical_key_bytes`` takes.
        max_parallelism: number of key groups, 1 to MAX_KEY_GROUPS.
        encoder: of the declared key type, if there is one.

    Raises:
        KeyTypeError: the key has no canonical bytes, or not the declared type.
        ValueError: the max parallelism lies outside its range.

    Example:
        >>> key_group("a", 128) == key_groups(["a"], 128)[0]
        True
    """
    cdef pfx_key out
    check_key_groups(max_parallelism)
    pfx_key_init(&out, &default_budget.budget)
    try:
        return pfx_key_group(hash_key(&out, key, encoder), max_parallelism)
    finally:
        pfx_key_free(&out)


def key_groups(keys, int max_parallelism, KeyEncoder encoder=None):
    """The key groups of many keys, as an ``array.array("i")``; see ``key_group``."""
    # A tuple of our own: writing a key can call user code (a zone, a dataclass property), which might change the list.
    cdef tuple fixed = tuple(keys)
    cdef Py_ssize_t count = len(fixed)
    cdef array.array groups = array.clone(INTS, count, False)
    cdef Py_ssize_t i
    cdef pfx_key out
    check_key_groups(max_parallelism)
    pfx_key_init(&out, &default_budget.budget)
    try:
        for i in range(count):
            groups.data.as_ints[i] = pfx_key_group(hash_key(&out, fixed[i], encoder), max_parallelism)
    finally:
        pfx_key_free(&out)
    return groups


# ---- columns ----


cdef int borrow_columns(ColumnBatch batch, columns, pfx_key_column *out) except -1:
    cdef Column column
    cdef Py_ssize_t i
    for i in range(len(columns)):
        column = batch.columns[batch.schema.index_of(columns[i])]
        if not pfx_key_column_allowed(column.kind):
            raise KeyTypeError(
                f"column {column.name!r} cannot be a key: {column.field.type_name} has no canonical form as a column"
            )
        out[i].type = &column.field.type
        out[i].validity = column.validity
        out[i].offsets = column.offsets
        out[i].data = column.data
        out[i].offset = column.offset
    return 0


cdef int raise_for_row(pfx_status status, ColumnBatch batch, tuple columns, int64_t row) except -1:
    if status == PFX_OVERFLOW:
        names = ", ".join([repr((<Column> batch.columns[batch.schema.index_of(key)]).name) for key in columns])
        raise KeyTypeError(f"row {row} has no key by {names}: its date or time does not fit the key format")
    return check(status)


def column_key_groups(ColumnBatch batch not None, columns, int max_parallelism):
    """The key group of each row of a batch, as an ``array.array("i")``.

    They are the groups of the Python values that the rows stand for (``key_groups``), found without making any.

    Args:
        columns: the key's columns, by name or number. One column is the key itself, several are a tuple.
        max_parallelism: number of key groups, 1 to MAX_KEY_GROUPS.

    Raises:
        KeyTypeError: a column is a list or a struct, or a row's value lies outside of what a key can hold.
        KeyError, IndexError: there is no such column.
        ValueError: there are no columns, or the max parallelism lies outside its range.

    Example:
        >>> batch = ColumnBatch.from_arrow(pyarrow.record_batch({"a": [1, 2]}))
        >>> column_key_groups(batch, ["a"], 128) == key_groups([1, 2], 128)
        True
    """
    cdef tuple keys = tuple(columns)
    cdef array.array groups = array.clone(INTS, batch.length, False)
    cdef pfx_key_column few[MAX_KEY_COLUMNS]
    cdef int64_t row = 0
    cdef int32_t count = <int32_t> len(keys)
    cdef pfx_status status
    check_key_groups(max_parallelism)
    if not 1 <= len(keys) <= MAX_KEY_COLUMNS:
        raise ValueError(f"a key has 1 to {MAX_KEY_COLUMNS} columns, not {len(keys)}")
    borrow_columns(batch, keys, few)
    with nogil:
        status = pfx_column_key_groups(
            few, count, batch.length, max_parallelism, &default_budget.budget, <int32_t *> groups.data.as_ints, &row)
    if status != PFX_OK:
        raise_for_row(status, batch, keys, row)
    return groups


def column_key_bytes(ColumnBatch batch not None, columns, int64_t row):
    """The canonical bytes of one row's key: those of the Python value that it stands for; see ``column_key_groups``.

    Raises:
        IndexError: there is no such row.
    """
    cdef tuple keys = tuple(columns)
    cdef pfx_key_column few[MAX_KEY_COLUMNS]
    cdef pfx_key out
    cdef pfx_status status
    if not 1 <= len(keys) <= MAX_KEY_COLUMNS:
        raise ValueError(f"a key has 1 to {MAX_KEY_COLUMNS} columns, not {len(keys)}")
    if not 0 <= row < batch.length:
        raise IndexError(f"row {row} of {batch.length}")
    borrow_columns(batch, keys, few)
    pfx_key_init(&out, &default_budget.budget)
    try:
        status = pfx_key_put_row(&out, few, <int32_t> len(keys), row)
        if status != PFX_OK:
            raise_for_row(status, batch, keys, row)
        return PyBytes_FromStringAndSize(<const char *> out.bytes, out.size)
    finally:
        pfx_key_free(&out)


# ---- subtasks ----


def key_group_range(int subtask, int max_parallelism, int parallelism):
    """The key groups that a subtask owns, as a ``range``; never empty, and all subtasks' ranges tile the key groups.

    Args:
        subtask: index, 0 to parallelism - 1.
        max_parallelism: number of key groups, 1 to MAX_KEY_GROUPS.
        parallelism: number of subtasks, 1 to the max parallelism.

    Raises:
        ValueError: an argument lies outside its range.

    Example:
        >>> key_group_range(1, 128, 3)
        range(43, 86)
    """
    cdef int32_t start = 0
    cdef int32_t stop = 0
    check_parallelism(max_parallelism, parallelism)
    if not 0 <= subtask < parallelism:
        raise ValueError(f"there is no subtask {subtask} of {parallelism}")
    pfx_key_group_range(subtask, max_parallelism, parallelism, &start, &stop)
    return range(start, stop)


def subtask_of(int group, int max_parallelism, int parallelism):
    """The subtask that owns a key group: group × parallelism div max parallelism.

    Raises:
        ValueError: an argument lies outside its range.

    Example:
        >>> subtask_of(43, 128, 3)
        1
    """
    check_parallelism(max_parallelism, parallelism)
    if not 0 <= group < max_parallelism:
        raise ValueError(f"there is no key group {group} of {max_parallelism}")
    return pfx_subtask(group, max_parallelism, parallelism)


def subtasks_of(const int[::1] groups, int max_parallelism, int parallelism):
    """The subtasks that own key groups, as an ``array.array("i")``; see ``subtask_of``."""
    cdef Py_ssize_t count = groups.shape[0]
    cdef array.array subtasks = array.clone(INTS, count, False)
    cdef int *found = subtasks.data.as_ints
    cdef Py_ssize_t i, wrong = -1
    check_parallelism(max_parallelism, parallelism)
    with nogil:
        for i in range(count):
            if not 0 <= groups[i] < max_parallelism:
                wrong = i
                break
            found[i] = pfx_subtask(groups[i], max_parallelism, parallelism)
    if wrong >= 0:
        raise ValueError(f"there is no key group {groups[wrong]} of {max_parallelism}")
    return subtasks


# ---- scatter ----


cdef array.array count_rows(const int[::1] subtasks, Py_ssize_t rows, int count):
    """How many rows go to each of ``count`` subtasks, as an array of int64."""
    cdef array.array counts
    cdef long long *found
    cdef Py_ssize_t i, wrong = -1
    if subtasks.shape[0] != rows:
        raise ValueError(f"a batch of {rows} rows, but {subtasks.shape[0]} subtasks")
    if count < 0:
        raise ValueError(f"the number of subtasks cannot be negative: {count}")
    counts = array.clone(LONGS, count, True)
    found = counts.data.as_longlongs
    with nogil:
        for i in range(rows):
            if not 0 <= subtasks[i] < count:
                wrong = i
                break
            found[subtasks[i]] += 1
    if wrong >= 0:
        raise ValueError(f"row {wrong} goes to subtask {subtasks[wrong]} of {count}")
    return counts


cdef int sole_receiver(array.array counts, Py_ssize_t rows) noexcept:
    """The subtask that gets every row, or -1."""
    cdef Py_ssize_t i
    for i in range(len(counts)):
        if counts.data.as_longlongs[i] == rows:
            return <int>i
    return -1


def scatter_objects(ObjectBatch batch not None, const int[::1] subtasks, int count):
    """Divide a batch among subtasks; the records keep their order, timestamps and row kinds.

    Args:
        batch: taken over: a batch that goes to one subtask as a whole is passed on as it is.
        subtasks: ``array.array("i")``, the subtask of each record.
        count: number of subtasks.

    Returns:
        A list of ``count`` batches, None where a subtask gets no record.

    Raises:
        ValueError: the lengths differ, or a subtask lies outside 0 to count - 1.

    Example:
        >>> [part and part.values for part in scatter_objects(ObjectBatch(["a", "b", "c"]), array("i", [2, 0, 2]), 3)]
        [['b'], None, ['a', 'c']]
    """
    cdef Py_ssize_t rows = len(batch.values)
    cdef array.array counts = count_rows(subtasks, rows, count)
    cdef list parts = [None] * count
    if rows == 0:
        return parts
    cdef int sole = sole_receiver(counts, rows)
    if sole >= 0:
        parts[sole] = batch
        return parts
    cdef list values = scatter_values(batch.values, subtasks, counts)
    cdef list timestamps = None
    cdef list kinds = None
    if batch.timestamps is not None:
        timestamps = scatter_longs(batch.timestamps, subtasks, counts)
    if batch.kinds is not None:
        kinds = scatter_bytes(batch.kinds, subtasks, counts)
    cdef int i
    for i in range(count):
        if counts.data.as_longlongs[i]:
            parts[i] = ObjectBatch(
                values[i],
                None if timestamps is None else timestamps[i],
                None if kinds is None else kinds[i],
            )
    return parts


cdef list scatter_values(list values, const int[::1] subtasks, array.array counts):
    cdef array.array filled = array.clone(LONGS, len(counts), True)
    cdef long long *position = filled.data.as_longlongs
    cdef list parts = [PyList_New(counts.data.as_longlongs[i]) for i in range(len(counts))]
    cdef Py_ssize_t row
    cdef int subtask
    # No Python code runs in this loop, so nobody sees a list with empty places.
    for row in range(len(values)):
        subtask = subtasks[row]
        value = <object>PyList_GET_ITEM(values, row)
        Py_INCREF(value)
        PyList_SET_ITEM(<object>PyList_GET_ITEM(parts, subtask), position[subtask], value)
        position[subtask] += 1
    return parts


cdef list scatter_longs(const long long[::1] values, const int[::1] subtasks, array.array counts):
    cdef array.array filled = array.clone(LONGS, len(counts), True)
    cdef long long *position = filled.data.as_longlongs
    cdef list parts = [array.clone(LONGS, counts.data.as_longlongs[i], False) for i in range(len(counts))]
    cdef Py_ssize_t row
    cdef int subtask
    check_rows(values.shape[0], subtasks.shape[0])
    for row in range(subtasks.shape[0]):
        subtask = subtasks[row]
        (<array.array>PyList_GET_ITEM(parts, subtask)).data.as_longlongs[position[subtask]] = values[row]
        position[subtask] += 1
    return parts


cdef list scatter_bytes(const signed char[::1] values, const int[::1] subtasks, array.array counts):
    cdef array.array filled = array.clone(LONGS, len(counts), True)
    cdef long long *position = filled.data.as_longlongs
    cdef list parts = [array.clone(BYTES, counts.data.as_longlongs[i], False) for i in range(len(counts))]
    cdef Py_ssize_t row
    cdef int subtask
    check_rows(values.shape[0], subtasks.shape[0])
    for row in range(subtasks.shape[0]):
        subtask = subtasks[row]
        (<array.array>PyList_GET_ITEM(parts, subtask)).data.as_schars[position[subtask]] = values[row]
        position[subtask] += 1
    return parts


cdef int check_rows(Py_ssize_t have, Py_ssize_t expected) except -1:
    # The attributes of a batch are public: what fitted when it was made may not fit now.
    if have != expected:
        raise ValueError(f"a batch of {expected} rows has {have} timestamps or row kinds")
    return 0


def scatter_columns(ColumnBatch batch not None, const int[::1] subtasks, int count, MemoryBudget budget=None):
    """Divide a batch of columns among subtasks; as ``scatter_objects``, but the rows are copied.

    Args:
        batch: passed on as it is when it goes to one subtask as a whole.
        subtasks: ``array.array("i")``, the subtask of each row.
        count: number of subtasks.
        budget: what the copies are charged to; the process's when None.

    Returns:
        A list of ``count`` batches, None where a subtask gets no row.

    Raises:
        ValueError: the lengths differ, or a subtask lies outside 0 to count - 1.

    Example:
        >>> batch = ColumnBatch.from_arrow(pyarrow.record_batch({"a": [1, 2, 3]}))
        >>> scatter_columns(batch, array("i", [1, 0, 1]), 2)
        [ColumnBatch(1 rows: a int64), ColumnBatch(2 rows: a int64)]
    """
    cdef array.array counts = count_rows(subtasks, batch.length, count)
    return divided(batch, &subtasks[0] if batch.length else NULL, counts, budget)


cdef list divided(ColumnBatch batch, const int *subtasks, array.array counts, MemoryBudget budget):
    """The rows of a batch by subtask, each of which has that many."""
    cdef Py_ssize_t rows = batch.length
    cdef int i, count = len(counts)
    cdef list parts = [None] * count
    if rows == 0:
        return parts
    i = sole_receiver(counts, rows)
    if i >= 0:
        parts[i] = batch
        return parts
    # The rows of subtask 0 in order, then those of subtask 1, and so on.
    cdef Buffer indices = new_buffer(rows * sizeof(int64_t), budget)
    cdef int64_t *sorted_rows = <int64_t *> writable(indices)
    cdef array.array ends = array.clone(LONGS, count, True)
    cdef long long *next_row = ends.data.as_longlongs
    cdef int64_t end = 0
    cdef Py_ssize_t row
    for i in range(count):
        next_row[i] = end
        end += counts.data.as_longlongs[i]
    with nogil:
        for row in range(rows):
            sorted_rows[next_row[subtasks[row]]] = row
            next_row[subtasks[row]] += 1
    for i in range(count):
        if counts.data.as_longlongs[i]:
            end = ends.data.as_longlongs[i]
            parts[i] = batch.take_checked(
                sorted_rows + end - counts.data.as_longlongs[i], counts.data.as_longlongs[i], budget)
    return parts


def scatter_by_key(ColumnBatch batch not None, columns, int max_parallelism, int count, MemoryBudget budget=None):
    """Divide a batch of columns among the subtasks that have its rows' keys: ``column_key_groups`` and what follows.

    Args:
        batch: passed on as it is when it goes to one subtask as a whole.
        columns: the key's columns, by name or number.
        max_parallelism: number of key groups, 1 to MAX_KEY_GROUPS.
        count: number of subtasks, 1 to the max parallelism.
        budget: what the copies are charged to; the process's when None.

    Returns:
        A list of ``count`` batches, None where a subtask gets no row.

    Raises:
        KeyTypeError, KeyError, IndexError, ValueError: as ``column_key_groups``.

    Example:
        >>> batch = ColumnBatch.from_arrow(pyarrow.record_batch({"a": [1, 1, 1]}))
        >>> scatter_by_key(batch, ["a"], 128, 2)
        [ColumnBatch(3 rows: a int64), None]
    """
    check_parallelism(max_parallelism, count)
    cdef array.array groups = column_key_groups(batch, columns, max_parallelism)
    cdef array.array subtasks = array.clone(INTS, max_parallelism, False)
    cdef array.array counts = array.clone(LONGS, count, True)
    cdef int *found = groups.data.as_ints
    cdef int *owner = subtasks.data.as_ints
    cdef long long *rows = counts.data.as_longlongs
    cdef Py_ssize_t i
    with nogil:
        # A division for each group, not for each row.
        for i in range(max_parallelism):
            owner[i] = pfx_subtask(<int32_t> i, max_parallelism, count)
        for i in range(batch.length):
            found[i] = owner[found[i]]
            rows[found[i]] += 1
    return divided(batch, found, counts, budget)


def slice_by_key_group(ColumnBatch batch not None, int column, int max_parallelism, int parallelism):
    """Divide a batch whose rows come in order of the subtasks that have their key groups; nothing is copied.

    Args:
        batch: the batch.
        column: number of the int32 column with the key group of each row.
        max_parallelism: number of key groups.
        parallelism: number of subtasks.

    Returns:
        A list of ``parallelism`` batches, None where a subtask gets no row.

    Raises:
        ValueError: the column is of another type, has nulls, holds what is no key group, or its subtasks fall.

    Example:
        >>> batch = ColumnBatch.from_arrow(pyarrow.record_batch({"key_group": pyarrow.array([0, 3, 2], "int32")}))
        >>> slice_by_key_group(batch, 0, 4, 2)
        [ColumnBatch(1 rows: key_group int32), ColumnBatch(2 rows: key_group int32)]
    """
    cdef Column groups = batch.columns[column]
    cdef list parts = [None] * parallelism
    cdef int64_t start = 0, end = 0, rows = batch.length
    cdef const int32_t *found
    cdef int32_t last = -1, subtask, first = 0, stop = 0
    check_parallelism(max_parallelism, parallelism)
    if groups.field.format != "i" or groups.validity != NULL:
        raise ValueError(f"column {groups.name!r} has no key groups: it holds {groups.field.type_name}")
    found = <const int32_t *> first_value(groups)
    while start < rows:
        if not 0 <= found[start] < max_parallelism:
            raise ValueError(f"row {start} has key group {found[start]} of {max_parallelism}")
        subtask = pfx_subtask(found[start], max_parallelism, parallelism)
        if subtask <= last:
            raise ValueError(f"row {start} is for subtask {subtask}, after one for {last}")
        last = subtask
        pfx_key_group_range(subtask, max_parallelism, parallelism, &first, &stop)
        end = start + 1
        with nogil:
            while end < rows and first <= found[end] < stop:
                end += 1
        parts[last] = batch.slice_rows(start, end)
        start = end
    return parts
