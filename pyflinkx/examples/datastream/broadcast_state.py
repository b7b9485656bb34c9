"""Broadcast state: every subtask knows all limits, and reports the readings above that of their sensor's kind.

Which of the two streams comes first is open, so readings wait in keyed state until there is a limit for them.
"""

from collections.abc import Iterator

from pyflinkx.common import Types
from pyflinkx.datastream import KeyedBroadcastProcessFunction, RuntimeContext, StreamExecutionEnvironment
from pyflinkx.datastream.state import ListState, ListStateDescriptor, MapStateDescriptor

LIMITS = [("heat", 70), ("smoke", 3)]
READINGS = [("heat", 20), ("smoke", 1), ("heat", 95), ("smoke", 7), ("noise", 1000), ("heat", 71)]

LIMIT = MapStateDescriptor("limit", Types.STRING(), Types.INT())
WAITING = ListStateDescriptor("waiting", Types.INT())


class Alarm(KeyedBroadcastProcessFunction[str, tuple[str, int], tuple[str, int], tuple[str, int]]):
    """Emits the readings above the limit of their kind."""

    def open(self, runtime_context: RuntimeContext) -> None:
        self.waiting = runtime_context.get_list_state(WAITING)

    def process_element(
        self, value: tuple[str, int], ctx: KeyedBroadcastProcessFunction.ReadOnlyContext
    ) -> Iterator[tuple[str, int]]:
        limit = ctx.get_broadcast_state(LIMIT).get(value[0])
        if limit is None:
            self.waiting.add(value[1])
        elif value[1] > limit:
            yield value

    def process_broadcast_element(
        self, value: tuple[str, int], ctx: KeyedBroadcastProcessFunction.Context
    ) -> Iterator[tuple[str, int]]:
        kind, limit = value
        ctx.get_broadcast_state(LIMIT).put(kind, limit)
        ready: list[int] = []

        def take(key: str, state: ListState[int]) -> None:
            if key == kind:
                ready.extend(state.get())
                state.clear()

        ctx.apply_to_keyed_state(WAITING, take)
        for reading in ready:
            if reading > limit:
                yield kind, reading


def main() -> None:
    """Print a line per alarm."""
    env = StreamExecutionEnvironment.get_execution_environment()
    limits = env.from_collection(LIMITS).broadcast(LIMIT)
    env.from_collection(READINGS).key_by(0).connect(limits).process(Alarm()).print()
    env.execute("broadcast state")


if __name__ == "__main__":
    main()
