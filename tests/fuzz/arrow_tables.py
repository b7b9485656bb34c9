"""Arrow columns as data that can be changed and then laid out in memory of just the size that they declare.

The C data interface carries no buffer sizes, so a producer can declare more than it has and nobody could tell. Here a
column is changed first and gets its memory afterwards: what it declares is there to the byte (so that a sanitizer sees
every access beyond), what no memory could hold gets no buffers at all.
"""

import ctypes
import random
import struct
from array import array
from dataclasses import dataclass, field

from tests.core.arrow_abi import new_capsule

ARRAY = struct.Struct(
    "5q5P"
)  # length, null_count, offset, n_buffers, n_children, buffers, children, dictionary, release
SCHEMA = struct.Struct("3P2q4P")  # format, name, metadata, flags, n_children, children, dictionary, release, private
ARRAY_RELEASE, SCHEMA_RELEASE = 64, 56  # where the release callbacks lie
POINTERS = {count: struct.Struct(f"{count}P") for count in range(16)}

WIDTHS = {
    **dict.fromkeys([b"c", b"C"], 1),
    **dict.fromkeys([b"s", b"S"], 2),
    **dict.fromkeys([b"i", b"I", b"f", b"tdD", b"tts", b"ttm"], 4),
    **dict.fromkeys([b"l", b"L", b"g", b"tdm", b"ttu", b"ttn"], 8),
    **{b"tD" + unit: 8 for unit in (b"s", b"m", b"u", b"n")},
    **{b"ts" + unit + zone: 8 for unit in (b"s:", b"m:", b"u:", b"n:") for zone in (b"", b"UTC")},
    **dict.fromkeys([b"d:9,2", b"d:38,0", b"d:38,37,128", b"d:5,-3"], 16),
    **{b"w:0": 0, b"w:1": 1, b"w:5": 5, b"w:16": 16},
    b"w:2147483647": 2**31 - 1,
}
OFFSETS = {b"u": 4, b"U": 8, b"z": 4, b"Z": 8, b"+l": 4, b"+L": 8, b"+m": 4}
VIEWS = (b"vu", b"vz")
CODES = [b"c", b"C", b"s", b"S", b"i", b"I", b"l", b"L"]
FORMATS = [b"n", b"b", *WIDTHS, *OFFSETS, *VIEWS, b"+s"]
FORMATS.remove(b"w:2147483647")
NO_TYPES = [b"", b"x", b"e", b"+w:3", b"+ud:0", b"+r", b"d:39,0", b"d:9,2,256", b"w:-1", b"w:99999999999", b"ts",
            b"tsx:", b"tsmUTC", b"\xff", b"u\xff", b"tD", b"tdD ", b"+vl"]  # fmt: skip
TEXTS = ["", "a", "text", "äöü", "€", "\U0001f600", "more than twelve bytes of text"]
MOST_VIEWED = 2**31 + 3  # buffers of string views, which number those with text in 32 bits
MOST = 1 << 12  # rows, and bytes of a buffer, that get memory


@dataclass
class Column:
    """An array and its schema, as declared; ``absent`` and ``lies`` name what is left out or declared otherwise."""

    format: bytes
    length: int
    buffers: list
    offset: int = 0
    null_count: int = -1
    children: list = field(default_factory=list)
    dictionary: "Column | None" = None
    name: bytes | None = b"c"
    metadata: bytes | None = None
    flags: int = 2
    lies: dict = field(default_factory=dict)
    shift: int = 0

    def copy(self):
        return Column(
            self.format,
            self.length,
            list(self.buffers),
            self.offset,
            self.null_count,
            [child.copy() for child in self.children],
            None if self.dictionary is None else self.dictionary.copy(),
            self.name,
            self.metadata,
            self.flags,
            dict(self.lies),
            self.shift,
        )

    def parts(self):
        """The column and everything in it."""
        found = [self]
        for part in found:
            found += part.children
            if part.dictionary is not None:
                found.append(part.dictionary)
        return found


# ---- columns that tell the truth ----


def bits(rng, end):
    return rng.randbytes((end + 7) // 8) if rng.random() < 0.6 else b"\xff" * ((end + 7) // 8)


def packed_offsets(width, sizes, first=0):
    ends = [first]
    for size in sizes:
        ends.append(ends[-1] + size)
    return struct.pack(f"{len(ends)}{'i' if width == 4 else 'q'}", *ends)


def packed_views(texts, gap):
    """View structs and one data buffer, which starts with a gap."""
    views, data = [], bytes(gap)
    for text in texts:
        if len(text) <= 12:
            views.append(struct.pack("i12s", len(text), text))
        else:
            views.append(struct.pack("i4sii", len(text), text[:4], 0, len(data)))
            data += text
    return b"".join(views), data


def truthful(rng: random.Random, length: int, depth: int = 2, format: bytes | None = None) -> Column:
    """A column that is as it says."""
    if format is None:
        format = rng.choice(FORMATS)
    offset = rng.choice([0, 0, 1, 3, 8])
    end = offset + length
    column = Column(format, length, [], offset, flags=rng.choice([2, 2, 2, 0]))
    if format == b"n":
        column.null_count = length
        return column
    validity = bits(rng, end) if rng.random() < 0.5 else None
    column.null_count = 0 if validity is None else -1
    if format in CODES and depth > 0 and rng.random() < 0.3:
        values = rng.randrange(1, 6)
        column.dictionary = truthful(rng, values, depth - 1)
        width = WIDTHS[format]
        column.buffers = [validity, b"".join(rng.randrange(values).to_bytes(width, "little") for _ in range(end))]
    elif format in VIEWS:
        texts = [rng.choice(TEXTS).encode() for _ in range(end)]
        views, data = packed_views(texts, rng.randrange(3))
        column.buffers = [validity, views, data, struct.pack("q", len(data))]
    elif format in (b"+l", b"+L"):
        if depth == 0:
            return truthful(rng, length, 0, b"u")
        sizes = [rng.randrange(4) for _ in range(end)]
        first = rng.randrange(3)
        column.buffers = [validity, packed_offsets(OFFSETS[format], sizes, first)]
        column.children = [truthful(rng, first + sum(sizes) + rng.randrange(2), depth - 1)]
    elif format == b"+m":
        if depth == 0:
            return truthful(rng, length, 0, b"u")
        sizes = [rng.randrange(4) for _ in range(end)]
        column.buffers = [validity, packed_offsets(4, sizes)]
        keys = truthful(rng, sum(sizes), 0, rng.choice([b"u", b"l", b"w:5", b"tdD"]))
        keys.buffers[0], keys.null_count = None, 0
        parts = [keys, truthful(rng, sum(sizes), depth - 1)]
        column.children = [Column(b"+s", sum(sizes), [None], 0, 0, parts, name=b"entries")]
    elif format in OFFSETS:
        texts = [rng.choice(TEXTS).encode() for _ in range(end)]
        first = rng.randrange(3)
        offsets = packed_offsets(OFFSETS[format], map(len, texts), first)
        column.buffers = [validity, offsets, bytes(first) + b"".join(texts)]
    elif format == b"+s":
        column.buffers = [validity]
        if depth > 0:
            column.children = [truthful(rng, end, depth - 1) for _ in range(rng.randrange(4))]
    elif format == b"b":
        column.buffers = [validity, bits(rng, end)]
    else:
        width = WIDTHS[format]
        small = rng.random() < 0.7  # so that dates and times often lie within Python's calendar
        values = [rng.randrange(20_000).to_bytes(16, "little")[:width] if small else rng.randbytes(width)
                  for _ in range(end)]  # fmt: skip
        column.buffers = [validity, b"".join(values)]
    return column


# ---- memory ----


@ctypes.CFUNCTYPE(None, ctypes.c_void_p)
def child_release(address):
    raise AssertionError("the release callback of a child was called, which only its parent may do")


CHILD_RELEASE = ctypes.cast(child_release, ctypes.c_void_p).value


# Formats, names and metadata: few, so that they are put into memory once, for good.
_texts: dict[bytes, array] = {}


def text_address(content):
    """The address of a copy of that content."""
    piece = _texts.get(content)
    if piece is None:
        piece = _texts[content] = array("B", content)[:]
    return piece.buffer_info()[0]


class Memory:
    """Pieces of memory of exactly the size asked for (a slice of an array is; a new array has room to grow)."""

    def __init__(self):
        self.kept = []

    def put(self, content, shift=0):
        """The address of a copy of that content, off by so many bytes from an aligned one."""
        if not content:
            # An address all the same: just behind a piece, where nothing may be touched.
            return text_address(b"\0") + 1
        piece = array("B", bytes(shift) + content if shift else content)[:]
        self.kept.append(piece)
        return piece.buffer_info()[0] + shift

    def pointers(self, addresses):
        return self.put(POINTERS[len(addresses)].pack(*addresses)) if addresses else 0


def fitted(content, size):
    """Content of that size: cut, or repeated."""
    if len(content) >= size:
        return content[:size]
    return (content * (size // len(content) + 1))[:size] if content else bytes(size)


def sized(column):
    """The column's buffers with just the bytes that its declarations speak of; None where these cannot exist."""
    end = column.offset + column.length
    count = len(column.buffers)
    if column.length < 0 or column.offset < 0 or end > MOST:
        # Refused for its numbers, if not it must be for the missing buffers.
        return [None] * count
    sizes = [(end + 7) // 8]
    format = column.format
    width = OFFSETS.get(format)
    if width is not None:
        sizes.append((end + 1) * width)
        if format not in (b"+l", b"+L", b"+m") and count >= 3 and column.buffers[1] is not None:
            offsets = fitted(column.buffers[1], sizes[1])
            sizes.append(int.from_bytes(offsets[-width:], "little", signed=True))
    elif format == b"b":
        sizes.append(sizes[0])
    elif format in VIEWS:
        sizes.append(end * 16)
        if count > 3 and column.buffers[-1] is not None:
            lengths = fitted(column.buffers[-1], (count - 3) * 8)
            sizes += struct.unpack(f"{count - 3}q", lengths)
            sizes.append(len(lengths))
    elif format in WIDTHS:
        sizes.append(end * WIDTHS[format])
    found = []
    for i, content in enumerate(column.buffers):
        size = sizes[i] if i < len(sizes) else 0
        if content is None or size > MOST * 16:
            found.append(None)
        else:
            found.append(fitted(content, max(size, 0)))
    return found


def put_array(memory: Memory, column: Column) -> bytes:
    """The bytes of the column's ArrowArray, all else in memory."""
    lies = column.lies
    addresses = [0 if content is None else memory.put(content, column.shift) for content in sized(column)]
    children = [memory.put(put_array(memory, child)) for child in column.children]
    if "null child" in lies and children:
        children[-1] = 0
    dictionary = column.dictionary
    if "no dictionary array" in lies:
        dictionary = None
    n_buffers = lies.get("n_buffers", len(addresses))
    if column.format in VIEWS and 3 < n_buffers <= MOST_VIEWED:
        # It says where the sizes of the buffers are, so that nothing is left to tell a lie by.
        n_buffers = len(addresses)
    elif len(addresses) < n_buffers < len(POINTERS):
        addresses += [0] * (n_buffers - len(addresses))
    return ARRAY.pack(
        column.length,
        column.null_count,
        column.offset,
        n_buffers,
        lies.get("n_children", len(children)),
        0 if "no buffers" in lies else memory.pointers(addresses),
        0 if "no children" in lies else memory.pointers(children),
        0 if dictionary is None else memory.put(put_array(memory, dictionary)),
        0 if "released" in lies else CHILD_RELEASE,
        0,
    )


def put_schema(memory: Memory, column: Column) -> bytes:
    """The bytes of the column's ArrowSchema, all else in memory."""
    lies = column.lies
    children = [memory.put(put_schema(memory, child)) for child in column.children]
    if "null child schema" in lies and children:
        children[-1] = 0
    dictionary = column.dictionary
    if "no dictionary schema" in lies:
        dictionary = None
    return SCHEMA.pack(
        0 if "no format" in lies else text_address(column.format + b"\0"),
        0 if column.name is None else text_address(column.name + b"\0"),
        0 if column.metadata is None else text_address(column.metadata),
        column.flags,
        lies.get("schema n_children", len(children)),
        0 if "no child schemas" in lies else memory.pointers(children),
        0 if dictionary is None else memory.put(put_schema(memory, dictionary)),
        0 if "released schema" in lies else CHILD_RELEASE,
        0,
    )


# ---- producers ----


class Producer:
    """A table to be taken once, as an array or as a stream of one; ``released`` says what was given back how often.

    What is given back is freed at once.
    """

    current = None

    def __init__(self, root: Column):
        self.arrays, self.schemas = Memory(), Memory()
        self.released = {"array": 0, "schema": 0, "stream": 0}
        structs = bytearray(put_array(self.arrays, root))
        structs[ARRAY_RELEASE : ARRAY_RELEASE + 8] = ARRAY_RELEASED
        self.array = array("B", bytes(structs))
        structs = bytearray(put_schema(self.schemas, root))
        structs[SCHEMA_RELEASE : SCHEMA_RELEASE + 8] = SCHEMA_RELEASED
        self.schema = array("B", bytes(structs))
        self.stream = None
        Producer.current = self

    def __arrow_c_array__(self, requested_schema=None):
        return (
            new_capsule(self.schema.buffer_info()[0], b"arrow_schema", None),
            new_capsule(self.array.buffer_info()[0], b"arrow_array", None),
        )


class StreamProducer(Producer):
    """The same table as a stream."""

    def __arrow_c_stream__(self, requested_schema=None):
        self.stream = array("B", STREAM)
        return new_capsule(self.stream.buffer_info()[0], b"arrow_array_stream", None)


@ctypes.CFUNCTYPE(None, ctypes.c_void_p)
def release_array(address):
    Producer.current.released["array"] += 1
    Producer.current.arrays.kept.clear()
    ctypes.memset(address + ARRAY_RELEASE, 0, 8)


@ctypes.CFUNCTYPE(None, ctypes.c_void_p)
def release_schema(address):
    Producer.current.released["schema"] += 1
    Producer.current.schemas.kept.clear()
    ctypes.memset(address + SCHEMA_RELEASE, 0, 8)


@ctypes.CFUNCTYPE(None, ctypes.c_void_p)
def release_stream(address):
    Producer.current.released["stream"] += 1
    ctypes.memset(address + 24, 0, 8)


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
def get_schema(stream, out):
    source = Producer.current.schema.buffer_info()[0]
    ctypes.memmove(out, source, SCHEMA.size)
    return 0


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
def get_next(stream, out):
    """The table; after it the end."""
    source = Producer.current.array.buffer_info()[0]
    ctypes.memmove(out, source, ARRAY.size)
    ctypes.memset(source + ARRAY_RELEASE, 0, 8)
    return 0


@ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)
def get_last_error(stream):
    return None


def address_of(function):
    return ctypes.cast(function, ctypes.c_void_p).value


ARRAY_RELEASED = struct.pack("P", address_of(release_array))
SCHEMA_RELEASED = struct.pack("P", address_of(release_schema))
STREAM = struct.pack("5P", *map(address_of, (get_schema, get_next, get_last_error, release_stream)), 0)
