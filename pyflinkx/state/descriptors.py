"""What a function asks a keyed state store for: name, kind and type of a state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx.errors import WrongStateError
from pyflinkx.state.ttl_config import StateTtlConfig
from pyflinkx.types.basic import ListTypeInfo, MapTypeInfo, PickledBytesTypeInfo, TypeInformation, check_type


class StateDescriptor:
    """Name and type of a state.

    Args:
        name: unique among the states of one operator.
        type_info: type information of what is stored; any Python value by default.

    Raises:
        TypeError: the name is not a str, or the type is no type information.
        ValueError: the name is empty.
    """

    def __init__(self, name: str, type_info: TypeInformation | None = None) -> None:
        if not isinstance(name, str):
            raise TypeError(f"the name of a state must be a str, not {type(name).__name__}")
        if not name:
            raise ValueError("the name of a state cannot be empty")
        self.name = name
        self.type_info = given_type(type_info, f"the type of state {name!r}")
        self.ttl_config: StateTtlConfig | None = None
        self.queryable_name: str | None = None

    def get_name(self) -> str:
        """The name of the state."""
        return self.name

    def enable_time_to_live(self, ttl_config: StateTtlConfig) -> None:
        """Give the values of the state a time to live.

        Raises:
            TypeError: ``ttl_config`` is no StateTtlConfig.
        """
        if not isinstance(ttl_config, StateTtlConfig):
            raise TypeError(f"enable_time_to_live() takes a StateTtlConfig, not {ttl_config!r}")
        if ttl_config.is_enabled() and self.is_queryable():
            raise WrongStateError(f"state {self.name!r} is queryable, so it can have no time to live")
        self.ttl_config = ttl_config if ttl_config.is_enabled() else None

    def set_queryable(self, queryable_state_name: str) -> None:
        """Let other programs read the state of a running job, with a ``QueryableStateClient``.

        Args:
            queryable_state_name: by which they ask for it, unique in the job.

        Raises:
            TypeError: the name is not a str.
            ValueError: the name is empty.
            WrongStateError: the state is queryable by a name already, or has a time to live.

        Example:
            >>> counts = ValueStateDescriptor("count")
            >>> counts.set_queryable("counts")
            >>> counts.is_queryable(), counts.get_queryable_state_name()
            (True, 'counts')
        """
        if not isinstance(queryable_state_name, str):
            raise TypeError(f"a queryable state's name must be a str, not {type(queryable_state_name).__name__}")
        if not queryable_state_name:
            raise ValueError(f"state {self.name!r}: the name by which it is queried cannot be empty")
        if self.ttl_config is not None:
            raise WrongStateError(f"state {self.name!r} has a time to live, so it cannot be queryable")
        if self.is_queryable():
            raise WrongStateError(f"state {self.name!r} is queryable as {self.queryable_name!r} already")
        self.queryable_name = queryable_state_name

    def is_queryable(self) -> bool:
        """Whether other programs may read the state."""
        return self.queryable_name is not None

    def get_queryable_state_name(self) -> str | None:
        """The name by which they ask for it; None when they may not."""
        return self.queryable_name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class ValueStateDescriptor(StateDescriptor):
    """Describes one value per key.

    Example:
        >>> ValueStateDescriptor("last-seen")
        ValueStateDescriptor('last-seen')
    """

    def __init__(self, name: str, value_type_info: TypeInformation | None = None) -> None:
        super().__init__(name, value_type_info)


class ListStateDescriptor(StateDescriptor):
    """Describes a list of values per key; ``elem_type_info`` is the type of one of them."""

    def __init__(self, name: str, elem_type_info: TypeInformation | None = None) -> None:
        super().__init__(name, ListTypeInfo(given_type(elem_type_info, "the element type of a list state")))


class MapStateDescriptor(StateDescriptor):
    """Describes a map per key."""

    def __init__(
        self,
        name: str,
        key_type_info: TypeInformation | None = None,
        value_type_info: TypeInformation | None = None,
    ) -> None:
        key_type = given_type(key_type_info, "the key type of a map state")
        super().__init__(name, MapTypeInfo(key_type, given_type(value_type_info, "the value type of a map state")))


class ReducingStateDescriptor(StateDescriptor):
    """Describes one value per key into which added values are folded.

    Args:
        name: unique among the states of one operator.
        reduce_function: a callable of two values, or an object with ``reduce(value1, value2)``.
        type_info: type information of the values.

    Raises:
        TypeError: the reduce function is neither.
    """

    def __init__(self, name: str, reduce_function: Any, type_info: TypeInformation | None = None) -> None:
        super().__init__(name, type_info)
        self._reduce_function = reduce_function
        reduce = getattr(reduce_function, "reduce", reduce_function)
        if not callable(reduce) or isinstance(reduce_function, type):
            raise TypeError(f"state {name!r} needs a ReduceFunction or a callable, not {reduce_function!r}")
        self.reduce: Callable[[Any, Any], Any] = reduce

    def get_reduce_function(self) -> Any:
        """The reduce function, as it was given."""
        return self._reduce_function


class AggregatingStateDescriptor(StateDescriptor):
    """Describes one accumulator per key.

    Args:
        name: unique among the states of one operator.
        agg_function: an object with ``create_accumulator``, ``add``, ``get_result`` and ``merge``.
        state_type_info: type information of the accumulator.

    Raises:
        TypeError: the object is no aggregate function.
    """

    def __init__(self, name: str, agg_function: Any, state_type_info: TypeInformation | None = None) -> None:
        super().__init__(name, state_type_info)
        for method in ("create_accumulator", "add", "get_result", "merge"):
            if isinstance(agg_function, type) or not callable(getattr(agg_function, method, None)):
                raise TypeError(f"state {name!r} needs an AggregateFunction; {agg_function!r} has no method {method}()")
        self._agg_function = agg_function

    def get_agg_function(self) -> Any:
        """The aggregate function."""
        return self._agg_function


def given_type(type_info: TypeInformation | None, where: str) -> TypeInformation:
    """The type that was given, or the one that holds any Python value."""
    return PickledBytesTypeInfo() if type_info is None else check_type(type_info, where)
