"""The canonical form of keys: bytes that are equal exactly when the keys are."""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.datetime cimport (
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
    time_hour,
    time_microsecond,
    time_minute,
    time_second,
    timedelta_days,
    timedelta_microseconds,
    timedelta_seconds,
)
from cpython.float cimport PyFloat_AS_DOUBLE
from cpython.long cimport PyLong_AsLongLongAndOverflow
from cpython.unicode cimport PyUnicode_DATA, PyUnicode_GET_LENGTH, PyUnicode_KIND
from libc.math cimport isfinite
from libc.stdint cimport int64_t, uint8_t

from pyflinkx._core.pfx.key cimport (
    PFX_KEY_ENUM,
    PFX_KEY_FORMAT,
    PFX_KEY_INSTANT,
    PFX_KEY_LIST,
    PFX_KEY_RECORD,
    PFX_KEY_ROW,
    PFX_KEY_TIME,
    PFX_KEY_TIMESTAMP,
    PFX_KEY_TIME_OFFSET,
    PFX_KEY_TUPLE,
    pfx_key,
    pfx_key_begin,
    pfx_key_free,
    pfx_key_init,
    pfx_key_put_byte,
    pfx_key_put_bytes,
    pfx_key_put_count,
    pfx_key_put_date,
    pfx_key_put_decimal,
    pfx_key_put_digits,
    pfx_key_put_double,
    pfx_key_put_duration,
    pfx_key_put_integer,
    pfx_key_put_long,
    pfx_key_put_micros,
    pfx_key_put_name,
    pfx_key_put_none,
    pfx_key_put_text,
    pfx_key_put_uuid,
    pfx_key_tag,
)
from pyflinkx._core.memory.budget cimport default_budget
from pyflinkx._core.records.row cimport Row
from pyflinkx._core.status cimport check

import dataclasses
import enum
import sys
import weakref
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from pyflinkx._core.keys.list_key import ListKey
from pyflinkx._core.records.row import restore_row

from pyflinkx.errors import KeyTypeError

import_datetime()

KEY_FORMAT = PFX_KEY_FORMAT

# Deeper keys are refused: the limit keeps a row that holds itself from exhausting the C stack.
cdef int MAX_DEPTH = 64

# The largest adjusted exponent of a Decimal key (that of IEEE 754 decimal128): Decimal("1E+999999999") equals an int
# whose bytes nobody can hold.
cdef int MAX_EXPONENT = 6144

cdef enum:
    MAX_DIGITS = 38  # that pfx_key_put_digits takes, and its largest exponent

# A subclass may have redefined __str__.
cdef object decimal_text = Decimal.__str__

cdef int64_t EPOCH_ORDINAL = date(1970, 1, 1).toordinal()

# The one object that stands for every NaN, so that dict lookups find it by identity.
cdef object NAN = float("nan")

cdef class Form:
    """How keys of one Python type are written."""

    def __init__(self, int code, str name=None, tuple fields=None, str reason=None):
        self.code = code
        self.name = name
        self.fields = fields
        self.reason = reason


# A subclass comes before its base.
cdef tuple BASES = (
    (type(None), FORM_NONE),
    (int, FORM_INT),
    (str, FORM_TEXT),
    (bytes, FORM_BINARY),
    (float, FORM_FLOAT),
    (tuple, FORM_TUPLE),
    (list, FORM_LIST),
    (datetime, FORM_DATETIME),
    (date, FORM_DATE),
    (time, FORM_TIME),
    (timedelta, FORM_DURATION),
    (Decimal, FORM_DECIMAL),
    (UUID, FORM_UUID),
    (Row, FORM_ROW),
)

cdef dict ADVICE = {
    set: "use a sorted tuple",
    frozenset: "use a sorted tuple",
    dict: "use a tuple of its sorted items",
    bytearray: "use bytes",
    memoryview: "use bytes",
}

cdef str ALLOWED = (
    "keys are None, bool, int, float, str, bytes, dates and times, Decimal, UUID, Enum members, and tuples, lists, "
    "Rows and frozen dataclasses of these"
)

# Forms by type. Emptied when it grows large, since programs can make types without end.
cdef dict forms = {}
cdef int MAX_FORMS = 4096


cdef Form form_of(kind):
    form = forms.get(kind)
    if form is None:
        form = classify(kind)
        if len(forms) >= MAX_FORMS:
            forms.clear()
        forms[kind] = form
    return <Form>form


cdef Form classify(kind):
    cdef tuple ancestors = kind.__mro__
    generic = getattr(sys.modules.get("numpy"), "generic", None)
    if generic is not None and generic in ancestors:
        return classify_numpy(kind, ancestors)
    if kind.__hash__ is None and kind.__eq__ is not list.__eq__:
        return Form(FORM_REFUSED, reason=ADVICE.get(kind, advice_for_unhashable(kind)))
    for base, code in BASES:
        if base in ancestors:
            # Equality that a class defines for itself cannot be mirrored by bytes.
            if kind.__eq__ is not base.__eq__:
                return Form(FORM_REFUSED, reason="it defines its own __eq__")
            return Form(code, name=kind.__qualname__)
    if kind.__eq__ is object.__eq__:
        if enum.Enum in ancestors:
            return Form(FORM_FLAG if enum.Flag in ancestors else FORM_ENUM, name=kind.__qualname__)
    elif hasattr(kind, "__dataclass_fields__"):
        return classify_dataclass(kind, ancestors)
    return Form(FORM_REFUSED, reason=ADVICE.get(kind, ALLOWED))


cdef str advice_for_unhashable(kind):
    return "declare it frozen=True" if hasattr(kind, "__dataclass_fields__") else ALLOWED


cdef Form classify_numpy(kind, tuple ancestors):
    # NumPy's own comparison is not transitive (float32(0.1) == 0.1, but not float64(0.1)), so its scalars count by
    # value, as they do for hash().
    numpy = sys.modules["numpy"]
    for base, code in ((float, FORM_FLOAT), (str, FORM_TEXT), (bytes, FORM_BINARY)):
        if base in ancestors:
            return Form(code)
    if numpy.timedelta64 not in ancestors and (
        numpy.integer in ancestors or kind in (numpy.bool_, numpy.float16, numpy.float32)
    ):
        return Form(FORM_NUMPY)
    return Form(FORM_REFUSED, reason="convert it to a Python value, for example with .item()")


cdef Form classify_dataclass(kind, tuple ancestors):
    owner = next(ancestor for ancestor in ancestors if "__eq__" in ancestor.__dict__)
    code = getattr(owner.__dict__["__eq__"], "__code__", None)
    # dataclasses compiles what it generates from a string.
    if "__dataclass_params__" not in owner.__dict__ or code is None or code.co_filename != "<string>":
        return Form(FORM_REFUSED, reason="it defines its own __eq__")
    if not kind.__dataclass_params__.frozen:
        return Form(FORM_REFUSED, reason="declare it frozen=True")
    names = tuple([field.name for field in dataclasses.fields(owner) if field.compare])
    return Form(FORM_RECORD, name=kind.__qualname__, fields=names)


cdef int refuse(kind, Form form, int depth) except -1:
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    what = "a value inside a key" if depth else "a key"
    raise KeyTypeError(f"{what} has type {name}, which has no canonical form: {form.reason}")


cdef int check_depth(int depth) except -1:
    if depth >= MAX_DEPTH:
        raise KeyTypeError(f"a key is nested more than {MAX_DEPTH} levels deep")
    return 0


# ---- canonical bytes ----


cdef int put_key(pfx_key *out, object key, int depth) except -1:
    cdef Form form
    kind = type(key)
    if kind is str:
        return put_text(out, key)
    if kind is int:
        return put_int(out, key)
    form = form_of(kind)
    if form.code == FORM_TUPLE:
        return put_items(out, PFX_KEY_TUPLE, <tuple>key, depth)
    if form.code == FORM_LIST:
        return put_items(out, PFX_KEY_LIST, tuple(<list>key), depth)
    if form.code == FORM_NONE:
        return check(pfx_key_put_none(out))
    if form.code == FORM_INT:
        return put_int(out, key)
    if form.code == FORM_TEXT:
        return put_text(out, key)
    if form.code == FORM_BINARY:
        return check(pfx_key_put_bytes(out, PyBytes_AS_STRING(key), PyBytes_GET_SIZE(key)))
    if form.code == FORM_FLOAT:
        return check(pfx_key_put_double(out, PyFloat_AS_DOUBLE(key)))
    if form.code == FORM_DATETIME:
        return put_datetime(out, key)
    if form.code == FORM_DATE:
        return check(pfx_key_put_date(out, date.toordinal(key) - EPOCH_ORDINAL))
    if form.code == FORM_TIME:
        return put_time(out, key)
    if form.code == FORM_DURATION:
        return check(pfx_key_put_duration(out, timedelta_days(key), micros_within_day(key)))
    if form.code == FORM_DECIMAL:
        return put_decimal(out, key)
    if form.code == FORM_UUID:
        return put_uuid(out, key.bytes)
    if form.code == FORM_ENUM or form.code == FORM_FLAG:
        return put_member(out, key, form)
    if form.code == FORM_ROW:
        return put_row(out, <Row>key, form, depth)
    if form.code == FORM_RECORD:
        return put_record(out, key, form, depth)
    if form.code == FORM_NUMPY:
        return put_key(out, key.item(), depth)
    return refuse(kind, form, depth)


cdef int put_text(pfx_key *out, object key) except -1:
    return check(pfx_key_put_text(out, PyUnicode_KIND(key), PyUnicode_DATA(key), PyUnicode_GET_LENGTH(key)))


cdef int put_name(pfx_key *out, str name) except -1:
    return check(pfx_key_put_name(out, PyUnicode_KIND(name), PyUnicode_DATA(name), PyUnicode_GET_LENGTH(name)))


cdef int put_int(pfx_key *out, object key) except -1:
    cdef int overflow = 0
    cdef long long value = PyLong_AsLongLongAndOverflow(key, &overflow)
    cdef bytes magnitude
    if overflow == 0:
        return check(pfx_key_put_long(out, value))
    # The slots of int itself: a subclass may have redefined them.
    magnitude = int.to_bytes(int.__abs__(key), (int.bit_length(key) + 7) // 8, "little")
    return check(
        pfx_key_put_integer(out, overflow < 0, <const uint8_t *>PyBytes_AS_STRING(magnitude), len(magnitude))
    )


cdef int put_decimal(pfx_key *out, object key) except -1:
    cdef uint8_t digits[MAX_DIGITS]
    cdef int count = 0
    cdef int exponent = 0
    # Many times as fast as as_tuple(), and as exact.
    cdef str text = decimal_text(key)
    if read_decimal(text, digits, &count, &exponent):
        return check(pfx_key_put_digits(out, text[0] == "-", digits, count, exponent))
    return put_long_decimal(out, key)


cdef bint read_decimal(str text, uint8_t *digits, int *count, int *exponent) except -1:
    """Read the text of a Decimal; False if it is not finite or exceeds what pfx_key_put_digits takes."""
    cdef const uint8_t *at = <const uint8_t *>PyUnicode_DATA(text)
    cdef const uint8_t *end = at + PyUnicode_GET_LENGTH(text)
    cdef bint fraction = False
    if at[0] == c"-":
        at += 1
    while at != end and at[0] != c"E" and at[0] != c"e":
        if at[0] == c".":
            fraction = True
        elif c"0" <= at[0] <= c"9" and count[0] < MAX_DIGITS:
            digits[count[0]] = at[0] - c"0"
            count[0] += 1
            exponent[0] -= fraction
        else:
            return False
        at += 1
    if at != end:
        if end - at > 8:
            return False
        exponent[0] += <int>int(text[at - end + 1:])
    return exponent[0] <= MAX_DIGITS


cdef int put_long_decimal(pfx_key *out, object key) except -1:
    """A Decimal that read_decimal does not read."""
    cdef int64_t exponent
    cdef double value
    if not key.is_finite():
        value = float("nan") if key.is_nan() else float(key)
        return check(pfx_key_put_double(out, value))
    if not key:
        return check(pfx_key_put_long(out, 0))
    check_exponent(key)
    digits = bytes([48 + digit for digit in key.as_tuple().digits]).strip(b"0")
    # The exponent of the last digit that is left.
    exponent = key.adjusted() - len(digits) + 1
    if exponent >= 0:
        return put_int(out, int(key))
    value = float(key)
    if isfinite(value) and Decimal.from_float(value) == key:
        return check(pfx_key_put_double(out, value))
    return check(pfx_key_put_decimal(out, key.is_signed(), exponent, PyBytes_AS_STRING(digits), len(digits)))


cdef int check_exponent(object key) except -1:
    if key and key.adjusted() > MAX_EXPONENT:
        raise KeyTypeError(f"a key is a Decimal of {key.adjusted() + 1} digits before its point, at most "
                           f"{MAX_EXPONENT + 1} are allowed")
    return 0


cdef int64_t micros_within_day(object duration) noexcept:
    return timedelta_seconds(duration) * <int64_t>1_000_000 + timedelta_microseconds(duration)


cdef int64_t total_micros(object duration) noexcept:
    return timedelta_days(duration) * <int64_t>86_400_000_000 + micros_within_day(duration)


cdef int put_time(pfx_key *out, object key) except -1:
    cdef int64_t micros = (
        (time_hour(key) * 3600 + time_minute(key) * 60 + time_second(key)) * <int64_t>1_000_000 + time_microsecond(key)
    )
    offset = key.utcoffset()
    if offset is None:
        return check(pfx_key_put_micros(out, PFX_KEY_TIME, micros))
    # Not wrapped at midnight, as in Python's own comparison.
    return check(pfx_key_put_micros(out, PFX_KEY_TIME_OFFSET, micros - total_micros(offset)))


cdef int put_datetime(pfx_key *out, object key) except -1:
    cdef int64_t days = date.toordinal(key) - EPOCH_ORDINAL
    cdef int64_t seconds = (
        days * 86400 + datetime_hour(key) * 3600 + datetime_minute(key) * 60 + datetime_second(key)
    )
    cdef int64_t micros = seconds * 1_000_000 + datetime_microsecond(key)
    zone = datetime_tzinfo(key)
    if zone is not None:
        # Two times of one zone that differ in fold alone are equal in Python, and hash() takes the first of them too.
        if datetime_fold(key):
            key = datetime_new(
                datetime_year(key), datetime_month(key), datetime_day(key), datetime_hour(key), datetime_minute(key),
                datetime_second(key), datetime_microsecond(key), zone, 0,
            )
        offset = key.utcoffset()
        if offset is not None:
            return check(pfx_key_put_micros(out, PFX_KEY_INSTANT, micros - total_micros(offset)))
    return check(pfx_key_put_micros(out, PFX_KEY_TIMESTAMP, micros))


cdef int put_uuid(pfx_key *out, bytes value) except -1:
    return check(pfx_key_put_uuid(out, <const uint8_t *>PyBytes_AS_STRING(value)))


cdef int put_member(pfx_key *out, object key, Form form) except -1:
    check(pfx_key_begin(out, PFX_KEY_ENUM))
    put_name(out, form.name)
    # A union of flags has no name of its own in every Python version.
    if form.code == FORM_FLAG:
        return put_int(out, key._value_)
    return put_text(out, key._name_)


cdef int put_items(pfx_key *out, pfx_key_tag tag, tuple items, int depth) except -1:
    check_depth(depth)
    check(pfx_key_begin(out, tag))
    check(pfx_key_put_count(out, len(items)))
    for item in items:
        put_key(out, item, depth + 1)
    return 0


cdef int put_record(pfx_key *out, object key, Form form, int depth) except -1:
    check_depth(depth)
    check(pfx_key_begin(out, PFX_KEY_RECORD))
    put_name(out, form.name)
    check(pfx_key_put_count(out, len(form.fields)))
    for name in form.fields:
        put_key(out, getattr(key, name), depth + 1)
    return 0


cdef int put_row(pfx_key *out, Row key, Form form, int depth) except -1:
    check_depth(depth)
    check(pfx_key_begin(out, PFX_KEY_ROW))
    put_name(out, form.name)
    check(pfx_key_put_byte(out, key.kind))
    check(pfx_key_put_byte(out, key.fields is not None))
    check(pfx_key_put_count(out, len(key.values)))
    if key.fields is None:
        for value in tuple(key.values):
            put_key(out, value, depth + 1)
        return 0
    # Rows are equal whatever the order of their names.
    values = list(key.values)
    names = row_names(key)
    for position in sorted(range(len(names)), key=names.__getitem__):
        put_name(out, names[position])
        put_key(out, values[position], depth + 1)
    return 0


cdef list row_names(Row key):
    names = list(key.fields)
    for name in names:
        if type(name) is not str:
            raise KeyTypeError(f"a Row in a key has the field name {name!r}, which is not a str")
    if len(names) != len(key.values) or len(set(names)) != len(names):
        raise KeyTypeError(f"a Row in a key has {len(key.values)} values for the field names {names!r}")
    return names


def canonical_key_bytes(key):
    """The canonical bytes of a key, in the format KEY_FORMAT.

    Two keys have equal bytes exactly when Python holds them equal (``1``, ``1.0``, ``True`` and ``Decimal(1)`` are one
    key), with these exceptions: all NaNs are one key; NumPy scalars count by value; an Enum, Row or dataclass is known
    by its class's qualified name without the module; and a local time that its zone skips or repeats counts as the
    instant that its first reading means.

    Args:
        key: None, bool, int, float, str, bytes, date, time, datetime, timedelta, Decimal, UUID, an Enum member, a NumPy
            number, or a tuple, list, Row or frozen dataclass of these.

    Raises:
        KeyTypeError: the key, or a value inside it, has another type.

    Example:
        >>> canonical_key_bytes(1) == canonical_key_bytes(1.0)
        True
        >>> canonical_key_bytes("a").hex()
        '100100000061'
    """
    cdef pfx_key out
    pfx_key_init(&out, &default_budget.budget)
    try:
        put_key(&out, key, 0)
        return PyBytes_FromStringAndSize(<const char *>out.bytes, out.size)
    finally:
        pfx_key_free(&out)


# ---- checking ----


cpdef object check_key(object key):
    """The object to use as a key in place of ``key``: itself, or with one same NaN in place of every NaN in it.

    A list, also within it, becomes a copy that cannot be changed.

    Args:
        key: what a key selector returned.

    Raises:
        KeyTypeError: the key has no canonical bytes.

    Example:
        >>> check_key(float("nan")) is check_key(-float("nan"))
        True
    """
    kind = type(key)
    if kind is str or kind is int:
        return key
    return checked(key, kind, 0)


cdef object checked(object key, kind, int depth):
    cdef Form form = form_of(kind)
    if form.code < FORM_FLOAT:
        return key
    if form.code == FORM_FLOAT:
        return key if PyFloat_AS_DOUBLE(key) == PyFloat_AS_DOUBLE(key) else NAN
    if form.code == FORM_TUPLE:
        return checked_tuple(<tuple>key, depth)
    if form.code == FORM_LIST:
        return checked_list(<list>key, kind, depth)
    if form.code == FORM_DECIMAL:
        if key.is_nan():
            return NAN
        if key.is_finite():
            check_exponent(key)
        return key
    if form.code == FORM_NUMPY:
        value = key.item()
        return key if value == value else NAN
    if form.code == FORM_ROW:
        return checked_row(<Row>key, depth)
    if form.code == FORM_RECORD:
        return checked_record(key, form, depth)
    refuse(kind, form, depth)


cdef list checked_items(tuple items, int depth):
    """The items with one NaN in place of all and copies of lists, or None if they are to stay."""
    cdef list changed = None
    cdef Py_ssize_t i
    check_depth(depth)
    for i in range(len(items)):
        item = items[i]
        kind = type(item)
        if kind is str or kind is int:
            continue
        result = checked(item, kind, depth + 1)
        if result is not item:
            if changed is None:
                changed = list(items)
            changed[i] = result
    return changed


cdef object checked_tuple(tuple key, int depth):
    changed = checked_items(key, depth)
    # tuple.__new__, because a NamedTuple's own constructor takes its fields one by one.
    return key if changed is None else tuple.__new__(type(key), changed)


cdef object checked_list(list key, kind, int depth):
    if kind is ListKey:  # made here
        return key
    cdef tuple items = tuple(key)
    changed = checked_items(items, depth)
    return ListKey(items if changed is None else changed)


cdef object checked_row(Row key, int depth):
    if key.fields is not None:
        row_names(key)
    changed = checked_items(tuple(key.values), depth)
    return key if changed is None else restore_row(type(key), key.fields, changed, key.kind)


# Frozen dataclasses with a NaN or a list, by their canonical bytes. Unlike a tuple's, their equality does not look at
# identity in every Python version, so the first such object stands for all of them while anything refers to it.
nan_records = weakref.WeakValueDictionary()


cdef object with_fields(object key, tuple names, list values):
    """A copy of a frozen dataclass with other values: a list could be changed by whoever has the record."""
    made = object.__new__(type(key))
    for field in dataclasses.fields(key):
        object.__setattr__(made, field.name, getattr(key, field.name))
    for name, value in zip(names, values):
        object.__setattr__(made, name, value)
    return made


cdef object checked_record(object key, Form form, int depth):
    cdef list changed = checked_items(tuple([getattr(key, name) for name in form.fields]), depth)
    if changed is None:
        return key
    key = with_fields(key, form.fields, changed)
    form_bytes = canonical_key_bytes(key)
    try:
        return nan_records.setdefault(form_bytes, key)
    except TypeError as error:
        raise KeyTypeError(
            f"a key of type {form.name} holds a NaN or list, which needs weak references: declare it with "
            "weakref_slot=True"
        ) from error
