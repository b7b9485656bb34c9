"""Python values out of columns."""
cimport cython
from cpython.datetime cimport (
    date_new,
    datetime_new,
    get_utc,
    import_datetime,
    time_new,
    timedelta_new,
)
from cpython.list cimport PyList_New
from cpython.ref cimport Py_INCREF, Py_XDECREF, PyObject
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport (
    INT64_MIN,
    int8_t,
    int16_t,
    int32_t,
    int64_t,
    uint8_t,
    uint16_t,
    uint32_t,
    uint64_t,
)
from libc.string cimport memcmp, memcpy

from pyflinkx._core.columns.batch cimport ColumnBatch
from pyflinkx._core.columns.column cimport Column, first_value, is_null, value_start
from pyflinkx._core.pfx.arrow cimport (
    PFX_KIND_BINARY,
    PFX_KIND_BOOL,
    PFX_KIND_DATE32,
    PFX_KIND_DATE64,
    PFX_KIND_DECIMAL128,
    PFX_KIND_DURATION,
    PFX_KIND_FIXED_BINARY,
    PFX_KIND_FLOAT32,
    PFX_KIND_FLOAT64,
    PFX_KIND_INT16,
    PFX_KIND_INT32,
    PFX_KIND_INT64,
    PFX_KIND_INT8,
    PFX_KIND_LIST,
    PFX_KIND_NULL,
    PFX_KIND_STRUCT,
    PFX_KIND_TIME32,
    PFX_KIND_TIME64,
    PFX_KIND_TIMESTAMP,
    PFX_KIND_UINT16,
    PFX_KIND_UINT32,
    PFX_KIND_UINT64,
    PFX_KIND_UINT8,
    PFX_KIND_UTF8,
    pfx_kind,
)
from pyflinkx._core.pfx.bitmap cimport pfx_bit_get
from pyflinkx._core.pfx.calendar cimport (
    PFX_DAY_MS,
    pfx_civil_from_days,
    pfx_floor_div,
    pfx_floor_mod,
    pfx_units_per_second,
)
from pyflinkx._core.pfx.decimal cimport pfx_decimal_format
from pyflinkx._core.python cimport PyGC_Disable, PyGC_Enable
from pyflinkx._core.records.objects cimport ObjectBatch
from pyflinkx._core.columns.row_fill cimport fill_dicts, fill_rows, fill_tuples, put
from pyflinkx._core.columns.visible cimport shown

import array as array_module
from decimal import Decimal

from pyflinkx.errors import CorruptDataError, TypeInformationError

import_datetime()

ctypedef fused fixed_t:
    int8_t
    int16_t
    int32_t
    int64_t
    uint8_t
    uint16_t
    uint32_t
    uint64_t
    float
    double

cdef object UTC = get_utc()
cdef int64_t DAY_SECONDS = 86400
# Days from 1970-01-01 to the first and last day of Python's calendar.
cdef int64_t FIRST_DAY = -719162
cdef int64_t LAST_DAY = 2932896
cdef int64_t LONGEST_DAYS = 999999999
# Rows are put together from columns in pieces of this many, so that a piece's values are still in the cache.
cdef int64_t PIECE = 512


cdef object out_of_calendar(Column column, int64_t row, str what):
    return OverflowError(
        f"column {column.name!r}, row {row}: the {column.field.type_name} {what} lies outside of what datetime "
        "can hold"
    )


cdef int fixed_values(Column column, int64_t start, list values, fixed_t *unused) except -1:
    cdef const fixed_t *source = <const fixed_t *> first_value(column) + start
    cdef Py_ssize_t i
    for i in range(len(values)):
        put(values, i, None if is_null(column, start + i) else source[i])
    return 0


cdef int bool_values(Column column, int64_t start, list values) except -1:
    cdef Py_ssize_t i
    for i in range(len(values)):
        if is_null(column, start + i):
            put(values, i, None)
        else:
            put(values, i, True if pfx_bit_get(column.data, column.offset + start + i) else False)
    return 0


# Texts longer than this are seldom repeated.
cdef int64_t MEMO_LENGTH = 32
cdef int64_t MEMO_TRIAL = 512


@cython.final
@cython.no_gc
cdef class TextMemo:
    """The str objects made last of one column's short texts, so that a repeated text is the same object again.

    That spares the decoding and, further on, the hashing: a str keeps its hash. A column whose texts do not repeat is
    noticed, and not looked up any more.
    """

    cdef PyObject *made[256]
    cdef int64_t start[256]  # where in the column's data the text of `made` is
    cdef int64_t size[256]
    cdef int64_t tries
    cdef int64_t hits

    def __dealloc__(self):
        cdef int i
        for i in range(256):
            Py_XDECREF(self.made[i])


cdef inline int memo_slot(const uint8_t *text, int64_t size) noexcept:
    """Slot 0 .. 255, from the first and last (up to 8) bytes and the size."""
    cdef uint64_t head = 0
    cdef uint64_t tail = 0
    if size >= 8:
        memcpy(&head, text, 8)
        memcpy(&tail, text + size - 8, 8)
    elif size > 0:  # a column of empty texts may have no data at all
        memcpy(&head, text, size)
    return <int> (((head ^ (tail * <uint64_t> 0x9e3779b97f4a7c15) ^ size) * <uint64_t> 0xff51afd7ed558ccd) >> 56)


cdef object decoded(Column column, int64_t row, int64_t start, int64_t size):
    try:
        return PyUnicode_DecodeUTF8(<const char *> column.data + start, size, NULL)
    except UnicodeDecodeError as error:
        raise CorruptDataError(f"column {column.name!r}, row {row}: not UTF-8: {error}") from None


cdef int text_values(Column column, int64_t start, list values, TextMemo memo) except -1:
    cdef Py_ssize_t i
    cdef int64_t at
    cdef int64_t size
    cdef int64_t end = value_start(column, start)
    cdef int slot
    for i in range(len(values)):
        at = end
        end = value_start(column, start + i + 1)
        size = end - at
        if is_null(column, start + i):
            put(values, i, None)
        elif size > MEMO_LENGTH or (memo.tries > MEMO_TRIAL and memo.hits * 4 < memo.tries):
            put(values, i, decoded(column, start + i, at, size))
        else:
            memo.tries += 1
            slot = memo_slot(column.data + at, size)
            if (
                memo.made[slot] != NULL
                and memo.size[slot] == size
                and (size == 0 or memcmp(column.data + memo.start[slot], column.data + at, size) == 0)
            ):
                memo.hits += 1
                put(values, i, <object> memo.made[slot])
                continue
            value = decoded(column, start + i, at, size)
            put(values, i, value)
            Py_XDECREF(memo.made[slot])
            Py_INCREF(value)
            memo.made[slot] = <PyObject *> value
            memo.start[slot] = at
            memo.size[slot] = size
    return 0


cdef int byte_values(Column column, int64_t start, list values) except -1:
    cdef Py_ssize_t i
    cdef const char *source = <const char *> column.data
    decode = None if column.field.carried is None else column.field.carried.decode
    for i in range(len(values)):
        if is_null(column, start + i):
            put(values, i, None)
        else:
            value = source[value_start(column, start + i):value_start(column, start + i + 1)]
            put(values, i, value if decode is None else decode(value))
    return 0


cdef int fixed_byte_values(Column column, int64_t start, list values) except -1:
    cdef Py_ssize_t i
    cdef const char *source = <const char *> first_value(column) + start * column.width
    for i in range(len(values)):
        put(values, i, None if is_null(column, start + i) else source[i * column.width:(i + 1) * column.width])
    return 0


cdef int date_values(Column column, int64_t start, list values) except -1:
    cdef const uint8_t *source = first_value(column)
    cdef Py_ssize_t i
    cdef int64_t days
    cdef int64_t last = INT64_MIN
    cdef int64_t year = 0
    cdef int month = 0
    cdef int day = 0
    value = None
    for i in range(len(values)):
        if is_null(column, start + i):
            put(values, i, None)
            continue
        if column.kind == PFX_KIND_DATE32:
            days = (<const int32_t *> source)[start + i]
        else:
            days = pfx_floor_div((<const int64_t *> source)[start + i], PFX_DAY_MS)
        # Dates come in runs.
        if days != last:
            if not FIRST_DAY <= days <= LAST_DAY:
                raise out_of_calendar(column, start + i, f"day {days}")
            pfx_civil_from_days(days, &year, &month, &day)
            value = date_new(<int> year, month, day)
            last = days
        put(values, i, value)
    return 0


cdef int time_values(Column column, int64_t start, list values) except -1:
    cdef const uint8_t *source = first_value(column)
    cdef int64_t per_second = pfx_units_per_second(column.field.type.unit)
    cdef Py_ssize_t i
    cdef int64_t units
    cdef int64_t seconds
    cdef int64_t micros
    for i in range(len(values)):
        if is_null(column, start + i):
            put(values, i, None)
            continue
        if column.kind == PFX_KIND_TIME32:
            units = (<const int32_t *> source)[start + i]
        else:
            units = (<const int64_t *> source)[start + i]
        if not 0 <= units < DAY_SECONDS * per_second:
            raise out_of_calendar(column, start + i, f"{units}")
        seconds = pfx_floor_div(units, per_second)
        micros = to_micros(units - seconds * per_second, per_second)
        put(values, i, time_new(
            <int> (seconds // 3600), <int> (seconds // 60 % 60), <int> (seconds % 60), <int> micros, None))
    return 0


cdef inline int64_t to_micros(int64_t units, int64_t per_second) noexcept:
    """Part of a second in microseconds, rounded down."""
    if per_second > 1000000:
        return pfx_floor_div(units, 1000)
    return units * (1000000 // per_second)


cdef int timestamp_values(Column column, int64_t start, list values) except -1:
    cdef const int64_t *source = <const int64_t *> first_value(column) + start
    cdef int64_t per_second = pfx_units_per_second(column.field.type.unit)
    cdef Py_ssize_t i
    cdef int64_t seconds
    cdef int64_t micros
    cdef int64_t days
    cdef int64_t last = INT64_MIN
    cdef int64_t year = 0
    cdef int month = 0
    cdef int day = 0
    cdef int rest
    # A timestamp with a time zone is a point in time, whatever the zone is called.
    zone = UTC if column.field.type.timezone[0] != 0 else None
    for i in range(len(values)):
        if is_null(column, start + i):
            put(values, i, None)
            continue
        seconds = pfx_floor_div(source[i], per_second)
        micros = to_micros(pfx_floor_mod(source[i], per_second), per_second)
        days = pfx_floor_div(seconds, DAY_SECONDS)
        if days != last:
            if not FIRST_DAY <= days <= LAST_DAY:
                raise out_of_calendar(column, start + i, f"{source[i]}")
            pfx_civil_from_days(days, &year, &month, &day)
            last = days
        rest = <int> (seconds - days * DAY_SECONDS)
        put(values, i, datetime_new(
            <int> year, month, day, rest // 3600, rest // 60 % 60, rest % 60, <int> micros, zone))
    return 0


cdef int duration_values(Column column, int64_t start, list values) except -1:
    cdef const int64_t *source = <const int64_t *> first_value(column) + start
    cdef int64_t per_second = pfx_units_per_second(column.field.type.unit)
    cdef Py_ssize_t i
    cdef int64_t seconds
    cdef int64_t days
    cdef int64_t micros
    for i in range(len(values)):
        if is_null(column, start + i):
            put(values, i, None)
            continue
        seconds = pfx_floor_div(source[i], per_second)
        micros = to_micros(pfx_floor_mod(source[i], per_second), per_second)
        days = pfx_floor_div(seconds, DAY_SECONDS)
        if not -LONGEST_DAYS <= days <= LONGEST_DAYS:
            raise out_of_calendar(column, start + i, f"{source[i]}")
        put(values, i, timedelta_new(<int> days, <int> (seconds - days * DAY_SECONDS), <int> micros))
    return 0


cdef int decimal_values(Column column, int64_t start, list values) except -1:
    cdef const uint8_t *source = first_value(column) + start * 16
    cdef char text[64]  # PFX_DECIMAL_TEXT is less
    cdef int length
    cdef Py_ssize_t i
    for i in range(len(values)):
        if is_null(column, start + i):
            put(values, i, None)
        else:
            length = pfx_decimal_format(source + i * 16, column.field.type.scale, text)
            value = Decimal(text[:length].decode("ascii"))
            put(values, i, value if column.field.carried is None else int(value))
    return 0


cdef int list_values(Column column, int64_t start, list values, RowKindOf shape) except -1:
    cdef Py_ssize_t i
    cdef int64_t first = value_start(column, start)
    cdef int64_t at = first
    cdef int64_t end
    # A column may have millions of elements in a few lists, but never more than its child has.
    cdef list elements = values_between(
        <Column> column.children[0], first, value_start(column, start + len(values)), shape)
    for i in range(len(values)):
        end = value_start(column, start + i + 1)
        put(values, i, None if is_null(column, start + i) else elements[at - first:end - first])
        at = end
    return 0


cdef int map_values(Column column, int64_t start, list values, RowKindOf shape) except -1:
    cdef Column entries = column.children[0]
    cdef int64_t first = value_start(column, start)
    cdef int64_t last = value_start(column, start + len(values))
    cdef int64_t at = first
    cdef int64_t end
    cdef int64_t from_ = entries.offset + first
    cdef int64_t to = entries.offset + last
    cdef Py_ssize_t i
    cdef dict made
    # Keys that are structs are made as what can be hashed.
    cdef list keys = values_between(<Column> entries.children[0], from_, to, AS_TUPLE if shape == AS_DICT else shape)
    cdef list parts = values_between(<Column> entries.children[1], from_, to, shape)
    for i in range(len(values)):
        end = value_start(column, start + i + 1)
        if is_null(column, start + i):
            at = end
            put(values, i, None)
            continue
        made = {}
        while at < end:
            key = keys[at - first]
            if key is None or is_null(entries, at):
                raise CorruptDataError(f"column {column.name!r}, row {start + i}: a key of a map is null")
            try:
                made[key] = parts[at - first]
            except TypeError as error:
                raise TypeInformationError(
                    f"column {column.name!r}, row {start + i}: a {column.field.type_name} is no dict: {error}"
                ) from None
            at += 1
        put(values, i, made)
    return 0


cdef int struct_values(Column column, int64_t start, list values, RowKindOf shape) except -1:
    cdef int64_t first = column.offset + start
    cdef list rows = assemble(column.children, first, first + len(values), names_of(column.field.children), NULL, shape)
    cdef Py_ssize_t i
    for i in range(len(values)):
        put(values, i, None if is_null(column, start + i) else rows[i])
    return 0


cdef list names_of(tuple fields):
    return [field.name for field in fields]


cdef list values_between(Column column, int64_t start, int64_t stop, RowKindOf shape):
    return piece_values(column, start, stop, shape, TextMemo() if column.kind == PFX_KIND_UTF8 else None)


cdef list piece_values(Column column, int64_t start, int64_t stop, RowKindOf shape, TextMemo memo):
    cdef pfx_kind kind = column.kind
    cdef list values
    if kind == PFX_KIND_NULL:
        return [None] * (stop - start)
    values = PyList_New(stop - start)
    if stop == start:
        return values
    if kind == PFX_KIND_INT64:
        fixed_values[int64_t](column, start, values, NULL)
    elif kind == PFX_KIND_FLOAT64:
        fixed_values[double](column, start, values, NULL)
    elif kind == PFX_KIND_UTF8:
        text_values(column, start, values, memo)
    elif kind == PFX_KIND_BOOL:
        bool_values(column, start, values)
    elif kind == PFX_KIND_TIMESTAMP:
        timestamp_values(column, start, values)
    elif kind == PFX_KIND_INT32:
        fixed_values[int32_t](column, start, values, NULL)
    elif kind == PFX_KIND_INT16:
        fixed_values[int16_t](column, start, values, NULL)
    elif kind == PFX_KIND_INT8:
        fixed_values[int8_t](column, start, values, NULL)
    elif kind == PFX_KIND_UINT64:
        fixed_values[uint64_t](column, start, values, NULL)
    elif kind == PFX_KIND_UINT32:
        fixed_values[uint32_t](column, start, values, NULL)
    elif kind == PFX_KIND_UINT16:
        fixed_values[uint16_t](column, start, values, NULL)
    elif kind == PFX_KIND_UINT8:
        fixed_values[uint8_t](column, start, values, NULL)
    elif kind == PFX_KIND_FLOAT32:
        fixed_values[float](column, start, values, NULL)
    elif kind == PFX_KIND_BINARY:
        byte_values(column, start, values)
    elif kind == PFX_KIND_FIXED_BINARY:
        fixed_byte_values(column, start, values)
    elif kind == PFX_KIND_DATE32 or kind == PFX_KIND_DATE64:
        date_values(column, start, values)
    elif kind == PFX_KIND_TIME32 or kind == PFX_KIND_TIME64:
        time_values(column, start, values)
    elif kind == PFX_KIND_DURATION:
        duration_values(column, start, values)
    elif kind == PFX_KIND_DECIMAL128:
        decimal_values(column, start, values)
    elif kind == PFX_KIND_LIST and column.field.is_map:
        map_values(column, start, values, shape)
    elif kind == PFX_KIND_LIST:
        list_values(column, start, values, shape)
    elif kind == PFX_KIND_STRUCT:
        struct_values(column, start, values, shape)
    return values


cdef list assemble(tuple columns, int64_t start, int64_t stop, list names, const int8_t *kinds, RowKindOf shape):
    """Rows from start up to stop, put together from their columns."""
    cdef list rows = PyList_New(stop - start)
    cdef Py_ssize_t width = len(columns)
    cdef int64_t piece
    cdef int64_t count
    cdef list parts
    cdef list memos = [TextMemo() if (<Column> column).kind == PFX_KIND_UTF8 else None for column in columns]
    # Whether no value can be part of a reference cycle.
    cdef bint atomic = True
    for column in columns:
        if (<Column> column).kind in (PFX_KIND_LIST, PFX_KIND_STRUCT) or (<Column> column).field.carried is not None:
            atomic = False
    piece = start
    while piece < stop:
        count = min(PIECE, stop - piece)
        parts = [piece_values(<Column> columns[i], piece, piece + count, shape, memos[i]) for i in range(width)]
        if shape == AS_TUPLE:
            fill_tuples(rows, piece - start, count, parts, atomic)
        elif shape == AS_ROW:
            fill_rows(rows, piece - start, count, parts, names, kinds)
            if kinds != NULL:
                kinds += count
        else:
            fill_dicts(rows, piece - start, count, parts, names)
        piece += count
    return rows


cdef RowKindOf shape_named(str kind) except *:
    if kind == "row":
        return AS_ROW
    if kind == "tuple":
        return AS_TUPLE
    if kind == "dict":
        return AS_DICT
    raise ValueError(f"rows are made as 'row', 'tuple' or 'dict', not {kind!r}")


cdef list rows_of(ColumnBatch batch, RowKindOf shape):
    cdef const int8_t *kinds = NULL
    if batch.kinds is not None:
        kinds = <const int8_t *> first_value(batch.kinds)
    # Thousands of new rows would start the collector dozens of times, to find that none of them is garbage. No
    # other code runs before it is switched on again, but for what decodes carried values.
    cdef int collected = PyGC_Disable()
    try:
        columns = tuple([shown(column) for column in batch.columns])
        return assemble(columns, 0, batch.length, names_of(batch.schema.fields), kinds, shape)
    finally:
        if collected:
            PyGC_Enable()


def to_rows(ColumnBatch batch not None, str kind="row"):
    """The rows as Python values.

    Integers become int, floats float, text str, binary bytes; dates, times, timestamps and durations the types of
    ``datetime``, rounded down to microseconds, timestamps with a time zone as UTC; decimals ``Decimal``, lists list,
    maps dict (of a key that comes twice the last value counts), and nulls None. Carried values are what they were.

    Args:
        batch: the columns.
        kind: what a row is, and every struct in it: ``"row"`` (Row, with the batch's names and row kinds), ``"tuple"``
            or ``"dict"``.

    Raises:
        OverflowError: a date or time lies outside of Python's calendar; the message names column and row.
        CorruptDataError: text is not UTF-8, or a map's key is null.
        TypeInformationError: a map's key cannot be hashed.

    Example:
        >>> to_rows(ColumnBatch.from_arrow(pyarrow.record_batch({"a": [1, 2], "b": ["x", None]})), "tuple")
        [(1, 'x'), (2, None)]
    """
    return rows_of(batch, shape_named(kind))


def to_objects(ColumnBatch batch not None, str kind="row"):
    """The batch as an ObjectBatch: to_rows with the timestamps and row kinds."""
    timestamps = None
    kinds = None
    if batch.timestamps is not None:
        timestamps = array_module.array("q")
        timestamps.frombytes(memoryview(batch.timestamps).cast("B"))
    if batch.kinds is not None:
        kinds = array_module.array("b")
        kinds.frombytes(memoryview(batch.kinds).cast("B"))
    return ObjectBatch(rows_of(batch, shape_named(kind)), timestamps, kinds)


def to_values(Column column not None, str kind="row"):
    """The values of one column, as to_rows gives them."""
    return values_between(shown(column), 0, column.length, shape_named(kind))
