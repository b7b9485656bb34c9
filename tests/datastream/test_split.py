import pytest

from pyflinkx.datastream import OutputSelector, StreamExecutionEnvironment
from pyflinkx.errors import GraphError, JobExecutionError


class Parity(OutputSelector):
    def open(self, runtime_context):
        self.names = ["even", "odd"]

    def select(self, value):
        yield self.names[value % 2]
        if value > 5:
            yield "large"


def names(value):
    """As Parity, by hand."""
    return {"odd" if value % 2 else "even"} | ({"large"} if value > 5 else set())


def collect(stream):
    with stream.execute_and_collect() as results:
        return list(results)


@pytest.mark.parametrize("wanted", [("even",), ("odd", "large"), ("nothing",)])
def test_a_record_comes_once_if_it_goes_to_any_of_the_outputs(env, wanted):
    split = env.from_collection(list(range(10))).rebalance().split(Parity())
    assert sorted(collect(split.select(*wanted))) == [n for n in range(10) if names(n) & set(wanted)]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [(lambda x: "a" if x else None, [1]), (lambda x: (), []), (lambda x: ["b", "a"], [0, 1])],
)
def test_a_selector_may_be_a_function(selector, expected):
    env = StreamExecutionEnvironment.get_execution_environment()
    assert collect(env.from_collection([0, 1]).split(selector).select("a")) == expected


def test_a_split_stream_is_still_the_whole_stream():
    env = StreamExecutionEnvironment.get_execution_environment()
    split = env.from_collection([0, 1]).split(Parity())
    assert collect(split.map(lambda x: x)) == [0, 1]


def test_wrong_arguments_and_selectors_that_fail():
    env = StreamExecutionEnvironment.get_execution_environment()
    stream = env.from_collection([3])
    with pytest.raises(GraphError, match=r"split\(\) takes a OutputSelector"):
        stream.split("even")
    with pytest.raises(GraphError, match=r"select\(\) takes names"):
        stream.split(Parity()).select()
    with pytest.raises(JobExecutionError, match=r"operator 'Select'.*on record 3.*ZeroDivisionError"):
        collect(stream.split(lambda x: x / 0).select("even"))
