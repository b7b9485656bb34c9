"""A source of a server that keeps messages until they are acknowledged."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pyflinkx.config.arguments import check_on_error
from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import INT, LONG, STRING
from pyflinkx.connectors.acknowledged.coordinator import AcknowledgingCoordinator
from pyflinkx.connectors.acknowledged.feed import Feed
from pyflinkx.connectors.acknowledged.messages import Connection, Message
from pyflinkx.connectors.acknowledged.reader import AcknowledgingReader
from pyflinkx.connectors.coordinator import Coordinator, CoordinatorContext
from pyflinkx.connectors.option_table import Options, OptionsBuilder
from pyflinkx.connectors.source import Boundedness, ReaderContext, Source
from pyflinkx.errors import ConfigurationError
from pyflinkx.types.serialization import DeserializationSchema

if TYPE_CHECKING:
    from typing_extensions import Self

    from pyflinkx.types.typeinfo import TypeInformation

FETCH_SIZE = ConfigOption(
    "fetch.size", INT, 500, "the most messages that a reader holds before they are taken", minimum=1
)
PATIENCE = ConfigOption(
    "connection.patience.ms",
    LONG,
    60_000,
    "how long the server may be away, at the start and later, before the source fails; till then it tries again",
    minimum=0,
)
ON_ERROR = ConfigOption(
    "on.error",
    STRING,
    "fail",
    "what follows when a message cannot be read: fail, or skip, which counts it and gives it to the side output "
    "bad-records",
    fault=lambda value: None if value in ("fail", "skip") else "is neither fail nor skip",
)
COMMON = (FETCH_SIZE, PATIENCE, ON_ERROR)

Decode = Callable[[Message], Any]


class AcknowledgedSource(Source):
    """Reads messages, and acknowledges them when the checkpoint behind them is durable.

    Args:
        options: that were set.
        schema: makes records of payloads; or a function that makes one of a Message.
        output_type: of the records, or None.
    """

    boundedness = Boundedness.CONTINUOUS_UNBOUNDED
    reader_class: type[AcknowledgingReader] = AcknowledgingReader

    def __init__(
        self, options: Options, schema: DeserializationSchema | Decode, output_type: TypeInformation | None
    ) -> None:
        self.options = options
        self.schema = schema
        self.output_type = output_type
        if output_type is None and isinstance(schema, DeserializationSchema):
            self.output_type = schema.get_produced_type()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.server()})"

    @abstractmethod
    def server(self) -> str:
        """Names the server and what is read of it, for people."""

    @abstractmethod
    def connect(self, subtask: int, parallelism: int) -> Connection:
        """A connection of one reader.

        Raises:
            ConnectionLostError: the server cannot be reached.
        """

    def delay(self) -> float | None:
        """Seconds between two attempts to connect; None for those of the feed's."""
        return None

    def create_coordinator(self, context: CoordinatorContext) -> Coordinator:
        return AcknowledgingCoordinator(context)

    def create_reader(self, context: ReaderContext) -> AcknowledgingReader:
        def feed(wake: Callable[[], None]) -> Feed:
            return Feed(
                lambda: self.connect(context.subtask_index, context.parallelism),
                self.server(),
                wake,
                self.options.get(FETCH_SIZE),
                self.options.get(PATIENCE) / 1000,
                self.delay(),
            )

        skips = self.options.get(ON_ERROR) == "skip"
        return self.reader_class(self.schema, skips, feed, context)


class AcknowledgedSourceBuilder(OptionsBuilder):
    """What the builders of these sources have in common."""

    def __init__(self) -> None:
        self._schema: DeserializationSchema | Decode | None = None
        self._type: TypeInformation | None = None

    def set_value_only_deserializer(self, schema: DeserializationSchema) -> Self:
        """Set what makes records of the messages' payloads.

        Raises:
            TypeError: it is no DeserializationSchema.
        """
        if not isinstance(schema, DeserializationSchema):
            raise TypeError(f"a deserializer is a DeserializationSchema such as SimpleStringSchema(), not {schema!r}")
        self._schema = schema
        return self

    def set_deserializer(self, function: Decode, output_type: TypeInformation | None = None) -> Self:
        """Set what makes records of messages.

        Args:
            function: gets a Message, with payload, origin, id, timestamp and fields; None leaves it out.
            output_type: of the records.

        Raises:
            TypeError: it cannot be called.
        """
        if not callable(function):
            raise TypeError(f"a deserializer is a function of a message, not {function!r}")
        self._schema, self._type = function, output_type
        return self

    def set_on_error(self, on_error: str) -> Self:
        """Set what follows when a message cannot be read: ``"fail"`` or ``"skip"``."""
        return self.set_option(ON_ERROR.key, check_on_error(on_error))

    def _made_schema(self) -> DeserializationSchema | Decode:
        if self._schema is None:
            raise ConfigurationError(
                f"{self.options.of} needs to know how to read messages: set_value_only_deserializer(...)"
            )
        return self._schema
