"""Reduce functions over records of a declared type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx._core.records.conformed import conformed_call
from pyflinkx.types.codecs import conforming_codec
from pyflinkx.types.typeinfo import TypeInformation


def reduce_to_type(function: Callable[[Any, Any], Any], type_info: TypeInformation | None) -> Callable[[Any, Any], Any]:
    """The function, with results in the shape of the type: a later call gets them as records are.

    Args:
        function: combines two records into one.
        type_info: what the records are declared to be; None where they are not.

    Example:
        >>> from pyflinkx.types.typeinfo import Types
        >>> add = reduce_to_type(lambda left, right: (left.n + right.n,), Types.ROW_NAMED(["n"], [Types.LONG()]))
        >>> from pyflinkx.common import Row
        >>> add(add(Row(n=1), Row(n=2)), Row(n=3))
        Row(n=6)
    """
    codec = conforming_codec(type_info)
    return function if codec is None else conformed_call(function, codec)
