"""The watermark of an operator as state: it says which windows have fired, and what comes too late."""

from __future__ import annotations

from pyflinkx.operators.base import MIN_WATERMARK, OperatorContext
from pyflinkx.state.descriptors import ListStateDescriptor
from pyflinkx.state.operator_state import UNION
from pyflinkx.state.spec import StateSpec
from pyflinkx.types.basic import BasicType, BasicTypeInfo

DESCRIPTOR = ListStateDescriptor("_watermark", BasicTypeInfo(BasicType.LONG))
WATERMARK = StateSpec(DESCRIPTOR.name, UNION, DESCRIPTOR.type_info)


class KeptWatermark:
    """Where event time stands, for an operator whose results depend on it.

    Where subtasks are restored from others, each begins with the earliest of their watermarks: at an aligned barrier
    all have the same one.

    Args:
        context: of the operator.

    Attributes:
        time: the latest watermark (ms); MIN_WATERMARK before the first one.
    """

    def __init__(self, context: OperatorContext) -> None:
        self._state = context.operator_state.get_union_list_state(DESCRIPTOR)
        self.time: int = min(self._state.get(), default=MIN_WATERMARK)
        self._state.update([self.time])

    def advance(self, timestamp: int) -> bool:
        """A watermark has come; whether it is later than those before it, as it may not be after a restore."""
        if timestamp <= self.time:
            return False
        self.time = timestamp
        self._state.update([timestamp])
        return True
