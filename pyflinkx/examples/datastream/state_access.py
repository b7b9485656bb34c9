"""Keyed state: a running sum per user, kept in a ValueState, and the last orders of each, kept in a ListState."""

from collections.abc import Iterator

from pyflinkx.common import Types
from pyflinkx.datastream import KeyedProcessFunction, RuntimeContext, StreamExecutionEnvironment
from pyflinkx.datastream.state import ListStateDescriptor, ValueStateDescriptor

ORDERS = [("ann", 20), ("bob", 5), ("ann", 7), ("ann", 3), ("bob", 8)]


class SumAndLast(KeyedProcessFunction):
    """Emits (user, sum so far, last two orders) for each order."""

    def open(self, runtime_context: RuntimeContext) -> None:
        self.total = runtime_context.get_state(ValueStateDescriptor("total", Types.LONG()))
        self.last = runtime_context.get_list_state(ListStateDescriptor("last", Types.LONG()))

    def process_element(
        self, value: tuple[str, int], ctx: KeyedProcessFunction.Context
    ) -> Iterator[tuple[str, int, list[int]]]:
        total = (self.total.value() or 0) + value[1]
        self.total.update(total)
        last = [*self.last.get(), value[1]][-2:]
        self.last.update(last)
        yield ctx.get_current_key(), total, last


def main() -> None:
    """Print a line per order."""
    env = StreamExecutionEnvironment.get_execution_environment()
    env.from_collection(ORDERS).key_by(0).process(SumAndLast()).print()
    env.execute("state access")


if __name__ == "__main__":
    main()
