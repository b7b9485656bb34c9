"""Batches of states (docs/formats/states.md) at the doors of operators."""

from __future__ import annotations

from array import array

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.keys.partition import key_group_range
from pyflinkx.operators.base import OperatorContext


def rows_of_subtask(batch: ColumnBatch, context: OperatorContext) -> ColumnBatch:
    """The rows of a batch of states whose key groups an operator's subtask has.

    Raises:
        ValueError: there are no key groups, or some that cannot be.
    """
    groups = memoryview(batch.columns[batch.schema.index("key_group")])
    largest, least = max(groups, default=0), min(groups, default=0)
    if least < 0 or largest >= context.max_parallelism:
        raise ValueError(
            f"states of key groups {least} to {largest}, where there are {context.max_parallelism}: they were saved "
            "with another max parallelism"
        )
    own = key_group_range(context.subtask_index, context.max_parallelism, context.parallelism)
    if least in own and largest in own:
        return batch
    return batch.filter(array("B", [group in own for group in groups]))
