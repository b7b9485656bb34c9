"""Codecs of dates, times of day, timestamps and instants."""
from cpython.datetime cimport (
    PyDate_Check,
    PyDate_CheckExact,
    PyDateTime_Check,
    PyDateTime_CheckExact,
    PyTime_Check,
    PyTime_CheckExact,
    date_day,
    date_month,
    date_new,
    date_year,
    datetime_day,
    datetime_fold,
    datetime_hour,
    datetime_microsecond,
    datetime_minute,
    datetime_month,
    datetime_new,
    datetime_second,
    datetime_tzinfo,
    datetime_year,
    import_datetime,
    time_fold,
    time_hour,
    time_microsecond,
    time_minute,
    time_new,
    time_second,
    time_tzinfo,
)
from libc.stdint cimport INT64_MAX, INT64_MIN, int64_t, uint64_t

from pyflinkx._core.codecs.codec cimport Codec, describe_value, ok
from pyflinkx._core.codecs.basic cimport integer_of
from pyflinkx._core.pfx.bytes cimport (
    pfx_read_i64,
    pfx_read_varint,
    pfx_read_zigzag,
    pfx_reader,
    pfx_write_i64,
    pfx_write_varint,
    pfx_write_zigzag,
    pfx_writer,
)
from pyflinkx._core.pfx.calendar cimport pfx_civil_from_days, pfx_days_from_civil, pfx_floor_div

from pyflinkx.errors import CorruptDataError, TypeInformationError

import_datetime()

cdef enum:
    SECOND = 1_000_000  # microseconds
    NANOS = 1_000_000_000  # nanoseconds of a second
    FIRST_DAY = -719_162  # 0001-01-01
    LAST_DAY = 2_932_896  # 9999-12-31

cdef int64_t DAY = 86_400 * <int64_t>SECOND


cdef int refuse_zone(Codec codec, object value) except -1:
    raise TypeInformationError(
        f"expected {codec.name} (without a time zone), got {describe_value(value)}; "
        "convert it with value.astimezone(timezone.utc).replace(tzinfo=None), or use INSTANT"
    )


cdef int check_subclass(Codec codec, object value) except -1:
    """Refuse what a subclass (pandas.Timestamp, NaT) means beyond the fields of its base class."""
    if value != value or getattr(value, "nanosecond", 0) != 0:
        codec.refuse(value)
    return 0


cdef class DateCodec(Codec):
    """SQL_DATE: datetime.date (not datetime.datetime) as the zigzag of days since 1970-01-01."""

    def __cinit__(self):
        self.name = "SQL_DATE"

    cdef int encode(self, object value, pfx_writer *out) except -1:
        if not PyDate_CheckExact(value):
            if not PyDate_Check(value) or PyDateTime_Check(value):
                return self.refuse(value)
            check_subclass(self, value)
        return ok(pfx_write_zigzag(out, pfx_days_from_civil(date_year(value), date_month(value), date_day(value))))

    cdef object conform(self, object value):
        if PyDate_CheckExact(value):
            return value
        if not PyDate_Check(value) or PyDateTime_Check(value):
            self.refuse(value)
        check_subclass(self, value)
        return date_new(date_year(value), date_month(value), date_day(value))

    cdef object decode(self, pfx_reader *source):
        cdef int64_t days = 0
        cdef int64_t year = 0
        cdef int month = 0
        cdef int day = 0
        ok(pfx_read_zigzag(source, &days))
        if days < FIRST_DAY or days > LAST_DAY:
            raise CorruptDataError(f"day {days} lies outside the years 1 to 9999")
        pfx_civil_from_days(days, &year, &month, &day)
        return date_new(<int>year, month, day)


cdef class TimeCodec(Codec):
    """SQL_TIME: datetime.time without time zone as the varint of microseconds since midnight; `fold` is not kept."""

    def __cinit__(self):
        self.name = "SQL_TIME"

    cdef int encode(self, object value, pfx_writer *out) except -1:
        cdef int64_t seconds
        if not PyTime_Check(value):
            return self.refuse(value)
        if time_tzinfo(value) is not None:
            return refuse_zone(self, value)
        seconds = (time_hour(value) * 60 + time_minute(value)) * 60 + time_second(value)
        return ok(pfx_write_varint(out, <uint64_t>(seconds * SECOND + time_microsecond(value))))

    cdef object conform(self, object value):
        if not PyTime_Check(value):
            self.refuse(value)
        if time_tzinfo(value) is not None:
            refuse_zone(self, value)
        if PyTime_CheckExact(value) and time_fold(value) == 0:
            return value
        return time_new(time_hour(value), time_minute(value), time_second(value), time_microsecond(value), None)

    cdef object decode(self, pfx_reader *source):
        cdef uint64_t micros = 0
        cdef int seconds
        ok(pfx_read_varint(source, &micros))
        if micros >= <uint64_t>DAY:
            raise CorruptDataError(f"{micros} microseconds are no time of day")
        seconds = <int>(micros // SECOND)
        return time_new(seconds // 3600, seconds // 60 % 60, seconds % 60, <int>(micros % SECOND), None)


cdef class TimestampCodec(Codec):
    """SQL_TIMESTAMP: datetime.datetime without time zone as the microseconds since 1970-01-01T00:00, 8 bytes; `fold` is
    not kept."""

    def __cinit__(self):
        self.name = "SQL_TIMESTAMP"
        self.min_size = 8

    cdef int encode(self, object value, pfx_writer *out) except -1:
        cdef int64_t day, seconds
        if not PyDateTime_CheckExact(value):
            if not PyDateTime_Check(value):
                return self.refuse(value)
            check_subclass(self, value)
        if datetime_tzinfo(value) is not None:
            return refuse_zone(self, value)
        day = pfx_days_from_civil(datetime_year(value), datetime_month(value), datetime_day(value))
        seconds = (datetime_hour(value) * 60 + datetime_minute(value)) * 60 + datetime_second(value)
        return ok(pfx_write_i64(out, day * DAY + seconds * SECOND + datetime_microsecond(value)))

    cdef object conform(self, object value):
        if not PyDateTime_CheckExact(value):
            if not PyDateTime_Check(value):
                self.refuse(value)
            check_subclass(self, value)
        if datetime_tzinfo(value) is not None:
            refuse_zone(self, value)
        if PyDateTime_CheckExact(value) and datetime_fold(value) == 0:
            return value
        return datetime_new(
            datetime_year(value),
            datetime_month(value),
            datetime_day(value),
            datetime_hour(value),
            datetime_minute(value),
            datetime_second(value),
            datetime_microsecond(value),
            None,
        )

    cdef object decode(self, pfx_reader *source):
        cdef int64_t micros = 0
        cdef int64_t days
        cdef int64_t year = 0
        cdef int month = 0
        cdef int day = 0
        cdef int seconds
        ok(pfx_read_i64(source, &micros))
        if micros < FIRST_DAY * DAY or micros >= (LAST_DAY + 1) * DAY:
            raise CorruptDataError(f"{micros} microseconds since 1970 lie outside the years 1 to 9999")
        days = pfx_floor_div(micros, DAY)
        micros -= days * DAY
        pfx_civil_from_days(days, &year, &month, &day)
        seconds = <int>(micros // SECOND)
        micros -= <int64_t>seconds * SECOND
        return datetime_new(
            <int>year, month, day, seconds // 3600, seconds // 60 % 60, seconds % 60, <int>micros, None
        )


cdef class InstantCodec(Codec):
    """INSTANT: an object with `seconds` (64 bits) and `nanos` (0 to 999,999,999) as the zigzag of the seconds, then the
    varint of the nanoseconds.

    Args:
        instant: the class of the values; called with seconds and nanos.
    """

    cdef object instant

    def __init__(self, instant not None):
        self.name = "INSTANT"
        self.min_size = 2
        self.hashable = instant.__hash__ is not None
        self.instant = instant

    cdef int take(self, object value, int64_t *seconds, int64_t *nanos) except -1:
        if not isinstance(value, self.instant):
            return self.refuse(value)
        seconds[0] = integer_of(self, value.seconds, INT64_MIN, INT64_MAX)
        nanos[0] = integer_of(self, value.nanos, INT64_MIN, INT64_MAX)
        if nanos[0] < 0 or nanos[0] >= NANOS:
            raise TypeInformationError(f"expected INSTANT with 0 to 999999999 nanos, got {describe_value(value)}")
        return 0

    cdef int encode(self, object value, pfx_writer *out) except -1:
        cdef int64_t seconds = 0
        cdef int64_t nanos = 0
        self.take(value, &seconds, &nanos)
        ok(pfx_write_zigzag(out, seconds))
        return ok(pfx_write_varint(out, <uint64_t>nanos))

    cdef object conform(self, object value):
        cdef int64_t seconds = 0
        cdef int64_t nanos = 0
        self.take(value, &seconds, &nanos)
        if type(value) is self.instant and type(value.seconds) is int and type(value.nanos) is int:
            return value
        return self.instant(seconds, nanos)

    cdef object decode(self, pfx_reader *source):
        cdef int64_t seconds = 0
        cdef uint64_t nanos = 0
        ok(pfx_read_zigzag(source, &seconds))
        ok(pfx_read_varint(source, &nanos))
        if nanos >= NANOS:
            raise CorruptDataError(f"an instant has {nanos} nanoseconds, a second or more")
        try:
            return self.instant(seconds, nanos)
        except ValueError as error:
            raise CorruptDataError(f"an instant of {seconds} seconds is out of range") from error
