"""The functions that OVER knows beside aggregates: of a row's place, and of rows at a distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyflinkx.types.data_type import BIGINT, DOUBLE, DataType


@dataclass(frozen=True)
class PlaceFunction:
    """A function of a row's place.

    Args:
        name: in capital letters.
        usage: how it is called, for errors.
        least, most: how many arguments it takes.
        result: the type of its result; None for that of its first argument.
        batch_only: whether it looks at rows that come later.
    """

    name: str
    usage: str
    least: int = 0
    most: int = 0
    result: DataType | None = None
    batch_only: bool = False

    @property
    def takes_value(self) -> bool:
        """Whether its first argument is a value of a row."""
        return self.result is None


NUMBER, SHARE = BIGINT.not_null(), DOUBLE.not_null()
PLACE_FUNCTIONS = {
    function.name: function
    for function in (
        PlaceFunction("ROW_NUMBER", "ROW_NUMBER()", result=NUMBER),
        PlaceFunction("RANK", "RANK()", result=NUMBER),
        PlaceFunction("DENSE_RANK", "DENSE_RANK()", result=NUMBER),
        PlaceFunction("PERCENT_RANK", "PERCENT_RANK()", result=SHARE, batch_only=True),
        PlaceFunction("CUME_DIST", "CUME_DIST()", result=SHARE, batch_only=True),
        PlaceFunction("NTILE", "NTILE(parts)", 1, 1, NUMBER, batch_only=True),
        PlaceFunction("LAG", "LAG(value[, rows[, default]])", 1, 3),
        PlaceFunction("LEAD", "LEAD(value[, rows[, default]])", 1, 3, batch_only=True),
    )
}


def result_of(function: PlaceFunction, types: Sequence[DataType]) -> DataType:
    """The type of a call's results."""
    if function.result is not None:
        return function.result
    defaulted = len(types) > 2 and not types[2].nullable and not types[0].nullable
    return types[0].with_time(None).with_nullable(not defaulted)
