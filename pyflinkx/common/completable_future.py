"""A result that comes later."""

from __future__ import annotations

from concurrent.futures import CancelledError, Future, InvalidStateError
from typing import Any

__all__ = ["CompletableFuture"]


class CompletableFuture:
    """A result that one thread sets and others wait for.

    Of several calls to ``set_result``, ``set_exception`` and ``cancel`` only the first succeeds.

    Example:
        >>> future = CompletableFuture()
        >>> future.done(), future.set_result(3), future.result()
        (False, True, 3)
    """

    def __init__(self) -> None:
        self._future: Future[Any] = Future()

    def set_result(self, value: Any) -> bool:
        """Complete with a result; False if it was complete already."""
        try:
            self._future.set_result(value)
        except InvalidStateError:
            return False
        return True

    def set_exception(self, error: BaseException) -> bool:
        """Complete with an exception; False if it was complete already."""
        try:
            self._future.set_exception(error)
        except InvalidStateError:
            return False
        return True

    def cancel(self) -> bool:
        """Complete as cancelled; whether it is cancelled now."""
        return self._future.cancel()

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self._future.cancelled()

    def done(self) -> bool:
        """Whether it is complete, in any way."""
        return self._future.done()

    def result(self) -> Any:
        """Wait for the result.

        Raises:
            CancelledError: it was cancelled.
            BaseException: the exception that it was completed with.
        """
        error = self._future.exception()
        if error is not None:
            raise error  # without frames of the future's that only waits
        return self._future.result()

    def exception(self) -> BaseException | None:
        """The exception that it was completed with; None if there is none so far. Does not wait."""
        if not self._future.done():
            return None
        return CancelledError() if self._future.cancelled() else self._future.exception()

    def __repr__(self) -> str:
        state = "cancelled" if self.cancelled() else "done" if self.done() else "not done"
        return f"CompletableFuture({state})"
