"""How a function object or a plain callable given to the API becomes what an operator calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from pyflinkx._core.schema import Schema
from pyflinkx.datastream.functions import Function
from pyflinkx.datastream.key_selectors import key_selector
from pyflinkx.errors import GraphError
from pyflinkx.operators.function import UserFunction
from pyflinkx.types.infer import infer_from_callable
from pyflinkx.types.typeinfo import TypeInformation, schema_key


def user_function(given: Any, kind: type[Function], method: str, what: str) -> UserFunction:
    """The user function in ``given``: an instance of ``kind`` or a callable.

    Args:
        given: what the user passed.
        kind: the interface.
        method: the interface's method that is called per record.
        what: the API call, for the error.

    Raises:
        GraphError: it is neither.
    """
    if isinstance(given, type) and issubclass(given, Function):
        raise GraphError(f"{what} takes an instance of {kind.__name__}, not the class {given.__name__}: add ()")
    if isinstance(given, kind):
        return UserFunction(getattr(given, method), given)
    if isinstance(given, Function):
        raise GraphError(f"{what} takes a {kind.__name__} or a callable, not the {type(given).__name__} {given!r}")
    if callable(given):
        return UserFunction(given)
    raise GraphError(f"{what} takes a {kind.__name__} or a callable, not {given!r} ({type(given).__name__})")


def object_function(given: Any, kind: type[Function], methods: list[str], what: str) -> list[UserFunction]:
    """The methods of a function object, for interfaces that no plain callable can stand for.

    The object is opened and closed with the first method only.

    Raises:
        GraphError: it is no instance of ``kind``.
    """
    if not isinstance(given, kind):
        raise GraphError(f"{what} takes an instance of {kind.__name__}, not {given!r} ({type(given).__name__})")
    return [UserFunction(getattr(given, method), given) for method in methods]


class RecordType(NamedTuple):
    """What is known of a stream's type; either may be None.

    Only a declared type decides how records are printed and what values are accepted, so that annotations in a program
    written for PyFlink, which ignores them, change nothing there. ``columns`` is the Schema of the columns that hold
    just these records, where the type does not tell it, or the reason why there are none.
    """

    declared: TypeInformation | None = None
    inferred: TypeInformation | None = None
    columns: Schema | str | None = None

    @property
    def known(self) -> TypeInformation | None:
        """The declared type, else the inferred one."""
        return self.declared if self.declared is not None else self.inferred

    def of_results(self) -> RecordType:
        """That of records of the same type that a function makes of these: their values may need wider columns."""
        return self._replace(columns=self.columns if isinstance(self.columns, str) else None)


UNKNOWN = RecordType()


def common_record_type(kinds: Sequence[RecordType]) -> RecordType:
    """What is known of records of several streams: a type that all have, with the same names of fields."""
    first, *others = kinds
    if all(same_type(first.declared, other.declared) for other in others):
        return first if all(same_type(first.known, other.known) for other in others) else UNKNOWN
    return RecordType(None, first.known) if all(same_type(first.known, other.known) for other in others) else UNKNOWN


def same_type(first: TypeInformation | None, second: TypeInformation | None) -> bool:
    """Whether both are unknown, or the same in types and names of fields."""
    if first is None or second is None:
        return first is second
    return first is second or schema_key(first) == schema_key(second)


def key_function(selector: Any, what: str = "key_by()", record_type: RecordType = UNKNOWN) -> Callable[[Any], Any]:
    """What takes the key out of a record: a field, a path, a KeySelector, a callable, or a list of several of these."""
    selectors = selector if isinstance(selector, (list, tuple)) else [selector]
    return key_selector(selectors, record_type.known, what)


def result_type(
    output_type: TypeInformation | None, function: UserFunction | None = None, what: str = "return"
) -> RecordType:
    """The type of an operator's results.

    Args:
        output_type: what the user declared.
        function: the user's function, whose annotations are read; None for none.
        what: "return" where its result is the record, "items" where the result's items are.

    Raises:
        GraphError: ``output_type`` is no TypeInformation.
    """
    if output_type is not None and not isinstance(output_type, TypeInformation):
        raise GraphError(f"output_type takes a TypeInformation such as Types.STRING(), not {output_type!r}")
    return RecordType(output_type, infer_from_callable(function.call, what) if function is not None else None)
