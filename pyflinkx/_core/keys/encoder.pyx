"""Keys of a declared type."""
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.long cimport PyLong_AsLongLongAndOverflow
from libc.math cimport isinf

from pyflinkx._core.pfx.key cimport pfx_key, pfx_key_free, pfx_key_init, pfx_key_put_double, pfx_key_put_long
from pyflinkx._core.keys.canonical cimport (
    FORM_BINARY,
    FORM_FLOAT,
    FORM_INT,
    FORM_NUMPY,
    FORM_TEXT,
    Form,
    form_of,
    put_key,
    put_text,
)
from pyflinkx._core.memory.budget cimport default_budget
from pyflinkx._core.status cimport check

from pyflinkx.errors import KeyTypeError

cdef enum:
    RULE_NONE
    RULE_BOOLEAN
    RULE_INTEGER
    RULE_FLOAT
    RULE_DOUBLE
    RULE_STRING
    RULE_BINARY

cdef dict RULES = {
    None: RULE_NONE,
    "BOOLEAN": RULE_BOOLEAN,
    "BYTE": RULE_INTEGER,
    "SHORT": RULE_INTEGER,
    "INT": RULE_INTEGER,
    "LONG": RULE_INTEGER,
    "FLOAT": RULE_FLOAT,
    "DOUBLE": RULE_DOUBLE,
    "STRING": RULE_STRING,
    "BINARY": RULE_BINARY,
}

# The largest value of each type; the smallest is one below its negative.
cdef dict LIMITS = {"BYTE": 2**7 - 1, "SHORT": 2**15 - 1, "INT": 2**31 - 1, "LONG": 2**63 - 1}

DECLARED_KEY_TYPES = frozenset(name for name in RULES if name is not None)


cdef class KeyEncoder:
    """Canonical bytes of keys of a declared type.

    A declared type decides which keys are accepted and what value they have, never how a value is written: the bytes
    are those of ``canonical_key_bytes`` for that value, so a typed and an untyped stream of the same keys meet in the
    same subtask. None is a key of every type.

    Args:
        declared: one of DECLARED_KEY_TYPES, or None for any key. BYTE, SHORT, INT and LONG take int (and bool) of 8,
            16, 32 and 64 bits; BOOLEAN, STRING and BINARY take bool, str and bytes; DOUBLE takes float, and int that
            a float holds exactly; FLOAT takes the same, rounded to 32 bits as its codec does. NumPy scalars count as
            the Python values that they hold.

    Raises:
        ValueError: ``declared`` is not one of those names.

    Example:
        >>> KeyEncoder("LONG").encode(1) == KeyEncoder("DOUBLE").encode(1.0)
        True
    """

    def __init__(self, declared=None):
        if declared not in RULES:
            raise ValueError(f"no declared key type {declared!r}; one of {', '.join(sorted(DECLARED_KEY_TYPES))}")
        self.declared = declared
        self.rule = RULES[declared]
        self.limit = LIMITS.get(declared, 0)

    def __reduce__(self):
        return KeyEncoder, (self.declared,)

    def __repr__(self):
        return f"KeyEncoder({self.declared!r})"

    def encode(self, key):
        """The canonical bytes of a key.

        Raises:
            KeyTypeError: the key does not have the declared type, or no canonical form.
        """
        cdef pfx_key out
        pfx_key_init(&out, &default_budget.budget)
        try:
            self.put(&out, key)
            return PyBytes_FromStringAndSize(<const char *>out.bytes, out.size)
        finally:
            pfx_key_free(&out)

    cdef int put(self, pfx_key *out, object key) except -1:
        cdef Form form
        cdef int overflow = 0
        cdef long long integer
        cdef double value
        cdef float rounded
        if self.rule == RULE_NONE or key is None:
            return put_key(out, key, 0)
        if self.rule == RULE_STRING and type(key) is str:
            return put_text(out, key)
        form = form_of(type(key))
        if form.code == FORM_NUMPY:
            key = key.item()
            form = form_of(type(key))
        if self.rule == RULE_INTEGER:
            if form.code == FORM_INT:
                integer = PyLong_AsLongLongAndOverflow(key, &overflow)
                if overflow == 0 and -self.limit - 1 <= integer <= self.limit:
                    return check(pfx_key_put_long(out, integer))
        elif self.rule == RULE_DOUBLE or self.rule == RULE_FLOAT:
            if form.code == FORM_FLOAT or (form.code == FORM_INT and holds_exactly(key)):
                value = float(key)
                if self.rule == RULE_FLOAT:
                    rounded = <float>value
                    if isinf(rounded) and not isinf(value):
                        return self.mismatch(key)
                    value = rounded
                return check(pfx_key_put_double(out, value))
        elif (
            (self.rule == RULE_BOOLEAN and type(key) is bool)
            or (self.rule == RULE_STRING and form.code == FORM_TEXT)
            or (self.rule == RULE_BINARY and form.code == FORM_BINARY)
        ):
            return put_key(out, key, 0)
        return self.mismatch(key)

    cdef int mismatch(self, object key) except -1:
        # Python refuses to write very long ints in decimal.
        text = f"{key:#x}" if type(key) is int and int.bit_length(key) > 1000 else repr(key)
        raise KeyTypeError(
            f"the key type is declared as {self.declared}, but a key is {text:.200} ({type(key).__qualname__})"
        )


cdef bint holds_exactly(object number) except -1:
    try:
        return float(number) == number
    except OverflowError:
        return False
