import pickle
import weakref

import pytest

from pyflinkx._core.exchange.packed import unpack
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.connectors.collect import CollectBuffer, CollectSink, PackedRecords
from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.connectors.sink import WriterContext
from pyflinkx.datastream.collect import CloseableIterator
from pyflinkx.runtime.tracebacks import Tracebacks
from tests.connectors.reading import Writing


def test_records_come_back_in_order():
    sink = CollectSink()
    writing = Writing(sink).write([1, 2])
    assert sink.buffer.drain() == [1, 2]
    writing.write([3]).write([4])
    assert len(sink.buffer) == 2
    assert sink.buffer.drain() == [3, 4]
    assert sink.buffer.drain() == []


def test_buffer_keeps_a_list_of_its_own():
    buffer = CollectBuffer()
    batch = ObjectBatch([1])
    CollectSink(buffer).create_writer(WriterContext()).write(batch)
    batch.values.append(2)
    assert buffer.drain() == [1]


def test_a_buffer_does_not_travel():
    with pytest.raises(TypeError, match="a CollectBuffer stays in its process"):
        pickle.dumps(CollectSink())


def test_discarding():
    Writing(DiscardSink()).write([1, 2]).finish()
    assert isinstance(pickle.loads(pickle.dumps(DiscardSink())), DiscardSink)


PLAIN = [(number, f"text {number % 7}", number / 2, None, number % 2 == 0) for number in range(1000)]
OBJECTS = [[1], {"a": 2}, (1, [2]), "text", 5, 2**70]


def test_packed_records_are_those_that_were_packed():
    packed = PackedRecords.of(PLAIN)
    assert len(packed) == 1000
    assert pickle.loads(pickle.dumps(packed)).unpacked() == PLAIN
    assert PackedRecords.of(OBJECTS) is None


def test_packed_records_and_others_stay_in_order():
    buffer = CollectBuffer()
    for part in (PackedRecords.of([1, 2]), [3], [4, 5], PackedRecords.of([6]), [7]):
        buffer.extend(part)
    assert len(buffer) == 7
    assert buffer.drain() == [1, 2, 3, 4, 5, 6, 7]
    assert len(buffer) == 0


def test_records_become_objects_when_the_program_reads_on(monkeypatch):
    unpacked = []
    monkeypatch.setattr(
        "pyflinkx.connectors.collect.unpack", lambda data, count: unpacked.append(count) or unpack(data, count)
    )
    buffer = CollectBuffer()

    def steps():
        buffer.extend(PackedRecords.of([1, 2]))
        buffer.extend(PackedRecords.of([3]))
        yield
        buffer.extend([4])
        yield

    iterator = CloseableIterator(steps(), buffer, Tracebacks(full=False))
    assert unpacked == []
    assert next(iterator) == 1
    assert unpacked == [2]
    assert iterator.next() == 2
    assert list(iterator) == [3, 4]
    assert unpacked == [2, 1]
    with pytest.raises(StopIteration):
        next(iterator)


def test_records_before_a_failure_come_first_and_it_comes_once():
    buffer = CollectBuffer()

    def steps():
        buffer.extend(PackedRecords.of([1, 2]))
        yield
        buffer.extend([3])
        raise ValueError("broken")

    iterator = CloseableIterator(steps(), buffer, Tracebacks(full=False))
    assert [next(iterator), next(iterator), next(iterator)] == [1, 2, 3]
    with pytest.raises(ValueError, match="broken"):
        next(iterator)
    assert list(iterator) == []


def test_a_closed_iterator_has_no_more_records():
    buffer = CollectBuffer()
    ended = []

    def steps():
        try:
            while True:
                buffer.extend(PackedRecords.of([1, 2, 3]))
                yield
        finally:
            ended.append(True)

    with CloseableIterator(steps(), buffer, Tracebacks(full=False)) as iterator:
        assert next(iterator) == 1
    assert ended == [True]
    assert list(iterator) == []


def test_what_was_handed_out_is_not_held():
    class Record:
        pass

    buffer = CollectBuffer()
    references = []

    def steps():
        records = [Record() for _ in range(3)]
        references.extend(map(weakref.ref, records))
        buffer.extend(records)
        del records
        yield

    iterator = CloseableIterator(steps(), buffer, Tracebacks(full=False))
    for number in range(3):
        record = next(iterator)
        assert references[number]() is record
        del record
        assert [reference() is None for reference in references] == [index <= number for index in range(3)]
