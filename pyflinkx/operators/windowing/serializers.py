"""Windows as bytes, in Flink's format."""

from __future__ import annotations

import pickle
from struct import Struct
from typing import IO, Any

from pyflinkx._core.calls.window_types import CountWindow, GlobalWindow, TimeWindow
from pyflinkx.errors import CorruptDataError

TIME_WINDOW = Struct(">qq")
COUNT_WINDOW = Struct(">q")


def read_exactly(stream: IO[bytes], size: int, what: str) -> bytes:
    """The next ``size`` bytes of a stream.

    Raises:
        CorruptDataError: the stream ends before.
    """
    data = stream.read(size)
    if len(data) != size:
        raise CorruptDataError(f"{what} takes {size} bytes, but {len(data)} are left")
    return data


class TimeWindowSerializer:
    """A time window as its start and its end, each 64 bits, big-endian."""

    def serialize(self, element: TimeWindow, stream: IO[bytes]) -> None:
        """Write a window."""
        stream.write(TIME_WINDOW.pack(element.start, element.end))

    def deserialize(self, stream: IO[bytes]) -> TimeWindow:
        """Read a window; CorruptDataError when the stream ends within it."""
        return TimeWindow(*TIME_WINDOW.unpack(read_exactly(stream, TIME_WINDOW.size, "a TimeWindow")))


class CountWindowSerializer:
    """A count window as its number, 64 bits, big-endian."""

    def serialize(self, element: CountWindow, stream: IO[bytes]) -> None:
        """Write a window."""
        stream.write(COUNT_WINDOW.pack(element.id))

    def deserialize(self, stream: IO[bytes]) -> CountWindow:
        """Read a window; CorruptDataError when the stream ends within it."""
        return CountWindow(*COUNT_WINDOW.unpack(read_exactly(stream, COUNT_WINDOW.size, "a CountWindow")))


class GlobalWindowSerializer:
    """The global window as one zero byte."""

    def serialize(self, element: GlobalWindow, stream: IO[bytes]) -> None:
        """Write a window."""
        stream.write(b"\x00")

    def deserialize(self, stream: IO[bytes]) -> GlobalWindow:
        """Read a window; CorruptDataError when the stream has ended."""
        read_exactly(stream, 1, "a GlobalWindow")
        return GlobalWindow.get()


class PickledWindowSerializer:
    """Windows of the user's own, as Python pickles them."""

    def serialize(self, element: Any, stream: IO[bytes]) -> None:
        """Write a window."""
        pickle.dump(element, stream)

    def deserialize(self, stream: IO[bytes]) -> Any:
        """Read a window; CorruptDataError when the stream ends within it."""
        try:
            return pickle.load(stream)
        except (EOFError, pickle.UnpicklingError) as error:
            raise CorruptDataError(f"a pickled window cannot be read: {error}") from error
