"""Rows as JSON, with PyFlink's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx.errors import ConfigurationError, CorruptDataError, TypeInformationError
from pyflinkx.formats.json_numbers import load_json
from pyflinkx.formats.json_schema import row_type_of_schema
from pyflinkx.formats.json_values import JsonValueError, Reading, reader_of, writer_of
from pyflinkx.names.asking import offering
from pyflinkx.types.codecs import codec_of
from pyflinkx.types.serialization import DeserializationSchema, SerializationSchema
from pyflinkx.types.typeinfo import RowTypeInfo, TypeInformation

__all__ = ["JsonRowDeserializationSchema", "JsonRowSerializationSchema"]


class JsonRowDeserializationSchema(DeserializationSchema):
    """Reads JSON objects as rows. Made by ``builder()``.

    As in Flink, a STRING also takes numbers, booleans, arrays and objects, as their text. What Flink would change
    without a word is an error: a number with a fraction for an integer, what is no boolean for one.

    Example:
        >>> from pyflinkx.common import Types
        >>> type_info = Types.ROW_NAMED(["id", "name"], [Types.INT(), Types.STRING()])
        >>> schema = JsonRowDeserializationSchema.builder().type_info(type_info).build()
        >>> schema.deserialize(b'{"id": 1, "name": "a"}')
        Row(id=1, name='a')
    """

    def __init__(self, type_info: RowTypeInfo, fail_on_missing_field: bool, ignore_parse_errors: bool) -> None:
        self._type_info = type_info
        self._fail_on_missing_field = fail_on_missing_field
        self._ignore_parse_errors = ignore_parse_errors
        self._read = reader_of(type_info, Reading(fail_on_missing_field, ignore_parse_errors))

    @staticmethod
    def builder() -> JsonRowDeserializationSchema.Builder:
        """A builder without a type."""
        return JsonRowDeserializationSchema.Builder()

    def deserialize(self, message: bytes | None) -> Any:
        """The row of a message.

        Returns:
            None for a message of None, and for one that is no JSON object where errors are ignored.

        Raises:
            CorruptDataError: it is no JSON object with fields of these types; the message names the field.
        """
        if message is None:
            return None
        try:
            return self._read(load_json(message))
        except (ValueError, ArithmeticError, RecursionError) as error:
            if self._ignore_parse_errors:
                return None
            where = f"${error.path}: {error}" if isinstance(error, JsonValueError) else reason_of(error)
            raise CorruptDataError(f"no JSON row of this type: {where}: {short_repr(bytes(message[:200]))}") from error

    def get_produced_type(self) -> TypeInformation:
        return self._type_info

    def __reduce__(self) -> Any:
        return JsonRowDeserializationSchema, (self._type_info, self._fail_on_missing_field, self._ignore_parse_errors)

    class Builder:
        """Builds a JsonRowDeserializationSchema; every method but ``build`` returns the builder."""

        def __init__(self) -> None:
            self._type_info: RowTypeInfo | None = None
            self._fail_on_missing_field = False
            self._ignore_parse_errors = False

        def type_info(self, type_info: TypeInformation) -> JsonRowDeserializationSchema.Builder:
            """Read rows of that type."""
            self._type_info = row_type(type_info)
            return self

        def json_schema(self, json_schema: str) -> JsonRowDeserializationSchema.Builder:
            """Read rows of the type that a JSON schema describes; all numbers become Decimals."""
            self._type_info = row_type_of_schema(json_schema)
            return self

        def fail_on_missing_field(self) -> JsonRowDeserializationSchema.Builder:
            """Refuse objects that lack a field, which is None otherwise."""
            if self._ignore_parse_errors:
                raise ConfigurationError("ignore_parse_errors() and fail_on_missing_field() exclude each other")
            self._fail_on_missing_field = True
            return self

        def ignore_parse_errors(self) -> JsonRowDeserializationSchema.Builder:
            """Read a field that cannot be read as None, and a message that is no JSON object too."""
            if self._fail_on_missing_field:
                raise ConfigurationError("ignore_parse_errors() and fail_on_missing_field() exclude each other")
            self._ignore_parse_errors = True
            return self

        def build(self) -> JsonRowDeserializationSchema:
            """The schema.

            Raises:
                ConfigurationError: no type was given.
            """
            if self._type_info is None:
                raise ConfigurationError("type_info() or json_schema() must be called first")
            return JsonRowDeserializationSchema(self._type_info, self._fail_on_missing_field, self._ignore_parse_errors)


class JsonRowSerializationSchema(SerializationSchema):
    """Writes rows as JSON objects. Made by ``builder()``.

    Example:
        >>> from pyflinkx.common import Row, Types
        >>> type_info = Types.ROW_NAMED(["id", "name"], [Types.INT(), Types.STRING()])
        >>> JsonRowSerializationSchema.builder().with_type_info(type_info).build().serialize(Row(1, None))
        b'{"id":1,"name":null}'
    """

    def __init__(self, type_info: RowTypeInfo) -> None:
        self._type_info = type_info
        self._conform = codec_of(type_info).conform_one
        self._write = writer_of(type_info)

    @staticmethod
    def builder() -> JsonRowSerializationSchema.Builder:
        """A builder without a type."""
        return JsonRowSerializationSchema.Builder()

    def serialize(self, value: Any) -> bytes:
        """The JSON object of a row, and null for None.

        Args:
            value: a Row, or what a declared type makes one of: a tuple or list, a dict, an object with the fields as
                attributes. Fields with names are taken by them.

        Raises:
            TypeError: the value is no row of the type, or holds a number that JSON cannot; the message names the field.
        """
        try:
            return self._write(None if value is None else self._conform(value)).encode()
        except (TypeInformationError, ValueError) as error:
            where = f"field '${error.path}': {error}" if isinstance(error, JsonValueError) else str(error)
            raise TypeError(f"no row of type {self._type_info}: {short_repr(value)}: {where}") from error

    def __reduce__(self) -> Any:
        return JsonRowSerializationSchema, (self._type_info,)

    class Builder:
        """Builds a JsonRowSerializationSchema."""

        def __init__(self) -> None:
            self._type_info: RowTypeInfo | None = None

        def with_type_info(self, type_info: TypeInformation) -> JsonRowSerializationSchema.Builder:
            """Write rows of that type."""
            self._type_info = row_type(type_info)
            return self

        def build(self) -> JsonRowSerializationSchema:
            """The schema.

            Raises:
                ConfigurationError: no type was given.
            """
            if self._type_info is None:
                raise ConfigurationError("with_type_info() must be called first")
            return JsonRowSerializationSchema(self._type_info)


def reason_of(error: Exception) -> str:
    """What is wrong, where the exception says it in no plain words."""
    if isinstance(error, ArithmeticError):
        return f"a number or time is out of range ({error})"
    return "it is nested too deep" if isinstance(error, RecursionError) else str(error)


def row_type(type_info: Any) -> RowTypeInfo:
    """``type_info``, if it is a row type; TypeError otherwise."""
    if not isinstance(type_info, RowTypeInfo):
        raise TypeError(f"a row type such as Types.ROW_NAMED(...) is needed, not {type_info!r}")
    return type_info


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
