"""Keyed state as columnar batches."""

import pytest

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.errors import WrongStateError
from pyflinkx.state import (
    ListStateDescriptor,
    MapStateDescriptor,
    StateTtlConfig,
    ValueStateDescriptor,
)
from pyflinkx.state.spec import StateSpec
from pyflinkx.types.time import Time
from pyflinkx.types.typeinfo import Types
from tests.state.backends import keyed_backend

pytestmark = pytest.mark.usefixtures("each_backend")

TYPED = [
    (ValueStateDescriptor("value", Types.LONG()), 5),
    (ValueStateDescriptor("values", Types.LIST(Types.LONG())), [5, 6]),
    (ListStateDescriptor("list", Types.STRING()), ["x", "y"]),
    (MapStateDescriptor("map", Types.STRING(), Types.LONG()), {"x": 1, "y": 2}),
]


class Clock:
    def now(self):
        return 1000


def limited(descriptor):
    kind = type(descriptor)
    parts = {
        "value": [Types.LONG()],
        "values": [Types.LIST(Types.LONG())],
        "list": [Types.STRING()],
        "map": [Types.STRING(), Types.LONG()],
    }
    made = kind(descriptor.name, *parts[descriptor.name])
    made.enable_time_to_live(StateTtlConfig.new_builder(Time.seconds(1)).build())
    return made


def backend(key_type=None):
    made = keyed_backend(key_type=key_type)
    made.use_clock(Clock())
    return made


def fill(state, value):
    if isinstance(value, dict):
        state.put_all(value)
    else:
        state.update(value)


def content(state):
    if hasattr(state, "items"):
        return dict(state.items())
    return state.get() if hasattr(state, "get") else state.value()


@pytest.mark.parametrize("timed", [False, True])
@pytest.mark.parametrize(("descriptor", "value"), TYPED, ids=lambda part: getattr(part, "name", ""))
def test_typed_state_is_written_by_its_codec(descriptor, value, timed):
    if timed:
        descriptor = limited(descriptor)
    first = backend(Types.STRING())
    first.context.key = "k"
    fill(first.get_partitioned_state(descriptor), value)
    (batch,) = first.export(128)
    assert batch.schema.names == ["key_group", "key", "namespace", "value"]
    assert len(batch) == 1
    for column in ("key", "value"):
        assert b"PICKLED" not in batch.schema[column].metadata[b"codec"]
    second = backend(Types.STRING())
    second.restore([batch], range(128))
    second.context.key = "k"
    assert content(second.get_partitioned_state(descriptor)) == value
    assert second.states() == [StateSpec(descriptor.name, first.states()[0].kind, descriptor.type_info)]
    assert second.export(128)[0].to_rows("tuple") == batch.to_rows("tuple")


def test_only_the_key_groups_that_were_asked_for_come_back():
    first = backend()
    state = first.get_state(ValueStateDescriptor("v"))
    for first.context.key in range(100):
        state.update(first.context.key)
        first.per_window.get_state(ValueStateDescriptor("v"))
    for key in range(100):
        first.timers("t").register(key % 7, key, "w")
    batches = first.export(16)
    seen, due = [], []
    for groups in (range(5), range(5, 6), range(6, 16)):
        part = backend()
        part.restore(batches, groups)
        part.get_state(ValueStateDescriptor("v"))
        seen += [key for _, key in part.tables["v"].entries()]
        due += part.timers("t").items()
    assert sorted(seen) == list(range(100))
    assert sorted(due) == sorted((key % 7, key, "w") for key in range(100))


def test_wrong_types_are_named():
    first = backend()
    first.context.key = "a"
    first.get_list_state(ListStateDescriptor("l", Types.LIST(Types.LONG()))).add([5])
    first.tables["l"].append(None, ["past the state's handle"])
    with pytest.raises(WrongStateError, match="state 'l' holds what its type does not allow"):
        first.export(128)
    first = backend()
    first.context.key = "a"
    first.get_state(ValueStateDescriptor("v", Types.LONG())).update(5)
    for descriptor, said in (
        (
            ValueStateDescriptor("v", Types.STRING()),
            "'v' was written with another type: it was LONG, and is to be STRING",
        ),
        (ListStateDescriptor("v"), "'v' was stored as a ValueState"),
    ):
        other = backend()
        other.restore(first.export(128), range(128))
        with pytest.raises(WrongStateError, match=said):
            other.get_partitioned_state(descriptor)
    with pytest.raises(WrongStateError, match="holds no state of version"):
        backend().restore([ColumnBatch.from_rows([(1,)], Schema([Field("key_group", "i")]))], range(128))
