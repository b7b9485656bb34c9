"""Rows as JSON, with PyFlink's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.connectors.files.json_lines import JsonLinesSource
from pyflinkx.connectors.source import Source
from pyflinkx.datastream.connectors.file_system import StreamFormat
from pyflinkx.errors import ConfigurationError
from pyflinkx.formats.json_decoder import Failures
from pyflinkx.formats.json_messages import JsonMessages, row_type
from pyflinkx.formats.json_rows import JsonRows
from pyflinkx.formats.json_schema import row_type_of_schema
from pyflinkx.formats.json_values import Reading
from pyflinkx.names.asking import offering
from pyflinkx.types.serialization import DeserializationSchema, SerializationSchema
from pyflinkx.types.typeinfo import RowTypeInfo, TypeInformation

__all__ = ["JsonReaderFormat", "JsonRowDeserializationSchema", "JsonRowSerializationSchema"]


class JsonReaderFormat(StreamFormat):
    """Files with a JSON object in each line; made by ``for_type``. Not in PyFlink, which reads JSON files by SQL only.

    Example:
        >>> from pyflinkx.common import Types
        >>> from pyflinkx.datastream.connectors.file_system import FileSource
        >>> trips = JsonReaderFormat.for_type(Types.ROW_NAMED(["id", "fare"], [Types.LONG(), Types.DOUBLE()]))
        >>> FileSource.for_record_stream_format(trips, "/data/trips.jsonl").build()
        FileSource(JsonLinesSource('/data/trips.jsonl'))
    """

    def __init__(self, type_info: RowTypeInfo, options: dict[str, Any]) -> None:
        self._type_info = type_info
        self._options = options

    @staticmethod
    def for_type(type_info: RowTypeInfo, **options: Any) -> JsonReaderFormat:
        """A format that reads rows of a type.

        Args:
            type_info: the type.
            options: of ``JsonLinesSource``: on_error, fail_on_missing_field, ignore_parse_errors, max_line_bytes.
        """
        return JsonReaderFormat(row_type(type_info), options)

    def source(self, paths: tuple[str, ...]) -> Source:
        return JsonLinesSource(paths, self._type_info, **self._options)


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
        self._messages = JsonMessages(type_info, Reading(fail_on_missing_field, ignore_parse_errors))

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
        return self._messages.decode(message)

    def decode_many(self, messages: list[Any], failures: Failures | None = None) -> list[Any]:
        """What ``deserialize`` gives for each of several messages, many times faster."""
        return self._messages.decoder.rows(messages, failures)

    def decode_columns(self, messages: list[Any], failures: Failures | None = None) -> ColumnBatch:
        """The same as columns, without the rows that are None.

        Args:
            messages: ``bytes`` each, or None.
            failures: takes the places (from 0) of messages that cannot be read, and why.

        Raises:
            CorruptDataError: a message cannot be read, and there is no such list; the error says which.

        Example:
            >>> from pyflinkx.common import Types
            >>> type_info = Types.ROW_NAMED(["id"], [Types.INT()])
            >>> schema = JsonRowDeserializationSchema.builder().type_info(type_info).build()
            >>> schema.decode_columns([b'{"id": 1}', b'{"id": null}'])
            ColumnBatch(2 rows: id int32)
        """
        return self._messages.decoder.columns(messages, failures)

    def get_produced_type(self) -> TypeInformation:
        return self._messages.type_info

    def __reduce__(self) -> Any:
        messages = self._messages
        reading = messages.reading
        return JsonRowDeserializationSchema, (messages.type_info, reading.all_fields, reading.lenient)

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
        self._rows = JsonRows(type_info)

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
        return self._rows.encode(value)

    def encode_many(self, values: list[Any]) -> list[bytes]:
        """What ``serialize`` gives for each of several rows, many times faster."""
        return self._rows.encoder.messages(values)

    def encode_columns(self, batch: ColumnBatch) -> bytes:
        r"""The JSON objects of the rows of columns, each with a ``\n``.

        Args:
            batch: of the columns that the type has.

        Raises:
            TypeError: a row holds a number that JSON cannot.
        """
        return self._rows.encoder.lines(batch)

    def __reduce__(self) -> Any:
        return JsonRowSerializationSchema, (self._rows.type_info,)

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


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
