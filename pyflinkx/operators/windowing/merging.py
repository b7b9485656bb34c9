"""The windows of one key that can become one, such as sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pyflinkx._core.keys.map import KeyMap
from pyflinkx._core.state.keyed import ABSENT, KeyContext, StateTable
from pyflinkx.operators.windowing.assigners import MergingWindowAssigner, SessionWindows
from pyflinkx.operators.windowing.open_windows import OpenWindows

# A key with more live windows than MANY gets an index of them, one with fewer than FEW does without.
MANY = 32
FEW = 8

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
        index: of the live windows, where only those that touch can become one; None to have the assigner look at all.
    """

    def __init__(
        self,
        assigner: MergingWindowAssigner[Any, Any],
        state_windows: dict[Any, Any],
        index: OpenWindows | None = None,
    ) -> None:
        self._assigner = assigner
        self._index = index
        self.state_windows = state_windows

    def add(self, window: Any, on_merge: OnMerge) -> Any:
        """Add the window of a new record; returns the live window that it is part of afterwards."""
        state_windows = self.state_windows
        if not state_windows:
            state_windows[window] = window
            return window
        live = list(state_windows) if self._index is None else self._index.meeting(window)
        decisions = MergeDecisions()
        self._assigner.merge_windows([*live, window], decisions)
        actual = window
        merged = False
        for group, result in decisions.merges:
            if window in group:
                merged = True
                actual = result
            members = [member for member in live if member in group and member in state_windows]
            if members == [result]:
                continue  # the new window lies within a live one
            if not members:
                self._put(result, result)
                continue
            kept, *moved = [self._pop(member) for member in members]
            self._put(result, kept)
            on_merge(result, [member for member in members if member != result], kept, moved)
        if not merged and window not in state_windows:
            self._put(window, window)
        return actual

    def _put(self, window: Any, state_window: Any) -> None:
        self.state_windows[window] = state_window
        if self._index is not None:
            self._index.add(window)

    def _pop(self, window: Any) -> Any:
        if self._index is not None:
            self._index.remove(window)
        return self.state_windows.pop(window)


class MergingSets:
    """The live windows of each key.

    Args:
        assigner: decides which windows merge.
        table: where they are stored, a dict per key.
        context: says which key is the current one.
    """

    def __init__(self, assigner: MergingWindowAssigner[Any, Any], table: StateTable, context: KeyContext) -> None:
        self._assigner = assigner
        self._table = table
        self._context = context
        # An assigner that decides for itself what becomes one is to see all windows.
        self._indexed = isinstance(assigner, SessionWindows) and (
            type(assigner).merge_windows is SessionWindows.merge_windows
        )
        self._indices: KeyMap[Any, OpenWindows] = KeyMap()

    def of_current_key(self) -> MergingWindows:
        """The live windows of the current key, to add one, and then to be kept."""
        state_windows = self._table.edit(None)
        if state_windows is ABSENT:
            state_windows = {}
        return MergingWindows(self._assigner, state_windows, self._index_of(state_windows))

    def _index_of(self, state_windows: dict[Any, Any]) -> OpenWindows | None:
        if not self._indexed or len(state_windows) <= MANY:
            return self._indices.get(self._context.key) if self._indices else None
        index = self._indices.get(self._context.key)
        if index is None:
            index = self._indices[self._context.key] = OpenWindows(state_windows)
        return index

    def keep(self, windows: MergingWindows) -> None:
        """Store the live windows of the current key, which have changed."""
        self._table.put(None, windows.state_windows)

    def state_window(self, window: Any) -> Any:
        """Where the contents of a live window of the current key are stored; None when the window is not live."""
        state_windows = self._table.get(None)
        return None if state_windows is ABSENT else state_windows.get(window)

    def retire(self, window: Any) -> None:
        """Forget a live window of the current key."""
        state_windows = self._table.edit(None)
        del state_windows[window]
        index = self._indices.get(self._context.key) if self._indices else None
        if index is not None:
            index.remove(window)
            if len(index) < FEW:
                del self._indices[self._context.key]
        if state_windows:
            self._table.put(None, state_windows)
        else:
            self._table.remove(None)
