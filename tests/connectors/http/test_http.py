"""Requests to a real HTTP server of the test's, and what a WebSocket says."""

import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pyflinkx.common import WatermarkStrategy
from pyflinkx.common.serialization import SimpleStringSchema
from pyflinkx.connectors import batched
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.connectors.http import HttpSink, HttpSource
from pyflinkx.datastream.connectors.websocket import WebSocketSource
from pyflinkx.errors import ConfigurationError, SinkError, SourceError
from tests.connectors.acknowledging import WORDS, Cutting, Until, environment, no_restarts
from tests.servers.proxy import Proxy


class Answers(ThreadingHTTPServer):
    """Keeps what it is asked; gives the answers of a test: (status, body, ETag), then 200 without a body."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked, self.answers = [], deque()
        self.port = self.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/path?key=hidden"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, self.path, body.decode(), dict(self.headers)))
        status, said, tag = self.server.answers.popleft() if self.server.answers else (200, "", None)
        if tag is not None and self.headers.get("If-None-Match") == tag:
            status, said = 304, ""
        self.send_response(status)
        if tag is not None:
            self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said.encode())

    do_GET = do_POST = do_PUT = answer

    def log_message(self, *details):
        pass


@pytest.fixture
def http():
    with Answers() as found:
        thread = threading.Thread(target=found.serve_forever, args=(0.01,))
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(batched, "FIRST_DELAY", 0.01)


def source(url, **options):
    builder = HttpSource.builder().set_url(url).set_value_only_deserializer(Until()).set_option("interval.ms", 0)
    builder.set_header("Authorization", "Bearer t0ken")
    return builder.set_options({key.replace("_", "."): value for key, value in options.items()}).build()


def read(env, described):
    return list(env.from_source(described, WatermarkStrategy.no_watermarks(), "http").execute_and_collect())


def test_answers_are_messages(http):
    http.answers += [(200, "a", None), (200, "b", None), (503, "", None), (200, "c", None), (200, "end", None)]
    assert read(environment(), source(http.url)) == ["a", "b", "c"]
    assert {(method, path) for method, path, *_ in http.asked} == {("GET", "/path?key=hidden")}
    assert http.asked[0][3]["Authorization"] == "Bearer t0ken"


def test_lines_and_what_has_not_changed(http):
    http.answers += [(200, "a\nb\n\n", "one"), (200, "a\nb\n", "one"), (200, "c\nend\n", "two")]
    assert read(environment(), source(http.url, lines=True, fetch_size=1)) == ["a", "b", "c"]


def test_a_refusal(http):
    http.answers += [(404, "nothing here", None)]
    with pytest.raises(SourceError, match=r"/path: 404 Not Found: nothing here") as failure:
        read(no_restarts(), source(http.url))
    assert "hidden" not in str(failure.value)


def test_a_server_that_is_away(http):
    proxy = Proxy(http.port)
    proxy.refuse()
    try:
        with pytest.raises(SourceError, match=r"could not be reached for 0.2 s"):
            read(no_restarts(), source(f"http://127.0.0.1:{proxy.port}", connection_patience_ms=200))
    finally:
        proxy.close()


def write(builder, act=lambda value: value, **options):
    builder.set_value_serializer(SimpleStringSchema()).set_options({"batch.size": 7, **options})
    env = StreamExecutionEnvironment.get_execution_environment()
    env.from_collection(WORDS).set_parallelism(1).map(act).sink_to(builder.build()).set_parallelism(1)
    env.execute()


def test_each_record_a_request(http):
    http.answers += [(200, "", None)] * 3 + [(503, "", None), (429, "", None)]
    builder = HttpSink.builder().set_url(http.url, lambda word: f"{http.url}&n={word[5:]}")
    write(builder.set_idempotency_key(lambda word: word), method="PUT")
    sent = [(path, body, headers["Idempotency-Key"]) for method, path, body, headers in http.asked if method == "PUT"]
    assert len(sent) == len(WORDS) + 2
    assert list(dict.fromkeys(sent)) == [(f"/path?key=hidden&n={word[5:]}", word, word) for word in WORDS]


def test_batches_of_lines(http):
    write(HttpSink.builder().set_url(http.url), lines=True)
    assert len(http.asked) == 9
    assert "".join(body for _, _, body, _ in http.asked).split("\n") == [*WORDS, ""]


def test_writing_over_a_broken_connection(http):
    proxy = Proxy(http.port)
    try:
        write(HttpSink.builder().set_url(f"http://127.0.0.1:{proxy.port}/"), Cutting(30, proxy.cut))
    finally:
        proxy.close()
    assert {body for _, _, body, _ in http.asked} == set(WORDS)


def test_a_record_that_is_refused(http):
    http.answers += [(200, "", None), (400, "too long", None)]
    with pytest.raises(SinkError, match=r"/path: 400 Bad Request: too long"):
        write(HttpSink.builder().set_url(http.url))
    http.answers += [(500, "", None)] * 3
    with pytest.raises(SinkError, match=r"7 records could not be written in 3 attempts: .*/path: 500"):
        write(HttpSink.builder().set_url(http.url), **{"max.retries": 2})


def test_what_cannot_be():
    with pytest.raises(ConfigurationError, match="does not begin with http:// or https://"):
        HttpSource.builder().set_url("ftp://host")
    builder = HttpSink.builder().set_url("http://host").set_value_serializer(SimpleStringSchema())
    with pytest.raises(ConfigurationError, match="method is one of 'POST', 'PUT', 'PATCH', not 'GET'"):
        builder.set_option("method", "GET").build()
    with pytest.raises(ConfigurationError, match="records of one request have no URL"):
        builder.set_option("method", "PUT").set_option("lines", True).set_idempotency_key(str).build()


@pytest.fixture
def talking():
    """A WebSocket server: what it hears, and its address."""
    server_module = pytest.importorskip("websockets.sync.server")
    heard, parts = [], deque()

    def talk(connection):
        heard.append((connection.recv(), connection.request.headers.get("X-Name")))
        for word in parts.popleft():
            connection.send(word)

    with server_module.serve(talk, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield heard, parts, f"ws://127.0.0.1:{server.socket.getsockname()[1]}/talk"
        server.shutdown()
        thread.join()


def test_a_websocket_is_read_again_when_it_ends(talking):
    heard, parts, url = talking
    parts += [["a", b"b"], ["c"], ["end"]]
    builder = WebSocketSource.builder().set_url(url).set_header("X-Name", "me").set_option("hello", "all")
    described = builder.set_value_only_deserializer(Until()).build()
    assert read(environment(), described) == ["a", "b", "c"]
    assert heard == [("all", "me")] * 3


def test_a_websocket_that_is_none(http):
    http.answers += [(403, "", None)]
    url = http.url.replace("http:", "ws:")
    with pytest.raises(SourceError, match=r"/path: 403 Forbidden"):
        read(no_restarts(), WebSocketSource.builder().set_url(url).set_value_only_deserializer(Until()).build())
