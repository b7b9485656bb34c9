"""Status codes of the C library, and the exceptions that they become."""

import pytest

from pyflinkx import errors
from pyflinkx._core.exchange.segment import SegmentPool
from pyflinkx._core.memory.budget import MemoryBudget
from tests.core import native


def test_every_status_has_its_own_phrase(tmp_path):
    result = native.run(native.build(tmp_path, "status_check", ["status"]))
    assert (result.returncode, result.stderr) == (0, "")


def over_budget():
    SegmentPool(4096, 4096, MemoryBudget(100))


def out_of_range():
    SegmentPool(4096, 4096).request().get_int8(4096)


def wrong_state():
    segment = SegmentPool(4096, 4096).request()
    segment.release()
    segment.release()


def timed_out():
    pool = SegmentPool(4096, 4096)
    held = pool.request()
    pool.request(timeout=0)
    held.release()


@pytest.mark.parametrize(
    ("fail", "own", "builtin"),
    [
        (over_budget, errors.MemoryBudgetError, MemoryError),
        (out_of_range, IndexError, LookupError),
        (wrong_state, errors.WrongStateError, RuntimeError),
        (timed_out, errors.WaitTimeoutError, TimeoutError),
    ],
)
def test_a_status_becomes_an_exception_that_callers_know_already(fail, own, builtin):
    with pytest.raises(own) as caught:
        fail()
    assert isinstance(caught.value, builtin)
    assert str(caught.value)
