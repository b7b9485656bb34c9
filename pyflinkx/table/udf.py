"""The user's functions in SQL and in tables."""

from __future__ import annotations

import datetime
import inspect
import typing
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pyflinkx.errors import GraphError
from pyflinkx.names.asking import offering
from pyflinkx.relational.type_names import data_type_of
from pyflinkx.relational.user.context import FunctionContext
from pyflinkx.relational.user.definition import (
    AGGREGATE,
    ARROW,
    ASYNC,
    GENERAL,
    PANDAS,
    SCALAR,
    TABLE,
    TABLE_AGGREGATE,
    UserFunction,
)
from pyflinkx.sql.parser import parse_type
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.table.column_types import DataType
from pyflinkx.table.data_types import logical_of
from pyflinkx.table.expression import Expression, node_of
from pyflinkx.table.inline import InlineName
from pyflinkx.types import data_type as kinds

__all__ = [
    "AggregateFunction",
    "AsyncScalarFunction",
    "FunctionContext",
    "ImperativeAggregateFunction",
    "ScalarFunction",
    "TableAggregateFunction",
    "TableFunction",
    "UserDefinedAggregateFunctionWrapper",
    "UserDefinedAsyncScalarFunctionWrapper",
    "UserDefinedFunction",
    "UserDefinedFunctionWrapper",
    "UserDefinedScalarFunctionWrapper",
    "UserDefinedTableFunctionWrapper",
    "udaf",
    "udf",
    "udtaf",
    "udtf",
]

T = TypeVar("T")
ACC = TypeVar("ACC")
STYLES = (GENERAL, PANDAS, ARROW)
# What a type hint says where no result_type does.
HINTS: dict[Any, kinds.DataType] = {
    bool: kinds.BOOLEAN,
    int: kinds.BIGINT,
    float: kinds.DOUBLE,
    str: kinds.STRING,
    bytes: kinds.BYTES,
    Decimal: kinds.DataType(kinds.Kind.DECIMAL, 38, 18),
    datetime.date: kinds.DATE,
    datetime.time: kinds.DataType(kinds.Kind.TIME, 3),
    datetime.datetime: kinds.DataType(kinds.Kind.TIMESTAMP, 6),
}


class UserDefinedFunction:
    """What functions have in common."""

    def open(self, function_context: FunctionContext) -> None:
        """Called once per subtask before the first row."""

    def close(self) -> None:
        """Called once per subtask after the last row, and after a failure."""

    def is_deterministic(self) -> bool:
        """Whether the same arguments give the same."""
        return True


class ScalarFunction(UserDefinedFunction, ABC):
    """A function of a row's values that gives a value."""

    @abstractmethod
    def eval(self, *args: Any) -> Any:
        """The value."""


class AsyncScalarFunction(UserDefinedFunction, ABC):
    """A scalar function whose ``eval`` is a coroutine: of some rows at a time it is under way at once."""

    @abstractmethod
    async def eval(self, *args: Any) -> Any:
        """The value."""


class TableFunction(UserDefinedFunction, ABC):
    """A function of a row's values that gives rows."""

    @abstractmethod
    def eval(self, *args: Any) -> Any:
        """The rows: each a tuple or a Row, or a value where there is one column; a list, a generator, or one row."""


class ImperativeAggregateFunction(UserDefinedFunction, ABC, Generic[T, ACC]):
    """A function of many rows' values."""

    @abstractmethod
    def create_accumulator(self) -> ACC:
        """What holds nothing yet."""

    @abstractmethod
    def accumulate(self, accumulator: ACC, *args: Any) -> None:
        """Take up the values of a row."""

    def retract(self, accumulator: ACC, *args: Any) -> None:
        """Take back the values of a row that was taken up."""
        raise RuntimeError("Method retract is not implemented")

    def merge(self, accumulator: ACC, accumulators: Iterable[ACC]) -> None:
        """Take up what other accumulators hold."""
        raise RuntimeError("Method merge is not implemented")

    def get_result_type(self) -> DataType | str:
        """The type of the result."""
        raise RuntimeError("Method get_result_type is not implemented")

    def get_accumulator_type(self) -> DataType | str:
        """The type of the accumulator."""
        raise RuntimeError("Method get_accumulator_type is not implemented")


class AggregateFunction(ImperativeAggregateFunction[T, ACC]):
    """A function of many rows' values that gives a value."""

    @abstractmethod
    def get_value(self, accumulator: ACC) -> T:
        """The value."""


class TableAggregateFunction(ImperativeAggregateFunction[T, ACC]):
    """A function of many rows' values that gives rows."""

    @abstractmethod
    def emit_value(self, accumulator: ACC) -> Iterable[T]:
        """The rows."""


def kind_of(given: Any) -> kinds.DataType:
    """A type that is given as one of DataTypes', or as text.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(given, str):
        return data_type_of(parse_type(given), given)
    if isinstance(given, DataType):
        return logical_of(given)
    if given in HINTS:
        return HINTS[given]
    raise TypeError(f"a type is one of DataTypes, or text such as 'BIGINT', not {given!r} ({type(given).__name__})")


def kinds_of(given: Any) -> tuple[kinds.DataType, ...] | None:
    """The types of arguments; None where none are given."""
    if given is None:
        return None
    some = given if isinstance(given, (list, tuple)) else [given]
    return tuple(map(kind_of, some))


def hinted(function: Any) -> kinds.DataType:
    """The type that a function's hint for its result says.

    Raises:
        TypeError: there is none.
    """
    body = getattr(function, "eval", function)
    try:
        hint = typing.get_type_hints(body).get("return")
    except Exception:
        hint = None
    found = of_hint(hint)
    if found is None:
        raise TypeError(
            f"{name_of(function, None)} needs a result_type, such as result_type=DataTypes.BIGINT() or "
            "result_type='BIGINT', or a type hint for its result"
        )
    return found


def of_hint(hint: Any) -> kinds.DataType | None:
    """The type of a hint; None for none that is known."""
    if hint in HINTS:
        return HINTS[hint]
    arguments = [each for each in typing.get_args(hint) if each is not type(None)]
    origin = typing.get_origin(hint)
    parts = [of_hint(each) for each in arguments]
    if origin is list and len(parts) == 1 and parts[0] is not None:
        return kinds.DataType(kinds.Kind.ARRAY, children=(parts[0],))
    if origin is dict and len(parts) == 2 and parts[0] is not None and parts[1] is not None:
        return kinds.DataType(kinds.Kind.MAP, children=(parts[0], parts[1]))
    return parts[0] if origin is not None and origin not in (list, dict, tuple) and len(parts) == 1 else None


def name_of(function: Any, name: str | None) -> str:
    """What a function is called."""
    return name or getattr(function, "__name__", None) or type(function).__name__


class UserDefinedFunctionWrapper:
    """A function with its types; called, it gives an expression.

    Args:
        func: a callable, or a UserDefinedFunction.
        input_types: of the arguments; None for any.
        func_type: ``general`` for a call for each row, ``pandas`` or ``arrow`` for one for each batch.
        deterministic: whether the same arguments give the same; by default what the function says.
        name: for people.
    """

    _kind = SCALAR

    def __init__(
        self,
        func: Any,
        input_types: Any,
        func_type: str = GENERAL,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> None:
        if inspect.isclass(func):
            raise TypeError(
                f"Invalid function: not a function or callable ({func.__name__} is a class: make one first)"
            )
        if not isinstance(func, UserDefinedFunction) and not callable(func):
            raise TypeError(f"Invalid function: not a function or callable (__call__ is not defined): {type(func)}")
        if func_type not in STYLES:
            raise ValueError(f"The func_type must be one of 'general', 'pandas', 'arrow', got {func_type}.")
        says = func.is_deterministic() if isinstance(func, UserDefinedFunction) else None
        if deterministic is not None and says is not None and deterministic != says:
            raise ValueError(f"Inconsistent deterministic: {deterministic} and {says}")
        self._func = func
        self._input_types = kinds_of(input_types)
        self._func_type = func_type
        self._deterministic = True if says is None and deterministic is None else bool(deterministic or says)
        self._name = name_of(func, name)
        self._aliases: tuple[str, ...] = ()
        self._takes_row = False
        self.__name__ = self._name
        self.__doc__ = getattr(func, "__doc__", None)

    @property
    def _result(self) -> kinds.DataType:
        raise NotImplementedError

    @cached_property
    def _definition(self) -> UserFunction:
        """The function as queries know it."""
        return UserFunction(
            self._name,
            self._kind,
            self._func,
            self._input_types,
            self._result,
            self._func_type,
            self._deterministic,
        )

    def alias(self, *alias_names: str) -> UserDefinedFunctionWrapper:
        """The same function with names for the columns that it gives."""
        import copy

        made = copy.copy(self)
        made._aliases = alias_names
        return made

    def __call__(self, *args: Any) -> Expression:
        name = tree.Name((InlineName.of(self._definition),))
        made = Expression(tree.Call(name, tuple(map(node_of, args))))
        made._columns = self._aliases
        return made


class UserDefinedScalarFunctionWrapper(UserDefinedFunctionWrapper):
    """A scalar function with its types."""

    def __init__(
        self,
        func: Any,
        input_types: Any,
        result_type: Any,
        func_type: str,
        deterministic: bool | None,
        name: str | None,
    ) -> None:
        super().__init__(func, input_types, func_type, deterministic, name)
        self._result_type = hinted(func) if result_type is None else kind_of(result_type)

    @property
    def _result(self) -> kinds.DataType:
        return self._result_type


class UserDefinedAsyncScalarFunctionWrapper(UserDefinedScalarFunctionWrapper):
    """An async scalar function with its types."""

    _kind = ASYNC


class UserDefinedTableFunctionWrapper(UserDefinedFunctionWrapper):
    """A table function with its types."""

    _kind = TABLE

    def __init__(
        self, func: Any, input_types: Any, result_types: Any, deterministic: bool | None = None, name: str | None = None
    ) -> None:
        super().__init__(func, input_types, GENERAL, deterministic, name)
        if result_types is None:
            raise TypeError("udtf needs result_types, such as result_types=['INT', 'STRING']")
        single = not isinstance(result_types, (list, tuple))
        found = kinds_of(result_types) or ()
        self._plain = len(found) == 1 and found[0].kind is not kinds.Kind.ROW
        if len(found) == 1 and found[0].kind is kinds.Kind.ROW and single:
            self._row = found[0]
        else:
            self._row = kinds.row_type((f"f{place}", kind) for place, kind in enumerate(found))
            self._plain = len(found) == 1

    @property
    def _result(self) -> kinds.DataType:
        return self._row

    @cached_property
    def _definition(self) -> UserFunction:
        return UserFunction(
            self._name,
            TABLE,
            self._func,
            self._input_types,
            self._row,
            GENERAL,
            self._deterministic,
            plain=self._plain,
        )


class UserDefinedAggregateFunctionWrapper(UserDefinedFunctionWrapper):
    """An aggregate function, or a table aggregate function, with its types."""

    def __init__(
        self,
        func: Any,
        input_types: Any,
        result_type: Any,
        accumulator_type: Any,
        func_type: str,
        deterministic: bool | None,
        name: str | None,
        is_table_aggregate: bool = False,
    ) -> None:
        super().__init__(func, input_types, func_type, deterministic, name)
        self._is_table_aggregate = is_table_aggregate
        if not isinstance(func, ImperativeAggregateFunction):
            if func_type == GENERAL:
                raise TypeError(f"{self._name} is no AggregateFunction; a plain callable is one for func_type='pandas'")
            self._result_type = hinted(func) if result_type is None else kind_of(result_type)
            self._accumulator = None
            return
        self._result_type = kind_of(func.get_result_type() if result_type is None else result_type)
        if accumulator_type is None and func_type == GENERAL:
            try:
                accumulator_type = func.get_accumulator_type()
            except RuntimeError:
                accumulator_type = None
        self._accumulator = accumulator_type

    @property
    def _result(self) -> kinds.DataType:
        return self._result_type

    @cached_property
    def _definition(self) -> UserFunction:
        kind = TABLE_AGGREGATE if self._is_table_aggregate else AGGREGATE
        return UserFunction(
            self._name, kind, self._func, self._input_types, self._result_type, self._func_type, self._deterministic
        )


def made(f: Any, make: Callable[[Any], Any]) -> Any:
    """A wrapper, or a decorator where no function is given."""
    return make if f is None else make(f)


def udf(
    f: Any = None,
    input_types: Any = None,
    result_type: Any = None,
    deterministic: bool | None = None,
    name: str | None = None,
    func_type: str = GENERAL,
) -> Any:
    """A scalar function: a decorator, or a call.

    Args:
        f: a callable, or a ScalarFunction.
        input_types: of the arguments: DataTypes or text; by default any.
        result_type: of the result; by default what the type hint says.
        deterministic: whether the same arguments give the same.
        name: for people.
        func_type: ``general``, ``pandas`` or ``arrow``.

    Raises:
        TypeError: it is no function, or a type is none.

    Example:
        >>> @udf(result_type="BIGINT")
        ... def plus_one(n):
        ...     return n + 1
        >>> from pyflinkx.table.expressions import col
        >>> plus_one(col("a"))
        plus_one(a)
    """

    def make(function: Any) -> UserDefinedScalarFunctionWrapper:
        body = function.eval if isinstance(function, UserDefinedFunction) and hasattr(function, "eval") else function
        is_async = isinstance(function, AsyncScalarFunction) or inspect.iscoroutinefunction(body)
        wrapper = UserDefinedAsyncScalarFunctionWrapper if is_async else UserDefinedScalarFunctionWrapper
        return wrapper(function, input_types, result_type, func_type, deterministic, name)

    return made(f, make)


def udtf(
    f: Any = None,
    input_types: Any = None,
    result_types: Any = None,
    deterministic: bool | None = None,
    name: str | None = None,
) -> Any:
    """A table function: a decorator, or a call.

    Args:
        f: a callable, or a TableFunction; it gives rows.
        input_types: of the arguments; by default any.
        result_types: of the columns.
        deterministic: whether the same arguments give the same.
        name: for people.
    """
    return made(
        f, lambda function: UserDefinedTableFunctionWrapper(function, input_types, result_types, deterministic, name)
    )


def udaf(
    f: Any = None,
    input_types: Any = None,
    result_type: Any = None,
    accumulator_type: Any = None,
    deterministic: bool | None = None,
    name: str | None = None,
    func_type: str = GENERAL,
) -> Any:
    """An aggregate function: a decorator, or a call.

    Args:
        f: an AggregateFunction; a callable of pandas' series for ``func_type='pandas'``.
        input_types: of the arguments; by default any.
        result_type: of the result; by default what the function says.
        accumulator_type: of the accumulator; by default what the function says.
        deterministic: whether the same arguments give the same.
        name: for people.
        func_type: ``general`` or ``pandas``.
    """
    return made(
        f,
        lambda function: UserDefinedAggregateFunctionWrapper(
            function, input_types, result_type, accumulator_type, func_type, deterministic, name
        ),
    )


def udtaf(
    f: Any = None,
    input_types: Any = None,
    result_type: Any = None,
    accumulator_type: Any = None,
    deterministic: bool | None = None,
    name: str | None = None,
    func_type: str = GENERAL,
) -> Any:
    """A table aggregate function: a decorator, or a call; see ``udaf``."""
    if func_type != GENERAL:
        raise ValueError(f"The func_type must be 'general', got {func_type}.")
    return made(
        f,
        lambda function: UserDefinedAggregateFunctionWrapper(
            function, input_types, result_type, accumulator_type, func_type, deterministic, name, True
        ),
    )


def definition_of(given: Any) -> UserFunction:
    """A function as queries know it, of a wrapper or an object.

    Raises:
        GraphError: it is no function of the user's.
    """
    return wrapper_of(given)._definition


def wrapper_of(given: Any) -> UserDefinedFunctionWrapper:
    """A function with its types, of itself or of an object of its class.

    Raises:
        GraphError: it is no function of the user's.
    """
    if isinstance(given, AggregateFunction):
        given = udaf(given)
    elif isinstance(given, TableAggregateFunction):
        given = udtaf(given)
    elif isinstance(given, (ScalarFunction, AsyncScalarFunction)):
        given = udf(given)
    if isinstance(given, UserDefinedFunctionWrapper):
        return given
    raise GraphError(
        f"functions are made by udf(), udtf(), udaf() or udtaf(), and this is {given!r:.100} ({type(given).__name__})"
    )


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
