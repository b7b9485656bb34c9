"""Names and types of columns, written as Arrow format strings."""
cimport cython
from pyflinkx._core.pfx.arrow cimport (
    PFX_KIND_BINARY,
    PFX_KIND_BINARY_VIEW,
    PFX_KIND_DECIMAL128,
    PFX_KIND_DURATION,
    PFX_KIND_FIXED_BINARY,
    PFX_KIND_LIST,
    PFX_KIND_STRUCT,
    PFX_KIND_TIME32,
    PFX_KIND_TIME64,
    PFX_KIND_TIMESTAMP,
    PFX_KIND_UTF8_VIEW,
    pfx_arrow_type_parse,
)
from pyflinkx._core.pfx.status cimport PFX_OK

from pyflinkx.errors import TypeInformationError

# The names of types without parameters; those of numbers are NumPy's too.
PLAIN_NAMES = {
    "n": "null", "b": "bool", "c": "int8", "s": "int16", "i": "int32", "l": "int64", "C": "uint8", "S": "uint16",
    "I": "uint32", "L": "uint64", "f": "float32", "g": "float64", "u": "utf8", "U": "large_utf8", "z": "binary",
    "Z": "large_binary", "tdD": "date32", "tdm": "date64",
}
# Only to name in an error what cannot be used.
cdef dict UNSUPPORTED_NAMES = {
    "e": "float16", "+r": "run_end_encoded", "+vl": "list_view", "+vL": "large_list_view",
    "tiM": "month_interval", "tiD": "day_time_interval", "tin": "month_day_nano_interval", "vu": "utf8_view",
    "vz": "binary_view",
}
cdef tuple UNITS = ("s", "ms", "us", "ns")


@cython.final
cdef class Field:
    """One column's name and type.

    Args:
        name: the column's name.
        format: the type as a format string of Arrow's C data interface: ``"l"`` is int64, ``"u"`` UTF-8 text,
            ``"tsm:UTC"`` a timestamp in milliseconds. Dictionary-encoded and view types do not appear here: they are
            decoded when they are imported.
        nullable: whether values may be missing.
        children: the element's field of a list, the entries' of a map (a struct of key and value), the fields of a
            struct.
        metadata: key and value bytes that travel with the field.
        carried: what makes bytes of Python values and values of bytes, for a binary column of values that no Arrow type
            is for: an object with ``encode(value)`` and ``decode(bytes)`` (``types.carried``). Of a decimal column it
            says that its values are whole numbers, and ints. It never comes from Arrow data.

    Raises:
        TypeInformationError: the format is malformed, not supported, or does not fit the children.

    Example:
        >>> Field("when", "tsm:UTC").type_name
        'timestamp[ms, UTC]'
    """

    def __init__(
        self, str name not None, str format not None, bint nullable=True, children=(), metadata=None, carried=None,
    ):
        self.name = name
        self.format = format
        self.nullable = nullable
        self.children = tuple(children)
        self.metadata = dict(metadata) if metadata else None
        self.carried = carried
        self.format_bytes = format.encode()
        if (
            "\0" in format
            or pfx_arrow_type_parse(self.format_bytes, &self.type) != PFX_OK
            or self.type.kind == PFX_KIND_UTF8_VIEW
            or self.type.kind == PFX_KIND_BINARY_VIEW
        ):
            raise TypeInformationError(unsupported_type(name, format))
        if self.type.children >= 0 and len(self.children) != self.type.children:
            raise TypeInformationError(
                f"column {name!r}: a {self.type_name} has {self.type.children} children, not {len(self.children)}"
            )
        for child in self.children:
            if not isinstance(child, Field):
                raise TypeInformationError(f"column {name!r}: its children must be Field objects, not {child!r}")
        self.is_map = format == "+m"
        if self.is_map and not is_entry(<Field> self.children[0]):
            raise TypeInformationError(
                f"column {name!r}: the entries of a map are structs of key and value, not {self.children[0].type_name}"
            )

    @property
    def type_name(self):
        """The type as people write it, such as ``list<int64>``."""
        if self.carried is not None and self.type.kind == PFX_KIND_BINARY:
            return str(self.carried)
        plain = PLAIN_NAMES.get(self.format)
        if plain is not None:
            return plain
        kind = self.type.kind
        if kind == PFX_KIND_TIMESTAMP:
            return f"timestamp[{self.unit}, {self.timezone}]" if self.timezone else f"timestamp[{self.unit}]"
        if kind == PFX_KIND_TIME32:
            return f"time32[{self.unit}]"
        if kind == PFX_KIND_TIME64:
            return f"time64[{self.unit}]"
        if kind == PFX_KIND_DURATION:
            return f"duration[{self.unit}]"
        if kind == PFX_KIND_DECIMAL128:
            return f"decimal128({self.type.precision}, {self.type.scale})"
        if kind == PFX_KIND_FIXED_BINARY:
            return f"fixed_binary[{self.type.width}]"
        if self.is_map:
            return f"map<{', '.join(child.type_name for child in self.children[0].children)}>"
        if kind == PFX_KIND_LIST:
            prefix = "large_" if self.type.offset_width == 8 else ""
            return f"{prefix}list<{', '.join(child.type_name for child in self.children)}>"
        return f"struct<{', '.join(f'{child.name}: {child.type_name}' for child in self.children)}>"

    @property
    def unit(self):
        """``"s"``, ``"ms"``, ``"us"`` or ``"ns"`` of a time, timestamp or duration; else None."""
        kind = self.type.kind
        if kind in (PFX_KIND_TIME32, PFX_KIND_TIME64, PFX_KIND_TIMESTAMP, PFX_KIND_DURATION):
            return UNITS[self.type.unit]
        return None

    @property
    def timezone(self):
        """The time zone of a timestamp, ``""`` for one without; None for any other type."""
        return self.type.timezone.decode() if self.type.kind == PFX_KIND_TIMESTAMP else None

    def renamed(self, str name not None):
        """The same field under another name."""
        return Field(name, self.format, self.nullable, self.children, self.metadata, self.carried)

    def __arrow_c_schema__(self):
        """The field as an ``arrow_schema`` capsule."""
        from pyflinkx._core.columns.arrow_export import field_capsule

        return field_capsule(self)

    cdef bint same_type(self, Field other) except -1:
        if self is other:
            return True
        if self.format != other.format or len(self.children) != len(other.children):
            return False
        if self.carried is not other.carried and self.carried != other.carried:
            return False
        cdef Py_ssize_t i
        for i in range(len(self.children)):
            if self.type.kind == PFX_KIND_STRUCT and self.children[i].name != other.children[i].name:
                return False
            if not (<Field> self.children[i]).same_type(<Field> other.children[i]):
                return False
        return True

    def __eq__(self, other):
        if not isinstance(other, Field):
            return NotImplemented
        return (
            self.name == other.name
            and self.format == other.format
            and self.nullable == other.nullable
            and self.children == other.children
            and self.carried == other.carried
        )

    def __hash__(self):
        return hash((self.name, self.format, self.nullable, self.children, self.carried))

    def __repr__(self):
        nullable = "" if self.nullable else ", nullable=False"
        children = f", children={self.children!r}" if self.children else ""
        carried = f", carried={self.carried!r}" if self.carried is not None else ""
        return f"Field({self.name!r}, {self.format!r}{nullable}{children}{carried})"

    def __reduce__(self):
        return Field, (self.name, self.format, self.nullable, self.children, self.metadata, self.carried)


cdef bint is_entry(Field field) except -1:
    return field.type.kind == PFX_KIND_STRUCT and len(field.children) == 2


def unsupported_type(str column, str format):
    """What to say of a column whose type no Column can have."""
    if format in UNSUPPORTED_NAMES:
        known = f"{UNSUPPORTED_NAMES[format]} ({format!r})"
    elif format.startswith("+u"):
        known = f"union ({format!r})"
    elif format.startswith("+w:"):
        known = f"fixed_size_list ({format!r})"
    elif format.startswith("d:"):
        known = f"decimal ({format!r}; only 128 bits and 1 to 38 digits are)"
    else:
        known = repr(format)
    return (
        f"column {column!r}: the Arrow type {known} is not supported; cast the column to one of null, bool, int8 to "
        "uint64, float32, float64, utf8, binary, fixed_binary, date, time, timestamp, duration, decimal128, list, map "
        "or struct"
    )


@cython.final
cdef class Schema:
    """The fields of a batch, in order.

    Args:
        fields: one Field per column. Names may repeat, as in an Arrow table, but a repeated name cannot be looked up.
        metadata: key and value bytes that travel with the schema.

    Example:
        >>> Schema([Field("a", "l"), Field("b", "u")]).names
        ['a', 'b']
    """

    def __init__(self, fields, metadata=None):
        self.fields = tuple(fields)
        self.metadata = dict(metadata) if metadata else None
        self.positions = {}
        for i, field in enumerate(self.fields):
            if not isinstance(field, Field):
                raise TypeInformationError(f"a schema is made of Field objects, not {field!r}")
            self.positions[field.name] = -1 if field.name in self.positions else i

    @property
    def names(self):
        """The columns' names."""
        return [field.name for field in self.fields]

    def index(self, key):
        """The position of the column with that name (or, checked, of that number; negative ones count from the end).

        Raises:
            KeyError: there is no such name, or several columns have it.
            IndexError: there is no such number.
        """
        return self.index_of(key)

    cdef Py_ssize_t index_of(self, object key) except -1:
        cdef Py_ssize_t i
        if isinstance(key, str):
            position = self.positions.get(key)
            if position is None:
                raise KeyError(f"no column {key!r}; there are {', '.join(map(repr, self.names)) or 'none'}")
            if position < 0:
                raise KeyError(f"several columns are called {key!r}: use their numbers")
            return position
        i = key
        if i < 0:
            i += len(self.fields)
        if not 0 <= i < len(self.fields):
            raise IndexError(f"no column {key}; there are {len(self.fields)}")
        return i

    def __arrow_c_schema__(self):
        """The schema as an ``arrow_schema`` capsule."""
        from pyflinkx._core.columns.arrow_export import schema_capsule

        return schema_capsule(self)

    def __len__(self):
        return len(self.fields)

    def __iter__(self):
        return iter(self.fields)

    def __getitem__(self, key):
        return self.fields[self.index_of(key)]

    def __eq__(self, other):
        if not isinstance(other, Schema):
            return NotImplemented
        return self.fields == other.fields

    def __hash__(self):
        return hash(self.fields)

    def __repr__(self):
        return f"Schema({list(self.fields)!r})"

    def __reduce__(self):
        return Schema, (self.fields, self.metadata)
