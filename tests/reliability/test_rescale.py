"""A job goes on with another parallelism, from savepoints and from the checkpoint that a killed program has left.

Some of the cells; all of them are in the long form, tests.soak.soak_rescale.
"""

from collections import Counter

import pytest

from tests.reliability.rescaling import CHECKPOINT, SAVEPOINT, Cell, rescale

CELLS = [
    Cell(SAVEPOINT, False, "hashmap", True),
    Cell(SAVEPOINT, True, "rocksdb", False),
    Cell(CHECKPOINT, True, "hashmap", True),
    Cell(CHECKPOINT, False, "rocksdb incremental", True),
]


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_job_goes_on_with_more_and_fewer_subtasks(tmp_path, cell):
    lost, duplicated, _ = rescale(cell, tmp_path, [1, 1, 1, 1])
    assert (lost, duplicated) == (Counter(), Counter())
