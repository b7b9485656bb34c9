"""Keeps updates and deletes from operators that add up inserts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx._core.calls.records import CallSite, short_repr
from pyflinkx._core.records.row_kinds import first_change, kind_at


class InsertsOnly:
    """An input whose rows may be of any kind for all that the graph knows, before an operator that would miscount them.

    Args:
        site: which operator this is.
        emit: gives it a batch.
    """

    def __init__(self, site: CallSite, emit: Callable[[Any], None]) -> None:
        self.site = site
        self.emit = emit

    def __call__(self, batch: Any) -> None:
        """Give the batch on.

        Raises:
            JobExecutionError: a record is an update or delete; those before it are given on first.
        """
        found = first_change(batch)
        if found < 0:
            self.emit(batch)
            return
        part = batch.slice(found, found + 1)
        values = part.values if hasattr(part, "values") else part.to_rows("dict")
        error = ValueError(
            f"it takes inserts only, and this record is {kind_at(batch, found).name}: keep it away by a filter() on "
            "row.get_row_kind(), or use process(), where the kind can be asked for"
        )
        if found:
            self.emit(batch.slice(0, found))
        raise self.site.wrap(error, f"on record {short_repr(values[0])}")
