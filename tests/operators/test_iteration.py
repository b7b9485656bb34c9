"""The ends of a loop by hand, and its coming to rest as a model of queues that are read in any order."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.records.copier import Copier
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.operators.base import MAX_WATERMARK, Operator, OperatorContext
from pyflinkx.operators.iteration import IterationHeadOperator, IterationTailOperator
from pyflinkx.runtime.task.outputs import NodeOutput, OperatorInput, OperatorNode
from pyflinkx.state.operator_state import redistributed
from pyflinkx.testing.harness import OperatorHarness


def ends(max_wait=0):
    shared = {}
    head = OperatorHarness(IterationHeadOperator("loop", max_wait), shared=shared)
    tail = OperatorHarness(IterationTailOperator("loop"), shared=shared)
    return head, tail


def markers(harness):
    found, harness.output.markers = harness.output.markers, []
    return found


def end_input(head):
    head.watermark(MAX_WATERMARK)
    head.operator.end_input()


def test_feedback_comes_out_of_the_head_with_its_timestamps():
    head, tail = ends()
    head.push(["in"], [1])
    tail.push(["back"], [2])
    tail.watermark(5)
    tail.idle()
    head.read_mail()
    assert head.results == [("in", 1), ("back", 2)]
    assert (head.watermarks, tail.watermarks, tail.output.idleness) == ([], [], [])


def test_feedback_that_came_before_the_head_was_open_is_not_lost():
    shared = {}
    tail = OperatorHarness(IterationTailOperator("loop"), shared=shared)
    tail.push([1])
    head = OperatorHarness(IterationHeadOperator("loop", 0), shared=shared)
    head.read_mail()
    assert head.values == [1]


def test_feedback_that_has_not_been_sent_on_is_state():
    head, tail = ends()
    tail.push(["timeless"])
    tail.push(["first", "second"], [2, None])
    tail.operator.process_marker(0)
    head.operator.store(1)
    head.operator.store(1)
    (part,) = redistributed([head.context.operator_state.export()], 1)
    head.read_mail()
    assert head.values == ["timeless", "first", "second"]
    again = OperatorHarness(IterationHeadOperator("loop", 0), restored_operator=part)
    again.read_mail()
    assert again.results == [("timeless", None), ("first", 2), ("second", None)]
    again.operator.store(1)
    assert all(len(batch) == 0 for batch in again.context.operator_state.export())


def kept(head):
    """What a head began with another head would send, of what this one has put into its state."""
    (part,) = redistributed([head.context.operator_state.export()], 1)
    again = OperatorHarness(IterationHeadOperator("loop", 0), restored_operator=part)
    again.read_mail()
    return again.values


def test_what_comes_back_before_its_barrier_does_belongs_to_a_checkpoint():
    head, tail = ends()
    ready = []
    tail.push(["before"])
    assert head.operator.completes_later(1, lambda: ready.append(1))
    head.read_mail()
    assert head.operator.completes_later(2, lambda: ready.append(2))
    tail.push(["on its way"])
    tail.operator.prepare_barrier(1)
    tail.push(["between"])
    tail.operator.prepare_barrier(2)
    tail.push(["after"])
    head.read_mail()
    assert ready == [1, 2]
    assert head.values == ["before", "on its way", "between", "after"]
    head.operator.store(1)
    assert kept(head) == ["before", "on its way"]
    head.operator.store(2)
    assert kept(head) == ["on its way", "between"]


def test_a_checkpoint_whose_barrier_is_back_already_is_complete():
    head, tail = ends()
    tail.push(["before"])
    tail.operator.prepare_barrier(1)
    tail.push(["after"])
    assert not head.operator.completes_later(1, lambda: None)
    head.operator.store(1)
    head.read_mail()
    assert kept(head) == ["before"]
    assert head.values == ["before", "after"]


def test_what_a_body_changes_of_a_record_is_not_changed_in_the_checkpoint():
    shared = {}
    head = OperatorHarness(IterationHeadOperator("loop", 0), shared=shared, copier=Copier("loop"))
    tail = OperatorHarness(IterationTailOperator("loop"), shared=shared)
    head.operator.completes_later(1, lambda: None)
    tail.push([["a"]])
    tail.operator.prepare_barrier(1)
    head.read_mail()
    head.values[0].append("b")
    head.operator.store(1)
    assert kept(head) == [["a"]]


def test_a_checkpoint_that_is_given_up_is_not_waited_for():
    head, tail = ends()
    assert head.operator.completes_later(1, lambda: pytest.fail("nobody wants it"))
    head.operator.checkpoint_aborted(1)
    tail.push(["a"])
    tail.operator.prepare_barrier(1)
    head.read_mail()
    assert head.values == ["a"]


def test_the_last_watermark_waits_for_the_loop_to_rest_and_the_end_for_what_it_sets_free():
    head, tail = ends()
    head.watermark(7)
    end_input(head)
    rounds = 0

    def go_round():
        nonlocal rounds
        rounds += 1
        (age,) = markers(head)
        tail.operator.process_marker(age)
        head.read_mail()

    tail.push(["back"])
    while len(head.watermarks) == 1:
        go_round()
    assert (rounds, head.values) == (3, ["back"])
    assert head.watermarks == [7, MAX_WATERMARK]
    tail.push(["freed"])
    while not head.operator.drained():
        go_round()
    assert head.values == ["back", "freed"]
    assert markers(head) == []


def test_a_loop_with_a_wait_time_ends_whatever_circulates():
    head, tail = ends(max_wait=10)
    assert head.operator.next_processing_timer() is None
    head.set_processing_time(5)
    end_input(head)
    assert head.operator.next_processing_timer() == 15
    head.set_processing_time(14)
    tail.push(["back"])
    head.read_mail()
    assert head.operator.next_processing_timer() == 24
    head.set_processing_time(23)
    assert not head.operator.drained()
    head.set_processing_time(24)
    assert head.operator.drained()
    assert head.watermarks == [MAX_WATERMARK]
    tail.push(["too late", "too"])
    head.read_mail()
    assert head.values == ["back"]
    assert head.counters["numFeedbackRecordsDropped"] == 2


class Body(Operator):
    """Sends each record n > 0 on as n - 1, to a subtask that the record and a seed decide."""

    def process_batch(self, batch, port=0):
        values = [value - 1 for value in batch.values if value > 0]
        if values:
            self.output.emit(ObjectBatch(values))


class Queue:
    """A channel: what is put waits until the model takes it out."""

    def __init__(self, target):
        self.target = target
        self.elements = []

    def step(self):
        name, arguments = self.elements.pop(0)
        getattr(self.target, name)(*arguments)


class Spread:
    """An exchange: records to the subtasks that a rule names, all else to all of them."""

    def __init__(self, queues, rule):
        self.queues = queues
        self.rule = rule

    def emit(self, batch):
        for value in batch.values:
            self.queues[self.rule(value) % len(self.queues)].elements.append(("emit", [ObjectBatch([value])]))

    def __getattr__(self, name):
        return lambda *arguments: [queue.elements.append((name, arguments)) for queue in self.queues]


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 4),
    st.lists(st.lists(st.integers(0, 12), max_size=3), min_size=4, max_size=4),
    st.sampled_from(["all", "forward", "pairs"]),
    st.integers(0, 2**32),
)
def test_no_head_ends_while_a_record_circulates_and_all_end(count, inputs, wiring, seed):
    draw = random.Random(seed)
    mails, clock = [], type("Clock", (), {"now": lambda self: 0})()
    heads, queues, processed = [], [], []

    def context(index, output, shared):
        return OperatorContext("op", "u", output, clock, subtask_index=index, parallelism=count, post=mails.append,
                               shared=shared)  # fmt: skip

    def reached(index):
        if wiring == "all":
            return range(count)
        if wiring == "forward":
            return [index]
        return [other for other in range(count) if other // 2 == index // 2]

    bodies, tails = [], []
    shareds = [{} for _ in range(count)]
    for index in range(count):
        inputs_of = sum(index in reached(other) for other in range(count))
        output = NodeOutput()
        body = OperatorNode(Body(), output, inputs_of)
        tail = OperatorNode(IterationTailOperator("loop"), NodeOutput(), 1)
        output.connect(OperatorInput(tail, 0, 0), None, True)
        body.operator.open(context(index, output, shareds[index]))
        tail.operator.open(context(index, tail.output, shareds[index]))
        bodies.append(body)
        tails.append(tail)
    used = [0] * count
    for index in range(count):
        output = NodeOutput()
        own = []
        for other in reached(index):
            queue = Queue(OperatorInput(bodies[other], used[other], 0))
            used[other] += 1
            own.append(queue)
        queues += own
        output.connect(Spread(own, lambda value, index=index: value * 7 + index + seed), None, True)
        head = OperatorNode(IterationHeadOperator("loop", 0), output, 1)
        head.operator.open(context(index, output, shareds[index]))
        heads.append(OperatorInput(head, 0, 0))

    started = [False] * count
    for _ in range(100_000):
        choices = [("mail", None)] if mails else []
        choices += [("queue", queue) for queue in queues if queue.elements]
        choices += [("input", index) for index in range(count) if not started[index]]
        if not choices:
            break
        kind, what = draw.choice(choices)
        if kind == "mail":
            mails.pop(draw.randrange(len(mails)))()
            for head in heads:
                before = head.node.live
                head.node.finish_drained()
                if before and not head.node.live:
                    reaching = reached(head.node.operator.context.subtask_index)
                    waiting = [
                        element
                        for queue in queues
                        for element in queue.elements
                        if element[0] == "emit" and any(queue.target.node is bodies[index] for index in reaching)
                    ]
                    assert waiting == []
        elif kind == "queue":
            if what.elements[0][0] == "emit":
                processed.extend(what.elements[0][1][0].values)
            what.step()
        else:
            started[what] = True
            if inputs[what]:
                heads[what].emit(ObjectBatch(list(inputs[what])))
            heads[what].end()
    assert not any(head.node.live for head in heads)
    assert not any(node.live for node in [*bodies, *tails])
    given_in = [value for index in range(count) for value in inputs[index]]
    assert sorted(processed) == sorted(left for value in given_in for left in range(value + 1))
