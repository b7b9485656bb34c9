"""Operators that call a user's function, and what such a function may ask of the runtime."""

from __future__ import annotations

import random
import uuid
from typing import Any

from pyflinkx.errors import WrongStateError
from pyflinkx.operators.accumulators import Accumulator, DoubleCounter, Histogram, IntCounter, LongCounter
from pyflinkx.operators.base import Operator, OperatorContext
from pyflinkx.operators.checkpointed import FunctionStates, StatesOfSource
from pyflinkx.operators.functions import UserFunction, UserFunctions
from pyflinkx.operators.metrics import MetricGroup


class DistributedCache:
    """Finds registered files where a function runs.

    Args:
        files: absolute paths by name.
    """

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files

    def get_file(self, name: str) -> str:
        """The path of a file or folder.

        Raises:
            ValueError: none is registered under that name.
        """
        path = self._files.get(name)
        if path is None:
            raise ValueError(f"no file is registered as {name!r}; call register_cached_file() on the environment")
        return path


class RuntimeContext:
    """What a user's function learns of the task it runs in, and how a keyed function gets its state.

    Args:
        context: the operator's context.
        keyed_state: the operator's KeyedStateBackend; None when its stream is not keyed.
    """

    def __init__(self, context: OperatorContext, keyed_state: Any = None) -> None:
        self._context = context
        self._keyed_state = keyed_state
        if keyed_state is not None:
            keyed_state.use_clock(context.clock)
            keyed_state.use_copier(context.copier)

    def get_task_name(self) -> str:
        """The name of the operator."""
        return self._context.name

    def get_number_of_parallel_subtasks(self) -> int:
        """The operator's parallelism."""
        return self._context.parallelism

    def get_max_number_of_parallel_subtasks(self) -> int:
        """The number of key groups."""
        return self._context.max_parallelism

    def get_index_of_this_subtask(self) -> int:
        """From 0 up to the parallelism."""
        return self._context.subtask_index

    def get_attempt_number(self) -> int:
        """0 at the first execution, one more after each restart."""
        return self._context.attempt

    def get_task_name_with_subtasks(self) -> str:
        """Such as ``Map (3/6)``."""
        return f"{self._context.name} ({self._context.subtask_index + 1}/{self._context.parallelism})"

    def get_job_parameter(self, key: str, default_value: str) -> str:
        """A global job parameter of the execution config."""
        return self._context.job_parameters.get(key, default_value)

    def get_metrics_group(self) -> MetricGroup:
        """Makes counters, gauges, meters and distributions, to be read by ``JobClient.get_metrics``."""
        context = self._context
        return MetricGroup(context.metrics, context.clock, (context.name,))

    def add_accumulator(self, name: str, accumulator: Accumulator[Any, Any]) -> None:
        """Have an accumulator put together with those of its name in other subtasks, as a result of the job.

        Args:
            name: by which ``JobExecutionResult.get_accumulator_result`` finds what it comes to.
            accumulator: what this subtask adds to; after a restore from a checkpoint it begins with what it had come
                to there.

        Raises:
            TypeError: it is no Accumulator, or the name no text.
            ValueError: the operator has one of that name already.
        """
        if not isinstance(name, str) or not name:
            raise TypeError(f"an accumulator's name is text, not {name!r}")
        if not isinstance(accumulator, Accumulator):
            raise TypeError(f"add_accumulator() takes an Accumulator such as IntCounter(), not {accumulator!r}")
        if name in self._context.restored_accumulators:
            restored = self._context.accumulators[name]
            # By name: a class of the program's own may have been made anew.
            if type(restored).__qualname__ != type(accumulator).__qualname__:
                kinds = f"{type(restored).__name__} in the checkpoint and now a {type(accumulator).__name__}"
                raise ValueError(f"the accumulator '{name}' was a {kinds}")
            self._context.restored_accumulators.discard(name)
            accumulator.reset_local()
            accumulator.merge(restored)
        elif name in self._context.accumulators:
            raise ValueError(f"the accumulator '{name}' exists already")
        self._context.accumulators[name] = accumulator

    def get_accumulator(self, name: str) -> Any:
        """This operator's accumulator of that name, as far as this subtask has added to it; None if there is none."""
        return self._context.accumulators.get(name)

    def get_int_counter(self, name: str) -> IntCounter:
        """The IntCounter of that name, made when it is not there yet."""
        return self._accumulator(name, IntCounter)

    def get_long_counter(self, name: str) -> LongCounter:
        """The LongCounter of that name, made when it is not there yet."""
        return self._accumulator(name, LongCounter)

    def get_double_counter(self, name: str) -> DoubleCounter:
        """The DoubleCounter of that name, made when it is not there yet."""
        return self._accumulator(name, DoubleCounter)

    def get_histogram(self, name: str) -> Histogram:
        """The Histogram of that name, made when it is not there yet."""
        return self._accumulator(name, Histogram)

    def _accumulator(self, name: str, kind: type[Any]) -> Any:
        if name not in self._context.accumulators:
            self.add_accumulator(name, kind())
        self._context.restored_accumulators.discard(name)
        found = self._context.accumulators[name]
        if type(found) is not kind:
            raise ValueError(f"the accumulator '{name}' is a {type(found).__name__}, not a {kind.__name__}")
        return found

    def get_distributed_cache(self) -> DistributedCache:
        """The files that the program registered by ``register_cached_file``."""
        return DistributedCache(self._context.cached_files)

    # ---- what is not a function of the input ----

    def time(self) -> int:
        """The job's clock, in milliseconds since the epoch: what ``time.time()`` is elsewhere, but tests can set it."""
        return int(self._context.clock.now())

    @property
    def random(self) -> random.Random:
        """Random numbers of this subtask of the operator, which a restored job goes on with where the checkpoint was.

        The functions of one operator share them. They follow from the job, the operator's uid and the subtask; with
        another parallelism they are new ones, which follow from where all subtasks were.

        Example:
            >>> from pyflinkx.datastream import MapFunction, StreamExecutionEnvironment
            >>> class Sampled(MapFunction):
            ...     def open(self, runtime_context):
            ...         self.random = runtime_context.random
            ...     def map(self, value):
            ...         return value, 0 <= self.random.random() < 1
            >>> env = StreamExecutionEnvironment.get_execution_environment()
            >>> list(env.from_collection([1]).map(Sampled()).execute_and_collect())
            [(1, True)]
        """
        return self._context.randomness.random

    def uuid4(self) -> uuid.UUID:
        """A UUID of version 4 of the same random numbers: a restored job gives the same ones again."""
        return self._context.randomness.uuid4()

    def get_state(self, state_descriptor: Any) -> Any:
        """The ValueState of the current key."""
        return self._keyed().get_state(state_descriptor)

    def get_list_state(self, state_descriptor: Any) -> Any:
        """The ListState of the current key."""
        return self._keyed().get_list_state(state_descriptor)

    def get_map_state(self, state_descriptor: Any) -> Any:
        """The MapState of the current key."""
        return self._keyed().get_map_state(state_descriptor)

    def get_reducing_state(self, state_descriptor: Any) -> Any:
        """The ReducingState of the current key."""
        return self._keyed().get_reducing_state(state_descriptor)

    def get_aggregating_state(self, state_descriptor: Any) -> Any:
        """The AggregatingState of the current key."""
        return self._keyed().get_aggregating_state(state_descriptor)

    def initialize(self, states: FunctionStates, call: Any) -> None:
        """Give a function its states of the subtask; ``call`` calls a method of it by name."""
        states.initialize(call, self._context, self._keyed_state)

    def states_of_source(self, function: Any) -> StatesOfSource:
        """The states of a CheckpointedFunction that is a source."""
        return StatesOfSource(function, self._context)

    def _keyed(self) -> Any:
        if self._keyed_state is None:
            raise WrongStateError("keyed state needs a keyed stream: call key_by first")
        return self._keyed_state


class UserFunctionOperator(Operator):
    """Base of operators around user functions: opens and closes them, and reports their failures.

    Args:
        function: the user's function.
        others: what else of the user's it calls, with a life of its own: key selectors, say. They are opened first.
    """

    functions: UserFunctions

    def __init__(self, function: UserFunction, *others: Any) -> None:
        self.function = function
        self.call = function.call
        self.functions = UserFunctions((*others, function))

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.open_function(RuntimeContext(context))

    def open_function(self, runtime_context: RuntimeContext) -> None:
        """Open the user's functions."""
        self.functions.open(self.site, runtime_context)

    def close(self) -> None:
        self.functions.close()

    def emit_partial(self) -> None:
        """After a failure: emit what the records before the failing one produced."""
        partial = self.site.take_partial()
        if partial is not None:
            self.output.emit(partial)
