"""Random numbers and ids: other ones in each row."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from pyflinkx.expressions.vectors import Frame, Vector
from pyflinkx.relational.bound import Apply
from pyflinkx.relational.registry import register, taking, under
from pyflinkx.relational.values import Run, from_python, to_python
from pyflinkx.types.data_type import DOUBLE, INT, DataType, Kind

under("Random values")

# Java's generator of random numbers (java.util.Random).
FACTOR, STEP, MASK = 0x5DEECE66D, 0xB, (1 << 48) - 1


class JavaRandom:
    """Numbers as java.util.Random gives them for a seed.

    Example:
        >>> JavaRandom(10).double()
        0.7304302967434272
    """

    def __init__(self, seed: int) -> None:
        self.state = (seed ^ FACTOR) & MASK

    def bits(self, count: int) -> int:
        """A number of so many bits, of which the first is the sign of 32."""
        self.state = (self.state * FACTOR + STEP) & MASK
        found = self.state >> (48 - count)
        return found - (1 << 32) if count == 32 and found >= 1 << 31 else found

    def double(self) -> float:
        """From 0 up to 1."""
        high = self.bits(26) << 27
        return (high + self.bits(27)) / (1 << 53)

    def below(self, bound: int) -> int:
        """From 0 up to a bound."""
        found = self.bits(31)
        if bound & (bound - 1) == 0:
            return bound * found >> 31
        rest = found % bound
        while found - rest + bound - 1 >= 1 << 31:
            found = self.bits(31)
            rest = found % bound
        return rest


def each_row(make: Callable[[Any], Callable[[], Any]], places: int) -> Callable[[Apply, Sequence[Run]], Run]:
    """A function that gives another value in each row.

    Args:
        make: from the operands' values in a row to what gives a value.
        places: how many operands come after the seed.
    """

    def kernel(apply: Apply, runs: Sequence[Run]) -> Run:
        seeded = len(runs) > places
        generators: dict[Any, Any] = {}

        def run(frame: Frame) -> Vector:
            columns = [to_python(each(frame), frame) for each in runs]
            rows = list(zip(*columns, strict=True)) if columns else [()] * frame.length
            found: list[Any] = []
            for row in rows:
                if None in row:
                    found.append(None)
                    continue
                seed = row[0] if seeded else None
                generator = generators.get(seed)
                if generator is None:
                    generator = generators[seed] = JavaRandom(random.getrandbits(48) if seed is None else seed)
                found.append(make(generator)(*row[1 if seeded else 0 :]))
            return from_python(found, apply.type, frame)

        return run

    return kernel


register("RAND", "RAND([seed])", taking("int?", DOUBLE), each_row(lambda it: it.double, 0), deterministic=False)
register(
    "RAND_INTEGER",
    "RAND_INTEGER([seed, ]bound)",
    taking("int int?", INT),
    each_row(lambda it: it.below, 1),
    deterministic=False,
)


def identifiers(apply: Apply, runs: Sequence[Run]) -> Run:
    return lambda frame: from_python([str(uuid.uuid4()) for _ in range(frame.length)], apply.type, frame)


register("UUID", "UUID()", taking("", DataType(Kind.CHAR, 36), False), identifiers, deterministic=False)
