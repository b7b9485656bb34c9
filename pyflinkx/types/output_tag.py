"""Tags of side outputs."""

from __future__ import annotations

from typing import Any


class OutputTag:
    """Names a side output; a function sends to it with ``yield tag, value``.

    Two tags are equal when their ids are.

    Args:
        tag_id: name of the side output, unique among those of one operator.
        type_info: type information of its records, or a list of them for a row; None for any Python value.

    Raises:
        ValueError: the id is None or empty.

    Example:
        >>> OutputTag("late")
        OutputTag('late')
    """

    __slots__ = ("tag_id", "type_info")

    def __init__(self, tag_id: str, type_info: Any = None) -> None:
        if not tag_id:
            raise ValueError("the id of an OutputTag cannot be None or empty")
        self.tag_id = tag_id
        self.type_info = type_info

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OutputTag) and self.tag_id == other.tag_id

    def __hash__(self) -> int:
        return hash(self.tag_id)

    def __repr__(self) -> str:
        return f"OutputTag({self.tag_id!r})"
