"""What window functions see of the window operator."""

from __future__ import annotations

from types import GenericAlias
from typing import TYPE_CHECKING, Any

from pyflinkx.errors import WrongStateError

if TYPE_CHECKING:
    from pyflinkx.operators.window import WindowOperator


class NoWindowState:
    """Stands for the state of merging windows, which there cannot be: nobody could merge it."""

    def refuse(self, state_descriptor: Any) -> Any:
        """Raise WrongStateError."""
        raise WrongStateError("merging windows (sessions) have no state per window; use global_state()")

    get_state = get_list_state = get_map_state = get_reducing_state = get_aggregating_state = refuse


class ProcessWindowContext:
    """What a process window function gets beside the records.

    Args:
        operator: the operator that calls the function.
        merging: whether its windows merge.
    """

    # Functions written for PyFlink annotate ``context: ProcessWindowFunction.Context[TimeWindow]``.
    __class_getitem__: Any = classmethod(GenericAlias)

    def __init__(self, operator: WindowOperator, merging: bool) -> None:
        self._operator = operator
        self._window_state: Any = NoWindowState() if merging else operator.backend.per_window

    def window(self) -> Any:
        """The window."""
        return self._operator.backend.context.namespace

    def current_processing_time(self) -> int:
        """What the clock says (ms)."""
        return self._operator.current_processing_time()

    def current_watermark(self) -> int:
        """The watermark (ms); the smallest 64-bit integer before the first one."""
        return self._operator.watermark

    # The same under the names of an EvictorContext.
    get_current_processing_time = current_processing_time
    get_current_watermark = current_watermark

    def window_state(self) -> Any:
        """States of the key and this window; what is stored there must be cleared in the function's ``clear``."""
        return self._window_state

    def global_state(self) -> Any:
        """States of the key, shared by its windows."""
        return self._operator.runtime_context
