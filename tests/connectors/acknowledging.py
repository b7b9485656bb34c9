"""What tests of sources that acknowledge have in common."""

import threading

from pyflinkx.common import Configuration
from pyflinkx.common.serialization import SimpleStringSchema
from pyflinkx.datastream import StreamExecutionEnvironment

WORDS = [f"word {number}" for number in range(60)]


def environment(**more):
    """One that takes many checkpoints, and restarts jobs that fail."""
    options = {
        "execution.checkpointing.interval": "20 ms",
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.delay": "0 ms",
        "restart-strategy.fixed-delay.attempts": "3",
        **more,
    }
    configuration = Configuration()
    for key, value in options.items():
        configuration.set_string(key, value)
    return StreamExecutionEnvironment.get_execution_environment(configuration)


def no_restarts():
    """One whose jobs fail at the first fault."""
    return environment(**{"restart-strategy.type": "none"})


class Until(SimpleStringSchema):
    """Text, up to "end"."""

    def is_end_of_stream(self, next_element):
        return next_element == "end"


class Cutting:
    """A map function that does something when so many records have come, once in the process."""

    def __init__(self, at, act):
        self.at, self.act = at, act
        self.count = 0
        self.lock = threading.Lock()

    def __call__(self, value):
        with self.lock:
            self.count += 1
            due = self.count == self.at
        if due:
            self.act()
        return value

    def __deepcopy__(self, memo):
        return self


class Failing(Cutting):
    """A map function that fails once, at the record of a number."""

    def __init__(self, at):
        super().__init__(at, self.fail)

    def fail(self):
        raise OSError("a failure of the test's")
