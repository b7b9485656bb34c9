"""Columns out of Python values."""
cimport cython
from cpython.datetime cimport (
    PyDate_Check,
    PyDateTime_Check,
    PyDateTime_CheckExact,
    PyDelta_Check,
    PyTime_Check,
    date_day,
    date_month,
    date_year,
    datetime_day,
    datetime_hour,
    datetime_microsecond,
    datetime_minute,
    datetime_month,
    datetime_second,
    datetime_tzinfo,
    datetime_year,
    get_utc,
    import_datetime,
    time_hour,
    time_microsecond,
    time_minute,
    time_second,
    time_tzinfo,
    timedelta_days,
    timedelta_microseconds,
    timedelta_seconds,
)
from cpython.number cimport PyIndex_Check, PyNumber_Index
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.math cimport isfinite
from libc.stdint cimport INT32_MAX, INT64_MAX, INT64_MIN, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from pyflinkx._core.codecs.codec cimport item_of
from pyflinkx._core.columns.column cimport Buffer, Column, trusted_column
from pyflinkx._core.records.row cimport Row
from pyflinkx._core.columns.row_items cimport items_of
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
    PFX_KIND_UTF8,
)
from pyflinkx._core.pfx.bitmap cimport pfx_bit_get, pfx_bit_set, pfx_bitmap_bytes, pfx_bits_fill
from pyflinkx._core.pfx.calendar cimport PFX_DAY_MS, pfx_days_from_civil, pfx_floor_div, pfx_units_per_second
from pyflinkx._core.pfx.decimal cimport pfx_decimal_parse
from pyflinkx._core.pfx.status cimport PFX_INVALID_ARGUMENT, PFX_OK, PFX_OUT_OF_RANGE, pfx_status
from pyflinkx._core.memory.growable cimport Growing, new_growing
from pyflinkx._core.memory.budget cimport MemoryBudget, default_budget
from pyflinkx._core.columns.schema cimport Field

from decimal import Decimal

from pyflinkx._core.calls.records import short_repr
from pyflinkx.errors import LongBatchError, TypeInformationError, WrongStateError

import_datetime()

# The last offset of 32 bits; less where a test wants no gigabytes.
cdef int64_t last_offset = INT32_MAX


def limit_offsets(int64_t last):
    """Have columns of 32-bit offsets end at ``last`` bytes or elements from now on; what it was."""
    global last_offset
    before, last_offset = last_offset, last
    return before


cdef object UTC = get_utc()
cdef int64_t DAY_MICROS = 86_400_000_000


@cython.final
cdef class ColumnBuilder:
    """Collects Python values of one type into a column.

    A value must have the column's type: int for integers (in range; bool is no int), int or float for floats, str,
    bytes, ``date``, ``time``, ``datetime`` (with a time zone if and only if the column has one), ``timedelta``,
    ``Decimal`` or int (without loss), a list for lists, a dict for maps; for structs a tuple, list, Row, dict or
    dataclass with just the struct's fields. Times are rounded down to the column's unit. None is a null, and pandas'
    NaT is one among dates and times.

    Args:
        field: name and type.
        budget: what the memory is charged to; the process's when None.

    Example:
        >>> builder = ColumnBuilder(Field("a", "l"))
        >>> builder.extend([1, None, 3])
        >>> builder.finish()
        Column('a', int64, 3 rows)
    """

    def __init__(self, Field field not None, MemoryBudget budget=None):
        start_builder(self, field, default_budget if budget is None else budget, field.name)

    def append(self, value):
        """Add one value.

        Raises:
            TypeInformationError: it does not fit the type; the message names row, column and value.
            WrongStateError: an earlier value did not fit.
        """
        self.add(value)

    def extend(self, values):
        """Add several values; see append."""
        if isinstance(values, list):
            self.add_all(values)
        else:
            for value in values:
                self.add(value)

    def finish(self):
        """The column of all values added; the builder starts again from nothing.

        Raises:
            WrongStateError: a value did not fit.
        """
        if self.broken:
            raise WrongStateError(f"column {self.path!r}: a value did not fit, so there is no column")
        return self.build()

    def __len__(self):
        return self.length

    cdef int add(self, object value) except -1:
        if self.broken:
            raise WrongStateError(f"column {self.path!r}: a value did not fit, so nothing can be added")
        try:
            if value is None or (PFX_KIND_DATE32 <= self.kind <= PFX_KIND_DURATION and is_nat(value)):
                add_null(self)
            else:
                add_value(self, value)
                if self.validity is not None:
                    set_bit(self.validity, self.length, True)
        except BaseException:
            self.broken = True
            raise
        self.length += 1
        return 0

    cdef int add_all(self, list values) except -1:
        for value in values:
            self.add(value)
        return 0

    cdef Column build(self):
        cdef Buffer validity = None
        cdef Buffer offsets = None
        cdef Buffer data = None
        cdef tuple children = tuple([(<ColumnBuilder> child).build() for child in self.children])
        cdef Column column
        if self.kind != PFX_KIND_NULL:
            if self.validity is not None:
                validity = self.validity.finish()
            if self.offsets is not None:
                offsets = self.offsets.finish()
            if self.data is not None:
                data = self.data.finish()
        column = trusted_column(self.field, self.length, 0, self.nulls, validity, offsets, data, children)
        start_builder(self, self.field, self.budget, self.path)
        return column


cdef int start_builder(ColumnBuilder builder, Field field, MemoryBudget budget, str path) except -1:
    builder.field = field
    builder.kind = field.type.kind
    builder.path = path
    builder.budget = budget
    builder.length = 0
    builder.nulls = 0
    builder.broken = False
    builder.validity = None
    builder.offsets = None
    builder.data = None
    if field.type.offset_width > 0:
        builder.offsets = new_growing(budget)
        memset(builder.offsets.extend(field.type.offset_width), 0, field.type.offset_width)
    if builder.kind not in (PFX_KIND_NULL, PFX_KIND_LIST, PFX_KIND_STRUCT):
        builder.data = new_growing(budget)
    builder.children = tuple([nested_builder(<Field> child, budget, path) for child in field.children])
    builder.names = [child.name for child in field.children]
    return 0


cdef ColumnBuilder nested_builder(Field field, MemoryBudget budget, str path):
    cdef ColumnBuilder builder = ColumnBuilder.__new__(ColumnBuilder)
    start_builder(builder, field, budget, f"{path}.{field.name}")
    return builder


cdef str shown(object value):
    return short_repr(value)


cdef object misfit(ColumnBuilder builder, object value, str why):
    return TypeInformationError(
        f"row {builder.length}, column {builder.path!r}: {shown(value)} does not fit {builder.field.type_name}: {why}"
    )


cdef object wrong_type(ColumnBuilder builder, object value, str wanted):
    return misfit(builder, value, f"it is a {type(value).__name__}, not {wanted}")


cdef int set_bit(Growing bits, int64_t i, bint value) except -1:
    """Bit i, the next one after those set before."""
    if i % 8 == 0:
        bits.extend(1)[0] = 0
    pfx_bit_set(bits.memory, i, value)
    return 0


cdef int add_null(ColumnBuilder builder) except -1:
    if not builder.field.nullable:
        raise misfit(builder, None, "the column has no nulls")
    if builder.validity is None and builder.kind != PFX_KIND_NULL:
        builder.validity = new_growing(builder.budget)
        builder.validity.extend(pfx_bitmap_bytes(builder.length))
        pfx_bits_fill(builder.validity.memory, 0, builder.length, 1)
    if builder.kind != PFX_KIND_NULL:
        set_bit(builder.validity, builder.length, False)
    builder.nulls += 1
    add_nothing(builder)
    return 0


cdef int add_nothing(ColumnBuilder builder) except -1:
    """The values behind a null: zeros, or an empty range."""
    if builder.kind == PFX_KIND_BOOL:
        set_bit(builder.data, builder.length, False)
    elif builder.field.type.offset_width > 0:
        add_offset(builder, 0)
    elif builder.kind == PFX_KIND_STRUCT:
        for child in builder.children:
            skip(<ColumnBuilder> child)
    elif builder.field.type.width > 0:
        memset(builder.data.extend(builder.field.type.width), 0, builder.field.type.width)
    return 0


cdef int skip(ColumnBuilder builder) except -1:
    """A row that lies under a null struct, where even a field without nulls has a place."""
    if builder.validity is not None:
        set_bit(builder.validity, builder.length, True)
    if builder.kind == PFX_KIND_NULL:
        builder.nulls += 1
    add_nothing(builder)
    builder.length += 1
    return 0


cdef inline int64_t offset_at(ColumnBuilder builder, int64_t row) noexcept:
    if builder.field.type.offset_width == 8:
        return (<int64_t *> builder.offsets.memory)[row]
    return (<int32_t *> builder.offsets.memory)[row]


cdef int add_offset(ColumnBuilder builder, int64_t size) except -1:
    """The end of a value that has `size` bytes or elements."""
    cdef int64_t end = offset_at(builder, builder.length) + size
    if builder.field.type.offset_width == 8:
        (<int64_t *> builder.offsets.extend(8))[0] = end
    else:
        if end > last_offset:
            raise LongBatchError(
                f"row {builder.length}, column {builder.path!r}: {builder.field.type_name} ends at 2 GiB of text or "
                "2^31 elements a batch; use smaller batches or a large type"
            )
        (<int32_t *> builder.offsets.extend(4))[0] = <int32_t> end
    return 0


cdef int add_bytes(ColumnBuilder builder, const void *content, int64_t size) except -1:
    add_offset(builder, size)
    if size > 0:
        memcpy(builder.data.extend(size), content, size)
    return 0


cdef int add_value(ColumnBuilder builder, object value) except -1:
    cdef pfx_kind kind = builder.kind
    if PFX_KIND_INT8 <= kind <= PFX_KIND_UINT64:
        return add_integer(builder, value)
    if kind == PFX_KIND_FLOAT64 or kind == PFX_KIND_FLOAT32:
        return add_float(builder, value)
    if kind == PFX_KIND_UTF8:
        return add_text(builder, value)
    if kind == PFX_KIND_BOOL:
        if value is not True and value is not False:
            raise wrong_type(builder, value, "True or False")
        return set_bit(builder.data, builder.length, value)
    if kind == PFX_KIND_BINARY or kind == PFX_KIND_FIXED_BINARY:
        if builder.field.carried is not None:
            return add_carried(builder, value)
        return add_binary(builder, value)
    if kind == PFX_KIND_TIMESTAMP:
        return add_timestamp(builder, value)
    if kind == PFX_KIND_DATE32 or kind == PFX_KIND_DATE64:
        return add_date(builder, value)
    if kind == PFX_KIND_TIME32 or kind == PFX_KIND_TIME64:
        return add_time(builder, value)
    if kind == PFX_KIND_DURATION:
        return add_duration(builder, value)
    if kind == PFX_KIND_DECIMAL128:
        return add_decimal(builder, value)
    if kind == PFX_KIND_LIST:
        return add_elements(builder, value)
    if kind == PFX_KIND_STRUCT:
        return add_fields(builder, value)
    raise wrong_type(builder, value, "None")


cdef int add_integer(ColumnBuilder builder, object value) except -1:
    cdef pfx_kind kind = builder.kind
    cdef int64_t number
    cdef uint64_t positive
    cdef uint8_t *at
    if type(value) is not int:
        if isinstance(value, bool) or not PyIndex_Check(value):
            raise wrong_type(builder, value, "int")
        value = PyNumber_Index(value)
    try:
        if kind == PFX_KIND_UINT64:
            positive = value
            (<uint64_t *> builder.data.extend(8))[0] = positive
            return 0
        number = value
    except OverflowError:
        raise misfit(builder, value, "it is out of range") from None
    if kind == PFX_KIND_INT64:
        (<int64_t *> builder.data.extend(8))[0] = number
        return 0
    if not holds(builder, number):
        raise misfit(builder, value, "it is out of range")
    at = builder.data.extend(builder.field.type.width)
    if kind == PFX_KIND_INT32 or kind == PFX_KIND_UINT32:
        (<uint32_t *> at)[0] = <uint32_t> number
    elif kind == PFX_KIND_INT16 or kind == PFX_KIND_UINT16:
        (<uint16_t *> at)[0] = <uint16_t> number
    else:
        at[0] = <uint8_t> number
    return 0


cdef bint holds(ColumnBuilder builder, int64_t number) noexcept:
    """Whether a type of at most 32 bits has that number."""
    cdef bint signed = PFX_KIND_INT8 <= builder.kind <= PFX_KIND_INT32
    cdef int64_t end = <int64_t> 1 << (8 * builder.field.type.width - signed)
    return (-end if signed else 0) <= number < end


cdef int add_float(ColumnBuilder builder, object value) except -1:
    cdef double number
    if type(value) is float:
        number = value
    elif isinstance(value, bool) or not hasattr(value, "__float__"):
        raise wrong_type(builder, value, "float or int")
    else:
        try:
            number = float(value)
        except OverflowError:
            raise misfit(builder, value, "it is out of range") from None
    if builder.kind == PFX_KIND_FLOAT64:
        (<double *> builder.data.extend(8))[0] = number
        return 0
    if isfinite(number) and not isfinite(<float> number):
        raise misfit(builder, value, "it is out of range")
    (<float *> builder.data.extend(4))[0] = <float> number
    return 0


cdef int add_text(ColumnBuilder builder, object value) except -1:
    cdef Py_ssize_t size = 0
    cdef const char *content
    if not isinstance(value, str):
        raise wrong_type(builder, value, "str")
    try:
        content = PyUnicode_AsUTF8AndSize(value, &size)
    except UnicodeEncodeError as error:
        raise misfit(builder, value, f"it cannot be written as UTF-8 ({error.reason})") from None
    return add_bytes(builder, content, size)


cdef int add_carried(ColumnBuilder builder, object value) except -1:
    cdef bytes content
    try:
        content = builder.field.carried.encode(value)
    except Exception as error:
        raise misfit(builder, value, f"{error}") from error
    return add_bytes(builder, <const char *> content, len(content))


cdef int add_binary(ColumnBuilder builder, object value) except -1:
    cdef bytes content
    if isinstance(value, (bytes, bytearray, memoryview)):
        content = value if type(value) is bytes else bytes(value)
    else:
        raise wrong_type(builder, value, "bytes")
    if builder.kind == PFX_KIND_BINARY:
        return add_bytes(builder, <const char *> content, len(content))
    if len(content) != builder.field.type.width:
        raise misfit(builder, value, f"it has {len(content)} bytes")
    if len(content) > 0:
        memcpy(builder.data.extend(len(content)), <const char *> content, len(content))
    return 0


cdef inline bint is_nat(object value):
    """Whether it is pandas' NaT, which is a datetime of the year 1 to whoever reads its fields."""
    return not PyDateTime_CheckExact(value) and type(value).__name__ == "NaTType"


cdef int add_date(ColumnBuilder builder, object value) except -1:
    cdef int64_t days
    if not PyDate_Check(value) or PyDateTime_Check(value):
        raise wrong_type(builder, value, "date")
    days = pfx_days_from_civil(date_year(value), date_month(value), date_day(value))
    if builder.kind == PFX_KIND_DATE32:
        (<int32_t *> builder.data.extend(4))[0] = <int32_t> days
    else:
        (<int64_t *> builder.data.extend(8))[0] = days * PFX_DAY_MS
    return 0


cdef int add_units(ColumnBuilder builder, object value, int64_t micros) except -1:
    """A number of microseconds in the column's unit, rounded down."""
    cdef int64_t per_second = pfx_units_per_second(builder.field.type.unit)
    if per_second > 1000000:
        if not INT64_MIN // 1000 < micros <= INT64_MAX // 1000:
            raise misfit(builder, value, "it is out of range")
        micros *= 1000
    else:
        micros = pfx_floor_div(micros, 1000000 // per_second)
    if builder.field.type.width == 4:
        (<int32_t *> builder.data.extend(4))[0] = <int32_t> micros
    else:
        (<int64_t *> builder.data.extend(8))[0] = micros
    return 0


cdef int64_t clock_micros(int64_t hour, int64_t minute, int64_t second, int64_t micros) noexcept:
    return ((hour * 60 + minute) * 60 + second) * 1000000 + micros


cdef int add_time(ColumnBuilder builder, object value) except -1:
    if not PyTime_Check(value) or time_tzinfo(value) is not None:
        raise wrong_type(builder, value, "time without a time zone")
    return add_units(builder, value, clock_micros(
        time_hour(value), time_minute(value), time_second(value), time_microsecond(value)))


cdef int add_timestamp(ColumnBuilder builder, object value) except -1:
    cdef int64_t micros
    if not PyDateTime_Check(value):
        raise wrong_type(builder, value, "datetime")
    micros = clock_micros(
        datetime_hour(value), datetime_minute(value), datetime_second(value), datetime_microsecond(value))
    micros += DAY_MICROS * pfx_days_from_civil(datetime_year(value), datetime_month(value), datetime_day(value))
    zone = datetime_tzinfo(value)
    offset = None
    if zone is not None and zone is not UTC:
        offset = value.utcoffset()
        if offset is None:
            zone = None
        else:
            micros -= delta_micros(offset)
    if (zone is not None) != (builder.field.type.timezone[0] != 0):
        raise misfit(builder, value, "it has a time zone" if zone is not None else "it has no time zone")
    return add_units(builder, value, micros)


cdef int64_t delta_micros(object delta) noexcept:
    cdef int64_t seconds = timedelta_seconds(delta)
    return DAY_MICROS * timedelta_days(delta) + seconds * 1000000 + timedelta_microseconds(delta)


cdef int add_duration(ColumnBuilder builder, object value) except -1:
    if not PyDelta_Check(value):
        raise wrong_type(builder, value, "timedelta")
    # 64 bits hold 106,751,991 days of microseconds.
    if not -106_751_991 < timedelta_days(value) < 106_751_991:
        raise misfit(builder, value, "it is out of range")
    return add_units(builder, value, delta_micros(value))


cdef int add_decimal(ColumnBuilder builder, object value) except -1:
    cdef uint8_t parsed[16]
    cdef pfx_status status
    cdef bytes text
    if not isinstance(value, Decimal) and (isinstance(value, bool) or not isinstance(value, int)):
        raise wrong_type(builder, value, "Decimal or int")
    if isinstance(value, int) and value.bit_length() > 128:
        raise misfit(builder, value, "it has too many digits")
    text = str(value).encode()
    status = pfx_decimal_parse(
        text, len(text), builder.field.type.precision, builder.field.type.scale, parsed)
    if status == PFX_INVALID_ARGUMENT:
        raise misfit(builder, value, "it is no number")
    if status == PFX_OUT_OF_RANGE:
        raise misfit(builder, value, f"it has digits beyond its scale {builder.field.type.scale}")
    if status != PFX_OK:
        raise misfit(builder, value, "it has too many digits")
    memcpy(builder.data.extend(16), parsed, 16)
    return 0


cdef int add_elements(ColumnBuilder builder, object value) except -1:
    cdef ColumnBuilder child = builder.children[0]
    cdef int64_t before = child.length
    if builder.field.is_map:
        return add_entries(builder, value)
    if not isinstance(value, (list, tuple)):
        if isinstance(value, (str, bytes, bytearray, dict, Row)) or not hasattr(value, "__iter__"):
            raise wrong_type(builder, value, "a list")
    for element in value:
        child.add(element)
    return add_offset(builder, child.length - before)


cdef int add_entries(ColumnBuilder builder, object value) except -1:
    cdef ColumnBuilder entries = builder.children[0]
    cdef int64_t before = entries.length
    if not isinstance(value, dict):
        raise wrong_type(builder, value, "a dict")
    for entry in value.items():
        entries.add(entry)
    if not stay_different(entries.children[0], before, value):
        raise misfit(builder, value, "keys become the same")
    return add_offset(builder, entries.length - before)


cdef bint stay_different(ColumnBuilder keys, int64_t first, dict entries) except -1:
    """Whether a dict's keys, in the column from row ``first`` on, are still different there: 0.1 and the float32 of it
    are not. Text and numbers of just the class that the column gives back are not looked at."""
    cdef object faithful = str if keys.kind == PFX_KIND_UTF8 else float if keys.kind == PFX_KIND_FLOAT64 else None
    if PFX_KIND_INT8 <= keys.kind <= PFX_KIND_UINT64:
        faithful = int
    for key in entries:
        if type(key) is not faithful:
            return len({stored(keys, row) for row in range(first, keys.length)}) == len(entries)
    return True


cdef object stored(ColumnBuilder builder, int64_t row):
    """What tells a row of a column from others: its bytes, or a float, as a NaN is not even itself."""
    cdef int64_t start
    cdef int64_t width = builder.field.type.width
    if builder.validity is not None and not pfx_bit_get(builder.validity.memory, row):
        return None
    if builder.kind == PFX_KIND_STRUCT:
        return tuple([stored(child, row) for child in builder.children])
    if builder.kind == PFX_KIND_BOOL:
        return pfx_bit_get(builder.data.memory, row)
    if builder.kind == PFX_KIND_FLOAT32:
        return (<float *> builder.data.memory)[row]
    if builder.kind == PFX_KIND_FLOAT64:
        return (<double *> builder.data.memory)[row]
    start = row * width
    if builder.offsets is not None:
        start = offset_at(builder, row)
        width = offset_at(builder, row + 1) - start
    return (<char *> builder.data.memory)[start:start + width]


cdef int add_fields(ColumnBuilder builder, object value) except -1:
    cdef Py_ssize_t i
    cdef object items = items_of(value, builder.names)
    if items is None:
        raise wrong_type(builder, value, "a tuple, list, Row, dict or dataclass")
    if len(items) != len(builder.children):
        raise misfit(builder, value, f"it has {len(items)} fields, not {len(builder.children)}")
    for i in range(len(builder.children)):
        (<ColumnBuilder> builder.children[i]).add(item_of(items, i, len(builder.children)))
    return 0
