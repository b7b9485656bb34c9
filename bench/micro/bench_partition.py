"""Hashing, key groups and scatter. Run: pytest bench/micro/bench_partition.py"""

import random
from array import array
from decimal import Decimal

import pyarrow as pa
import pytest
import xxhash

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.keys.canonical import canonical_key_bytes, check_key
from pyflinkx._core.keys.partition import (
    column_key_groups,
    key_groups,
    scatter_columns,
    scatter_objects,
    xxh64,
)
from pyflinkx._core.records.objects import ObjectBatch

COUNT = 100_000
GROUPS = 128

KEYS = {
    "ints": list(range(COUNT)),
    "floats": [i / 8 for i in range(COUNT)],
    "strings": [f"user-{i}" for i in range(COUNT)],
    "accents": [f"usagère-{i}" for i in range(COUNT)],
    "decimals": [Decimal(i).scaleb(-2) for i in range(COUNT)],
    "tuples": [(i % 1000, f"user-{i}") for i in range(COUNT)],
}

COLUMNS = {
    "ints": [pa.array(KEYS["ints"])],
    "floats": [pa.array(KEYS["floats"])],
    "strings": [pa.array(KEYS["strings"])],
    "decimals": [pa.array(KEYS["decimals"], pa.decimal128(12, 2))],
    "tuples": [pa.array([i for i, _ in KEYS["tuples"]]), pa.array([name for _, name in KEYS["tuples"]])],
}


def expected_groups(keys):
    return array("i", [xxhash.xxh64_intdigest(canonical_key_bytes(key)) % GROUPS for key in keys])


@pytest.mark.parametrize("hasher", ["pyflinkx", f"xxhash {xxhash.VERSION}"])
@pytest.mark.parametrize("size", [16, 1024, 1 << 20])
@pytest.mark.benchmark(group="xxh64")
def test_xxh64(benchmark, size, hasher):
    data = random.Random(7).randbytes(size)
    digest = benchmark(xxh64 if hasher == "pyflinkx" else xxhash.xxh64_intdigest, data)
    assert digest == xxhash.xxh64_intdigest(data)
    benchmark.extra_info["GB/s"] = size / benchmark.stats.stats.min / 1e9


@pytest.mark.parametrize("kind", sorted(KEYS))
@pytest.mark.benchmark(group="key groups of 100,000 objects")
def test_key_groups(benchmark, kind):
    groups = benchmark(key_groups, KEYS[kind], GROUPS)
    assert groups == expected_groups(KEYS[kind])


@pytest.mark.parametrize("kind", sorted(COLUMNS))
@pytest.mark.benchmark(group="key groups of 100,000 rows")
def test_column_key_groups(benchmark, kind):
    names = [f"c{i}" for i in range(len(COLUMNS[kind]))]
    batch = ColumnBatch.from_arrow(pa.record_batch(COLUMNS[kind], names=names))
    groups = benchmark(column_key_groups, batch, names, GROUPS)
    assert groups == expected_groups(KEYS[kind])


@pytest.mark.parametrize("kind", sorted(KEYS))
@pytest.mark.benchmark(group="check_key, 100,000 times")
def test_check_key(benchmark, kind):
    checked = benchmark(lambda: [check_key(key) for key in KEYS[kind]])
    assert checked == KEYS[kind]


SUBTASKS = array("i", [i * 7919 % 4 for i in range(COUNT)])


@pytest.mark.benchmark(group="scatter of 100,000 to 4")
def test_scatter_objects(benchmark):
    batch = ObjectBatch(KEYS["strings"], array("q", range(COUNT)))
    parts = benchmark(scatter_objects, batch, SUBTASKS, 4)
    for subtask, part in enumerate(parts):
        mine = [i for i in range(COUNT) if SUBTASKS[i] == subtask]
        assert part.values == [KEYS["strings"][i] for i in mine]
        assert part.timestamps.tolist() == mine


@pytest.mark.benchmark(group="scatter of 100,000 to 4")
def test_scatter_columns(benchmark):
    table = pa.record_batch([COLUMNS["ints"][0], COLUMNS["strings"][0]], names=["i", "s"])
    batch = ColumnBatch.from_arrow(table).with_timestamps(array("q", range(COUNT)))
    parts = benchmark(scatter_columns, batch, SUBTASKS, 4)
    for subtask, part in enumerate(parts):
        mine = pa.array([i for i in range(COUNT) if SUBTASKS[i] == subtask])
        assert pa.record_batch(part).equals(table.take(mine))
        assert pa.array(part.timestamps).equals(mine)
