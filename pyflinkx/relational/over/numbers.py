"""All row numbers of a stream, which no range limits, as OVER."""

from __future__ import annotations

from pyflinkx.relational.over.nodes import ROWS, Frame, OrderKey, Over, OverWindow, PlaceCall
from pyflinkx.relational.ranking.nodes import RowNumbers
from pyflinkx.types.data_type import BIGINT


def numbered_over(node: RowNumbers) -> Over:
    """The same rows with the same numbers."""
    order = tuple(OrderKey(key.index, key.descending, key.nulls_first) for key in node.order)
    window = OverWindow(node.partition, order, Frame(ROWS, None, 0))
    return Over(node.input, window, (PlaceCall(node.function, BIGINT.not_null()),), (node.name,))
