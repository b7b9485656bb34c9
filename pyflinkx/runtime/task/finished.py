"""A task that had come to its end before the checkpoint that the job goes on from: only its end is told again."""

from __future__ import annotations

from pyflinkx.operators.base import MAX_WATERMARK
from pyflinkx.runtime.exchange.channel import END_OF_DATA
from pyflinkx.runtime.task.inputs import ChannelInput
from pyflinkx.runtime.task.task import StepResult, Task


class FinishedTask(Task):
    """Reads its inputs to their ends, and sends the end of event time and of the data.

    It opens only those operators that gave something to the checkpoint behind their end: nobody has told them that it
    became durable, so they take part in another one.
    """

    def open(self) -> None:
        assert self.restored is not None
        opened = {}
        try:
            for node in reversed(self.vertex.nodes):
                if node.id in self.nodes and self.restored.keeps_at_end(node.uid):
                    self._open_operator(node)
                    opened[node.id] = self.nodes[node.id]
                else:
                    self._restore_accumulators(node)
        except BaseException as error:
            self.close(error)
            raise
        self.restored.close()
        self._begin_checkpoints(opened)

    def step(self) -> StepResult:
        self.mailbox.run_control()
        if self.staying:
            return self.over()
        if not all(exchange.writable for exchange in self.exchanges):
            return StepResult.BLOCKED
        for source in self.inputs:
            if isinstance(source, ChannelInput) and not source.ended:
                element = source.channel.get()
                if element is not None:
                    source.ended = element is END_OF_DATA
                    return StepResult.MORE
        if not all(source.ended for source in self.inputs):
            return StepResult.WAIT
        for exchange in self.exchanges:
            exchange.emit_watermark(MAX_WATERMARK)
            exchange.end()
        return self.over()

    def wake_time(self) -> int | None:
        return None
