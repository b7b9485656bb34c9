"""A hash exchange of columns: no rows are made, and keys go where rows with the same key go."""

from operator import itemgetter

import pyarrow as pa
import pytest

from pyflinkx._core.calls.records import CallSite
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.errors import JobExecutionError
from pyflinkx.graph.partitioners import HashPartitioner
from pyflinkx.runtime.exchange.scatter import make_scatter

TABLE = pa.record_batch(
    {"n": [*range(50), None], "s": [f"s{n % 7}" for n in range(50)] + [None], "x": [n / 4 for n in range(51)]}
)
SITE = CallSite("consumer", "uid")


def no_rows(row):
    raise AssertionError(f"a row was made: {row}")


def scatter(selector, columns, batch):
    parts = make_scatter(HashPartitioner(selector, columns), 0, 1, 4, 128, SITE)(batch)
    return {
        index: [tuple(row) for row in (part.to_rows() if isinstance(part, ColumnBatch) else part.values)]
        for index, part in parts
    }


@pytest.mark.parametrize("columns", [("n",), ("s",), ("x",), ("s", "n")])
def test_columns_go_where_rows_of_the_same_key_go(columns):
    batch = ColumnBatch.from_arrow(TABLE)
    selector = itemgetter(*(TABLE.schema.names.index(name) for name in columns))
    by_columns = scatter(no_rows, columns, batch)
    assert by_columns == scatter(selector, None, batch)
    assert by_columns == scatter(selector, columns, ObjectBatch(batch.to_rows()))
    assert sum(map(len, by_columns.values())) == len(TABLE)
    assert len(by_columns) > 1


def test_a_column_value_that_is_no_key_names_the_operator():
    batch = ColumnBatch.from_arrow(pa.record_batch({"d": pa.array([2**62], pa.timestamp("s"))}))
    with pytest.raises(JobExecutionError, match=r"operator 'consumer' .*row 0 has no key by 'd'"):
        scatter(no_rows, ("d",), batch)
