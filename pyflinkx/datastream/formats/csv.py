"""CSV files, with PyFlink's names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pyflinkx.config.arguments import check_count, check_text
from pyflinkx.connectors.files.bulk import BulkWriterFactory, RowDataBulkWriterFactory
from pyflinkx.connectors.files.csv import CsvSource
from pyflinkx.connectors.files.csv_sink import CsvSink
from pyflinkx.connectors.files.text_writers import CsvWriterFactory
from pyflinkx.connectors.source import Source
from pyflinkx.datastream.connectors.file_system import StreamFormat
from pyflinkx.datastream.formats.csv_rows import CsvRowDeserializationSchema, CsvRowSerializationSchema
from pyflinkx.errors import ConfigurationError
from pyflinkx.names.asking import offering
from pyflinkx.types.typeinfo import BasicType, BasicTypeInfo, ListTypeInfo, TypeInformation, Types

__all__ = [
    "BulkWriterFactory",
    "CsvBulkWriters",
    "CsvReaderFormat",
    "CsvRowDeserializationSchema",
    "CsvRowSerializationSchema",
    "CsvSchema",
    "CsvSchemaBuilder",
    "RowDataBulkWriterFactory",
]

NUMBERS = frozenset(
    [
        BasicType.BYTE,
        BasicType.SHORT,
        BasicType.INT,
        BasicType.LONG,
        BasicType.FLOAT,
        BasicType.DOUBLE,
        BasicType.BIG_INT,
        BasicType.BIG_DEC,
    ]
)


@dataclass(frozen=True)
class Column:
    """A column of a schema: its name, what PyFlink calls its kind, its type, and the separator of an array.

    Without a separator of its own an array has that of the schema.
    """

    name: str
    kind: str
    type_info: TypeInformation
    separator: str = ";"


@dataclass(frozen=True)
class Settings:
    """How a file is read."""

    delimiter: str = ","
    quote: str | None = '"'
    escape: str | None = None
    null_value: str | None = None
    use_header: bool = False
    strict_headers: bool = False
    skip_first_data_row: bool = False
    comments: bool = False
    any_property_name: str | None = None
    line_separator: str = "\n"
    array_separator: str = ";"


class CsvSchema:
    """The columns of a CSV file and how it is written. Made by ``CsvSchema.builder()``.

    Example:
        >>> schema = CsvSchema.builder().add_string_column("name").add_number_column("age").set_use_header().build()
        >>> len(schema)
        2
    """

    def __init__(self, columns: tuple[Column, ...], settings: Settings) -> None:
        self._columns = columns
        self._settings = settings

    @staticmethod
    def builder() -> CsvSchemaBuilder:
        """A builder without columns."""
        return CsvSchemaBuilder()

    def size(self) -> int:
        """How many columns there are."""
        return len(self._columns)

    def __len__(self) -> int:
        return self.size()

    def __repr__(self) -> str:
        columns = ",".join(f'"{column.name}"/{column.kind}' for column in self._columns)
        header = str(self._settings.use_header).lower()
        skip = str(self._settings.skip_first_data_row).lower()
        comments = str(self._settings.comments).lower()
        rest = self._settings.any_property_name
        flags = f"header? {header}, skipFirst? {skip}, comments? {comments}, any-properties? {rest or 'N/A'}"
        return f"[CsvSchema: columns=[{columns}], {flags}]"


class CsvSchemaBuilder:
    """Builds a CsvSchema; every method but ``build`` and ``size`` returns the builder."""

    def __init__(self) -> None:
        self._columns: list[Column] = []
        self._names: set[str] = set()
        self._settings = Settings()

    def build(self) -> CsvSchema:
        """The schema."""
        return CsvSchema(tuple(self._columns), self._settings)

    def _add(self, column: Column) -> CsvSchemaBuilder:
        check_text(column.name, "a column name")
        if column.name in self._names:
            raise ConfigurationError(f"there is a column {column.name!r} already")
        self._columns.append(column)
        self._names.add(column.name)
        return self

    def _set(self, **settings: Any) -> CsvSchemaBuilder:
        self._settings = replace(self._settings, **settings)
        return self

    def add_array_column(
        self, name: str, separator: str = ";", element_type: TypeInformation | None = None
    ) -> CsvSchemaBuilder:
        """Add a column of lists.

        Args:
            name: of the column.
            separator: between the elements.
            element_type: their type, such as ``Types.INT()``; STRING by default.
        """
        element_type = Types.STRING() if element_type is None else element_type
        return self._add(Column(name, "ARRAY", Types.LIST(element_type), check_text(separator, "separator")))

    def add_boolean_column(self, name: str) -> CsvSchemaBuilder:
        """Add a column of booleans: true, t, 1, false, f or 0 in any case (anything else is an error, not false)."""
        return self._add(Column(name, "BOOLEAN", Types.BOOLEAN()))

    def add_number_column(self, name: str, number_type: TypeInformation | None = None) -> CsvSchemaBuilder:
        """Add a column of numbers.

        Args:
            name: of the column.
            number_type: such as ``Types.INT()`` or ``Types.DOUBLE()``; LONG by default.

        Raises:
            ConfigurationError: the type is not one of numbers.
        """
        number_type = Types.LONG() if number_type is None else number_type
        if not isinstance(number_type, BasicTypeInfo) or number_type.basic_type not in NUMBERS:
            raise ConfigurationError(f"the type of a number column is one such as Types.INT(), not {number_type!r}")
        return self._add(Column(name, "NUMBER", number_type))

    def add_string_column(self, name: str) -> CsvSchemaBuilder:
        """Add a column of strings."""
        return self._add(Column(name, "STRING", Types.STRING()))

    def add_columns_from(self, schema: CsvSchema) -> CsvSchemaBuilder:
        """Add all columns of another schema."""
        for column in schema._columns:
            self._add(column)
        return self

    def clear_columns(self) -> CsvSchemaBuilder:
        """Remove all columns."""
        self._columns.clear()
        self._names.clear()
        return self

    def set_array_element_separator(self, separator: str) -> CsvSchemaBuilder:
        """Put ``separator`` between the elements of all array columns added so far."""
        self._separate(check_text(separator, "separator"))
        return self._set(array_separator=separator)

    def disable_array_element_separator(self) -> CsvSchemaBuilder:
        """Read a field of an array column as an array of one element, in all array columns added so far."""
        self._separate("")
        return self._set(array_separator="")

    def remove_array_element_separator(self, index: int) -> CsvSchemaBuilder:
        """Have one array column split at the separator of the schema: that of the last call for all columns, or ``;``.

        Args:
            index: of the column, from 0.

        Raises:
            ConfigurationError: there is no such column.
        """
        if check_count(index, "index", least=0) >= len(self._columns):
            raise ConfigurationError(f"there is no column {index}: there are {len(self._columns)}")
        self._columns[index] = replace(self._columns[index], separator="")
        return self

    def _separate(self, separator: str) -> None:
        self._columns = [
            replace(column, separator=separator) if isinstance(column.type_info, ListTypeInfo) else column
            for column in self._columns
        ]

    def set_allow_comments(self, allow: bool = True) -> CsvSchemaBuilder:
        """Whether lines that start with ``#`` are passed over, but for those within a quoted field."""
        return self._set(comments=bool(allow))

    def set_any_property_name(self, name: str) -> CsvSchemaBuilder:
        """Accept records with more fields than columns, whose further fields are left out.

        Args:
            name: for the schema's description only; there is no field of that name.
        """
        return self._set(any_property_name=check_text(name, "name"))

    def set_column_separator(self, char: str) -> CsvSchemaBuilder:
        """Use another character than ``,`` between columns.

        Raises:
            ValueError: it is not one character.
        """
        return self._set(delimiter=one_character(char, "Column separator"))

    def disable_escape_char(self) -> CsvSchemaBuilder:
        """Take no character as escape, which is the default."""
        return self._set(escape=None)

    def set_escape_char(self, char: str) -> CsvSchemaBuilder:
        """Take the character after ``char`` as it is (also ``n``, which PyFlink turns into a line end).

        Raises:
            ValueError: it is not one character.
        """
        return self._set(escape=one_character(char, "Escape char"))

    def set_line_separator(self, separator: str) -> CsvSchemaBuilder:
        r"""End lines that are written so; reading takes ``\n``, ``\r`` and ``\r\n`` alike."""
        return self._set(line_separator=check_text(separator, "separator"))

    def set_null_value(self, null_value: str) -> CsvSchemaBuilder:
        """Read this text as None in every column; by default no text is, and an empty number is an error."""
        return self._set(null_value=check_text(null_value, "null_value"))

    def disable_quote_char(self) -> CsvSchemaBuilder:
        """Take quotes as part of the fields."""
        return self._set(quote=None)

    def set_quote_char(self, char: str) -> CsvSchemaBuilder:
        """Use another character than ``"`` around fields.

        Raises:
            ValueError: it is not one character.
        """
        return self._set(quote=one_character(char, "Quote char"))

    def set_skip_first_data_row(self, skip: bool = True) -> CsvSchemaBuilder:
        """Whether to pass over the first record (after the header, if there is one)."""
        return self._set(skip_first_data_row=bool(skip))

    def set_strict_headers(self, strict: bool = True) -> CsvSchemaBuilder:
        """Whether the header must hold the names of the schema, in its order; otherwise it is passed over."""
        return self._set(strict_headers=bool(strict))

    def set_use_header(self, use: bool = True) -> CsvSchemaBuilder:
        """Whether the first line is a header."""
        return self._set(use_header=bool(use))

    def size(self) -> int:
        """How many columns there are."""
        return len(self._columns)

    def __len__(self) -> int:
        return self.size()


def one_character(char: str, what: str) -> str:
    """``char``, if it is one character."""
    if len(check_text(char, what)) != 1:
        raise ConfigurationError(f"{what} must be a single char, got {char}")
    return char


class CsvReaderFormat(StreamFormat):
    """Reads CSV files as rows with the names of the schema.

    Example:
        >>> from pyflinkx.datastream.connectors.file_system import FileSource
        >>> schema = CsvSchema.builder().add_string_column("name").add_number_column("age", Types.INT()).build()
        >>> FileSource.for_record_stream_format(CsvReaderFormat.for_schema(schema), "people.csv").build().output_type
        RowTypeInfo(name: String, age: Integer)
    """

    def __init__(self, schema: CsvSchema) -> None:
        self._schema = schema

    @staticmethod
    def for_schema(schema: CsvSchema) -> CsvReaderFormat:
        """The format of files with the given schema.

        Raises:
            ConfigurationError: it is not a CsvSchema.
        """
        if not isinstance(schema, CsvSchema):
            raise ConfigurationError(f"a schema is a CsvSchema, made by CsvSchema.builder(), not {schema!r}")
        return CsvReaderFormat(schema)

    def source(self, paths: tuple[str, ...]) -> Source:
        columns, settings = self._schema._columns, self._schema._settings
        header: bool | str = False
        if settings.use_header:
            header = "strict" if settings.strict_headers else "skip"
        return CsvSource(
            paths,
            Types.ROW_NAMED([column.name for column in columns], [column.type_info for column in columns]),
            header=header,
            delimiter=settings.delimiter,
            quote=settings.quote,
            escape=settings.escape,
            null_values=() if settings.null_value is None else (settings.null_value,),
            skip_records=int(settings.skip_first_data_row),
            extra_fields="error" if settings.any_property_name is None else "ignore",
            comments=settings.comments,
            array_separator={column.name: column.separator or settings.array_separator for column in columns},
        )


class CsvBulkWriters:
    """Makes what writes CSV files, for ``FileSink.for_bulk_format``."""

    @staticmethod
    def for_schema(schema: CsvSchema) -> BulkWriterFactory:
        """What writes rows of a schema, by position.

        Raises:
            ConfigurationError: it is not a CsvSchema, or ends lines by something else than a line feed or CR LF.

        Example:
            >>> schema = CsvSchema.builder().add_string_column("name").add_number_column("age").build()
            >>> isinstance(CsvBulkWriters.for_schema(schema), BulkWriterFactory)
            True
        """
        if not isinstance(schema, CsvSchema):
            raise ConfigurationError(f"a schema is a CsvSchema, made by CsvSchema.builder(), not {schema!r}")
        columns, settings = schema._columns, schema._settings
        if settings.quote is None or settings.escape is not None:
            raise ConfigurationError("CSV files are written with a quote character and without an escape character")
        sink = CsvSink(
            "/of the schema",
            settings.use_header,
            [column.name for column in columns],
            settings.delimiter,
            quote=settings.quote,
            null_value=settings.null_value or "",
            line_separator=settings.line_separator,
        )
        separators = {
            number: column.separator or settings.array_separator
            for number, column in enumerate(columns)
            if isinstance(column.type_info, ListTypeInfo)
        }
        return CsvWriterFactory(sink, separators)


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
