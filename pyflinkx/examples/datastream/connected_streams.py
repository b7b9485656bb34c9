"""Connected streams: rides are joined with their fares, whichever of the two comes first."""

from collections.abc import Iterator

from pyflinkx.common import Types
from pyflinkx.datastream import KeyedCoProcessFunction, RuntimeContext, StreamExecutionEnvironment
from pyflinkx.datastream.state import ValueStateDescriptor

RIDES = [(1, "airport"), (2, "harbour"), (3, "station")]
FARES = [(2, 12.5), (3, 8.0), (1, 31.0)]


class JoinByRide(KeyedCoProcessFunction):
    """Keeps what came first until the other comes."""

    def open(self, runtime_context: RuntimeContext) -> None:
        self.place = runtime_context.get_state(ValueStateDescriptor("place", Types.STRING()))
        self.fare = runtime_context.get_state(ValueStateDescriptor("fare", Types.DOUBLE()))

    def process_element1(
        self, value: tuple[int, str], ctx: KeyedCoProcessFunction.Context
    ) -> Iterator[tuple[int, str, float]]:
        fare = self.fare.value()
        if fare is None:
            self.place.update(value[1])
        else:
            self.fare.clear()
            yield value[0], value[1], fare

    def process_element2(
        self, value: tuple[int, float], ctx: KeyedCoProcessFunction.Context
    ) -> Iterator[tuple[int, str, float]]:
        place = self.place.value()
        if place is None:
            self.fare.update(value[1])
        else:
            self.place.clear()
            yield value[0], place, value[1]


def main() -> None:
    """Print a line per ride."""
    env = StreamExecutionEnvironment.get_execution_environment()
    rides, fares = env.from_collection(RIDES), env.from_collection(FARES)
    rides.connect(fares).key_by(0, 0).process(JoinByRide()).print()
    env.execute("connected streams")


if __name__ == "__main__":
    main()
