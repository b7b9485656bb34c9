"""What makes the sources and sinks of tables: a factory for each connector and format, found by its name.

Users' own factories are entered by ``register_table_factory``, as those of this package are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pyflinkx.config.configuration import Configuration
from pyflinkx.config.values import DURATION, INT, STRING
from pyflinkx.connectors.sink import Sink
from pyflinkx.connectors.source import Source
from pyflinkx.errors import ConfigurationError
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.tables.definition import TableDefinition
from pyflinkx.relational.tables.options import Settings, TableOption, suggestion
from pyflinkx.types.changes import INSERT_ONLY, Changes
from pyflinkx.types.data_type import DataType

CONNECTOR = "connector"

# What every table can be told.
COMMON = (
    TableOption(CONNECTOR, STRING, None, "which system the table is in", required=True),
    TableOption("scan.parallelism", INT, None, "how many readers there are"),
    TableOption("sink.parallelism", INT, None, "how many writers there are"),
    TableOption(
        "scan.watermark.emit.strategy",
        STRING,
        "on-periodic",
        "whether a watermark follows every row or comes from time to time",
        choices=("on-periodic", "on-event"),
    ),
    TableOption("scan.watermark.emit.on-event.gap", INT, 1, "after how many rows a watermark comes"),
    TableOption("scan.watermark.idle-timeout", DURATION, None, "after how long without rows nobody waits for more"),
    TableOption("scan.watermark.alignment.group", STRING, None, "sources that wait for one another"),
    TableOption("scan.watermark.alignment.max-drift", DURATION, None, "how far one of them may be ahead"),
    TableOption("scan.watermark.alignment.update-interval", DURATION, 1000, "how often they look"),
)


class Building(Protocol):
    """What makes streams of sources, and ends them in sinks."""

    def source(self, source: Source, name: str, parallelism: int | None = None) -> Stream:
        """The stream of a source."""

    def sink(self, stream: Stream, sink: Sink, name: str, parallelism: int | None = None) -> None:
        """A sink at the end of a stream."""


@dataclass(frozen=True)
class TableContext:
    """What a factory is given.

    Args:
        name: of the table, for people.
        definition: of the table.
        settings: its options.
        configuration: of the job.
        streaming: whether it runs as a stream.
        formats: what ``format``, ``key.format`` and ``value.format`` name, by these options.
    """

    name: str
    definition: TableDefinition
    settings: Settings
    configuration: Configuration
    streaming: bool
    formats: Mapping[str, FormatFactory]

    def columns(self) -> list[tuple[str, DataType]]:
        """Name and type of the table's physical columns."""
        return [(column.name, column.type) for column in self.definition.physical if column.type is not None]

    def format(self, option: str, columns: Any) -> Any:
        """The format that an option names, for some columns.

        Args:
            option: such as ``value.format``.
            columns: name and type of each.
        """
        factory = self.formats[option]
        before = option.removesuffix("format")
        told = {
            each.key: self.settings.get(f"{before}{factory.name}.{each.key}", each.default) for each in factory.options
        }
        return factory.make(columns, told, f"table {self.name}")


class TableSource(Protocol):
    """Reads a table.

    ``changes`` are the kinds of rows that it gives; ``metadata`` what it knows of a row beside its columns, by key.
    """

    changes: Changes
    metadata: Mapping[str, DataType]
    bounded: bool

    def stream(self, building: Building, metadata: Mapping[str, str]) -> Stream:
        """The columns of the table, and then those of metadata.

        Args:
            building: makes streams.
            metadata: key by name of the column.
        """


class TableSink(Protocol):
    """Writes a table.

    ``takes`` says which rows it takes: inserts only, updates and deletes by key (``upsert()``), or any (``RETRACT``).
    """

    takes: Changes
    metadata: Mapping[str, DataType]

    def end(self, stream: Stream, building: Building) -> None:
        """End a stream of the table's columns, and then those of metadata."""


class TableFactory:
    """Makes the sources and sinks of one connector.

    Example:
        >>> class Nothing(TableFactory):
        ...     name = "nothing"
        ...     options = (TableOption("why", STRING, None, "a reason"),)
        >>> register_table_factory(Nothing())
        >>> "nothing" in FACTORIES
        True
        >>> FACTORIES.pop("nothing").name
        'nothing'
    """

    name = ""
    options: tuple[TableOption, ...] = ()
    # Options that name a format, such as ``format``.
    format_options: tuple[str, ...] = ()

    def source(self, context: TableContext) -> TableSource:
        """What reads a table.

        Raises:
            ConfigurationError: this connector reads nothing, or its options do not fit together.
        """
        raise ConfigurationError(f"table {context.name}: the connector '{self.name}' can only be written to")

    def sink(self, context: TableContext) -> TableSink:
        """What writes a table.

        Raises:
            ConfigurationError: this connector writes nothing, or its options do not fit together.
        """
        raise ConfigurationError(f"table {context.name}: the connector '{self.name}' can only be read")

    def truncate(self, context: TableContext) -> None:
        """Remove all rows.

        Raises:
            ConfigurationError: it cannot.
        """
        raise ConfigurationError(f"table {context.name}: the connector '{self.name}' cannot remove rows")


@dataclass(frozen=True)
class FormatFactory:
    """A format of tables.

    Args:
        name: of the format.
        options: what it is told, after its name and a point.
        make: makes the format of some columns, with options and what errors begin with.
        takes: the kinds of rows that it can hold.
    """

    name: str
    options: tuple[TableOption, ...]
    make: Callable[[Any, Mapping[str, Any], str], Any]
    takes: Changes = INSERT_ONLY


FACTORIES: dict[str, TableFactory] = {}
FORMATS: dict[str, FormatFactory] = {}


def register_table_factory(factory: TableFactory) -> None:
    """Have tables say ``'connector' = '...'`` with its name.

    Args:
        factory: takes the place of one of the same name.
    """
    FACTORIES[factory.name] = factory


def register_format(factory: FormatFactory) -> None:
    """Have tables say ``'format' = '...'`` with its name."""
    FORMATS[factory.name] = factory


def context_of(
    name: str, definition: TableDefinition, configuration: Configuration, streaming: bool
) -> tuple[TableFactory, TableContext]:
    """The factory of a table, and what it is given.

    Raises:
        ConfigurationError: there is no such connector or format, or an option is unknown, missing or not what it
            should be.
    """
    where = f"table {name}"
    options = dict(definition.options)
    connector = options.get(CONNECTOR)
    if connector is None:
        raise ConfigurationError(f"{where}: WITH has no 'connector'; there are {listed(FACTORIES)}")
    factory = FACTORIES.get(connector)
    if factory is None:
        raise ConfigurationError(
            f"{where}: there is no connector '{connector}'{suggestion(connector, FACTORIES)}; there are "
            f"{listed(FACTORIES)}"
        )
    known = [*COMMON, *factory.options]
    formats = {}
    for option in factory.format_options:
        given = options.get(option)
        if given is None:
            continue
        found = FORMATS.get(given)
        if found is None:
            raise ConfigurationError(
                f"{where}: there is no format '{given}'{suggestion(given, FORMATS)}; there are {listed(FORMATS)}"
            )
        formats[option] = found
        before = option.removesuffix("format")
        known += [below(each, f"{before}{given}.") for each in found.options]
    columns = [column.name for column in definition.columns]
    settings = Settings(options, known, where, columns)
    return factory, TableContext(name, definition, settings, configuration, streaming, formats)


def below(option: TableOption, prefix: str) -> TableOption:
    """An option of a format, under its name."""
    return TableOption(
        prefix + option.key, option.type, option.default, option.description, option.required, option.choices
    )


def listed(names: Any) -> str:
    """Names as one reads them."""
    return ", ".join(f"'{name}'" for name in sorted(names))
