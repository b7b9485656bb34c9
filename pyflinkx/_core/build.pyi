from collections.abc import Iterable
from typing import Any, final

from typing_extensions import Never

from pyflinkx._core.column import Column
from pyflinkx._core.memory import MemoryBudget
from pyflinkx._core.schema import Field

@final
class Growing:
    def __init__(self, *args: Never, **kwargs: Never) -> None: ...

@final
class ColumnBuilder:
    field: Field
    length: int
    def __init__(self, field: Field, budget: MemoryBudget | None = None) -> None: ...
    def append(self, value: Any) -> None: ...
    def extend(self, values: Iterable[Any]) -> None: ...
    def finish(self) -> Column: ...
    def __len__(self) -> int: ...
