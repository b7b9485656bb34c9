"""Results that come back to the program while its job runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from pyflinkx._core.records.drained import DrainedRecords
from pyflinkx.connectors.collect import CollectBuffer, PackedRecords
from pyflinkx.runtime.tracebacks import Tracebacks


class CloseableIterator(DrainedRecords):
    """Records of a running job, in order; reading on runs the job on.

    Close it (or use it in ``with``) to cancel the job when not all records are wanted.

    Args:
        steps: runs the job, a step per item.
        buffer: where the job's sink puts the records.
        tracebacks: what the job's failure shows.
    """

    def __init__(self, steps: Iterator[None], buffer: CollectBuffer, tracebacks: Tracebacks) -> None:
        self._steps = steps
        self._tracebacks = tracebacks
        self._buffer = buffer
        self._ready: deque[list[Any] | PackedRecords] = deque()
        self._ended = False
        self._failure: BaseException | None = None

    def _more(self) -> list[Any] | BaseException:
        """The next records, as few at a time as they came, or the job's failure."""
        while not self._ready:
            if self._failure is not None:
                failure, self._failure = self._failure, None
                return failure
            if self._ended:
                raise StopIteration
            self._advance()
        part = self._ready.popleft()
        return part.unpacked() if isinstance(part, PackedRecords) else part

    def _advance(self) -> None:
        try:
            with self._tracebacks:
                next(self._steps)
        except StopIteration:
            self._ended = True
        except BaseException as failure:
            # Records that reached the sink before the failure are handed over first.
            self._ended = True
            self._failure = failure
            if not self._tracebacks.full and failure.__traceback__ is not None:
                # The iterator's own frame will be there, and is enough of ours.
                failure.__traceback__ = failure.__traceback__.tb_next
        self._ready.extend(self._buffer.drain_parts())

    def next(self) -> Any:
        """The next record; StopIteration after the last."""
        with self._tracebacks:
            return self.__next__()

    def close(self) -> None:
        """Cancel the job if it still runs."""
        self._ended = True
        self._ready.clear()
        self._forget()
        self._steps.close()  # type: ignore[attr-defined]

    def __enter__(self) -> CloseableIterator:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
