"""Batches of a state as rows of typed columns."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from typing import Any

from pyflinkx._core.calls.window_types import TimeWindow
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.errors import CorruptDataError, UntrustedStateError
from pyflinkx.state.spec import BROADCAST, SPLIT, TIMERS, UNION
from pyflinkx.state.stored_form import TTL
from pyflinkx.state_processor.state_table import StateColumn, StateTable
from pyflinkx.types.arrow import field_type
from pyflinkx.types.descriptions import described_type
from pyflinkx.types.typeinfo import ListTypeInfo, RowTypeInfo, TypeInformation, Types

BY_SUBTASK = (SPLIT, UNION, BROADCAST)
Batches = list[tuple[int, ColumnBatch]]


def pickled_rows(parts: Iterable[tuple[int, bytes]]) -> StateTable:
    """What sources and sinks keep: a row for each element of their lists."""
    subtasks, values = [], []
    for subtask, data in parts:
        held = pickle.loads(data)
        for value in held if isinstance(held, (list, tuple)) else [held]:
            subtasks.append(subtask)
            values.append(value)
    return StateTable([StateColumn("subtask", Types.INT(), subtasks), StateColumn("value", None, values)])


def native_rows(batches: Batches) -> StateTable:
    """What a compiled operator keeps: its columns, but for the key group."""
    found: list[StateColumn] = []
    for place, field in enumerate(batches[0][1].schema.fields):
        if field.name == "key_group":
            continue
        values = [row[place] for _, batch in batches for row in batch.to_rows("tuple")]
        found.append(StateColumn(field.name, field_type(field), values))
    return StateTable(found)


def rows_of_state(kind: str, batches: Batches) -> StateTable:
    """What state tables, timers and lists keep."""
    columns: list[StateColumn] = []
    if kind in BY_SUBTASK:
        subtasks = [subtask for subtask, batch in batches for _ in range(len(batch))]
        columns.append(StateColumn("subtask", Types.INT(), subtasks))
    for name in batches[0][1].schema.names:
        if name == "key_group":
            continue
        column = decoded(name, batches)
        columns += windows(column) if name == "namespace" else [column]
    value = columns.pop()
    if kind == TIMERS:
        return StateTable([*columns, StateColumn("timestamp", Types.LONG(), value.values)])
    if kind.endswith("MapState"):
        return StateTable(entries(columns, value, kind.startswith(TTL)))
    if kind.startswith(TTL) and not kind.endswith("ListState"):
        return StateTable([*columns, *timed(value)])
    return StateTable([*columns, value])


def decoded(name: str, batches: Batches) -> StateColumn:
    """A column of stored bytes as values; of type None where these were pickled."""
    values: list[Any] = []
    kind: TypeInformation | None = None
    for _, batch in batches:
        field = batch.schema[name]
        snapshot = (field.metadata or {}).get(b"codec")
        if snapshot is None:
            raise CorruptDataError(f"column {name!r} of a state does not say how it was written")
        codec, kind = described_type(snapshot)
        if codec.snapshot() != snapshot and codec.contains_pickle and b'"PICKLED_BYTE_ARRAY"' not in snapshot:
            # Only what says plainly that it holds pickles has been looked at before it came here.
            raise UntrustedStateError(f"column {name!r} of a state hides that it holds pickles")
        decode: Callable[[bytes], Any] = codec.decode_one
        place = batch.schema.names.index(name)
        values += [None if row[place] is None else decode(row[place]) for row in batch.to_rows("tuple")]
    return StateColumn(name, None if kind == Types.PICKLED_BYTE_ARRAY() else kind, values)


def windows(column: StateColumn) -> list[StateColumn]:
    """What a state belongs to besides its key: nothing, or windows."""
    values = column.values
    if all(value is None for value in values):
        return []
    if all(isinstance(value, TimeWindow) for value in values):
        return [
            StateColumn("window_start", Types.LONG(), [window.start for window in values]),
            StateColumn("window_end", Types.LONG(), [window.end for window in values]),
        ]
    return [StateColumn("namespace", None, values)]


def entries(columns: list[StateColumn], value: StateColumn, with_times: bool) -> list[StateColumn]:
    """A row for each entry of maps."""
    kept: list[list[Any]] = [[] for _ in columns]
    keys, values = [], []
    for row, held in enumerate(value.values):
        for key, content in held.items() if hasattr(held, "items") else held:
            keys.append(key)
            values.append(content)
            for place, column in enumerate(columns):
                kept[place].append(column.values[row])
    key_kind, value_kind = parts_of_pair(value.kind.elem_type if isinstance(value.kind, ListTypeInfo) else None)
    found = [StateColumn(c.name, c.kind, repeated) for c, repeated in zip(columns, kept, strict=True)]
    last = StateColumn("map_value", value_kind, values)
    return [*found, StateColumn("map_key", key_kind, keys), *(timed(last) if with_times else [last])]


def timed(column: StateColumn) -> list[StateColumn]:
    """Values with a time to live, and the times (ms) at which they were renewed last."""
    kind, _ = parts_of_pair(column.kind)
    return [
        StateColumn(column.name, kind, [value for value, _ in column.values]),
        StateColumn("renewed", Types.LONG(), [time for _, time in column.values]),
    ]


def parts_of_pair(kind: TypeInformation | None) -> tuple[TypeInformation | None, TypeInformation | None]:
    """The types of a pair's parts; None for what was pickled."""
    if not isinstance(kind, RowTypeInfo):
        return None, None
    first, second = (None if part == Types.PICKLED_BYTE_ARRAY() else part for part in kind.field_types)
    return first, second
