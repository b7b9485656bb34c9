"""Control mail always runs; operators' mail only when the task may write, one a step."""

import threading

import pytest

from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.graph.job_graph import JobVertex
from pyflinkx.graph.nodes import StreamEdge, StreamNode
from pyflinkx.graph.partitioners import ForwardPartitioner
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.operators.base import Operator
from pyflinkx.runtime.control.coordination import TaskLink
from pyflinkx.runtime.exchange.channel import LocalChannel
from pyflinkx.runtime.exchange.gates import GateOutput, OutputGate
from pyflinkx.runtime.exchange.scatter import ToOne
from pyflinkx.runtime.task.clock import ManualClock
from pyflinkx.runtime.task.mailbox import Mailbox
from pyflinkx.runtime.task.task import StepResult, Task, TaskSettings


def test_control_mail_runs_all_at_once_and_an_operators_mail_one_by_one():
    woken = []
    mailbox = Mailbox(lambda: woken.append(True))
    done = []
    for number in (1, 2):
        mailbox.post(lambda number=number: done.append(("operator", number)))
        mailbox.tell(lambda number=number: done.append(("control", number)))
    assert len(woken) == 4
    assert mailbox.run_control()
    assert done == [("control", 1), ("control", 2)]
    assert mailbox.run_one()
    assert done[2:] == [("operator", 1)]
    assert not mailbox.run_control()
    assert mailbox.run_one()
    assert not mailbox.run_one()


def test_mail_that_comes_while_mail_is_run_is_run_too():
    mailbox = Mailbox(lambda: None)
    done = []
    mailbox.tell(lambda: mailbox.tell(lambda: done.append("second")))
    mailbox.run_control()
    assert done == ["second"]


def test_what_mail_raises_leaves_the_mail_behind_it():
    mailbox = Mailbox(lambda: None)
    done = []
    mailbox.tell(lambda: 1 // 0)
    mailbox.tell(lambda: done.append("next"))
    with pytest.raises(ZeroDivisionError):
        mailbox.run_control()
    mailbox.run_control()
    assert done == ["next"]


def test_no_mail_of_other_threads_is_lost():
    mailbox = Mailbox(lambda: None)
    seen = []

    def write(name):
        for number in range(500):
            mailbox.tell(lambda number=number: seen.append((name, number)))
            mailbox.post(lambda number=number: seen.append((name, number)))

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads) or mailbox.control or mailbox.ordinary:
        mailbox.run_control()
        mailbox.run_one()
    assert sorted(seen) == sorted((name, number) for name in range(4) for number in range(500) for _ in range(2))


class Sends(Operator):
    """Has a timer due at 0, and sends what it is told."""

    timer: int | None = 0

    def next_processing_timer(self):
        return self.timer

    def advance_processing_time(self, now):
        self.timer = None
        self.output.emit(ObjectBatch(["timer"]))

    def handle_event(self, event):
        self.told = event


@pytest.fixture
def task():
    """A task without inputs whose only channel holds one element, and that channel."""
    node = StreamNode(1, "op", "uid", "operator", 1, 128, OperatorSpec.of(Sends), None, None, None, None, True, True)
    edge = StreamEdge(1, 2, 0, ForwardPartitioner(), None)
    channel = LocalChannel(capacity=1)
    out = GateOutput(OutputGate({0: channel}), ToOne(0))
    link = TaskLink(lambda node, event: None, Mailbox(lambda: None))
    made = Task(JobVertex(0, (node,), ()), 0, 1, TaskSettings(ManualClock(5)), [], [(edge, out)], {}, link)
    made.nodes[1].open_inputs = 1  # an input that never brings anything
    made.open()
    yield made, channel
    made.close()


def test_a_task_that_may_not_write_runs_control_mail_and_neither_timers_nor_operators_mail(task):
    made, channel = task
    operator = made.nodes[1].operator
    channel.put(ObjectBatch(["full"]))
    made.mailbox.post(lambda: operator.output.emit(ObjectBatch(["mail"])))
    made.mailbox.tell(lambda: made.handle_event(1, "told"))
    assert made.step() is StepResult.BLOCKED
    assert operator.told == "told"
    assert len(channel.elements) == 1
    said = []
    for result in (StepResult.MORE, StepResult.FINISHED):
        said += channel.get().values
        assert made.step() is result
    assert [*said, *channel.get().values] == ["full", "timer", "mail"]


def test_control_mail_gets_through_a_long_firing(task):
    made, _ = task
    made.unfinished = True
    made.piecewise = [made.nodes[1]]
    made.nodes[1].operator.resume = lambda: True  # for ever
    assert made.step() is StepResult.MORE
    made.mailbox.tell(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        made.step()
