"""An asyncio event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any


class EventLoopThread:
    """Runs coroutines beside the thread of a task.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self.started = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._main()), name=name, daemon=True)
        self.thread.start()
        self.started.wait()

    async def _main(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.ending = asyncio.Event()
        self.started.set()
        await self.ending.wait()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine to its end, while the caller waits."""
        result, failure = asyncio.run_coroutine_threadsafe(caught(coroutine), self.loop).result()
        if failure is not None:
            raise failure
        return result

    def stop(self) -> None:
        """Cancel what still runs, and end the thread."""
        self.loop.call_soon_threadsafe(self.ending.set)
        self.thread.join()


async def caught(coroutine: Coroutine[Any, Any, Any]) -> tuple[Any, BaseException | None]:
    """What a coroutine returns, and what it raises: what is no Exception would end the event loop."""
    try:
        return await coroutine, None
    except BaseException as error:
        return None, error
