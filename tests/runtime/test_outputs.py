from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.operators.base import MAX_WATERMARK, Operator
from pyflinkx.runtime.task.outputs import NodeOutput, OperatorInput, OperatorNode


class Recorder(Operator):
    def __init__(self):
        self.calls = []

    def process_batch(self, batch, port=0):
        self.calls.append((port, batch.values))

    def process_watermark(self, timestamp):
        self.calls.append(timestamp)

    def process_idleness(self, idle):
        self.calls.append(idle)

    def finish(self):
        self.calls.append("finish")


def two_inputs():
    recorder = Recorder()
    node = OperatorNode(recorder, NodeOutput(), 2)
    return recorder, OperatorInput(node, 0, 0), OperatorInput(node, 1, 1)


def test_an_operator_finishes_once_after_its_last_input_and_the_last_watermark():
    recorder, first, second = two_inputs()
    first.emit_watermark(10)
    first.end()
    second.emit_watermark(20)
    second.emit(ObjectBatch([1]))
    second.end()
    assert recorder.calls == [20, (1, [1]), MAX_WATERMARK, "finish"]


def test_an_idle_input_that_ends_does_not_hold_back_event_time():
    recorder, first, second = two_inputs()
    first.emit_idleness(True)
    second.emit_watermark(5)
    first.end()
    second.end()
    assert recorder.calls == [5, MAX_WATERMARK, "finish"]


def test_a_stream_that_ends_while_all_is_idle_is_active_before_event_time_ends():
    recorder, first, second = two_inputs()
    first.emit_watermark(5)
    first.emit_idleness(True)
    second.emit_idleness(True)
    first.end()
    second.end()
    assert recorder.calls == [5, True, False, MAX_WATERMARK, "finish"]


def test_each_receiver_owns_its_batch():
    output = NodeOutput()
    nodes = [OperatorNode(Recorder(), NodeOutput(), 1) for _ in range(2)]
    for node in nodes:
        output.connect(OperatorInput(node, 0, 0), None)
    output.emit(ObjectBatch([1, 2]))
    first, second = (node.operator.calls[0][1] for node in nodes)
    assert first == second == [1, 2]
    assert first is not second


def test_a_side_output_without_readers_is_dropped_and_others_get_watermarks():
    output = NodeOutput()
    node = OperatorNode(Recorder(), NodeOutput(), 1)
    output.connect(OperatorInput(node, 0, 0), "late")
    output.emit_side("other", ObjectBatch([1]))
    output.emit_side("late", ObjectBatch([2]))
    output.emit_watermark(7)
    output.end()
    assert node.operator.calls == [(0, [2]), 7, MAX_WATERMARK, "finish"]
