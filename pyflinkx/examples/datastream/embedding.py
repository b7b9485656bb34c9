"""A small HTTP service whose answers come from a running job.

``GET /add?key=a&value=3`` gives the sum of all values of that key so far. The sums are the job's state, so the service
has none; a value that is no number fails its own request, and nothing else. Ctrl-C and SIGTERM end the service when all
that it was asked is answered.

    python -m pyflinkx.examples.datastream.embedding --port 8080
    curl 'http://127.0.0.1:8080/add?key=a&value=3'
"""

from __future__ import annotations

import argparse
import json
import signal
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from pyflinkx.common import JobClient, Types, WatermarkStrategy
from pyflinkx.datastream import KeyedProcessFunction, RuntimeContext, StreamExecutionEnvironment
from pyflinkx.datastream.connectors.requests import RequestError, RequestSource
from pyflinkx.datastream.state import ValueStateDescriptor


class Sum(KeyedProcessFunction):
    """Adds a request's value to the sum of its key."""

    def open(self, runtime_context: RuntimeContext) -> None:
        self.sum = runtime_context.get_state(ValueStateDescriptor("sum", Types.LONG()))

    def process_element(self, value: Any, ctx: KeyedProcessFunction.Context) -> Iterable[Any]:
        total = (self.sum.value() or 0) + int(value["value"])
        self.sum.update(total)
        yield {"key": value["key"], "sum": total}


def start(requests: RequestSource, parallelism: int = 1) -> JobClient:
    """The running job; with a parallelism above 1 it runs on worker processes."""
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(parallelism)
    stream = env.from_source(requests, WatermarkStrategy.no_watermarks(), "requests")
    stream.key_by(lambda request: request["key"]).process(Sum()).sink_to(requests.replies)
    return env.execute_async("sum service")


class Server(ThreadingHTTPServer):
    """An HTTP server of this machine's own, whose end waits for the answers that are under way."""

    daemon_threads = False
    request_queue_size = 128


def make_server(client: JobClient, port: int) -> Server:
    """The server of a job; port 0 takes any that is free."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = self.path.partition("?")[::2]
            try:
                status, answer = (200, client.ask(dict(parse_qsl(query)), timeout=30)) if path == "/add" else (404, {})
            except RequestError as error:
                status, answer = 400, {"error": str(error)}
            except Exception as error:  # no answer in time, or no job any more
                status, answer = 503, {"error": str(error)}
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Keep the terminal quiet."""

    return Server(("127.0.0.1", port), Handler)


def main(arguments: list[str] | None = None) -> None:
    """Serve until interrupted or terminated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--parallelism", type=int, default=1)
    options = parser.parse_args(arguments)
    requests = RequestSource(capacity=100)
    client = start(requests, options.parallelism)
    with make_server(client, options.port) as server:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        print(f"listening on http://127.0.0.1:{server.server_address[1]}", flush=True)
        server.serve_forever()
    requests.close()
    client.get_job_execution_result().result()


if __name__ == "__main__":
    main()
