"""Results of threads of the client's process."""

import gc
import pickle

import numpy as np
import pytest

from pyflinkx.common import Configuration
from pyflinkx.config.options import WORKERS
from pyflinkx.datastream import StreamExecutionEnvironment, col
from pyflinkx.runtime.control import remote_buffer
from pyflinkx.runtime.control.messages import Collected
from pyflinkx.runtime.exchange import handover as loans
from pyflinkx.runtime.exchange.handover import Lender


def test_a_loan_is_taken_once_and_is_not_copied():
    lender, batch = Lender(), object()
    first, second = (pickle.dumps(lender.lend([item])) for item in (batch, "b"))
    assert pickle.loads(second) == ["b"]
    assert pickle.loads(first)[0] is batch
    assert lender.held == {}
    with pytest.raises(KeyError):
        pickle.loads(first)


def test_what_is_never_taken_goes_with_the_lender():
    lender = Lender()
    number = lender.number
    lender.lend([1])
    del lender
    gc.collect()
    assert number not in loans._lenders


@pytest.mark.parametrize("rows", [False, True])
def test_threads_lend_columns_and_copy_objects(monkeypatch, rows):
    sent = []
    monkeypatch.setattr(
        remote_buffer, "Collected", lambda number, records, after: sent.append(records) or Collected(number, records)
    )
    configuration = Configuration()
    configuration.set(WORKERS, "threads")
    env = StreamExecutionEnvironment.get_execution_environment(configuration).set_parallelism(2)
    stream = env.from_numpy({"n": np.arange(100_000)}).select(m=col("n") + 1)
    if rows:
        with stream.map(lambda row: row.m).execute_and_collect() as results:
            found = list(results)
    else:
        found = stream.to_arrow()["m"].to_pylist()
    assert sorted(found) == list(range(1, 100_001))
    assert sent
    assert all(isinstance(records, loans.Loan) != rows for records in sent)
