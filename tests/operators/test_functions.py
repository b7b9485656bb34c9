"""The life of user functions: the same for every operator that calls some."""

from functools import partial

import pytest

from pyflinkx._core.calls.records import CallSite
from pyflinkx.errors import JobExecutionError, WrongStateError
from pyflinkx.operators.checkpointed import WithLife
from pyflinkx.operators.fields import FieldPath, FieldTuple
from pyflinkx.operators.functions import UserFunction, UserFunctions

SITE = CallSite("name", "uid", "job.py:1")


class Life(WithLife):
    """Says what happens to it, and fails where it is told to."""

    def __init__(self, name, said, failing=()):
        self.name = name
        self.said = said
        self.failing = failing

    def say(self, what, *arguments):
        self.said.append((self.name, what, *arguments))
        if what in self.failing:
            raise ValueError(f"{self.name} cannot {what}")

    def set_runtime_context(self, context):
        self.say("set_runtime_context", context)

    def open(self, context):
        self.say("open", context)

    def close(self):
        self.say("close")

    def get_key(self, value):
        return value


def test_each_is_given_the_context_and_opened_in_order_and_closed_in_reverse_order_once():
    said = []
    functions = UserFunctions([Life("a", said), None, UserFunction(len, Life("b", said)), UserFunction(len)])
    functions.open(SITE, "context")
    functions.close()
    functions.close()
    assert said == [
        ("a", "set_runtime_context", "context"),
        ("a", "open", "context"),
        ("b", "set_runtime_context", "context"),
        ("b", "open", "context"),
        ("b", "close"),
        ("a", "close"),
    ]
    with pytest.raises(WrongStateError):
        functions.open(SITE, "context")


def test_an_object_that_is_called_in_several_ways_has_one_life():
    said = []
    both = Life("a", said)
    functions = UserFunctions([both.get_key, UserFunction(both.say, both), FieldTuple((both.get_key, FieldPath((1,))))])
    functions.open(SITE, None)
    functions.close()
    assert [what for _, what, *_ in said] == ["set_runtime_context", "open", "close"]


def test_what_is_no_function_object_has_no_life():
    class File:
        def open(self, context):
            raise AssertionError("not a function object")

        def read(self, value):
            return value

        __call__ = read

    functions = UserFunctions([File().read, File(), partial(File().read, 1), len, str, lambda value: value, Life])
    functions.open(SITE, None)
    functions.close()


@pytest.mark.parametrize("step", ["set_runtime_context", "open"])
def test_after_a_failure_those_that_were_begun_are_closed_and_no_others(step):
    said = []
    functions = UserFunctions([Life("a", said), Life("b", said, [step]), Life("c", said)])
    with pytest.raises(
        JobExecutionError, match=rf"'name' \(uid uid\) failed in {step}\(\); .*b cannot {step}"
    ) as caught:
        functions.open(SITE, None)
    assert isinstance(caught.value.__cause__, ValueError)
    functions.close()
    assert [(name, what) for name, what, *_ in said if what == "close"] == [("b", "close"), ("a", "close")]
    assert not any(name == "c" for name, *_ in said)


def test_all_are_closed_and_every_failure_is_told():
    said = []
    functions = UserFunctions([Life(name, said, ["close"]) for name in "abc"], " of its parts")
    functions.open(SITE, None)
    with pytest.raises(JobExecutionError, match=r"in close\(\) of its parts; .*c cannot close") as caught:
        functions.close()
    assert [name for name, what, *_ in said if what == "close"] == ["c", "b", "a"]
    notes = "\n".join(caught.value.__notes__)
    assert "b cannot close" in notes
    assert "a cannot close" in notes


def test_functions_that_were_never_opened_are_not_closed():
    said = []
    UserFunctions([Life("a", said)]).close()
    assert said == []


def test_a_method_is_called_on_those_that_have_it():
    said = []
    functions = UserFunctions([Life("a", said), UserFunction(len)])
    functions.open(SITE, None)
    functions.tell("say", "finish")
    functions.tell("missing")
    assert said[-1] == ("a", "finish")
    with pytest.raises(JobExecutionError, match=r"in get_key\(\)"):
        functions.tell("get_key")
