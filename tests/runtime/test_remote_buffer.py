"""Records on their way from a worker to the program: gathered, in order, and none left behind."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.connectors.collect import CollectBuffer, CollectWriter
from pyflinkx.connectors.sink import WriterContext
from pyflinkx.runtime.control import remote_buffer
from pyflinkx.runtime.control.messages import unpack
from pyflinkx.runtime.control.remote_buffer import GATHERING, RemoteBuffer


class Holder:
    """What sees to what is held back, as the thread of a task does."""

    def __init__(self):
        self.thread = threading.current_thread()
        self.outlets = []

    def gather(self, outlet):
        self.outlets.append(outlet)
        return True


def buffer(sent, *holders):
    return RemoteBuffer(3, 1, sent.append, None, lambda: list(holders))


def received(sent):
    """The records, by the client's own buffer."""
    own = CollectBuffer()
    for message in map(unpack, sent):
        assert message.buffer == 3
        for records in message.records if isinstance(message.records, tuple) else (message.records,):
            own.extend(records)
    return own.drain()


def test_batches_of_a_busy_task_share_a_message():
    sent, holder = [], Holder()
    outlet = buffer(sent, holder)
    outlet.extend([1, 2])
    assert outlet.due <= time.monotonic_ns()  # nothing was sent just now, so nothing is gained by waiting
    outlet.flush()
    before = time.monotonic_ns()
    for number in range(3, 30):
        outlet.extend([number])
    assert len(sent) == 1
    assert before < outlet.due <= time.monotonic_ns() + GATHERING
    outlet.flush()
    assert (len(sent), outlet.due) == (2, None)
    assert received(sent) == list(range(1, 30))
    assert holder.outlets == [outlet]


def test_a_long_message_does_not_wait():
    sent = []
    outlet = buffer(sent, Holder())
    batch = [("x" * 100, number) for number in range(1000)]
    for _ in range(10):
        outlet.extend(list(batch))
    assert len(sent) > 3
    outlet.flush()
    assert received(sent) == batch * 10


def test_where_nobody_would_send_the_rest_nothing_is_held_back():
    sent = []
    outlet = buffer(sent)
    outlet.extend([1])
    outlet.extend([2])
    assert (len(sent), outlet.due) == (2, None)


@pytest.mark.parametrize("end", [lambda writer: writer.flush(True), lambda writer: writer.close()])
def test_the_end_of_a_writer_sends_all(end):
    sent = []
    writer = CollectWriter(buffer(sent, Holder()), WriterContext())
    for number in range(5):
        writer.buffer.extend([number])
    end(writer)
    assert received(sent) == list(range(5))


def test_a_record_that_cannot_travel_is_named():
    sent = []
    outlet = buffer(sent, Holder())
    outlet.extend([1])
    with pytest.raises(ValueError, match=r"a record cannot travel to the client: .*lock"):
        outlet.extend([threading.Lock()])
    assert received(sent) == [1]


@given(
    st.lists(
        st.lists(st.integers(-5, 5), min_size=1)
        | st.lists(st.tuples(st.text(max_size=2)), min_size=1)
        | st.just([{"a": 1}])
    )
)
def test_records_keep_their_order_whatever_they_are(batches):
    sent = []
    outlet = buffer(sent, Holder())
    for batch in batches:
        outlet.extend(list(batch))
    outlet.flush()
    assert received(sent) == [record for batch in batches for record in batch]


def test_the_size_of_a_message_counts_packed_bytes(monkeypatch):
    monkeypatch.setattr(remote_buffer, "MESSAGE", 1)
    sent = []
    outlet = buffer(sent, Holder())
    outlet.extend([1])
    assert (len(sent), outlet.due) == (1, None)
