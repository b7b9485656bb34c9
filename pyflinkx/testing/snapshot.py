"""What an operator under test keeps, as a checkpoint would hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.operators.base import Operator, OperatorContext
from pyflinkx.state.operator_state import redistributed


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The states of one subtask; made by ``OperatorHarness.snapshot``, and picklable.

    Args:
        checkpoint_id: its number.
        keyed: states by key, and timers.
        own: states of the subtask: lists and broadcast maps.
        native: what the operator holds outside of these.
        subtask_index: of the subtask.
        max_parallelism: the number of key groups.
    """

    checkpoint_id: int
    keyed: tuple[ColumnBatch, ...]
    own: tuple[ColumnBatch, ...]
    native: tuple[ColumnBatch, ...]
    subtask_index: int
    max_parallelism: int

    def __repr__(self) -> str:
        rows = sum(map(len, (*self.keyed, *self.own, *self.native)))
        return f"Snapshot({self.checkpoint_id}, subtask {self.subtask_index}, {rows} rows)"


def taken(operator: Operator, context: OperatorContext, checkpoint_id: int) -> Snapshot:
    """Have an operator store what it holds, in the order of a checkpoint."""
    operator.prepare_barrier(checkpoint_id)
    operator.store(checkpoint_id)
    return Snapshot(
        checkpoint_id,
        tuple(context.keyed_state.export(context.max_parallelism)),
        tuple(context.operator_state.export()),
        tuple(operator.export()),
        context.subtask_index,
        context.max_parallelism,
    )


def given(restored: Snapshot | Sequence[Snapshot], subtask_index: int, parallelism: int) -> dict[str, Any]:
    """The fields of an operator's context by which a subtask goes on from the snapshots of others.

    Raises:
        ValueError: there are none, or they do not belong together.
    """
    snapshots = in_order(restored)
    return {
        "restored_checkpoint": snapshots[0].checkpoint_id,
        "max_parallelism": snapshots[0].max_parallelism,
        "restored_keyed": [batch for snapshot in snapshots for batch in snapshot.keyed],
        "restored_operator": redistributed([snapshot.own for snapshot in snapshots], parallelism)[subtask_index],
    }


def in_order(restored: Snapshot | Sequence[Snapshot]) -> list[Snapshot]:
    """Snapshots of all subtasks, by subtask.

    Raises:
        ValueError: there are none, or they do not belong together.
    """
    snapshots = [restored] if isinstance(restored, Snapshot) else list(restored)
    if not snapshots or any(not isinstance(snapshot, Snapshot) for snapshot in snapshots):
        raise ValueError(f"restored is a Snapshot, or those of all subtasks, not {restored!r}")
    if len({(snapshot.checkpoint_id, snapshot.max_parallelism) for snapshot in snapshots}) > 1:
        raise ValueError("the snapshots of subtasks are of one checkpoint and max parallelism")
    snapshots.sort(key=lambda snapshot: snapshot.subtask_index)
    if [snapshot.subtask_index for snapshot in snapshots] != list(range(len(snapshots))):
        raise ValueError("there is one snapshot of each subtask")
    return snapshots
