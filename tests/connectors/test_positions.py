"""Readers stop exactly where records were given out: what follows a position is the rest, whatever was read ahead."""

import bz2
import gzip
import lzma
from collections import deque
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.connectors.cache import CachedSource
from pyflinkx.connectors.collection import CollectionSource
from pyflinkx.connectors.columnar import TURN, ColumnarSource
from pyflinkx.connectors.datagen import DataGeneratorSource, RandomGenerator
from pyflinkx.connectors.files.csv import CsvSource
from pyflinkx.connectors.files.splits import FileSplit
from pyflinkx.connectors.files.text import TextFileSource
from pyflinkx.connectors.iterator import IteratorSource
from pyflinkx.connectors.number_seq import NumberSequenceSource
from pyflinkx.connectors.queue import QueueSource, Records
from pyflinkx.connectors.source import END, SourceWatermark
from pyflinkx.connectors.splittable import SplittableIterator, SplittableSource
from pyflinkx.datastream.connectors.base import InputStatus, Source, SourceReader
from pyflinkx.errors import SourceError
from pyflinkx.formats import compression, decoding
from pyflinkx.formats.decoding import ChunkReader
from pyflinkx.formats.position import FilePosition
from pyflinkx.testing.source import TestSource
from pyflinkx.types.typeinfo import Types
from tests.connectors.positions import check_positions, new_reader, polled, rest

STOPS = st.lists(st.integers(0, 4), max_size=4)
LIMITS = st.integers(1, 9)
ENDINGS = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor(write_checksum=True).compress,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("positions")


@pytest.fixture(params=[(5, 1), (1 << 18, 1 << 16)], ids=["small pieces", "large pieces"])
def pieces(request, monkeypatch):
    chunk, frames = request.param
    monkeypatch.setattr(ChunkReader.__init__, "__defaults__", (chunk, decoding.MAX_LINE_BYTES))
    monkeypatch.setattr(compression, "CHUNK_BYTES", frames)


def written(folder, ending, data, cuts):
    """A file of several frames, which end anywhere, some of them empty."""
    bounds = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    frames = [ENDINGS[ending](data[start:stop]) for start, stop in pairwise(bounds)]
    path = folder / f"file{ending}"
    path.write_bytes(b"".join(frames))
    return path


TEXT = st.lists(
    st.tuples(
        st.sampled_from([b"", b"a", b"bc", b"\xc3\xa9", b"\xff", b"d\xffe"]), st.sampled_from([b"\n", b"\r\n", b"\r"])
    )
)


@given(
    TEXT,
    st.sampled_from([b"", b"last", b"\xff"]),
    st.sampled_from(sorted(ENDINGS)),
    st.lists(st.integers(0, 99), max_size=3),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    STOPS,
    LIMITS,
)
@pytest.mark.usefixtures("pieces")
def test_lines(folder, lines, last, ending, cuts, mark, stops, limit):
    data = mark + b"".join(line + end for line, end in lines) + last
    path = written(folder, ending, data, cuts)
    source = TextFileSource(path, on_error="skip")
    side = []
    expected = rest(new_reader(source, source.splits(1)), 1000, side)
    check_positions(source, source.splits(1), stops, limit, expected, side)


@pytest.mark.parametrize("charset", ["utf-16", "utf-32-le", "latin-1"])
@pytest.mark.usefixtures("pieces")
def test_lines_of_other_charsets(folder, charset):
    lines = ["a", "", "\u0a0d", "b\u0d0a", "c"] if charset != "latin-1" else ["\xe9", "", "b"]
    path = written(folder, ".gz", "\n".join(lines).encode(charset), [3, 9])
    source = TextFileSource(path, charset)
    for first in range(6):
        check_positions(source, source.splits(1), [first, 1], 1, lines)


FIELD = st.sampled_from(
    ["", "x", "y z", '"quo""ted"', '"two\nlines"', '"three\r\n\r\nlines"', '"a,b"', "\u20ac", '"\U0001f600"']
)
GOOD = st.lists(FIELD, min_size=2, max_size=2).map(",".join)
ROW = st.one_of(GOOD, GOOD, GOOD, st.just(""), st.just("one"), st.just('un"closed,"x'), st.just('"a"b,c'))


@given(
    st.lists(ROW),
    st.sampled_from(["\n", "\r\n", "\r", "\r\n\n"]),
    st.booleans(),
    st.sampled_from(sorted(ENDINGS)),
    st.lists(st.integers(0, 99), max_size=3),
    st.integers(0, 2),
    STOPS,
    LIMITS,
)
@pytest.mark.usefixtures("pieces")
def test_records_of_csv(folder, rows, end, last_end, ending, cuts, skipped, stops, limit):
    data = end.join(["b,a", *rows]) + (end if last_end else "")
    path = written(folder, ending, data.encode(), cuts)
    source = CsvSource(path, Types.TUPLE([Types.STRING()] * 2), on_error="skip", skip_records=skipped)
    side = []
    expected = rest(new_reader(source, source.splits(1)), 1000, side)
    check_positions(source, source.splits(1), stops, limit, expected, side)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=4), STOPS, LIMITS)
def test_several_files(folder, counts, stops, limit):
    paths = []
    for number, count in enumerate(counts):
        paths.append(folder / f"several{number}.txt")
        paths[-1].write_text("".join(f"{number}:{line}\n" for line in range(count)))
    source = TextFileSource(paths)
    expected = [f"{number}:{line}" for number, count in enumerate(counts) for line in range(count)]
    check_positions(source, source.splits(1), stops, limit, expected)


@pytest.mark.parametrize("kind", ["text", "csv"])
def test_a_bad_record_that_is_to_fail_is_not_passed_over(folder, kind):
    path = folder / "bad.csv"
    path.write_bytes(b"1\n2\nx\xff\n4\n5\n")
    source = TextFileSource(path) if kind == "text" else CsvSource(path, Types.TUPLE([Types.INT()]), header=False)
    reader = new_reader(source, source.splits(1))
    assert len(polled(reader, 100, [])) == 2
    left = reader.snapshot_state(1)
    for again in (reader, new_reader(source, left)):
        with pytest.raises(SourceError, match=r"bad.csv:3: "):
            again.poll(100)
        again.close()


def test_a_frame_near_the_position_is_where_reading_goes_on(folder, monkeypatch):
    lines = [f"{number:07}" for number in range(100_000)]
    data = "".join(f"{line}\n" for line in lines).encode()
    path = written(folder, ".gz", data, range(0, 800_000, 100_000))
    source = TextFileSource(path)
    reader = new_reader(source, source.splits(1))
    done = []
    while len(done) < 90_000:
        done += polled(reader, 1000, [])
    left = reader.snapshot_state(1)
    reader.close()
    read, given_out = compression.FramesReader.read, 0

    def counted(frames, count):
        nonlocal given_out
        data = read(frames, count)
        given_out += len(data)
        return data

    monkeypatch.setattr(compression.FramesReader, "read", counted)
    assert done + rest(new_reader(source, left), 1000, []) == lines
    assert given_out < 400_000  # of 800,000: the frames long before were passed over


def test_a_file_that_has_become_shorter_is_an_error(folder):
    path = folder / "shorter.txt"
    path.write_text("one\n")
    for source in (TextFileSource(path), CsvSource(path, header=False)):
        reader = new_reader(source, [FileSplit(str(path), FilePosition(8, 3))])
        with pytest.raises(SourceError, match=r"shorter.txt: has been replaced or cut off: .* line 3, 8 bytes"):
            reader.poll(1)


@given(st.integers(1, 40), st.integers(1, 4), STOPS, LIMITS)
def test_values_in_memory_and_numbers(count, readers, stops, limit):
    numbers = list(range(count))
    for source in (
        CollectionSource(numbers),
        NumberSequenceSource(0, count - 1),
        IteratorSource(lambda: iter(numbers)),
    ):
        splits = source.splits(1 if source.parallelism == 1 else readers)
        check_positions(source, splits, stops, limit, numbers)
    halves = [numbers[: count // 3], [], numbers[count // 3 :]]
    source = CachedSource([(half, None) for half in halves])
    check_positions(source, source.splits(1), stops, limit, numbers)


@given(st.integers(0, 3000), st.integers(1, 3), STOPS, st.integers(1, 900), st.sampled_from([None, 5]))
def test_random_values(count, readers, stops, limit, seed):
    generator = RandomGenerator.int_generator(0, 10**9, seed).with_null_rate(0.1)
    source = DataGeneratorSource(generator, count)
    expected = [generator.map(index) for index in range(count)]
    check_positions(source, source.splits(readers), stops, limit, expected)


class Dealt(SplittableIterator):
    def __init__(self, count):
        self.count = count

    def split(self, num_partitions):
        return [iter(range(first, self.count, num_partitions)) for first in range(num_partitions)]

    def get_maximum_number_of_splits(self):
        return self.count


@given(st.integers(0, 40), st.integers(1, 4), STOPS, LIMITS)
def test_parts_of_an_iterator(count, parts, stops, limit):
    source = SplittableSource(Dealt(count), Types.LONG())
    expected = [number for part in Dealt(count).split(parts) for number in part]
    check_positions(source, list(map(source.splits(parts).__getitem__, range(parts))), [0, *stops], limit, expected)


def test_an_iterator_that_gives_less_the_second_time_is_an_error():
    source = IteratorSource(lambda: iter(range(left.pop())))
    left = [1, 3]
    reader = new_reader(source, source.splits(1))
    assert polled(reader, 2, []) == [0, 1]
    with pytest.raises(SourceError, match=r"after 2 records, but its iterator gave 1 this time"):
        new_reader(source, reader.snapshot_state(1)).poll(1)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6), st.integers(1, 3), STOPS, LIMITS, st.integers(1, 4))
def test_turns_of_a_table(lengths, readers, stops, limit, turn):
    chunks, start = [], 0
    for length in lengths:
        chunks.append(pa.array(np.arange(start, start + length)))
        start += length
    source = ColumnarSource(pa.table({"n": pa.chunked_array(chunks)}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pyflinkx.connectors.columnar.TURN", turn)
        check_positions(source, source.splits(readers), stops, limit, [[n] for n in range(start)], parallelism=1)


def test_long_turns_of_a_table():
    source = ColumnarSource({"n": np.arange(3 * TURN + 7)})
    check_positions(source, source.splits(2), [1, 1], TURN // 2 + 1, [[n] for n in range(3 * TURN + 7)])


@given(st.lists(st.sampled_from(["record", "watermark", "pause"])), STOPS, LIMITS)
def test_a_script(kinds, stops, limit):
    source, expected = TestSource(), []
    for number, kind in enumerate(kinds):
        if kind == "record":
            source.record(number, number)
            expected.append(number)
        elif kind == "watermark":
            source.watermark(number)
            expected.append(SourceWatermark(number))
        else:
            source.pause(0)
    check_positions(source, source.splits(1), stops, limit, expected)


class Bursts(Source):
    """Of a split (first, after, burst): so many numbers in each call, and a watermark within."""

    def create_reader(self, context):
        return BurstReader()


class BurstReader(SourceReader):
    def __init__(self):
        self.splits = deque()

    def add_splits(self, splits):
        self.splits.extend(splits)

    def poll_next(self, output):
        if not self.splits:
            return InputStatus.END_OF_INPUT
        first, after, burst = self.splits.popleft()
        for number in range(first, min(first + burst, after)):
            output.collect(number, number or None)
            if number % 3 == 0:
                output.emit_watermark(number)
        if first + burst < after:
            self.splits.appendleft((first + burst, after, burst))
        return InputStatus.MORE_AVAILABLE

    def snapshot_state(self, checkpoint_id):
        return list(self.splits)


@given(st.integers(0, 40), st.integers(1, 20), STOPS, LIMITS)
def test_a_reader_of_the_users_that_emits_much_at_once(count, burst, stops, limit):
    expected = []
    for number in range(count):
        expected += [number, SourceWatermark(number)] if number % 3 == 0 else [number]
    source = Bursts()
    reader = new_reader(source, [(0, count, burst)])
    assert reader.unreplayable is None
    done = []
    for stop in stops:
        for _ in range(stop):
            done += polled(reader, limit, []) or []
        left = reader.snapshot_state(1)
        assert done + rest(reader, limit, []) == expected
        reader = new_reader(source, left)
    assert done + rest(reader, limit, []) == expected


def test_timestamps_of_what_was_read_ahead():
    reader = new_reader(Bursts(), [(0, 3, 3)])
    assert reader.poll(1).values == [0]
    reader = new_reader(Bursts(), reader.snapshot_state(1))
    assert reader.poll(1) == SourceWatermark(0)
    reader = new_reader(Bursts(), reader.snapshot_state(2))
    batch = reader.poll(5)
    assert (batch.values, list(batch.timestamps)) == ([1, 2], [1, 2])
    assert reader.poll(5) is END


class Silent(SourceReader):
    def poll_next(self, output):
        return InputStatus.END_OF_INPUT


class SilentSource(Source):
    def create_reader(self, context):
        return Silent()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (QueueSource(), "the program puts each record into the queue once"),
        (IteratorSource([1, 2]), "the program puts each record into the queue once"),
        (SilentSource(), "Silent has no snapshot_state(), which says what is still to be read"),
        (
            ColumnarSource(pa.table({"n": [1]}).to_reader()),
            "its data is a stream that can be read only once; hand over its table (read_all())",
        ),
        (ColumnarSource({"n": np.arange(3)}), None),
        (CollectionSource([]), None),
    ],
    ids=["queue", "iterable", "reader", "stream", "arrays", "collection"],
)
def test_what_cannot_be_read_again_says_why(source, reason):
    reader = new_reader(source, [])
    assert reader.unreplayable == reason
    reader.close()


def test_what_has_come_by_a_queue_is_kept():
    reader = new_reader(QueueSource(), [])
    reader.handle_event(Records([("a", 1), ("b", None), ("c", 3)]))
    assert reader.poll(1).values == ["a"]
    batch = new_reader(QueueSource(), reader.snapshot_state(1)).poll(9)
    assert (batch.values, list(batch.timestamps)) == (["b", "c"], [-(2**63), 3])
