"""What an output gate says of its waits."""

import pytest

from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.errors import ChannelClosedError
from pyflinkx.runtime.exchange.gates import OutputGate


class WaitingChannel:
    """A channel whose ``put`` looks at what the gate says while it waits."""

    def __init__(self, fails=False):
        self.writable = False
        self.fails = fails

    def put(self, element):
        while self.gate.blocked_now == 0:
            pass
        self.seen = self.gate.blocked, self.gate.blocked_now > 0
        self.writable = True
        assert self.gate.blocked_now == 0
        if self.fails:
            raise ChannelClosedError("the job is cancelled")
        return 7


def test_a_wait_shows_while_it_lasts_and_counts_once_when_it_ends():
    channel = WaitingChannel()
    channel.gate = gate = OutputGate({0: channel})
    assert gate.blocked_now == 0
    gate.put(0, ObjectBatch([1]))
    assert channel.seen == (0, True)
    channel.writable = False
    assert (gate.blocked, gate.blocked_now) == (7, 0)
    gate.put_all("end")
    assert channel.seen == (7, True)
    assert gate.blocked == 14


def test_batches_that_were_gathered_wait_too():
    channel = WaitingChannel()
    channel.gate = gate = OutputGate({0: channel}, batch_size=10, buffer_timeout=-1)
    gate.put(0, ObjectBatch([1]))
    assert gate.blocked == 0
    gate.flush()
    assert (channel.seen, gate.blocked) == ((0, True), 7)


def test_a_wait_that_a_cancelled_job_ends_is_no_wait_any_more():
    channel = WaitingChannel(fails=True)
    channel.gate = gate = OutputGate({0: channel})
    with pytest.raises(ChannelClosedError):
        gate.put(0, ObjectBatch([1]))
    channel.writable = False
    assert gate.blocked_now == 0
