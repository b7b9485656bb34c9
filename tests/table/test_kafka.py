"""Tables in topics of Kafka."""

import json

import pytest

from pyflinkx.errors import ConfigurationError, SqlError
from pyflinkx.table import EnvironmentSettings, TableEnvironment
from tests.servers.kafka import broker

__all__ = ["broker"]


@pytest.fixture
def environment():
    return TableEnvironment.create(EnvironmentSettings.in_streaming_mode())


def rows(result):
    return [tuple(row) for row in result.collect()]


def options(servers, topic, connector="kafka", **more):
    given = {"connector": connector, "topic": topic, "properties.bootstrap.servers": servers, **more}
    return f"WITH ({', '.join(f'''{key!r} = {value!r}''' for key, value in given.items())})"


ENDS = {"scan.startup.mode": "earliest-offset", "scan.bounded.mode": "latest-offset"}


def test_messages_are_rows(environment, broker):
    topic = broker.new_topic(1)
    broker.produce(
        topic,
        [b'{"id": 1, "name": "a"}', b'{"id": 2}', None],
        0,
        keys=[b"1,x", b"2,y", b"3,z"],
        timestamps=[1000, 2000, 3000],
        headers=[[("h", b"v")], [], []],
    )
    environment.execute_sql(
        "CREATE TABLE t (id INT, name STRING, k INT, l STRING, `offset` BIGINT METADATA VIRTUAL, "
        "ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp', topic STRING METADATA, double_id AS id * 2, "
        "headers MAP<STRING, BYTES> METADATA, WATERMARK FOR ts AS ts) "
        + options(
            broker.servers,
            topic,
            **{
                "value.format": "json",
                "key.format": "csv",
                "key.fields": "k;l",
                "value.fields-include": "EXCEPT_KEY",
                **ENDS,
            },
        )
    )
    found = rows(environment.execute_sql("SELECT id, name, k, l, `offset`, topic, double_id, headers, ts FROM t"))
    assert [row[:-1] for row in found] == [
        (1, "a", 1, "x", 0, topic, 2, {"h": b"v"}),
        (2, None, 2, "y", 1, topic, 4, {}),
    ]
    assert [row[-1].timestamp() for row in found] == [1, 2]


def test_rows_become_messages(environment, broker):
    topic = broker.new_topic(1)
    environment.execute_sql(
        "CREATE TABLE t (id BIGINT, ts TIMESTAMP(3), s STRING, stamp TIMESTAMP_LTZ(3) METADATA FROM 'timestamp') "
        + options(broker.servers, topic, format="json", **ENDS)
    )
    environment.execute_sql(
        "INSERT INTO t (id, ts, s) VALUES (1, TIMESTAMP '2024-01-01 10:00:00.5', 'x'), "
        "(2, CAST(NULL AS TIMESTAMP(3)), '')"
    ).wait()
    messages = [json.loads(value) for value in broker.values(topic)]
    assert messages == [{"id": 1, "ts": "2024-01-01 10:00:00.5", "s": "x"}, {"id": 2, "ts": None, "s": ""}]
    assert len(rows(environment.execute_sql("SELECT * FROM t"))) == 2


def test_upserts(environment, broker):
    topic = broker.new_topic(1)
    environment.execute_sql(
        "CREATE TABLE t (k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) "
        + options(
            broker.servers,
            topic,
            "upsert-kafka",
            **{"key.format": "json", "value.format": "json", "scan.bounded.mode": "latest-offset"},
        )
    )
    environment.execute_sql("INSERT INTO t VALUES ('a', 1), ('b', 2), ('a', 3)").wait()
    found = {(message.key(), message.value()) for message in broker.read(topic)}
    assert (b'{"k":"a"}', b'{"k":"a","n":3}') in found
    broker.produce(topic, [None], 0, keys=[b'{"k": "b"}'])


@pytest.mark.parametrize(
    ("connector", "columns", "more", "said"),
    [
        ("upsert-kafka", "a INT", {"key.format": "json", "value.format": "json"}, "needs a PRIMARY KEY"),
        ("kafka", "a INT", {}, "option 'format' is missing"),
        ("kafka", "a INT", {"format": "json"}, "'group-offsets' needs 'properties.group.id'"),
        ("kafka", "a INT", {"format": "json", "key.fields": "a"}, "'key.fields' and 'key.format' are given together"),
        ("kafka", "a INT, b INT METADATA", {"format": "json"}, "METADATA FROM 'b', which the connector has not"),
        ("kafka", "a INT", {"format": "json", "scan.startup.mode": "earliest"}, "did you mean 'earliest-offset'"),
    ],
)
def test_tables_that_cannot_be_read(environment, connector, columns, more, said):
    environment.execute_sql(f"CREATE TABLE t ({columns}) {options('localhost:1', 'topic', connector, **more)}")
    with pytest.raises((ConfigurationError, SqlError), match=said):
        environment.from_path("t").execute()
