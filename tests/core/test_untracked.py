import gc
import weakref
from decimal import Decimal

import pytest

from pyflinkx._core.records.untracked import untracked_copy
from pyflinkx.connectors.collection import CollectionSource


def untracked_tuple():
    """One that the collector has looked at."""
    value = tuple(iter([1, "a"]))
    gc.collect()
    assert not gc.is_tracked(value)
    return value


class Plain:
    pass


@pytest.mark.parametrize(
    "values", [[], [1, 2.5, "a", b"b", None, True, 2**70], range(1000), [untracked_tuple()], {"a": 1}, [Decimal(1)]]
)
def test_lists_of_plain_values_are_hidden_from_the_collector(values):
    copy = untracked_copy(values)
    assert copy == list(values)
    assert not gc.is_tracked(copy)


@pytest.mark.parametrize("value", [[], {}, {1}, Plain(), lambda: None, (1, []), Plain])
def test_lists_of_what_can_be_part_of_a_cycle_are_not(value):
    assert gc.is_tracked(untracked_copy([1, 2, value, 3]))


def test_a_cycle_through_such_a_list_is_collected():
    item = Plain()
    item.values = untracked_copy([1, item])
    gone = weakref.ref(item)
    del item
    gc.collect()
    assert gone() is None


def test_the_collector_does_not_go_through_a_source_of_numbers():
    source = CollectionSource(range(100_000))
    assert not gc.is_tracked(source.values)
    assert not any(found is source.values for found in gc.get_objects())
