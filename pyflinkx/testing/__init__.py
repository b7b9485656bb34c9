"""What a user needs to test functions and programs: harnesses, a scripted source, a collecting sink."""

from pyflinkx.testing.functions import FunctionHarness, KeyedFunctionHarness, ProcessFunctionTestHarnesses
from pyflinkx.testing.harness import ManualClock, OperatorHarness
from pyflinkx.testing.sink import TestSink
from pyflinkx.testing.snapshot import Snapshot
from pyflinkx.testing.source import TestSource

__all__ = [
    "FunctionHarness",
    "KeyedFunctionHarness",
    "ManualClock",
    "OperatorHarness",
    "ProcessFunctionTestHarnesses",
    "Snapshot",
    "TestSink",
    "TestSource",
]
