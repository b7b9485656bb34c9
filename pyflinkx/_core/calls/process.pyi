from collections.abc import Callable
from typing import Any

from pyflinkx._core.calls.records import CallSite, RecordContext
from pyflinkx._core.records.copier import Copier
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx._core.state.keyed import KeyContext

class ResultCollector:
    copier: Copier | None
    def __init__(self, tag_type: type) -> None: ...
    def collect(self, results: Any, timestamp: int) -> None: ...
    def take(self) -> tuple[ObjectBatch | None, dict[str, ObjectBatch] | None]: ...

def process_values(
    site: CallSite,
    function: Callable[[Any, Any], Any],
    context: RecordContext,
    results: ResultCollector,
    batch: ObjectBatch,
    key_selector: Callable[[Any], Any] | None = None,
    key_context: KeyContext | None = None,
) -> None: ...
