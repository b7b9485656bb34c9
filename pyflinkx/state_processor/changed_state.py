"""A state of other values than a job gave it, as batches that the job's operators read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyflinkx._core.calls.window_types import TimeWindow
from pyflinkx._core.codecs.codec import Codec
from pyflinkx._core.codecs.pickled import PickleCodec
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.keys.map import KeyMap
from pyflinkx._core.keys.partition import key_group_range, key_groups
from pyflinkx.errors import WrongStateError
from pyflinkx.state.rows import state_batch
from pyflinkx.state.spec import TIMERS
from pyflinkx.state.stored_form import TTL
from pyflinkx.state_processor.state_rows import BY_SUBTASK
from pyflinkx.types.descriptions import described_type

Rows = Sequence[tuple[Any, ...]]


def changed_batches(
    name: str, kind: str, like: ColumnBatch, names: Sequence[str], rows: Rows, parallelism: int, max_parallelism: int
) -> list[ColumnBatch]:
    """The batches of each subtask.

    Args:
        name: of the state.
        kind: of the state.
        like: a batch of the state, which says how its values are written.
        names: of the columns of ``rows``.
        rows: as ``StateTable.to_rows`` gives them.
        parallelism: of the operator.
        max_parallelism: of the operator.

    Raises:
        WrongStateError: a row is none of this state, or holds what its type does not allow.
    """
    wrong = next((row for row in rows if len(row) != len(names)), None)
    if wrong is not None:
        raise WrongStateError(
            f"a row of state {name!r} has the columns {', '.join(names)}, not {len(wrong)}: {wrong!r}"
        )
    codecs = {field.name: codec_of_field(field) for field in like.schema.fields if field.name != "key_group"}
    shares: list[list[tuple[Any, ...]]] = [[] for _ in range(parallelism)]
    if kind in BY_SUBTASK:
        for subtask, *stored in rows:
            if not 0 <= subtask < parallelism:
                raise WrongStateError(f"state {name!r} has subtasks from 0 to {parallelism - 1}, not {subtask}")
            shares[subtask].append(tuple(stored))
        return [as_before(state_batch(name, kind, codecs, None, share), like) for share in shares]
    entries = stored_rows(kind, names, rows, isinstance(codecs["value"], PickleCodec))
    groups = key_groups([key for key, *_ in entries], max_parallelism)
    batches = []
    for subtask in range(parallelism):
        own = key_group_range(subtask, max_parallelism, parallelism)
        chosen = [place for place, group in enumerate(groups) if group in own]
        share = [entries[place] for place in chosen]
        batch = state_batch(name, kind, codecs, [groups[place] for place in chosen], share)
        batches.append(as_before(batch, like))
    return batches


def codec_of_field(field: Any) -> Codec:
    """The codec by which a column was written."""
    codec, _ = described_type(field.metadata[b"codec"])
    return codec


def as_before(batch: ColumnBatch, like: ColumnBatch) -> ColumnBatch:
    """A batch that says of its types what another one does: with the classes of records."""
    columns = [column.with_field(field) for column, field in zip(batch.columns, like.schema.fields, strict=True)]
    return ColumnBatch(Schema(like.schema.fields, like.schema.metadata), columns, len(batch))


def stored_rows(kind: str, names: Sequence[str], rows: Rows, pickled: bool) -> list[tuple[Any, Any, Any]]:
    """Key, namespace and stored value of each row of a table; the entries of a map come together."""
    width = {"window_start": 3, "namespace": 2}.get(names[1], 1)
    timed = kind.startswith(TTL)
    found: list[tuple[Any, Any, Any]] = []
    maps: dict[tuple[Any, Any], list[tuple[Any, Any]]] = {}
    for row in rows:
        key, rest = row[0], row[width:]
        namespace = TimeWindow(row[1], row[2]) if width == 3 else row[1] if width == 2 else None
        if kind.endswith("MapState"):
            held = maps.get((key, namespace))
            if held is None:
                held = maps[key, namespace] = []
                found.append((key, namespace, held))
            held.append((rest[0], tuple(rest[1:]) if timed else rest[1]))
        elif kind != TIMERS and timed and not kind.endswith("ListState"):
            found.append((key, namespace, tuple(rest)))
        else:
            found.append((key, namespace, rest[0]))
    if kind.endswith("MapState") and pickled:
        return [(key, namespace, KeyMap(held)) for key, namespace, held in found]
    return found
