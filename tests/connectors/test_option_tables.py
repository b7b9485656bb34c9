"""The tables of options in docs/messages.md; `python -m tests.connectors.test_option_tables` writes them."""

import re
from pathlib import Path

import pytest

from pyflinkx.config.option import is_sensitive
from pyflinkx.connectors.elasticsearch import sink as elasticsearch_sink
from pyflinkx.connectors.http import sink as http_sink
from pyflinkx.connectors.http import source as http_source
from pyflinkx.connectors.http import websocket
from pyflinkx.connectors.mqtt import sink as mqtt_sink
from pyflinkx.connectors.mqtt import source as mqtt_source
from pyflinkx.connectors.nats import sink as nats_sink
from pyflinkx.connectors.nats import source as nats_source
from pyflinkx.connectors.rabbitmq import config as rabbitmq_config
from pyflinkx.connectors.redis import sink as redis_sink
from pyflinkx.connectors.redis import source as redis_source

PAGE = Path(__file__).parents[2] / "docs" / "messages.md"
TABLES = {
    "RedisSource": redis_source.SOURCE_OPTIONS,
    "RedisSink": redis_sink.SINK_OPTIONS,
    "ElasticsearchSink": elasticsearch_sink.SINK_OPTIONS,
    "HttpSource": http_source.SOURCE_OPTIONS,
    "HttpSink": http_sink.SINK_OPTIONS,
    "WebSocketSource": websocket.SOURCE_OPTIONS,
    "MqttSource": mqtt_source.SOURCE_OPTIONS,
    "MqttSink": mqtt_sink.SINK_OPTIONS,
    "NatsSource": nats_source.SOURCE_OPTIONS,
    "NatsSink": nats_sink.SINK_OPTIONS,
    "RMQConnectionConfig": rabbitmq_config.OPTIONS,
}
MARK = re.compile(r"<!-- ([\w, ]+) -->\n(?:\n\|.*\n(?:\|.*\n)*)?")


def table(names):
    """The table of options of some sources and sinks."""
    tables = {name: TABLES[name] for name in names}
    yield "| Option | Of | Value | Default | What it does |"
    yield "|---|---|---|---|---|"
    for option in dict.fromkeys(option for options in tables.values() for option in options):
        of = ", ".join(f"`{name}`" for name, options in tables.items() if option in options)
        default = "" if option.default is None else f"`{option.type.format(option.default)}`"
        secret = " Secret." if is_sensitive(option.key) or option is rabbitmq_config.URI else ""
        description = option.description[0].upper() + option.description[1:]
        yield f"| `{option.key}` | {of} | {option.expected()} | {default} | {description}.{secret} |"


def filled(text):
    """The page with its tables."""

    def one(found):
        names = found[1].split(", ")
        return f"<!-- {found[1]} -->\n\n" + "\n".join(table(names)) + "\n"

    return MARK.sub(one, text)


def test_the_tables_of_options():
    text = PAGE.read_text(encoding="utf-8")
    assert filled(text) == text
    assert {name for names in MARK.findall(text) for name in names.split(", ")} == set(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_each_option_once(name):
    keys = [option.key for option in TABLES[name]]
    assert len(keys) == len(set(keys))
    assert all(option.description for option in TABLES[name])


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
