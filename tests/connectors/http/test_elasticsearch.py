"""Documents by bulk requests, against a server of the test's that keeps them as Elasticsearch would."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pyflinkx.common import Row, RowKind
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.connectors.base import DeliveryGuarantee
from pyflinkx.datastream.connectors.elasticsearch import (
    Elasticsearch6SinkBuilder,
    Elasticsearch7SinkBuilder,
    ElasticsearchEmitter,
    FlushBackoffType,
)
from pyflinkx.errors import ConfigurationError, SinkError


class Documents(ThreadingHTTPServer):
    """Keeps documents by index and id; the next ``busy`` of them are refused for now."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server_address[1]}"
        self.documents, self.requests, self.busy = {}, [], 0

    def item(self, action, place, document):
        key = (place["_index"], place.get("_id", len(self.documents)))
        named = {"_index": key[0], "_id": key[1]}
        if self.busy:
            self.busy -= 1
            return {action: {**named, "status": 429, "error": {"type": "rejected", "reason": "queue is full"}}}
        if document is not None and document.get("n") == "bad":
            return {action: {**named, "status": 400, "error": {"type": "mapper_parsing", "reason": "n is no number"}}}
        if action == "delete":
            self.documents.pop(key, None)
        else:
            self.documents[key] = document
        return {action: {**named, "status": 200}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        lines = self.rfile.read(int(self.headers["Content-Length"])).splitlines()
        self.server.requests.append((self.path, len(lines), dict(self.headers)))
        items, left = [], iter(lines)
        for line in left:
            ((action, place),) = json.loads(line).items()
            items.append(self.server.item(action, place, None if action == "delete" else json.loads(next(left))))
        errors = any("error" in result for item in items for result in item.values())
        body = json.dumps({"errors": errors, "items": items}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *details):
        pass


@pytest.fixture
def server():
    with Documents() as found:
        thread = threading.Thread(target=found.serve_forever, args=(0.01,))
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def builder(server, emitter, kind=Elasticsearch7SinkBuilder):
    return kind().set_hosts(server.host).set_emitter(emitter)


def write(sink, records):
    env = StreamExecutionEnvironment.get_execution_environment()
    env.from_collection(records).set_parallelism(1).sink_to(sink.build()).set_parallelism(1)
    env.execute()


def test_documents(server):
    records = [{"id": number, "n": number * 2, "é": None} for number in range(25)]
    sink = builder(server, ElasticsearchEmitter.static_index("numbers", "id")).set_bulk_flush_max_actions(10)
    write(sink.set_connection_username("me").set_connection_password("pw").set_connection_path_prefix("/es/"), records)
    assert server.documents == {("numbers", str(record["id"])): record for record in records}
    assert [(path, lines) for path, lines, _ in server.requests] == [
        ("/es/_bulk", 20),
        ("/es/_bulk", 20),
        ("/es/_bulk", 10),
    ]
    headers = server.requests[0][2]
    assert headers["Authorization"] == "Basic " + base64.b64encode(b"me:pw").decode()
    assert headers["Content-Type"] == "application/x-ndjson"


def test_the_index_of_a_field(server):
    records = [{"where": f"index-{number % 3}", "n": number} for number in range(9)]
    write(builder(server, ElasticsearchEmitter.dynamic_index("where")), records)
    assert {index for index, _ in server.documents} == {"index-0", "index-1", "index-2"}
    write(
        builder(server, ElasticsearchEmitter.static_index("old", doc_type="t"), Elasticsearch6SinkBuilder), [{"n": 1}]
    )
    assert ("old", 9) in server.documents


def changed(kind, key, value):
    row = Row(id=key, n=value)
    row.set_row_kind(kind)
    return row


def test_changes(server):
    changes = [
        changed(RowKind.INSERT, 1, 1),
        changed(RowKind.INSERT, 2, 2),
        changed(RowKind.UPDATE_BEFORE, 1, 1),
        changed(RowKind.UPDATE_AFTER, 1, 5),
        changed(RowKind.DELETE, 2, 2),
    ]
    write(builder(server, ElasticsearchEmitter.static_index("t", "id")), changes)
    assert server.documents == {("t", "1"): {"id": 1, "n": 5}}
    with pytest.raises(SinkError, match="the stream holds updates or deletions"):
        write(builder(server, ElasticsearchEmitter.static_index("t")), changes)


def test_what_is_sent_again_does_not_overtake(server):
    server.busy = 1
    sink = builder(server, ElasticsearchEmitter.static_index("t", "id"))
    changes = [changed(RowKind.DELETE, 1, 1), changed(RowKind.INSERT, 1, 2)]
    write(sink.set_bulk_flush_backoff_strategy(FlushBackoffType.CONSTANT, 3, 1), changes)
    assert server.documents == {("t", "1"): {"id": 1, "n": 2}}


def test_what_is_refused_for_now_is_sent_again(server):
    server.busy = 3
    sink = builder(server, ElasticsearchEmitter.static_index("t", "id"))
    write(sink.set_bulk_flush_backoff_strategy(FlushBackoffType.EXPONENTIAL, 3, 1), [{"id": n} for n in range(8)])
    assert len(server.documents) == 8
    assert [lines for _, lines, _ in server.requests] == [16, 6]
    server.busy = 1
    with pytest.raises(SinkError, match="1 records could not be written in 1 attempts"):
        write(builder(server, ElasticsearchEmitter.static_index("t", "id")), [{"id": 9}])


def test_long_requests_are_parted(server):
    sink = builder(server, ElasticsearchEmitter.static_index("t", "id")).set_bulk_flush_max_size_mb(1)
    write(sink, [{"id": number, "text": "x" * 400_000} for number in range(5)])
    assert len(server.documents) == 5
    assert [lines for _, lines, _ in server.requests] == [4, 4, 2]


def test_what_is_refused_for_good(server):
    emitter = ElasticsearchEmitter.static_index("t", "id")
    with pytest.raises(SinkError, match=r"index 't', id '2': 400 mapper_parsing: n is no number"):
        write(builder(server, emitter), [{"id": 1, "n": 1}, {"id": 2, "n": "bad"}])
    with pytest.raises(SinkError, match=r"the document has no 'id': \{'n': 1\}"):
        write(builder(server, emitter), [{"n": 1}])
    with pytest.raises(SinkError, match=r"a document is a map, or a row with names of fields, not 5"):
        write(builder(server, emitter), [5])


def test_what_cannot_be(server):
    with pytest.raises(ConfigurationError, match=r"needs hosts: set_hosts\(...\)"):
        Elasticsearch7SinkBuilder().build()
    with pytest.raises(ConfigurationError, match="needs an emitter"):
        Elasticsearch7SinkBuilder().set_hosts(["a:1", "https://b:2"]).build()
    with pytest.raises(ConfigurationError, match="Elasticsearch knows no transactions"):
        Elasticsearch7SinkBuilder().set_delivery_guarantee(DeliveryGuarantee.EXACTLY_ONCE)
