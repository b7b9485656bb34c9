"""Asynchronous I/O: each name is looked up at a server, many at a time; an answer that fails is asked for again.

The server runs in this program, in a thread, so that the example needs nothing else.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pyflinkx.common import Time, Types
from pyflinkx.datastream import AsyncDataStream, AsyncFunction, AsyncRetryStrategy, StreamExecutionEnvironment
from pyflinkx.datastream.async_retry_predicates import has_exception_predicate

CAPITALS = {"Norway": "Oslo", "Italy": "Rome", "Japan": "Tokyo", "Peru": "Lima"}


@contextmanager
def server() -> Iterator[int]:
    """A server that answers a country by its capital, and hangs up at the first question of all; its port."""
    questions: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        questions.append((await reader.readline()).decode().strip())
        if len(questions) > 1:
            writer.write(CAPITALS.get(questions[-1], "").encode() + b"\n")
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    serving = asyncio.run_coroutine_threadsafe(asyncio.start_server(answer, "127.0.0.1", 0), loop).result()
    try:
        yield serving.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(serving.close)
        asyncio.run_coroutine_threadsafe(serving.wait_closed(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class Capital(AsyncFunction[str, tuple[str, str]]):
    """Asks the server."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def async_invoke(self, value: str) -> list[tuple[str, str]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(value.encode() + b"\n")
            await writer.drain()
            line = (await reader.readline()).decode()
            if not line:
                raise ConnectionError("the server has hung up")
            return [(value, line.strip())] if line.strip() else []
        finally:
            writer.close()
            await writer.wait_closed()

    def timeout(self, value: str) -> list[tuple[str, str]]:
        return [(value, "?")]


def main() -> None:
    """Print a line per country that has a capital, in the order of the input."""
    with server() as port:
        env = StreamExecutionEnvironment.get_execution_environment()
        countries = env.from_collection(["Norway", "Italy", "Atlantis", "Japan", "Peru"], Types.STRING())
        retry = AsyncRetryStrategy.fixed_delay(3, 10, None, has_exception_predicate)
        pair = Types.TUPLE([Types.STRING(), Types.STRING()])
        AsyncDataStream.ordered_wait_with_retry(
            countries, Capital(port), Time.seconds(30), retry, capacity=10, output_type=pair
        ).print()
        env.execute("asynchronous I/O")


if __name__ == "__main__":
    main()
