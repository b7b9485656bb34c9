"""JSON_OBJECTAGG and JSON_ARRAYAGG: values as JSON."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

from pyflinkx._core.keys.map import KeyMap
from pyflinkx.relational.aggregation.accumulators import Accumulators, Ordered
from pyflinkx.relational.values import ValueFault
from pyflinkx.types.data_type import DataType, Kind


def json_of(value: Any, kind: DataType) -> str:
    """A value as JSON; what is no number, truth value, array, map or row is text."""
    if value is None:
        return "null"
    if kind.kind is Kind.BOOLEAN:
        return "true" if value else "false"
    if kind.kind is Kind.ARRAY:
        return f"[{','.join(json_of(item, kind.children[0]) for item in value)}]"
    if kind.kind in (Kind.MAP, Kind.ROW):
        pairs = value.items() if kind.kind is Kind.MAP else zip(kind.names, value, strict=True)
        kinds = [kind.children[1]] * len(value) if kind.kind is Kind.MAP else kind.children
        entries = (f"{text_of(key)}:{json_of(item, part)}" for (key, item), part in zip(pairs, kinds, strict=True))
        return f"{{{','.join(entries)}}}"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float) and not math.isfinite(value):
        return text_of(str(value))
    return repr(value) if isinstance(value, (int, float)) else text_of(value)


def text_of(value: Any) -> str:
    return json.dumps(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value), ensure_ascii=False)


class JsonArray(Ordered):
    """Values as a JSON array, in the order in which they came.

    Args:
        kind: of the values.
        nulls: whether nulls are in it.
    """

    def __init__(self, kind: DataType, nulls: bool) -> None:
        self.kind, self.nulls = kind, nulls

    def result(self, state: list[Any]) -> Any:
        return f"[{','.join(json_of(value, self.kind) for value in state[0])}]"


class JsonObject(Accumulators):
    """Keys and values as a JSON object; the last value of a key counts.

    Args:
        kind: of the values.
        nulls: whether keys are in it whose value is null.
    """

    def __init__(self, kind: DataType, nulls: bool) -> None:
        self.kind, self.nulls = kind, nulls

    def create(self) -> list[Any]:
        return [KeyMap()]

    def accumulate(self, state: list[Any], *values: Any) -> None:
        key, value = values
        if key is None:
            raise ValueFault("a key of JSON_OBJECTAGG is null")
        if value is not None or self.nulls:
            state[0][key] = value

    def retract(self, state: list[Any], *values: Any) -> None:
        state[0].pop(values[0])

    def merge(self, state: list[Any], other: list[Any]) -> None:
        for key, value in other[0].items():
            state[0][key] = value

    def result(self, state: list[Any]) -> Any:
        entries = (f"{text_of(key)}:{json_of(value, self.kind)}" for key, value in state[0].items())
        return f"{{{','.join(entries)}}}"
