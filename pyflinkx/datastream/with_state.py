"""Functions of a record and a state, on keyed streams: Flink's mapWithState and its siblings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx.datastream.function import Function
from pyflinkx.errors import GraphError
from pyflinkx.state.descriptors import ValueStateDescriptor
from pyflinkx.state.spec import StateSpec
from pyflinkx.types.typeinfo import TypeInformation

NAME = "state"


class WithState(Function):
    """Calls a user's ``function(record, state)`` in the shape of a process function.

    Args:
        function: gives a pair: what becomes of the record, and the key's new state; None for no state.
        state_type: of the state; None for a pickled one.
        call: the API call, for errors.
    """

    def __init__(
        self, function: Callable[[Any, Any], tuple[Any, Any]], state_type: TypeInformation | None, call: str
    ) -> None:
        if isinstance(function, type) or not callable(function):
            raise GraphError(f"{call} takes a callable of record and state, not {function!r}")
        if state_type is not None and not isinstance(state_type, TypeInformation):
            raise GraphError(f"state_type takes a TypeInformation such as Types.LONG(), not {state_type!r}")
        self.function = function
        self.descriptor = ValueStateDescriptor(NAME, state_type)
        self.declared = StateSpec(NAME, "ValueState", self.descriptor.type_info)
        self.call = call
        self.state: Any = None

    def open(self, runtime_context: Any) -> None:
        self.state = runtime_context.get_state(self.descriptor)
        if isinstance(self.function, Function):
            self.function.open(runtime_context)

    def close(self) -> None:
        if isinstance(self.function, Function):
            self.function.close()

    def result_of(self, value: Any) -> Any:
        """What becomes of a record; its key's state is the new one then."""
        given = self.function(value, self.state.value())
        if not isinstance(given, tuple) or len(given) != 2:
            raise TypeError(
                f"the function of {self.call} gives a pair of result and new state (None for no state), not "
                f"{short_repr(given)}"
            )
        result, state = given
        if state is None:
            self.state.clear()
        else:
            self.state.update(state)
        return result


class MapWithState(WithState):
    """One result per record."""

    def __call__(self, value: Any, context: Any) -> tuple[Any]:
        return (self.result_of(value),)


class FlatMapWithState(WithState):
    """Any number of results per record."""

    def __call__(self, value: Any, context: Any) -> Any:
        return self.result_of(value)


class FilterWithState(WithState):
    """The records for which the result is true."""

    def __call__(self, value: Any, context: Any) -> tuple[Any, ...]:
        return (value,) if self.result_of(value) else ()
