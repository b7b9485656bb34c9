from collections.abc import Callable, Iterator
from typing import Any, final

from pyflinkx._core.calls.turn import ENDLESS as ENDLESS
from pyflinkx._core.calls.turn import Turn
from pyflinkx._core.calls.window_types import TimeWindow
from pyflinkx._core.keys.map import KeyMap
from pyflinkx._core.records.copier import Copier
from pyflinkx._core.records.objects import ObjectBatch

@final
class AlignedLoop:
    @property
    def opened(self) -> list[TimeWindow]: ...
    @property
    def late(self) -> ObjectBatch: ...
    @property
    def record(self) -> Any: ...
    @property
    def within(self) -> bool: ...
    def __new__(
        cls,
        select_key: Callable[[Any], Any],
        kind: str,
        function: Callable[[Any, Any], Any] | None,
        create_accumulator: Callable[[], Any] | None,
        windows: KeyMap[TimeWindow, KeyMap[Any, Any]],
        size: int,
        slide: int,
        offset: int,
        lateness: int,
        fire: Callable[[Any, TimeWindow, Any], None],
        copier: Copier | None = None,
        turn: Turn | None = None,
    ) -> AlignedLoop: ...
    def add(self, batch: ObjectBatch, watermark: int, limit: int = ...) -> bool: ...
    def resume(self, limit: int) -> bool: ...
    def forget(self, window: TimeWindow) -> None: ...

def call_each(
    function: Callable[[Any], Any],
    values: Iterator[Any],
    most: int,
    results: list[Any],
    copier: Copier | None = None,
    turn: Turn | None = None,
) -> None: ...
