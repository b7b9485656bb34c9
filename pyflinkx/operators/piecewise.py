"""Operators whose calls may have more to send than should be sent at once; see docs/internals/firing.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pyflinkx.errors import WrongStateError
from pyflinkx.operators.base import Operator

# Calls of a user's function in a piece.
PIECE = 1024

# Pieces yield True where they have stopped between two records, so that timers may fire before the next one.
Pieces = Iterator[bool | None]


class PiecewiseOperator(Operator):
    """Does what takes long in pieces: the first one at once, the others when the task calls ``resume``."""

    # What is under way, and above it what was begun between two of its records.
    _under_way: list[Pieces] | None = None
    _between = False

    def begin(self, pieces: Pieces) -> None:
        """Do the first piece of some work: at once between two records, else after all that is left of earlier work.

        Args:
            pieces: does a piece at each step.
        """
        if self._under_way is None:
            self._under_way = []
        while self._under_way and not self._between:
            self.go_on()
        self._under_way.append(pieces)
        self.turn.under_way += 1
        self._between = False
        self.go_on()

    def bind_work(self, bound: Callable[[Pieces], Pieces]) -> None:
        begin = self.begin
        self.begin = lambda pieces: begin(bound(pieces))  # type: ignore[method-assign]

    def check_is_done(self) -> None:
        """See that nothing is left of earlier work, as states are no whole before.

        Raises:
            WrongStateError: something is.
        """
        if self._under_way:
            raise WrongStateError("states cannot be exported or imported in the middle of a batch or firing")

    def has_more(self) -> bool:
        return bool(self._under_way)

    def between_records(self) -> bool:
        return self._between or not self._under_way

    def resume(self) -> bool:
        return bool(self._under_way) and self.go_on()

    def go_on(self) -> bool:
        """Do the next piece of what was begun last; whether there is more of anything."""
        assert self._under_way is not None
        for between in self._under_way[-1]:
            self._between = bool(between)
            return True
        self._under_way.pop()
        self.turn.under_way -= 1
        self._between = True  # whatever is below was so when this was begun
        return bool(self._under_way)


class RecordwiseOperator(PiecewiseOperator):
    """Calls a function record by record, by a loop that may leave the rest of a batch for later."""

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self.take(batch, port)
        rest = self.site.take_rest()
        if rest is not None:
            self.begin(self.take_rest(rest, port))

    def take(self, batch: Any, port: int) -> None:
        """Have the loop go over a batch, and send on what comes of it."""
        raise NotImplementedError

    def take_rest(self, rest: Any, port: int) -> Pieces:
        """Have the loop go on with what it has left."""
        turn = self.turn
        while rest is not None:
            yield self.site.between
            turn.held -= 1
            self.take(rest, port)
            rest = self.site.take_rest()
