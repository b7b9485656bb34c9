"""Records of one subtask keep their order on the way to the program that collects them."""

import pytest

from pyflinkx.common import Types
from pyflinkx.datastream import OutputTag, ProcessFunction

LETTERS = [chr(97 + number % 26) + str(number) for number in range(500)]


@pytest.fixture
def env(env):
    return env if env.get_parallelism() > 1 else env.set_parallelism(3)


def collected(stream):
    with stream.execute_and_collect() as results:
        return list(results)


def test_of_a_source(env):
    assert collected(env.from_collection(LETTERS)) == LETTERS
    assert list(env.from_collection(LETTERS).execute_and_collect(limit=3)) == LETTERS[:3]
    assert collected(env.from_collection(LETTERS, Types.STRING())) == LETTERS


def test_of_an_operator_of_one_subtask(env):
    stream = env.from_collection(LETTERS).rebalance().map(lambda text: text).map(str.upper).set_parallelism(1)
    found = collected(stream)
    assert sorted(found) == sorted(map(str.upper, LETTERS))
    assert collected(env.from_collection(LETTERS).map(str.upper).set_parallelism(1)) == list(map(str.upper, LETTERS))


@pytest.mark.parametrize("spread", ["rebalance", "shuffle", "rescale", "broadcast", "global_", "forward"])
def test_of_a_stream_that_is_spread_at_its_end(env, spread):
    stream = env.from_collection(LETTERS).set_parallelism(1)
    assert collected(getattr(stream, spread)()) == LETTERS


def test_of_a_keyed_stream(env):
    assert collected(env.from_collection(LETTERS).key_by(lambda text: text[0])) == LETTERS


TAG = OutputTag("odd", Types.STRING())


class Split(ProcessFunction):
    def process_element(self, value, ctx):
        if int(value[1:]) % 2:
            yield TAG, value
        else:
            yield value


def test_of_a_side_output(env):
    stream = env.from_collection(LETTERS).process(Split(), Types.STRING()).set_parallelism(1)
    assert collected(stream.get_side_output(TAG)) == LETTERS[1::2]


def test_of_each_of_several_streams(env):
    united = env.from_collection(LETTERS[::2]).union(env.from_collection(LETTERS[1::2]))
    found = collected(united)
    assert [text for text in found if int(text[1:]) % 2] == LETTERS[1::2]
    assert [text for text in found if not int(text[1:]) % 2] == LETTERS[::2]


def test_of_each_of_several_subtasks(env):
    stream = env.from_collection(LETTERS).key_by(lambda text: text[0]).map(lambda text: text).set_parallelism(4)
    found = collected(stream)
    for letter in "az":
        assert [text for text in found if text[0] == letter] == [text for text in LETTERS if text[0] == letter]
