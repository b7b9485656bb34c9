from collections.abc import Iterable
from typing import Any

def untracked_copy(values: Iterable[Any]) -> list[Any]: ...
