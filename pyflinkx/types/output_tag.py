"""Tags of side outputs."""

from __future__ import annotations

from pyflinkx.names.asking import answers
from pyflinkx.types.basic import PickledBytesTypeInfo, TypeInformation, check_type
from pyflinkx.types.composite import RowTypeInfo


@answers("datastream.output_tag.OutputTag")
class OutputTag:
    """Names a side output; a function sends to it with ``yield tag, value``.

    Two tags are equal when their ids are.

    Args:
        tag_id: name of the side output, unique among those of one operator.
        type_info: type information of its records, or a list of it for rows; any Python value by default.

    Raises:
        ValueError: the id is None or empty.
        TypeInformationError: ``type_info`` is something else.

    Example:
        >>> OutputTag("late")
        OutputTag('late')
    """

    __slots__ = ("tag_id", "type_info")

    def __init__(self, tag_id: str, type_info: TypeInformation | list[TypeInformation] | None = None) -> None:
        if not tag_id:
            raise ValueError("the id of an OutputTag cannot be None or empty")
        self.tag_id = tag_id
        if type_info is None:
            type_info = PickledBytesTypeInfo()
        elif isinstance(type_info, list):
            type_info = RowTypeInfo(type_info)
        self.type_info = check_type(type_info, f"the type of side output {tag_id!r}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OutputTag) and self.tag_id == other.tag_id

    def __hash__(self) -> int:
        return hash(self.tag_id)

    def __repr__(self) -> str:
        return f"OutputTag({self.tag_id!r})"
