"""Tables as a program describes them: the connector, its options and the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.common.config_options import ConfigOption
from pyflinkx.errors import SqlError
from pyflinkx.names.asking import Answering, answers, offering
from pyflinkx.relational.tables.definition import TableDefinition, text
from pyflinkx.table.schema import Schema
from pyflinkx.types.data_type import quoted

__all__ = ["FormatDescriptor", "TableDescriptor"]


def option_pair(key: str | ConfigOption[Any], value: Any) -> tuple[str, str]:
    """Key and value of an option as text."""
    name = key if isinstance(key, str) else key.key
    return name, str(value).lower() if isinstance(value, bool) else str(value)


@answers("table.table_descriptor.FormatDescriptor")
class FormatDescriptor(metaclass=Answering):
    """A format and its options; made by ``FormatDescriptor.for_format(name)``."""

    def __init__(self, name: str, options: dict[str, str]) -> None:
        self._name = name
        self._options = dict(options)

    def __str__(self) -> str:
        return f"{self._name}[{{{', '.join(f'{key}={value}' for key, value in self._options.items())}}}]"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FormatDescriptor) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    @staticmethod
    def for_format(format: str) -> FormatDescriptor.Builder:
        """Where a format begins.

        Args:
            format: its name, such as ``"json"``.
        """
        return FormatDescriptor.Builder(format)

    def get_format(self) -> str:
        """The name."""
        return self._name

    def get_options(self) -> dict[str, str]:
        """The options."""
        return dict(self._options)

    class Builder:
        """Collects options."""

        def __init__(self, name: str) -> None:
            self._name = name
            self._options: dict[str, str] = {}

        def option(self, key: str | ConfigOption[Any], value: Any) -> FormatDescriptor.Builder:
            """Set an option, whose name does not begin with that of the format."""
            name, shown = option_pair(key, value)
            self._options[name] = shown
            return self

        def build(self) -> FormatDescriptor:
            """The format."""
            return FormatDescriptor(self._name, self._options)


@answers("table.table_descriptor.TableDescriptor")
class TableDescriptor(metaclass=Answering):
    """A table; made by ``TableDescriptor.for_connector(name)``.

    Example:
        >>> from pyflinkx.table import DataTypes
        >>> schema = Schema.new_builder().column("n", DataTypes.INT()).build()
        >>> print(TableDescriptor.for_connector("datagen").schema(schema).option("number-of-rows", "3").build())
        (
          `n` INT
        )
        WITH (
          'connector' = 'datagen',
          'number-of-rows' = '3'
        )
    """

    def __init__(
        self, schema: Schema | None, options: dict[str, str], partition_keys: list[str], comment: str | None
    ) -> None:
        self._schema = schema
        self._options = dict(options)
        self._partition_keys = list(partition_keys)
        self._comment = comment

    def __str__(self) -> str:
        parts = ["" if self._schema is None else str(self._schema)]
        if self._comment is not None:
            parts.append(f"COMMENT {text(self._comment)}")
        if self._partition_keys:
            parts.append(f"PARTITIONED BY ({', '.join(map(quoted, self._partition_keys))})")
        pairs = ",\n".join(f"  {text(key)} = {text(value)}" for key, value in self._options.items())
        return "\n".join([*filter(None, parts), f"WITH (\n{pairs}\n)"])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TableDescriptor) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(str(self))

    @staticmethod
    def for_connector(connector: str) -> TableDescriptor.Builder:
        """Where a table begins.

        Args:
            connector: its name, such as ``"filesystem"``.
        """
        return TableDescriptor.Builder(connector)

    def get_schema(self) -> Schema | None:
        """The schema, if it has one."""
        return self._schema

    def get_options(self) -> dict[str, str]:
        """The options."""
        return dict(self._options)

    def get_partition_keys(self) -> list[str]:
        """The columns by which rows are kept apart."""
        return list(self._partition_keys)

    def get_comment(self) -> str | None:
        """What it says to people."""
        return self._comment

    def _definition(self, columns: Any = None) -> TableDefinition:
        """What a catalog keeps of it; without a schema the columns are those of what is written to it."""
        if self._schema is not None:
            base = self._schema._definition()
        elif columns is not None:
            base = TableDefinition(columns)
        else:
            raise SqlError("the TableDescriptor has no schema")
        return TableDefinition(
            base.columns,
            base.watermark,
            base.primary_key,
            tuple(self._partition_keys),
            dict(self._options),
            self._comment,
        )

    class Builder:
        """Collects schema and options."""

        def __init__(self, connector: str | None = None) -> None:
            self._schema: Schema | None = None
            self._options: dict[str, str] = {} if connector is None else {"connector": connector}
            self._partition_keys: list[str] = []
            self._comment: str | None = None

        def schema(self, schema: Schema) -> TableDescriptor.Builder:
            """Its columns."""
            self._schema = schema
            return self

        def option(self, key: str | ConfigOption[Any], value: Any) -> TableDescriptor.Builder:
            """Set an option of the connector."""
            name, shown = option_pair(key, value)
            self._options[name] = shown
            return self

        def format(
            self, format: str | FormatDescriptor, format_option: ConfigOption[Any] | str | None = None
        ) -> TableDescriptor.Builder:
            """The format of its rows.

            Args:
                format: its name, or that with options.
                format_option: which option names it; by default ``format``.
            """
            option = "format" if format_option is None else format_option
            option = option if isinstance(option, str) else option.key
            if isinstance(format, str):
                self._options[option] = format
                return self
            before = option.removesuffix("format")
            for key, value in format.get_options().items():
                self._options[f"{before}{format.get_format()}.{key}"] = value
            self._options[option] = format.get_format()
            return self

        def partitioned_by(self, *partition_keys: str) -> TableDescriptor.Builder:
            """The columns by which rows are kept apart."""
            self._partition_keys += partition_keys
            return self

        def comment(self, comment: str) -> TableDescriptor.Builder:
            """What it says to people."""
            self._comment = comment
            return self

        def build(self) -> TableDescriptor:
            """The table."""
            return TableDescriptor(self._schema, self._options, self._partition_keys, self._comment)


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
