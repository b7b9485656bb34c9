"""A small HTTP service whose answers come from a running job.

``GET /add?key=a&value=3`` gives the sum of all values of that key so far: the service puts each request into the job by
a queue source, and the job's answers come back by a queue sink. The sums are the job's state, so the service has none.

    python -m pyflinkx.examples.datastream.embedding --port 8080
    curl 'http://127.0.0.1:8080/add?key=a&value=3'
"""

from __future__ import annotations

import argparse
import itertools
import json
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pyflinkx.common import Types, WatermarkStrategy
from pyflinkx.datastream import KeyedProcessFunction, RuntimeContext, StreamExecutionEnvironment
from pyflinkx.datastream.connectors.queue import QueueSink, QueueSource
from pyflinkx.datastream.state import ValueStateDescriptor

PATIENCE = 10.0


class Sum(KeyedProcessFunction):
    """Adds a request's value to the sum of its key, and answers the request by its number."""

    def open(self, runtime_context: RuntimeContext) -> None:
        self.sum = runtime_context.get_state(ValueStateDescriptor("sum", Types.LONG()))

    def process_element(self, value: Any, ctx: KeyedProcessFunction.Context) -> Iterable[Any]:
        number, key, amount = value
        total = (self.sum.value() or 0) + amount
        self.sum.update(total)
        yield number, {"key": key, "sum": total}


class SumService:
    """The job, and who waits for which of its answers.

    Args:
        parallelism: of the job; above 1 it runs on worker processes.
    """

    def __init__(self, parallelism: int = 1) -> None:
        self.requests, self.answers = QueueSource(capacity=100), QueueSink(capacity=100)
        self.numbers = itertools.count()
        self.waiting: dict[int, Future[Any]] = {}
        env = StreamExecutionEnvironment.get_execution_environment()
        env.set_parallelism(parallelism)
        env.set_buffer_timeout(0)
        requests = env.from_source(self.requests, WatermarkStrategy.no_watermarks(), "requests")
        requests.key_by(lambda request: request[1]).process(Sum()).sink_to(self.answers)
        self.job = env.execute_async("sum service")
        self.delivery = threading.Thread(target=self._deliver, daemon=True)
        self.delivery.start()

    def _deliver(self) -> None:
        try:
            for number, answer in self.answers:
                self.waiting.pop(number).set_result(answer)
        except Exception as error:  # the job has failed: so has whoever waits
            for future in self.waiting.values():
                future.set_exception(error)

    def add(self, key: str, amount: int) -> dict[str, Any]:
        """The sum of the key's values with this one."""
        number, future = next(self.numbers), Future[Any]()
        self.waiting[number] = future
        self.requests.put((number, key, amount), timeout=PATIENCE)
        answer: dict[str, Any] = future.result(timeout=PATIENCE)
        return answer

    def close(self) -> None:
        """Answer what is under way, and end the job."""
        self.requests.close()
        self.job.get_job_execution_result().result()
        self.delivery.join()


def make_server(service: SumService, port: int) -> ThreadingHTTPServer:
    """An HTTP server of this machine's own; port 0 takes any that is free."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            target = urlsplit(self.path)
            query = parse_qs(target.query)
            try:
                if target.path != "/add":
                    raise LookupError(f"there is no {target.path}")
                status, answer = 200, service.add(query["key"][0], int(query["value"][0]))
            except LookupError as error:
                status, answer = 404, {"error": str(error)}
            except ValueError as error:
                status, answer = 400, {"error": str(error)}
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Keep the terminal quiet."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def main(arguments: list[str] | None = None) -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--parallelism", type=int, default=1)
    options = parser.parse_args(arguments)
    service = SumService(options.parallelism)
    with make_server(service, options.port) as server:
        print(f"listening on http://127.0.0.1:{server.server_address[1]}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            service.close()


if __name__ == "__main__":
    main()
