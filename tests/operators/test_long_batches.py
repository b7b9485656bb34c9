"""Results whose texts would not fit 32-bit offsets come in several batches; here offsets end at a few bytes."""

from array import array

import pytest

from pyflinkx._core.columns import build, gather
from pyflinkx._core.columns.arrow_stream import import_stream
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.native.join import NativeJoin
from pyflinkx.common import Row, Types
from pyflinkx.datastream import StreamExecutionEnvironment, col
from pyflinkx.errors import LongBatchError

TEXTS = Schema([Field("key", "l"), Field("text", "u")])


@pytest.fixture
def short():
    """Offsets that end at 100 bytes."""
    before = [(module, module.limit_offsets(100)) for module in (build, gather)]
    yield
    for module, last in before:
        module.limit_offsets(last)


def test_columns_are_refused_beyond_their_offsets(short):
    with pytest.raises(LongBatchError, match=r"column 'text'.*2 GiB"):
        ColumnBatch.from_rows([(1, "x" * 60), (2, "y" * 60)], TEXTS)
    half = ColumnBatch.from_rows([(1, "x" * 60)], TEXTS)
    with pytest.raises(LongBatchError, match=r"column 'text'.*2 GiB"):
        half.take([0, 0])
    with pytest.raises(LongBatchError, match=r"column 'text'.*2 GiB"):
        gather.concat_columns([half.column("text")] * 2)
    assert len(half.take([0])) == 1


def test_rows_become_several_batches_of_columns(short):
    env = StreamExecutionEnvironment.get_execution_environment()
    rows = [Row(number, "x" * (30 + number)) for number in range(40)]
    stream = env.from_collection(rows, Types.ROW_NAMED(["key", "text"], [Types.LONG(), Types.STRING()]))
    assert stream.select("key", "text").to_arrow().to_pylist() == [{"key": row[0], "text": row[1]} for row in rows]
    kept = stream.filter(col("key") % 2 == 0)
    assert [row.key for row in kept.execute_and_collect()] == list(range(0, 40, 2))


def test_one_row_too_long_is_an_error_with_operator_and_column(short):
    env = StreamExecutionEnvironment.get_execution_environment()
    type_info = Types.ROW_NAMED(["key", "text"], [Types.LONG(), Types.STRING()])
    stream = env.from_collection([Row(1, "x" * 10), Row(2, "y" * 101)], type_info)
    with pytest.raises(Exception, match=r"column 'text'.*2 GiB") as caught:
        stream.select("text").to_arrow()
    assert "test_long_batches.py" in str(caught.value)


def test_dictionaries_are_decoded_in_parts(short):
    pyarrow = pytest.importorskip("pyarrow")
    values = [f"{number % 3}" * 40 for number in range(9)]
    table = pyarrow.table({"text": pyarrow.array(values).dictionary_encode()})
    lengths = []
    found = []
    for batch in import_stream(table):
        lengths.append(len(batch))
        found += [row["text"] for row in batch.to_rows("dict")]
    assert found == values
    assert max(lengths) == 2


@pytest.mark.parametrize("most_bytes", [1 << 26, 100, 1])
@pytest.mark.parametrize("side", [0, 1])
def test_pairs_of_long_texts_come_in_several_batches(short, side, most_bytes):
    schema = Schema([Field("key", "l"), Field("text", "u"), Field("key2", "l"), Field("text2", "u")])
    join = NativeJoin([0], [0], schema, lower=-5, upper=5)
    join.most_bytes = most_bytes
    mine = ColumnBatch.from_rows([(1, "m" * 21), (1, "n" * 30)], TEXTS, array("q", [0, 0]))
    theirs = ColumnBatch.from_rows([(1, "t" * 40), (1, "u" * 10)], TEXTS, array("q", [0, 1]))
    batches, steps = [], []
    for part, batch in ((1 - side, theirs), (side, mine)):
        for _ in join.process(batch, part, batches.append):
            steps.append(len(batches))
    pairs = [row for batch in batches for row in batch.to_rows("tuple")]
    wanted = [(1, a, 1, b) for a in ("m" * 21, "n" * 30) for b in ("t" * 40, "u" * 10)]
    assert pairs == [row if side == 0 else row[2:] + row[:2] for row in wanted]
    assert [stamp for batch in batches for stamp in memoryview(batch.timestamps)] == [0, 1, 0, 1]
    assert len(batches) == {1 << 26: 2, 100: 2, 1: 4}[most_bytes]
    assert len(steps) == len(batches) - 1
