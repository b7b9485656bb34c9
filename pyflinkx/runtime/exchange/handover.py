"""Columnar results of workers that are threads of the client's process: handed over, not copied."""

from __future__ import annotations

import itertools
from typing import Any
from weakref import WeakValueDictionary

# Travels with each loan: a pipe that held hundreds of them would let a worker run far ahead of a slow client.
PADDING = bytes(16_384)

_numbers = itertools.count()
_lenders: WeakValueDictionary[int, Lender] = WeakValueDictionary()


class Lender:
    """Keeps what one worker has sent until the client takes it; what is never taken goes with the lender.

    Example:
        >>> lender = Lender()
        >>> pickle.loads(pickle.dumps(lender.lend(["a"])))
        ['a']
    """

    def __init__(self) -> None:
        self.number = next(_numbers)
        self.held: dict[int, list[Any]] = {}
        _lenders[self.number] = self

    def lend(self, records: list[Any]) -> Loan:
        """What unpickles, once and in this process, as these very records."""
        loan = Loan(self.number, next(_numbers))
        self.held[loan.number] = records
        return loan


class Loan:
    """Stands for records in a message.

    Args:
        lender: number of who keeps them.
        number: of these records.
    """

    def __init__(self, lender: int, number: int) -> None:
        self.lender = lender
        self.number = number

    def __reduce__(self) -> Any:
        return take, (self.lender, self.number, PADDING)


def take(lender: int, number: int, padding: bytes) -> list[Any]:
    """The records of a loan."""
    return _lenders[lender].held.pop(number)
