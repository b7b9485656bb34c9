from collections.abc import Sequence

from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.memory.budget import MemoryBudget

STATE_VERSION: int
ACC_VERSIONS: dict[str, int]

class NativeAggregation:
    schema: Schema
    results: Schema
    def __new__(
        cls,
        schema: Schema,
        keys: Sequence[str],
        aggregates: Sequence[tuple[str, str | None, str | None]],
        results: Schema,
        *arguments: object,
        budget: MemoryBudget | None = None,
        **options: object,
    ) -> NativeAggregation: ...
    @property
    def keys_held(self) -> int: ...
    @property
    def most_bytes(self) -> int: ...
    @most_bytes.setter
    def most_bytes(self, most_bytes: int) -> None: ...
    def accumulator(self, function: str, field: str | None) -> tuple[int, int]: ...
    def state_fields(self) -> list[Field]: ...
    def state_version(self, kind: str) -> str: ...
