"""The windows of one key that can become one, such as sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pyflinkx._core.keyed import ABSENT, StateTable
from pyflinkx.operators.windowing.assigners import MergingWindowAssigner

# Called with the window that others became, those others, the window that holds its contents, and those that held the
# contents of the others.
OnMerge = Callable[[Any, list[Any], Any, list[Any]], None]


class MergeDecisions(MergingWindowAssigner.MergeCallback[Any]):
    """Keeps what an assigner decides."""

    def __init__(self) -> None:
        self.merges: list[tuple[set[Any], Any]] = []

    def merge(self, to_be_merged: Iterable[Any], merge_result: Any) -> None:
        self.merges.append((set(to_be_merged), merge_result))


class MergingWindows:
    """The live windows of one key, and for each the window under which its contents are stored.

    When windows merge, the contents stay where those of the oldest one are, and the others' are moved there; so a
    session that grows record by record moves nothing.

    Args:
        assigner: decides which windows merge.
        state_windows: live window to the window of its contents; changed in place.
    """

    def __init__(self, assigner: MergingWindowAssigner[Any, Any], state_windows: dict[Any, Any]) -> None:
        self._assigner = assigner
        self.state_windows = state_windows

    def add(self, window: Any, on_merge: OnMerge) -> Any:
        """Add the window of a new record; returns the live window that it is part of afterwards."""
        state_windows = self.state_windows
        if not state_windows:
            state_windows[window] = window
            return window
        decisions = MergeDecisions()
        self._assigner.merge_windows([*state_windows, window], decisions)
        actual = window
        merged = False
        for group, result in decisions.merges:
            if window in group:
                merged = True
                actual = result
            members = [member for member in state_windows if member in group]
            if members == [result]:
                continue  # the new window lies within a live one
            if not members:
                state_windows[result] = result
                continue
            kept, *moved = [state_windows.pop(member) for member in members]
            state_windows[result] = kept
            on_merge(result, [member for member in members if member != result], kept, moved)
        if not merged:
            state_windows.setdefault(window, window)
        return actual


class MergingSets:
    """The live windows of each key.

    Args:
        assigner: decides which windows merge.
        table: where they are stored, a dict per key.
    """

    def __init__(self, assigner: MergingWindowAssigner[Any, Any], table: StateTable) -> None:
        self._assigner = assigner
        self._table = table

    def of_current_key(self) -> MergingWindows:
        """The live windows of the current key, to add one."""
        state_windows = self._table.find(None)
        if state_windows is ABSENT:
            state_windows = {}
            self._table.store(None, state_windows)
        return MergingWindows(self._assigner, state_windows)

    def state_window(self, window: Any) -> Any:
        """Where the contents of a live window of the current key are stored; None when the window is not live."""
        state_windows = self._table.find(None)
        return None if state_windows is ABSENT else state_windows.get(window)

    def retire(self, window: Any) -> None:
        """Forget a live window of the current key."""
        state_windows = self._table.find(None)
        del state_windows[window]
        if not state_windows:
            self._table.take(None)
