"""What the subtasks of an operator get of a checkpoint."""

import pickle

import pytest

from pyflinkx._core.keys.partition import key_group_range
from pyflinkx.checkpoint.metadata import CHECKPOINT, Checkpoint, OperatorStates, SubtaskStates
from pyflinkx.checkpoint.storage import CheckpointStorage
from pyflinkx.runtime.task.snapshots import HeldStates, RestoredStates, restored_task, write_states
from pyflinkx.state.descriptors import ListStateDescriptor
from pyflinkx.state.operator_state import OperatorStateStore
from pyflinkx.types.typeinfo import Types

UID = "numbers"
SECRET = b"s" * 32


def storage():
    return CheckpointStorage(None, "job", secret=SECRET)


def written(subtask: int, splits: list | None, listed: list = (), union: list = ()) -> SubtaskStates:
    """A subtask with these splits and lists; None for one that has finished."""
    if splits is None:
        return SubtaskStates(finished=True)
    store = OperatorStateStore()
    store.get_list_state(ListStateDescriptor("dealt", Types.LONG())).update(listed)
    store.get_union_list_state(ListStateDescriptor("all", Types.LONG())).update(union)
    held = HeldStates(UID, store.export(), splits=pickle.dumps(splits), count=len(splits))
    return write_states(storage().writer(1, f"numbers-{subtask}"), [held])[UID]


def checkpoint_of(*subtasks: SubtaskStates) -> Checkpoint:
    operator = OperatorStates(UID, "numbers", 128, subtasks)
    return Checkpoint(1, CHECKPOINT, "job", "job", 0, {UID: operator})


def restored(checkpoint: Checkpoint, parallelism: int) -> list[tuple[bool, list, list, list]]:
    """Of each subtask: whether it had finished, its splits, its dealt list, its union list."""
    found = []
    for subtask in range(parallelism):
        task = restored_task(checkpoint, storage(), [(UID, 128)], subtask, parallelism, key_group_range)
        states = RestoredStates(task, subtask, parallelism)
        store = OperatorStateStore()
        store.restore(states.lists(UID))
        dealt = store.get_list_state(ListStateDescriptor("dealt", Types.LONG())).get()
        union = store.get_union_list_state(ListStateDescriptor("all", Types.LONG())).get()
        found.append((task.finished, states.splits(UID, None), dealt, union))
    return found


def test_as_many_subtasks_have_what_each_had():
    checkpoint = checkpoint_of(written(0, ["a", "b"], [1, 2], [7]), written(1, ["c"], [3], [8]))
    assert restored(checkpoint, 2) == [(False, ["a", "b"], [1, 2], [7, 8]), (False, ["c"], [3], [7, 8])]


@pytest.mark.parametrize("finished", [0, 1, 2])
def test_what_others_have_left_is_not_given_to_a_subtask_that_has_finished(finished):
    subtasks = [written(number, None if number == finished else [number], [number], [number]) for number in range(3)]
    found = restored(checkpoint_of(*subtasks), 3)
    others = [number for number in range(3) if number != finished]
    for number in range(3):
        done, splits, dealt, union = found[number]
        assert (done, splits, dealt) == ((True, [], []) if number == finished else (False, [number], [number]))
        assert union == others


@pytest.mark.parametrize("parallelism", [1, 3, 5])
def test_another_number_of_subtasks_shares_what_is_left(parallelism):
    checkpoint = checkpoint_of(written(0, ["a", "b", "c"], [1, 2, 3, 4], [7]), written(1, None))
    found = restored(checkpoint, parallelism)
    assert not any(done for done, *_ in found)
    assert sorted(split for _, splits, _, _ in found for split in splits) == ["a", "b", "c"]
    assert sorted(value for _, _, dealt, _ in found for value in dealt) == [1, 2, 3, 4]
    assert all(union == [7] for *_, union in found)
    assert max(len(dealt) for _, _, dealt, _ in found) - min(len(dealt) for _, _, dealt, _ in found) <= 1


def test_where_all_have_finished_nobody_does_anything_at_any_parallelism():
    checkpoint = checkpoint_of(written(0, None), written(1, None))
    assert [done for done, *_ in restored(checkpoint, 3)] == [True] * 3
