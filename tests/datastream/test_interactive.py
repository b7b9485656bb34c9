"""What somebody sees who builds a program bit by bit: what each call runs, first records, and how things look."""

import dataclasses
from typing import NamedTuple, TypedDict

import numpy
import pytest

from pyflinkx.common import Row, Types
from pyflinkx.datastream import OutputTag, ProcessFunction, StreamExecutionEnvironment, col
from pyflinkx.datastream.shown import Records
from pyflinkx.errors import GraphError, JobExecutionError


@pytest.fixture
def env():
    return StreamExecutionEnvironment.get_execution_environment()


def wrong(value):
    raise AssertionError("a stream that nobody asked for was run")


def typed(value) -> tuple[int, int]:
    return value, value * 10


COLLECT = {
    "to_arrow": lambda stream: [tuple(row.values()) for row in stream.to_arrow().to_pylist()],
    "to_pandas": lambda stream: list(stream.to_pandas().itertuples(index=False, name=None)),
    "to_polars": lambda stream: stream.to_polars().rows(),
    "head": lambda stream: stream.head(100),
}


@pytest.mark.parametrize("how", COLLECT)
@pytest.mark.parametrize("parallelism", [1, 2])
def test_only_what_a_stream_needs_is_run(env, how, parallelism):
    env.set_parallelism(parallelism)
    numbers = env.from_collection([1, 2, 3])
    seen = []
    numbers.map(wrong)
    numbers.map(wrong).add_sink(seen.append)
    results = COLLECT[how](numbers.map(typed))
    assert sorted(map(tuple, results)) == [(1, 10), (2, 20), (3, 30)]
    assert seen == []


def test_a_graph_that_cannot_be_run_hurts_nobody_else(env):
    numbers = env.from_collection([1, 2])
    numbers.map(typed).set_parallelism(3).forward().map(typed).set_parallelism(2)
    assert numbers.head() == [1, 2]
    assert numbers.map(typed).to_arrow().num_rows == 2
    with pytest.raises(GraphError, match="forward"):
        env.execute()


@pytest.mark.parametrize("how", COLLECT)
def test_sinks_are_left_for_execute(env, how):
    seen = []
    numbers = env.from_collection([1, 2]).map(typed)
    numbers.add_sink(seen.append)
    COLLECT[how](numbers)
    assert seen == []
    env.execute()
    assert seen == [(1, 10), (2, 20)]
    with pytest.raises(GraphError, match="no operators"):
        env.execute()


def test_a_stream_that_was_collected_is_not_run_again(env):
    calls = []
    numbers = env.from_collection([1]).map(lambda value: calls.append(value) or (value,), Types.TUPLE([Types.LONG()]))
    other = env.from_collection([5]).map(lambda value: calls.append(value) or value)
    assert numbers.to_arrow().num_rows == 1
    seen = []
    other.add_sink(seen.append)
    env.execute()
    assert (calls, seen) == ([1, 5], [5])


def test_execute_and_collect_runs_the_whole_program(env):
    """As in Flink, where it is execute() with one sink more."""
    seen = []
    numbers = env.from_collection([1, 2])
    numbers.map(lambda value: value * 10).add_sink(seen.append)
    assert list(numbers.execute_and_collect()) == [1, 2]
    assert seen == [10, 20]
    with pytest.raises(GraphError, match="no operators"):
        env.execute()


def test_head_leaves_the_program_as_it_is(env):
    calls = []
    env.from_collection([1, 2, 3]).map(calls.append).head(3)
    assert calls == [1, 2, 3]
    env.execute()
    assert calls == [1, 2, 3] * 2


def test_a_source_that_nobody_reads_is_not_run(env):
    calls = []
    env.from_iterator(iter(calls.append, 1))
    seen = []
    env.from_collection([1]).add_sink(seen.append)
    env.execute()
    assert (calls, seen) == ([], [1])


def test_head_ends_an_endless_job(env):
    def endless():
        number = 0
        while True:
            yield number
            number += 1

    assert env.from_iterator(endless()).map(lambda x: x + 1).head(3) == [1, 2, 3]
    assert env.from_sequence(1, 10**15).filter(lambda x: x % 2 == 0).head(2) == [2, 4]


@pytest.mark.parametrize("number", [-1, 1.5, True, "3"])
def test_head_takes_a_number(env, number):
    with pytest.raises(GraphError, match="head"):
        env.from_collection([1]).head(number)


def test_head_of_nothing(env):
    assert env.from_collection([1]).map(wrong).head(0) == []
    assert env.from_collection([]).head() == []


def test_a_failure_in_what_is_asked_for_is_told(env):
    with pytest.raises(JobExecutionError, match="nobody asked"):
        env.from_collection([1]).map(wrong).head()


def test_a_loop_is_run_whole(env):
    loop = env.from_collection([3, 5]).iterate()
    lowered = loop.map(lambda value: value - 1)
    loop.close_with(lowered.filter(lambda value: value > 0))
    env.from_collection([1]).map(wrong)
    assert sorted(lowered.head(100)) == [0, 0, 1, 1, 2, 2, 3, 4]


def test_a_side_output_needs_its_operator(env):
    tag = OutputTag("odd", Types.INT())

    class Sort(ProcessFunction):
        def process_element(self, value, ctx):
            if value % 2:
                yield tag, value
            else:
                yield value

    even = env.from_collection([1, 2, 3]).process(Sort())
    even.map(wrong)
    assert even.get_side_output(tag).head() == [1, 3]
    assert even.head() == [2]


def test_a_cache_is_filled_by_the_job_that_needs_it(env):
    calls = []
    cached = env.from_collection([1, 2]).map(lambda value: calls.append(value) or value).cache()
    cached.map(wrong)
    assert cached.head() == [1, 2]
    assert cached.map(lambda value: value * 10).head() == [10, 20]
    assert calls == [1, 2]


@dataclasses.dataclass
class Sale:
    shop: str
    amount: int


class Trip(NamedTuple):
    origin: str
    minutes: int


class Fare(TypedDict):
    city: str
    cents: int


ROW = Types.ROW_NAMED(["shop", "amount"], [Types.STRING(), Types.INT()])


def test_looks_of_streams_and_environments(env):
    assert repr(env) == "<StreamExecutionEnvironment, parallelism 1; no sinks to execute>"
    words = env.from_collection(["a", "b"], Types.STRING())
    assert repr(words) == "<DataStream 'Collection Source': records of String>"
    assert repr(words.map(len).name("sizes")) == "<DataStream 'sizes': records of unknown type>"
    sales = env.from_collection([("x", 1)], ROW)
    assert repr(sales.key_by("shop")) == "<KeyedStream 'Collection Source': records of {shop: String, amount: Integer}>"
    numbers = env.from_numpy({"key": numpy.arange(3), "v": numpy.ones(3)})
    assert repr(numbers) == "<DataStream 'NumPy Source': columns of {key: BIGINT, v: DOUBLE}>"
    assert "by key" in repr(numbers.key_by("key"))
    assert repr(words.print().name("shown")) == "<DataStreamSink 'shown'>"
    assert repr(env) == "<StreamExecutionEnvironment, parallelism 1; sinks to execute: shown>"
    wide = Types.ROW_NAMED([f"column_{number}" for number in range(500)], [Types.INT()] * 500)
    assert len(repr(words.map(len, wide))) < 300


def test_nothing_is_run_to_show_a_stream(env):
    kind = Types.ROW_NAMED(["<b>"], [Types.INT()])
    stream = env.from_collection([1]).map(wrong, kind).name("<i>")
    assert "&lt;i&gt;" in stream._repr_html_()
    assert "&lt;b&gt;" in stream._repr_html_()


def test_schemas(env):
    assert env.from_collection([1], Types.INT()).schema is None
    assert env.from_collection([1]).map(len).schema is None
    assert dict(env.from_collection([("x", 1)], ROW).schema) == {"shop": Types.STRING(), "amount": Types.INT()}
    assert list(env.from_collection([1]).map(typed).schema) == ["f0", "f1"]
    numbers = env.from_numpy({"key": numpy.arange(3)})
    assert repr(numbers.select("key", double=col("key") * 2.0).schema) == "{key: BIGINT, double: DOUBLE}"
    assert "<td>BIGINT</td>" in numbers.schema._repr_html_()


def cells(records):
    html = records._repr_html_()
    body = html.partition("<tbody>")[2]
    head = [part.partition("</th>")[0] for part in html.split("<th>")[1:]]
    rows = [[cell.partition("</td>")[0] for cell in row.split("<td>")[1:]] for row in body.split("<tr>")[1:]]
    return head, rows


@pytest.mark.parametrize(
    ("records", "head", "rows"),
    [
        ([Sale("x", 1)], ["shop", "amount"], [["x", "1"]]),
        ([Trip("x", 1)], ["origin", "minutes"], [["x", "1"]]),
        ([Fare(city="x", cents=1), {"cents": 2, "city": "y"}], ["city", "cents"], [["x", "1"], ["y", "2"]]),
        ([Row(shop="x", amount=1)], ["shop", "amount"], [["x", "1"]]),
        ([(1, "a"), (2, "b", 3)], ["0", "1", "2"], [["1", "a", ""], ["2", "b", "3"]]),
        ([1, None], ["record"], [["1"], ["None"]]),
        (["<b>"], ["record"], [["&lt;b&gt;"]]),
        ([{"a": 1}, {"b": 2}], ["a"], [["1"], ["{&#x27;b&#x27;: 2}"]]),
        ([], ["record"], []),
    ],
)
def test_records_as_a_table(records, head, rows):
    assert cells(Records(records)) == (head, rows)
    assert repr(Records(records)) == repr(records)


def test_records_of_a_typed_stream_have_its_names(env):
    assert cells(env.from_collection([("x", 1)], ROW).head()) == (["shop", "amount"], [["x", "1"]])
