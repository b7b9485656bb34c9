"""Objects of the program's own classes, to workers and back."""

import pickle
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from pyflinkx.common import Configuration
from pyflinkx.datastream import MapFunction, StreamExecutionEnvironment
from pyflinkx.errors import GraphError
from pyflinkx.runtime.control.pickles import dump_by_value, dump_value

ROOT = Path(__file__).resolve().parents[2]

CLASSES = """
import abc, collections, dataclasses, enum, typing
@dataclasses.dataclass(slots=True)
class Point:
    x: int
@dataclasses.dataclass(slots=True, frozen=True)
class Frozen:
    x: int
    y: str = "default"
@dataclasses.dataclass(slots=True)
class Child(Point):
    z: int = 3
class Plain:
    __slots__ = ("x", "__private", "unset")
    def __init__(self, x):
        self.x = self.__private = x
    def double(self):
        return self.__private * 2
class OneSlot:
    __slots__ = "x"
    def __init__(self, x):
        self.x = x
class WithDict(Plain):
    __slots__ = ("__dict__", "__weakref__")
    def __init__(self, x):
        super().__init__(x)
        self.more = 1
class NoMoreSlots(Plain):
    def __init__(self, x):
        super().__init__(x)
        self.more = 1
class OwnState:
    __slots__ = ("x",)
    def __init__(self, x):
        self.x = x
    def __getstate__(self):
        return [self.x]
    def __setstate__(self, state):
        self.x, = state
class Named(typing.NamedTuple):
    x: int
    y: int = 1
Tuple = collections.namedtuple("Tuple", "x")
class Color(enum.Enum):
    RED = 1
    BLUE = 2
class Outer:
    class Inner:
        __slots__ = ("x",)
        def __init__(self, x):
            self.x = x
T = typing.TypeVar("T")
class Generic(typing.Generic[T]):
    __slots__ = ("x",)
    def __init__(self, x):
        self.x = x
class Abstract(abc.ABC):
    __slots__ = ()
    @abc.abstractmethod
    def f(self): ...
class Concrete(Abstract):
    __slots__ = {"x": "documented"}
    def __init__(self, x):
        self.x = x
    def f(self):
        return 1
class Failure(Exception):
    __slots__ = ("code",)
    def __init__(self, x):
        super().__init__(x)
        self.x = self.code = x
class Int(int):
    __slots__ = ()
def local():
    class Local:
        __slots__ = ("x",)
        def __init__(self, x):
            self.x = x
    @dataclasses.dataclass(slots=True)
    class LocalData:
        x: int
    class LocalColor(enum.Enum):
        RED = 1
        BLUE = 2
    return Local, LocalData, LocalColor
Local, LocalData, LocalColor = local()
Made = dataclasses.make_dataclass("Made", ["x"], slots=True)
CLASSES = [Point, Frozen, Child, Plain, OneSlot, WithDict, NoMoreSlots, OwnState, Named, Tuple, Color, Outer.Inner,
           Generic, Concrete, Failure, Int, Local, LocalData, LocalColor, Made]
attributes = {cls: dict(cls.__dict__) for cls in CLASSES}
def content(value):
    return getattr(value, "x", None) or getattr(value, "value", None) or int(value)
"""

JOB = """
import sys
from pyflinkx.common import Configuration
from pyflinkx.datastream import MapFunction, StreamExecutionEnvironment
from pyflinkx.datastream.connectors.queue import QueueSink
from pyflinkx.errors import JobExecutionError
from pyflinkx.operators.accumulators import Accumulator
def environment():
    options = {"pyflinkx.workers": "processes", "pyflinkx.workers.start-method": sys.argv[1]}
    return StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(options)).set_parallelism(2)
def make(number):
    return CLASSES[number // 2](number % 2 + 1)
numbers = range(2 * len(CLASSES))
expected = sorted((number // 2, number % 2 + 1) for number in numbers)
def check(values):
    assert sorted((CLASSES.index(type(value)), content(value)) for value in values) == expected, values
with environment().from_collection(list(numbers)).map(make).rebalance().map(lambda v: v).execute_and_collect() as found:
    check(list(found))
sink = QueueSink()
env = environment()
env.from_collection(list(numbers)).map(make).sink_to(sink)
env.execute_async("queue")
check(list(sink))
# and to workers again, in the job itself
records = environment().from_collection([make(number) for number in numbers]).rebalance()
with records.map(lambda v: v).execute_and_collect() as found:
    check(list(found))
def fail(x):
    raise Failure(7)
try:
    list(environment().from_collection([1]).map(fail).execute_and_collect())
except JobExecutionError as error:
    assert type(error.__cause__) is Failure and error.__cause__.code == 7, error
class Seen(Accumulator):
    __slots__ = ("values",)
    def __init__(self): self.values = []
    def add(self, value): self.values.append(value)
    def get_local_value(self): return self.values
    def reset_local(self): self.values = []
    def merge(self, other): self.values += other.values
class Adding(MapFunction):
    def open(self, context):
        self.seen = Seen()
        context.add_accumulator("seen", self.seen)
    def map(self, number):
        self.seen.add(make(number))
        return number
env = environment()
env.from_collection(list(numbers)).map(Adding()).print()
sys.stdout = None
check(env.execute("accumulators").get_accumulator_result("seen"))
sys.stdout = sys.__stdout__
for cls, before in attributes.items():
    for name, value in before.items():
        assert cls.__dict__[name] is value, (cls, name)
print("ok")
"""


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_objects_come_back_as_of_the_programs_own_classes(tmp_path, method):
    path = tmp_path / "program.py"
    path.write_text(CLASSES + JOB)
    done = subprocess.run(
        [sys.executable, path, method],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.stdout.strip() == "ok", done.stderr


READ = """
import pickle, sys
value, cls, data = pickle.load(sys.stdin.buffer)
assert type(value) is cls
assert not hasattr(value, "__dict__")
assert cls.__qualname__.endswith("Slotted"), cls.__qualname__
assert cls.__slots__ == ("_Slotted__y", "x"), cls.__slots__
assert type(pickle.loads(data)) is cls, "a second copy of the class"
sys.stdout.buffer.write(pickle.dumps(value.sum()))
"""


def test_a_copy_of_a_class_has_its_slots_and_its_name():
    class Slotted:
        __slots__ = ("_Slotted__y", "x")

        def __init__(self):
            self.x, self.__y = 1, 2

        def sum(self):
            return self.x + self.__y

    value = Slotted()
    data = dump_by_value((value, Slotted, dump_by_value(Slotted())))
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(READ)], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert pickle.loads(done.stdout) == 3


def test_what_a_module_has_goes_by_reference():
    assert dump_value([Path("x")]) == pickle.dumps([Path("x")], 5)


class Unreadable(Exception):
    """Its pickle calls ``__init__`` with one argument."""

    def __init__(self, text, number):
        super().__init__(text)
        self.number = number


class HoldsUnreadable(MapFunction):
    def __init__(self):
        self.failure = Unreadable("a", 1)

    def map(self, value):
        return value


@pytest.mark.parametrize("workers", ["threads", "processes"])
def test_a_function_whose_pickle_cannot_be_read_says_what_to_do(workers):
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict({"pyflinkx.workers": workers}))
    env.from_collection([1]).map(HoldsUnreadable()).print()
    with pytest.raises(GraphError, match=r"cannot be read on a worker: TypeError: .*make what .* in open\(\)"):
        env.execute()
