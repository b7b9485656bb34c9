from pyflinkx._core.pfx.key cimport pfx_key

cdef enum:
    # Forms that check_key returns as they are ...
    FORM_NONE
    FORM_INT
    FORM_TEXT
    FORM_BINARY
    FORM_DATE
    FORM_TIME
    FORM_DATETIME
    FORM_DURATION
    FORM_UUID
    FORM_ENUM
    FORM_FLAG
    # ... and those that may hold a NaN.
    FORM_FLOAT
    FORM_NUMPY
    FORM_DECIMAL
    FORM_TUPLE
    FORM_LIST
    FORM_ROW
    FORM_RECORD
    FORM_REFUSED


cdef class Form:
    cdef int code  # a FORM_
    cdef str name  # class name of an enum, row or record
    cdef tuple fields  # field names of a record
    cdef str reason  # why the type is refused, and what to do


cdef Form form_of(kind)

# The largest adjusted exponent of a Decimal key.
cdef int MAX_EXPONENT

# Refuse what lies under too many composites.
cdef int check_depth(int depth) except -1

# Append the canonical bytes of a key; `depth` is how many composites enclose it.
cdef int put_key(pfx_key *out, object key, int depth) except -1

# The same for a str, or a subclass that has its equality.
cdef int put_text(pfx_key *out, object key) except -1

cpdef object check_key(object key)
