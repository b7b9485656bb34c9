"""A result that comes later."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from concurrent.futures import CancelledError, Future, InvalidStateError
from typing import Any

__all__ = ["CompletableFuture"]


class CompletableFuture(Future[Any]):
    """A result that one thread sets and others wait for; a coroutine awaits it.

    Of several calls to ``set_result``, ``set_exception`` and ``cancel`` only the first succeeds. It is a
    ``concurrent.futures.Future`` as well, for ``asyncio.wrap_future``, ``concurrent.futures.wait`` and the like.

    Example:
        >>> future = CompletableFuture()
        >>> future.done(), future.set_result(3), future.result()
        (False, True, 3)
    """

    def set_result(self, result: Any) -> bool:  # type: ignore[override]
        """Complete with a result; False if it was complete already."""
        try:
            super().set_result(result)
        except InvalidStateError:
            return False
        return True

    def set_exception(self, exception: BaseException | None) -> bool:  # type: ignore[override]
        """Complete with an exception; False if it was complete already."""
        try:
            super().set_exception(exception)
        except InvalidStateError:
            return False
        return True

    def cancel(self) -> bool:
        """Complete as cancelled; whether it is cancelled now."""
        cancelled = super().cancel()
        if cancelled:
            with contextlib.suppress(RuntimeError, InvalidStateError):  # it was cancelled before
                self.set_running_or_notify_cancel()
        return cancelled

    def result(self, timeout: float | None = None) -> Any:
        """Wait for the result.

        Args:
            timeout: seconds; None for no limit.

        Raises:
            CancelledError: it was cancelled.
            TimeoutError: it is not complete within the time.
            BaseException: the exception that it was completed with.
        """
        error = super().exception(timeout)
        if error is not None:
            self.seen()
            raise error  # without frames of the future's that only waits
        return super().result()

    def exception(self, timeout: float | None = 0) -> BaseException | None:
        """The exception that it was completed with; None if there is none so far.

        Args:
            timeout: seconds to wait for that; None for no limit. By default it does not wait.
        """
        if timeout == 0 and not self.done():
            return None
        try:
            error = super().exception(timeout)
        except CancelledError as cancelled:
            return cancelled
        if error is not None:
            self.seen()
        return error

    def seen(self) -> None:
        """Called when somebody takes the exception."""

    def __await__(self) -> Generator[Any, None, Any]:
        """Wait for the result in a coroutine; one that is cancelled meanwhile cancels the future, not the job."""
        import asyncio

        return asyncio.wrap_future(self).__await__()

    def __repr__(self) -> str:
        state = "cancelled" if self.cancelled() else "done" if self.done() else "not done"
        return f"CompletableFuture({state})"
