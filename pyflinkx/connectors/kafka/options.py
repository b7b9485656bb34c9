"""What can be said of a Kafka source or sink besides what librdkafka takes: the table of options."""

from __future__ import annotations

from typing import Any

from pyflinkx.config.option import MASK, ConfigOption, is_sensitive
from pyflinkx.config.values import BOOLEAN, LONG, STRING

HOUR = 3_600_000

BOOTSTRAP_SERVERS = ConfigOption(
    "bootstrap.servers", STRING, description="brokers to begin with: host:port, with commas between them"
)
GROUP_ID = ConfigOption("group.id", STRING, description="the consumer group whose offsets are read and committed")
CLIENT_ID_PREFIX = ConfigOption(
    "client.id.prefix", STRING, description="what the client.id of each subtask begins with; its number follows"
)
DISCOVERY_INTERVAL = ConfigOption(
    "partition.discovery.interval.ms",
    LONG,
    300_000,
    "milliseconds between two looks for new topics and partitions; 0 or less: none. Bounded sources look once",
)
COMMIT_OFFSETS = ConfigOption(
    "commit.offsets.on.checkpoint",
    BOOLEAN,
    True,
    "whether the positions of each completed checkpoint are committed to the group, for others to see",
)
LOOK_UP_TIMEOUT = ConfigOption(
    "default.api.timeout.ms",
    LONG,
    60_000,
    "how long to try what is asked of the brokers once: partitions, offsets, a transaction's end. Then the job fails",
    minimum=1,
)
BROKERS_DOWN_TIMEOUT = ConfigOption(
    "brokers.down.timeout.ms",
    LONG,
    300_000,
    "how long no broker may be reachable, while the job runs, before the source fails; till then it tries again",
    minimum=1,
)
BLOCK_TIMEOUT = ConfigOption(
    "max.block.ms",
    LONG,
    60_000,
    "how long a record may wait for room in the producer's buffer before the sink fails",
    minimum=1,
)
TRANSACTION_TIMEOUT = ConfigOption(
    "transaction.timeout.ms",
    LONG,
    None,
    "after which the brokers abort a transaction that nobody has ended, and its records are lost. By default the most "
    "that they allow (transaction.max.timeout.ms), or 15 minutes where they do not tell",
    minimum=1,
)
LOST_TRANSACTIONS = ConfigOption(
    "lost.transactions",
    STRING,
    "fail",
    "what follows when a transaction of a checkpoint cannot be committed any more: fail, or warn, which logs an error",
    fault=lambda value: None if value in ("fail", "warn") else "is neither fail nor warn",
)

SOURCE_OPTIONS = (
    BOOTSTRAP_SERVERS,
    GROUP_ID,
    CLIENT_ID_PREFIX,
    DISCOVERY_INTERVAL,
    COMMIT_OFFSETS,
    LOOK_UP_TIMEOUT,
    BROKERS_DOWN_TIMEOUT,
)
SINK_OPTIONS = (BOOTSTRAP_SERVERS, LOOK_UP_TIMEOUT, BLOCK_TIMEOUT, TRANSACTION_TIMEOUT, LOST_TRANSACTIONS)

# Secrets by what they are, where the name does not say so.
SECRET_NAMES = {
    "ssl.key.pem",
    "ssl.keystore.key",
    "sasl.oauthbearer.config",
    "sasl.oauthbearer.assertion.private.key.pem",
}


def is_secret(name: str) -> bool:
    """Whether the value of a property must not be shown."""
    return is_sensitive(name) or name in SECRET_NAMES


def masked(properties: dict[str, Any]) -> dict[str, Any]:
    """Properties as they may be shown."""
    return {name: MASK if is_secret(name) else value for name, value in properties.items()}
