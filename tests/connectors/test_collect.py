import pickle

import pytest

from pyflinkx._core.objects import ObjectBatch
from pyflinkx.connectors.collect import CollectBuffer, CollectSink
from pyflinkx.connectors.discard import DiscardSink
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
    CollectSink(buffer).create_writer(None).write(batch)
    batch.values.append(2)
    assert buffer.drain() == [1]


def test_a_buffer_does_not_travel():
    with pytest.raises(TypeError, match="a CollectBuffer stays in its process"):
        pickle.dumps(CollectSink())


def test_discarding():
    Writing(DiscardSink()).write([1, 2]).finish()
    assert isinstance(pickle.loads(pickle.dumps(DiscardSink())), DiscardSink)
