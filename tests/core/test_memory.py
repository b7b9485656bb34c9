"""Budgets of native memory, reached through what allocates against them."""

import gc
import os
import random
import subprocess
import sys
import threading
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.exchange.segment import SegmentPool
from pyflinkx._core.memory.budget import Charged, MemoryBudget, process_budget
from pyflinkx._core.state.timers import TimerQueue
from pyflinkx.errors import MemoryBudgetError
from tests.core import native


def test_budget_starts_empty():
    budget = MemoryBudget(1000)
    assert (budget.used, budget.peak, budget.limit) == (0, 0, 1000)


def test_unlimited_budget_has_no_limit():
    assert MemoryBudget().limit is None


def test_negative_limit_is_refused():
    with pytest.raises(ValueError, match="negative"):
        MemoryBudget(-1)


def test_limit_beyond_64_bits_is_refused():
    with pytest.raises(OverflowError):
        MemoryBudget(2**63)


def test_memory_of_others_is_charged_while_it_is_used():
    budget = MemoryBudget(100)
    lent = Charged(bytes(60), budget)
    view = memoryview(lent)
    assert (budget.used, view.nbytes, view.readonly) == (60, 60, True)
    with pytest.raises(MemoryBudgetError):
        Charged(bytes(41), budget)
    with pytest.raises(TypeError):
        Charged(7, budget)
    del lent
    assert budget.used == 60
    view.release()
    del view
    assert budget.used == 0


def test_a_pool_is_charged_and_refunded():
    budget = MemoryBudget()
    pool = SegmentPool(1 << 20, budget=budget)
    charged = budget.used
    assert 1 << 20 <= charged <= (1 << 20) + 32 * 64
    assert budget.peak == charged
    pool.close()
    assert (budget.used, budget.peak) == (0, charged)


def test_a_pool_that_is_dropped_is_refunded():
    budget = MemoryBudget()
    pool = SegmentPool(1 << 20, budget=budget)
    segment = pool.request()
    del pool
    assert budget.used > 0
    del segment
    assert budget.used == 0


def test_exhausted_budget_names_what_did_not_fit():
    budget = MemoryBudget(100_000)
    with pytest.raises(MemoryBudgetError, match=r"4 memory segments of 32768 bytes .*used=0, peak=0, limit=100000"):
        SegmentPool(4 * 32768, budget=budget)
    assert budget.used == 0


def test_a_budget_of_nothing_allows_nothing():
    with pytest.raises(MemoryBudgetError):
        SegmentPool(4096, 4096, MemoryBudget(0))


@given(st.lists(st.integers(1, 40), max_size=12), st.integers(0, 200 * 4096))
def test_a_budget_is_never_exceeded_and_ends_where_it_began(counts, limit):
    budget = MemoryBudget(limit)
    pools = []
    for count in counts:
        before = budget.used
        try:
            pools.append(SegmentPool(count * 4096, 4096, budget))
        except MemoryBudgetError:
            assert budget.used == before
            assert before + count * (4096 + 64) > limit
        assert budget.used <= budget.peak <= limit
    for pool in pools:
        pool.close()
    assert budget.used == 0


def test_what_names_no_budget_is_charged_to_the_process():
    before = process_budget().used
    timers = TimerQueue()
    pool = SegmentPool(4096, 4096)
    timers.register(1, "a", None)
    assert process_budget().used >= before + 4096
    assert pool.budget is process_budget()
    del timers, pool
    assert process_budget().used == before


CHURN = """
import resource
from array import array
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx._core.columns.schema import Field, Schema
source, rows = ColumnBatch.from_rows([(1,)], Schema([Field("a", "l")])), array("q", bytes(1 << 18))
budget = MemoryBudget()
def page_faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    batches = [source.take(rows, budget) for _ in range(20)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(page_faults(), page_faults())
"""


@pytest.mark.skipif("LD_PRELOAD" in os.environ, reason="debug builds keep nothing, and a sanitizer brings its own heap")
def test_blocks_that_were_freed_need_no_clearing():
    run = subprocess.run([sys.executable, "-c", CHURN], capture_output=True, text=True)
    assert run.stderr == ""
    at_first, again = map(int, run.stdout.split())
    assert again < 1000 < at_first


def test_freed_blocks_are_charged_to_nobody():
    budget = MemoryBudget(5 << 20)
    for size in (4 << 20, 5 << 20, 3 << 20, 4 << 20):
        pool = SegmentPool(size - 65536, 32768, budget)
        pool.close()
        assert budget.used == 0


def test_kept_blocks_are_given_out_once():
    budget = MemoryBudget()
    failures = []

    def work(seed):
        generator = random.Random(seed)
        held = []
        for number in range(300):
            rows = generator.choice([100, 9_000, 20_000, 90_000, 300_000])
            value = seed * 1000 + number
            indices = array("q", bytes(8 * rows))
            source = ColumnBatch.from_rows([(value,)], Schema([Field("a", "l")]))
            held.append((value, rows, source.take(indices, budget)))
            if len(held) > generator.randrange(6):
                value, rows, batch = held.pop(generator.randrange(len(held)))
                found = memoryview(batch.column(0))
                if (found[0], found[rows // 2], found[rows - 1]) != (value,) * 3 or len(found) != rows:
                    failures.append((value, rows))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert budget.used == 0


@pytest.mark.skipif(sys.platform != "linux", reason="blocks are mappings on Linux only")
def test_a_block_that_cannot_be_moved_leaves_the_mappings_of_others_alone(tmp_path):
    result = native.run(native.build(tmp_path, "mapped_growth", ["memory", "status"], "-O2"))
    assert (result.returncode, result.stderr) == (0, "")


def test_memory_in_a_cycle_is_given_back_by_the_collector():
    budget = MemoryBudget()
    batch = from_rows(
        [(n % 7, "x" * n) for n in range(1000)], Schema([Field("k", "l"), Field("x", "u")]), budget=budget
    )
    cycle = [batch]
    cycle.append(cycle)
    del cycle, batch
    gc.collect()
    assert budget.used == 0


CYCLES = """
import gc
from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx._core.native.windows import RunningAggregates
from pyflinkx._core.columns.schema import Field, Schema

class Name(str):
    pass

fields = [Field("k", "l"), Field("x", "u")]
results = Schema([fields[0], Field("v", "l")])
batch = from_rows([(n, "x" * (n % 100)) for n in range(10_000)], Schema(fields))
for _ in range(20):
    name = Name("x")
    aggregates = [("count_distinct", name, None)]
    windows = RunningAggregates(Schema(fields), ["k"], aggregates, results, budget=MemoryBudget(10**9))
    windows.add(batch, False)
    name.windows = windows
    del name, aggregates
    gc.collect()  # from now on the collector comes to the windows before it comes to their name
    del windows
    gc.collect()
"""


def test_native_aggregates_in_a_cycle_do_not_outlive_their_budget():
    environment = {**os.environ, "PYTHONMALLOC": "debug"}  # what is freed is overwritten
    subprocess.run([sys.executable, "-c", CYCLES], env=environment, check=True)
