from collections.abc import Iterable, Sequence
from typing import Final, final

from typing_extensions import Never

from pyflinkx._core.exchange.channel import Reader, Writer
from pyflinkx._core.exchange.event import Event
from pyflinkx._core.memory.budget import MemoryBudget

__all__ = ("SUPPORTED", "Arena", "Event", "Reader", "Writer")

SUPPORTED: Final[bool]

@final
class Arena:
    def __init__(self, *args: Never, **kwargs: Never) -> None: ...
    @staticmethod
    def create(
        events: int,
        pools: Sequence[tuple[int, int]],
        channels: Sequence[tuple[int, int, int]],
        segment_size: int = 32768,
        ring_capacity: int = 128,
        credit: int | None = None,
        budget: MemoryBudget | None = None,
    ) -> Arena: ...
    @staticmethod
    def attach(fd: int) -> Arena: ...
    @property
    def fd(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    @property
    def segment_size(self) -> int: ...
    @property
    def cancelled(self) -> bool: ...
    def cancel(self) -> None: ...
    def event(self, index: int) -> Event: ...
    def writer(self, pool: int, channels: Iterable[int]) -> Writer: ...
    def reader(self, channel: int, max_frame: int = 2147483648, budget: MemoryBudget | None = None) -> Reader: ...
    def close(self) -> None: ...
