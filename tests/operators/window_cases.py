"""What the tests of windows share."""

from pyflinkx.operators.window import WindowOperator
from pyflinkx.operators.windowing.triggers import EventTimeTrigger
from pyflinkx.testing.harness import OperatorHarness


class SameTrigger(EventTimeTrigger):
    """The default trigger under another name, which the general way runs."""


def first(record):
    return record[0]


def everything(key, window, inputs):
    yield key, list(inputs)


def windows(assigner, trigger=None, key=first, **arguments):
    """A harness around an operator that by default yields all records of a window."""
    if not arguments.keys() & {"reduce", "aggregate", "window_function"}:
        arguments["window_function"] = everything
    return OperatorHarness(WindowOperator(key, assigner, trigger, **arguments))


def add(a, b):
    return a[0], a[1] + b[1]
