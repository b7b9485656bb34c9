"""What keys and results the functions of a program have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx.datastream.key_selectors import key_selector
from pyflinkx.errors import GraphError
from pyflinkx.operators.functions import UserFunction
from pyflinkx.plan.stream import UNKNOWN, RecordType
from pyflinkx.types.infer import infer_from_callable
from pyflinkx.types.typeinfo import TypeInformation


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
