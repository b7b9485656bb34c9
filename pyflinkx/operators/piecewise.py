"""Operators whose calls may have more to send than should be sent at once; see docs/internals/firing.md."""

from __future__ import annotations

from collections.abc import Iterator

from pyflinkx.errors import WrongStateError
from pyflinkx.operators.base import Operator

# Calls of a user's function in a piece.
PIECE = 1024


class PiecewiseOperator(Operator):
    """Does what takes long in pieces: the first one at once, the others when the task calls ``resume``."""

    _pieces: Iterator[None] | None = None

    def begin(self, pieces: Iterator[None]) -> None:
        """Do the first piece of some work, after all that is left of earlier work.

        Args:
            pieces: does a piece at each step.
        """
        while self.resume():
            pass
        self._pieces = pieces
        self.resume()

    def check_is_done(self) -> None:
        """See that nothing is left of earlier work, as states are no whole before.

        Raises:
            WrongStateError: something is.
        """
        if self._pieces is not None:
            raise WrongStateError("states cannot be exported or imported in the middle of a batch or firing")

    def resume(self) -> bool:
        if self._pieces is None:
            return False
        for _ in self._pieces:
            return True
        self._pieces = None
        return False
