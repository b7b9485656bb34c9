"""Functions of a record and a state: map_with_state and its siblings."""

from collections import Counter
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.common import Types
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.function import Function
from pyflinkx.errors import GraphError, JobExecutionError
from pyflinkx.state.spec import StateSpec


def keyed(records):
    env = StreamExecutionEnvironment.get_execution_environment()
    return env.from_collection(records).key_by(lambda record: record[0], key_type=Types.STRING())


records = st.lists(st.tuples(st.sampled_from("abc"), st.integers(-5, 5)), min_size=1, max_size=30)


def total(record, state):
    """Running totals; a key whose total is 0 has no state, and the count of records since then."""
    number, result = (1, record[1]) if state is None else (state[0] + 1, state[1] + record[1])
    return (record[0], number, result), None if result == 0 else (number, result)


def naive(records, function):
    states, results = {}, []
    for record in records:
        result, states[record[0]] = function(record, states.get(record[0]))
        results.append((record, result))
    return results


@given(records, st.sampled_from([None, Types.TUPLE([Types.LONG(), Types.LONG()])]))
def test_map(records, state_type):
    found = list(keyed(records).map_with_state(total, state_type=state_type).execute_and_collect())
    assert found == [result for _, result in naive(records, total)]


@given(records)
def test_flat_map(records):
    def repeated(record, state):
        result, state = total(record, state)
        return ([result] * (record[1] % 3) if record[1] else None), state

    found = list(keyed(records).flat_map_with_state(repeated).execute_and_collect())
    assert found == [each for _, results in naive(records, repeated) for each in results or ()]


@given(records)
def test_filter(records):
    def odd(record, state):
        return (state or 0) % 2 == 0, (state or 0) + 1

    found = list(keyed(records).filter_with_state(odd, Types.LONG()).execute_and_collect())
    assert found == [record for record, kept in naive(records, odd) if kept]


def test_states_are_of_subtasks_and_keys():
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(2)
    words = [word for number in range(40) for word in ("a", "b", "c", f"x{number}")]
    stream = env.from_collection(words, Types.STRING()).key_by(lambda word: word, key_type=Types.STRING())
    counted = stream.map_with_state(count, Types.TUPLE([Types.STRING(), Types.LONG()]), Types.LONG())
    latest = {}
    for word, number in counted.execute_and_collect():
        latest[word] = max(number, latest.get(word, 0))
    assert latest == Counter(words)


def count(word, seen):
    return (word, (seen or 0) + 1), (seen or 0) + 1


def test_the_state_is_declared():
    stream = keyed([("a", 1)]).map_with_state(total, state_type=Types.PICKLED_BYTE_ARRAY())
    assert StateSpec("state", "ValueState", Types.PICKLED_BYTE_ARRAY()) in stream._transformation.states


class Opened(Function):
    said: ClassVar[list] = []

    def open(self, runtime_context):
        self.said.append(runtime_context.get_task_name())

    def close(self):
        self.said.append("close")

    def __call__(self, record, state):
        return record, None


def test_function_objects_are_opened_and_closed():
    Opened.said.clear()
    assert list(keyed([("a", 1)]).map_with_state(Opened()).execute_and_collect()) == [("a", 1)]
    assert Opened.said == ["Map", "close"]


@pytest.mark.parametrize("given", [None, 7, (1,), (1, 2, 3), [1, 2]])
def test_what_is_no_pair_says_so(given):
    with pytest.raises(JobExecutionError) as caught:
        list(keyed([("a", 1)]).map_with_state(lambda record, state: given).execute_and_collect())
    assert "the function of map_with_state() gives a pair of result and new state" in str(caught.value)
    assert "('a', 1)" in str(caught.value)


def test_what_cannot_be_is_refused():
    stream = keyed([("a", 1)])
    for call in (stream.map_with_state, stream.flat_map_with_state, stream.filter_with_state):
        for wrong in (None, 3, Opened):
            with pytest.raises(GraphError, match=r"with_state\(\) takes a callable of record and state"):
                call(wrong)
        with pytest.raises(GraphError, match="state_type takes a TypeInformation"):
            call(total, state_type=int)
