"""Records that come back to the program, from wherever the job runs."""

import pytest

from pyflinkx._core.records.row import Row

PLAIN = [(number, f"text {number % 7}", number / 2, None, number % 2 == 0) for number in range(3000)]
OBJECTS = [[1], {"a": 2}, (1, [2]), "text", 5, 2**70]


@pytest.mark.parametrize("records", [PLAIN, OBJECTS, [Row(1, "a")] * 3, ["\ud800"] * 3])
def test_records_of_workers_come_as_they_are(env, records):
    with env.from_collection(records).map(lambda record: record).execute_and_collect() as results:
        found = list(results)
    assert sorted(map(repr, found)) == sorted(map(repr, records))
    assert {type(record) for record in found} == {type(record) for record in records}
