"""Side outputs: one function sorts payments into three streams."""

from collections.abc import Iterator
from typing import Any

from pyflinkx.common import Types
from pyflinkx.datastream import OutputTag, ProcessFunction, StreamExecutionEnvironment

PAYMENTS = [("p1", 12), ("p2", -5), ("p3", 20_000), ("p4", 80)]
PAYMENT = Types.TUPLE([Types.STRING(), Types.INT()])
LARGE = OutputTag("large", PAYMENT)
INVALID = OutputTag("invalid", Types.STRING())


class Sort(ProcessFunction):
    """Payments below 0 are invalid; those from 10,000 up are looked at by a person."""

    def process_element(self, value: tuple[str, int], ctx: ProcessFunction.Context) -> Iterator[Any]:
        name, amount = value
        if amount < 0:
            yield INVALID, f"{name} is {amount}"
        elif amount >= 10_000:
            yield LARGE, value
        else:
            yield value


def main() -> None:
    """Print the three streams."""
    env = StreamExecutionEnvironment.get_execution_environment()
    sorted_payments = env.from_collection(PAYMENTS, PAYMENT).process(Sort(), PAYMENT)
    sorted_payments.print("paid")
    sorted_payments.get_side_output(LARGE).print("large")
    sorted_payments.get_side_output(INVALID).print("invalid")
    env.execute("side outputs")


if __name__ == "__main__":
    main()
