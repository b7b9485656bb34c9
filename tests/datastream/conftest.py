"""Environments in every way to execute a program: what a test proves with ``env`` holds for all of them."""

import pytest

from pyflinkx.common import Configuration
from pyflinkx.datastream import StreamExecutionEnvironment

# name -> (parallelism, chaining, options)
EXECUTIONS = {
    "inline": (1, True, {}),
    "inline-unchained": (1, False, {}),
    "inline-3-unchained": (3, False, {"pyflinkx.workers": "inline"}),
    "threads-2": (2, True, {"pyflinkx.workers": "threads"}),
    "spawned-2": (2, True, {"pyflinkx.workers.start-method": "spawn"}),
    "sockets-2": (2, True, {"pyflinkx.workers.transport": "sockets", "pyflinkx.workers.start-method": "fork"}),
    "forked-4-unchained": (4, False, {"pyflinkx.workers.start-method": "fork", "taskmanager.numberOfTaskSlots": "2"}),
}
INLINE = [name for name in EXECUTIONS if name.startswith("inline")]


def make_environment(name):
    parallelism, chaining, options = EXECUTIONS[name]
    configuration = Configuration()
    for key, value in options.items():
        configuration.set_string(key, value)
    environment = StreamExecutionEnvironment.get_execution_environment(configuration)
    environment.set_parallelism(parallelism)
    if not chaining:
        environment.disable_operator_chaining()
    return environment


@pytest.fixture(params=EXECUTIONS)
def env(request):
    """Inline and on workers: results must be the same, but for their order."""
    return make_environment(request.param)


@pytest.fixture(params=INLINE)
def inline_env(request):
    """For tests whose functions write to variables of the test."""
    return make_environment(request.param)
