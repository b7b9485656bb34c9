"""Which RabbitMQ a source or sink connects to, and how; after Flink's class."""

from __future__ import annotations

from typing import Any

from pyflinkx.config.option import MASK, ConfigOption
from pyflinkx.config.values import BOOLEAN, INT, LONG, STRING
from pyflinkx.connectors.option_table import Options
from pyflinkx.errors import ConfigurationError

HOST = ConfigOption("host", STRING, description="where the server is")
PORT = ConfigOption("port", INT, description="its port, 5672 as a rule", minimum=1, maximum=65535)
VIRTUAL_HOST = ConfigOption("virtual-host", STRING, description="the virtual host, / as a rule")
USERNAME = ConfigOption("username", STRING, description="who connects")
PASSWORD = ConfigOption("password", STRING, description="the password")
URI = ConfigOption(
    "uri",
    STRING,
    description="all of these in one, amqp://user:password@host:port/virtual-host; amqps:// for TLS. Shown without the "
    "password",
    fault=lambda uri: None if uri.startswith(("amqp://", "amqps://")) else "does not begin with amqp:// or amqps://",
)
CONNECTION_TIMEOUT = ConfigOption(
    "connection.timeout.ms", INT, 30_000, "how long making a connection may take", minimum=1
)
HEARTBEAT = ConfigOption(
    "requested.heartbeat", INT, 60, "seconds between two signs of life that are asked for; 0 for none", minimum=0
)
FRAME_MAX = ConfigOption(
    "requested.frame.max", INT, 131_072, "the largest frame in bytes", minimum=4096, maximum=131_072
)
CHANNEL_MAX = ConfigOption("requested.channel.max", INT, 2047, "the most channels", minimum=1, maximum=65535)
RECOVERY_INTERVAL = ConfigOption(
    "network.recovery.interval.ms",
    INT,
    None,
    "between two attempts to connect; by default 0.1 s, twice as long each time, up to 3 s",
    minimum=1,
)
AUTOMATIC_RECOVERY = ConfigOption(
    "automatic.recovery", BOOLEAN, True, "whether a connection that breaks is made anew; else the job fails at once"
)
TOPOLOGY_RECOVERY = ConfigOption(
    "topology.recovery", BOOLEAN, True, "kept, without an effect: a queue is declared with each connection"
)
PREFETCH_COUNT = ConfigOption(
    "prefetch.count",
    INT,
    None,
    "the most messages that a reader gets without having acknowledged them, which it does with checkpoints; by default "
    "without a limit",
    minimum=1,
    maximum=65535,
)
PATIENCE = ConfigOption(
    "connection.patience.ms",
    LONG,
    60_000,
    "how long the server may be away, at the start and later, before a source fails; till then it tries again",
    minimum=0,
)
OPTIONS = (
    HOST,
    PORT,
    VIRTUAL_HOST,
    USERNAME,
    PASSWORD,
    URI,
    CONNECTION_TIMEOUT,
    HEARTBEAT,
    FRAME_MAX,
    CHANNEL_MAX,
    RECOVERY_INTERVAL,
    AUTOMATIC_RECOVERY,
    TOPOLOGY_RECOVERY,
    PREFETCH_COUNT,
    PATIENCE,
)


class RMQConnectionConfig:
    """Which server, and who connects; made by ``RMQConnectionConfig.Builder()``.

    Args:
        options: of the table above.

    Example:
        >>> builder = RMQConnectionConfig.Builder().set_host("localhost").set_port(5672).set_virtual_host("/")
        >>> builder.set_user_name("guest").set_password("guest").build()
        RMQConnectionConfig('guest@localhost:5672/')
    """

    def __init__(self, options: Options) -> None:
        self.options = options

    def shown(self) -> str:
        """The server, as it may be shown."""
        uri = self.options.get(URI)
        if uri is not None:
            start, _, rest = uri.rpartition("@")
            name, _, password = start.removeprefix("amqp://").removeprefix("amqps://").partition(":")
            return uri if not password else f"{name}:{MASK}@{rest}"
        found = self.options
        return f"{found.get(USERNAME)}@{found.get(HOST)}:{found.get(PORT)}{found.get(VIRTUAL_HOST)}"

    def __repr__(self) -> str:
        return f"RMQConnectionConfig({self.shown()!r})"

    def get_host(self) -> str | None:
        """Where the server is."""
        return self._given(HOST)

    def get_port(self) -> int | None:
        """Its port."""
        return self._given(PORT)

    def get_virtual_host(self) -> str | None:
        """The virtual host."""
        return self._given(VIRTUAL_HOST)

    def get_user_name(self) -> str | None:
        """Who connects."""
        return self._given(USERNAME)

    def get_password(self) -> str | None:
        """The password."""
        return self._given(PASSWORD)

    def get_uri(self) -> str | None:
        """All of it in one."""
        return self._given(URI)

    def get_network_recovery_interval(self) -> int | None:
        """Milliseconds between two attempts to connect."""
        return self._given(RECOVERY_INTERVAL)

    def is_automatic_recovery(self) -> bool:
        """Whether a connection that breaks is made anew."""
        return bool(self.options.get(AUTOMATIC_RECOVERY))

    def is_topology_recovery(self) -> bool:
        """As it was set; without an effect."""
        return bool(self.options.get(TOPOLOGY_RECOVERY))

    def get_connection_timeout(self) -> int | None:
        """Milliseconds that making a connection may take."""
        return self._given(CONNECTION_TIMEOUT)

    def get_requested_channel_max(self) -> int | None:
        """The most channels."""
        return self._given(CHANNEL_MAX)

    def get_requested_frame_max(self) -> int | None:
        """The largest frame, in bytes."""
        return self._given(FRAME_MAX)

    def get_requested_heartbeat(self) -> int | None:
        """Seconds between two signs of life."""
        return self._given(HEARTBEAT)

    def _given(self, option: ConfigOption[Any]) -> Any:
        """What was set, None if nothing was; as Flink's getters answer."""
        return self.options.values.get(option.key)

    class Builder:
        """Gathers the options: host, port, virtual host, user and password, or a URI."""

        def __init__(self) -> None:
            self._options = Options("RMQConnectionConfig", OPTIONS)

        def _set(self, option: ConfigOption[Any], value: Any) -> RMQConnectionConfig.Builder:
            self._options.set(option.key, value)
            return self

        def set_host(self, host: str) -> RMQConnectionConfig.Builder:
            """Set where the server is."""
            return self._set(HOST, host)

        def set_port(self, port: int) -> RMQConnectionConfig.Builder:
            """Set its port."""
            return self._set(PORT, port)

        def set_virtual_host(self, vhost: str) -> RMQConnectionConfig.Builder:
            """Set the virtual host, ``/`` as a rule."""
            return self._set(VIRTUAL_HOST, vhost)

        def set_user_name(self, user_name: str) -> RMQConnectionConfig.Builder:
            """Set who connects."""
            return self._set(USERNAME, user_name)

        def set_password(self, password: str) -> RMQConnectionConfig.Builder:
            """Set the password."""
            return self._set(PASSWORD, password)

        def set_uri(self, uri: str) -> RMQConnectionConfig.Builder:
            """Set all of it in one: ``amqp://user:password@host:port/virtual-host``."""
            return self._set(URI, uri)

        def set_topology_recovery_enabled(self, topology_recovery_enabled: bool) -> RMQConnectionConfig.Builder:
            """Kept, without an effect: a queue is declared with each connection."""
            return self._set(TOPOLOGY_RECOVERY, topology_recovery_enabled)

        def set_requested_heartbeat(self, requested_heartbeat: int) -> RMQConnectionConfig.Builder:
            """Set the seconds between two signs of life; 0 for none."""
            return self._set(HEARTBEAT, requested_heartbeat)

        def set_requested_frame_max(self, requested_frame_max: int) -> RMQConnectionConfig.Builder:
            """Set the largest frame, in bytes."""
            return self._set(FRAME_MAX, requested_frame_max)

        def set_requested_channel_max(self, requested_channel_max: int) -> RMQConnectionConfig.Builder:
            """Set the most channels."""
            return self._set(CHANNEL_MAX, requested_channel_max)

        def set_network_recovery_interval(self, network_recovery_interval: int) -> RMQConnectionConfig.Builder:
            """Set the milliseconds between two attempts to connect."""
            return self._set(RECOVERY_INTERVAL, network_recovery_interval)

        def set_connection_timeout(self, connection_timeout: int) -> RMQConnectionConfig.Builder:
            """Set how many milliseconds making a connection may take."""
            return self._set(CONNECTION_TIMEOUT, connection_timeout)

        def set_automatic_recovery(self, automatic_recovery: bool) -> RMQConnectionConfig.Builder:
            """Set whether a connection that breaks is made anew."""
            return self._set(AUTOMATIC_RECOVERY, automatic_recovery)

        def set_prefetch_count(self, prefetch_count: int) -> RMQConnectionConfig.Builder:
            """Set the most messages that a reader gets without having acknowledged them."""
            return self._set(PREFETCH_COUNT, prefetch_count)

        def set_option(self, key: str, value: Any) -> RMQConnectionConfig.Builder:
            """Set an option of the table, as text or as a value."""
            self._options.set(key, value)
            return self

        def build(self) -> RMQConnectionConfig:
            """The options.

            Raises:
                ConfigurationError: there is neither a URI nor all of host, port, virtual host, user and password.
            """
            if self._options.get(URI) is None:
                for option in (HOST, PORT, VIRTUAL_HOST, USERNAME, PASSWORD):
                    if self._options.get(option) is None:
                        name = "set_user_name" if option is USERNAME else f"set_{option.key.replace('-', '_')}"
                        raise ConfigurationError(
                            f"RMQConnectionConfig needs {option.key}: {name}(...), or set_uri(...)"
                        )
            return RMQConnectionConfig(self._options)
