"""Batches, snapshots, and what user code may do while a codec is at work."""

import gc
import json
import sys
import threading

import pytest

from pyflinkx._core.codecs.basic import LongCodec
from pyflinkx._core.codecs.codec import Codec, NullableCodec, read_snapshot
from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.memory.budget import process_budget
from pyflinkx._core.records.row import Row
from pyflinkx.errors import CorruptDataError
from pyflinkx.types.codecs import codec_of
from pyflinkx.types.typeinfo import Types
from tests.core.codec_types import FROZEN, POINT, READING, Frozen

PAIR = Types.TUPLE([Types.LONG(), Types.STRING()])
PICKLED = Types.PICKLED_BYTE_ARRAY()


def test_headers_are_checked():
    codec = codec_of(PAIR)
    data = codec.encode_batch([(1, "a")])
    with pytest.raises(CorruptDataError, match="byte 4 of 18: these bytes are no batch of records"):
        codec.decode_batch(b"PAR1" + data[4:])
    with pytest.raises(CorruptDataError, match="the batch has format version 2, and this release reads version 1 only"):
        codec.decode_batch(data[:4] + b"\2" + data[5:])
    with pytest.raises(CorruptDataError, match=r"records of another type: its fingerprint is [0-9a-f]{16}, that of"):
        codec_of(Types.TUPLE([Types.LONG(), Types.LONG()])).decode_batch(data)
    with pytest.raises(CorruptDataError, match="5 records of at least 1 bytes are not in the 4 bytes left"):
        codec.decode_batch(data[:13] + b"\5" + data[14:])


def test_decoding_takes_buffers_only():
    codec = codec_of(PAIR)
    for decode in (codec.decode_one, codec.decode_batch):
        with pytest.raises(TypeError):
            decode("text")
        with pytest.raises((BufferError, ValueError)):
            decode(memoryview(b"abcdef")[::2])
    with pytest.raises(TypeError):
        codec.encode_batch(((1, "a"),))


def test_fingerprints_tell_types_apart_but_not_classes():
    types = [
        *(Types.LONG(), Types.INT(), PAIR, READING, FROZEN, POINT, Types.LIST(Types.LONG()), Types.LIST(Types.INT())),
        *(Types.ROW([Types.LONG()]), Types.ROW_NAMED(["a"], [Types.LONG()]), Types.ROW_NAMED(["b"], [Types.LONG()])),
    ]
    assert len({codec_of(type_info).fingerprint for type_info in types}) == len(types)
    assert codec_of(PAIR).fingerprint == codec_of(PAIR).fingerprint
    assert 0 <= codec_of(PAIR).fingerprint < 2**64


def test_the_fingerprint_is_xxh64_of_the_description():
    xxhash = pytest.importorskip("xxhash")
    description = json.dumps(json.loads(codec_of(PAIR).snapshot())["codec"], sort_keys=True, separators=(",", ":"))
    assert codec_of(PAIR).fingerprint == xxhash.xxh64_intdigest(description.encode())


def test_snapshots_are_read_back():
    description = read_snapshot(codec_of(Types.MAP(Types.STRING(), PAIR)).snapshot())
    assert description["type"] == "MAP"
    assert description["key"] == {"type": "STRING", "version": 1}
    assert [field["name"] for field in description["value"]["fields"]] == ["f0", "f1"]
    assert read_snapshot(NullableCodec(LongCodec()).snapshot())["part"]["type"] == "LONG"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "these bytes are no snapshot of a type"),
        (b"\xff", "these bytes are no snapshot of a type"),
        (b"[]", "these bytes are no snapshot of a type"),
        (b'{"codec":{}}', "these bytes are no snapshot of a type: 'format'"),
        (b"[" * 100_000, "these bytes are no snapshot of a type"),
        (b'{"codec":{"type":"LONG","version":1},"format":9}', "has format version 9, and this release reads version 1"),
        (b'{"codec":{"type":"LONG","version":2},"format":1}', "LONG has encoding version 2 in the snapshot"),
        (b'{"codec":{"type":"LIST","version":1,"element":5},"format":1}', "describes no type where it should: int 5"),
        (
            b'{"codec":{"type":"ROW","version":1,"fields":[{"codec":{"type":"INT","version":3}}]},"format":1}',
            "INT has encoding version 3",
        ),
        (b'{"codec":{"type":"ROW","version":1,"fields":[7]},"format":1}', "describes no type where it should: int 7"),
        (
            b'{"codec":' + b'{"type":"LIST","version":1,"element":' * 100 + b'{"type":"INT","version":1}' + b"}" * 101,
            "these bytes are no snapshot",
        ),
        (
            b'{"format":1,"codec":' + b'{"type":"LIST","version":1,"element":' * 100 + b'{"type":"INT"' + b"}" * 102,
            "nests more than 100 levels deep",
        ),
        (b'{"codec":{"type":"ROW","version":1,"fields":5},"format":1}', "describes no type where it should: int 5"),
    ],
)
def test_damaged_snapshots(data, message):
    with pytest.raises(CorruptDataError, match=message):
        read_snapshot(data)


# ---- user code while a codec is at work ----

HOOK = []


class Meddling:
    """Runs HOOK's function while it is pickled."""

    def __reduce__(self):
        HOOK[0]()
        return (int, ())


def test_a_codec_may_be_used_while_it_encodes():
    codec = codec_of(Types.TUPLE([Types.LONG(), PICKLED]))
    inner = []
    HOOK[:] = [lambda: inner.append(codec.encode_one((7, "inner")))]
    assert codec.decode_one(codec.encode_one((1, Meddling()))) == (1, 0)
    assert codec.decode_one(inner[0]) == (7, "inner")


def test_a_list_that_shrinks_while_it_is_encoded():
    for type_info, make in [
        (Types.LIST(PICKLED), lambda: [Meddling(), *range(1000)]),
        (Types.ROW([PICKLED, PICKLED]), lambda: Row(Meddling(), 2)),
        (Types.TUPLE([PICKLED, PICKLED]), lambda: [Meddling(), 2]),
    ]:
        values = make()
        target = values._values if isinstance(values, Row) else values
        HOOK[:] = [target.clear]
        with pytest.raises(RuntimeError, match="a collection changed while it was encoded"):
            codec_of(type_info).encode_one(values)
    records = [Meddling(), *range(1000)]
    HOOK[:] = [records.clear]
    with pytest.raises(RuntimeError, match="a collection changed while it was encoded"):
        codec_of(PICKLED).encode_batch(records)


@pytest.mark.parametrize("base", [list, tuple])
def test_a_list_or_tuple_that_says_it_is_longer_than_it_is(base):
    class Lying(base):
        def __len__(self):
            return 1000

    values = Lying((1, 2))
    for type_info in (Types.LIST(Types.LONG()), Types.PRIMITIVE_ARRAY(Types.LONG())):
        codec = codec_of(type_info)
        for call in (codec.encode_one, codec.conform_one):
            with pytest.raises(RuntimeError, match="a collection changed while it was encoded"):
                call(values)
    with pytest.raises(RuntimeError, match="a collection changed while it was encoded"):
        from_rows([values], Schema([Field(f"a{i}", "l") for i in range(1000)]))


def test_a_null_that_comes_up_while_a_list_is_encoded():
    values = [Meddling(), 1]

    def meddle():
        values[1] = None

    HOOK[:] = [meddle]
    with pytest.raises(RuntimeError, match="a collection changed while it was encoded"):
        codec_of(Types.LIST(PICKLED)).encode_one(values)


def test_a_null_that_goes_away_while_a_collection_is_encoded():
    values = [Meddling(), None]

    def meddle():
        values[1] = 5

    HOOK[:] = [meddle]
    with pytest.raises(RuntimeError, match="a collection changed while it was encoded"):
        codec_of(Types.LIST(PICKLED)).encode_one(values)
    entries = {"a": Meddling(), "b": None}
    HOOK[:] = [lambda: entries.update(b=5)]
    with pytest.raises(RuntimeError, match="a collection changed while it was encoded"):
        codec_of(Types.MAP(Types.STRING(), PICKLED)).encode_one(entries)


def test_a_dict_that_grows_while_it_is_encoded():
    entries = {"a": Meddling(), "b": 2}
    HOOK[:] = [lambda: entries.update(c=3)]
    with pytest.raises(RuntimeError, match="changed size during iteration"):
        codec_of(Types.MAP(Types.STRING(), PICKLED)).encode_one(entries)


def test_threads_may_share_a_codec():
    codec = codec_of(Types.TUPLE([Types.LONG(), PICKLED]))
    wrong = []

    def work(number):
        for i in range(300):
            value = (number, [i] * number)
            if codec.decode_one(codec.encode_one(value)) != value:
                wrong.append(value)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not wrong


def test_memory_is_given_back():
    gc.collect()  # what other tests have left
    before = process_budget().used
    codec = codec_of(PAIR)
    codec.encode_one((1, "a"))
    kept = process_budget().used - before
    assert 0 < kept <= 65536
    codec.encode_batch([(1, "a" * 1000)] * 1000)  # too large a buffer to keep
    assert process_budget().used - before <= 65536
    with pytest.raises(TypeError):
        codec.encode_one((1, b"a"))
    del codec
    gc.collect()
    assert process_budget().used == before


def test_references_are_balanced():
    values = [Frozen(a=10**6, b=None), "text" * 5, (1.5, [None, 10**9])]
    codecs = [
        codec_of(FROZEN),
        codec_of(Types.STRING()),
        codec_of(Types.TUPLE([Types.DOUBLE(), Types.LIST(Types.LONG())])),
    ]
    for value, codec in zip(values, codecs, strict=True):
        counts = sys.getrefcount(value), sys.getrefcount(None), sys.getrefcount(codec)
        for _ in range(1000):
            codec.decode_one(codec.encode_one(value))
            with pytest.raises(CorruptDataError):
                codec.decode_one(codec.encode_one(value)[:-1])
        assert sys.getrefcount(value) == counts[0]
        assert sys.getrefcount(codec) == counts[2]
        assert abs(sys.getrefcount(None) - counts[1]) < 500


def test_a_bare_codec_does_nothing():
    with pytest.raises(NotImplementedError):
        Codec().encode_one(1)
    with pytest.raises(NotImplementedError):
        Codec().decode_one(b"\1")
