"""Hands changed Arrow tables to ColumnBatch: fuzz_batch [--runs N] [--seed S].

Lengths, offsets, counts, buffers, children, dictionaries, views and offsets are changed, in memory of exactly the size
that the table then declares. It must be refused by one of the errors in REFUSED or be read; what is read must be the
same rows whole, in slices, taken row by row, pickled, put together, as a stream of smaller batches and after a trip
through the exported form; what validate(full=True) accepts pyarrow must accept too. The producer's memory is released
once, and no memory is left.
"""

import argparse
import pickle
import random
import re
import struct
import sys
import time

import pyarrow as pa

from pyflinkx._core.columns.arrow_stream import import_stream
from pyflinkx._core.columns.batch import ColumnBatch, concat
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx.errors import CorruptDataError, MemoryBudgetError, TypeInformationError
from tests.fuzz.arrow_tables import FORMATS, MOST, NO_TYPES, Column, Producer, StreamProducer, truthful

REFUSED = (CorruptDataError, TypeInformationError, OverflowError, MemoryBudgetError)
EDGES = [0, 1, 2, 3, 7, 8, 9, 127, 128, 255, 256, 2**15, 2**16, 2**31 - 1, 2**31, 2**32, 2**40, 2**56, 2**56 + 1, 2**62]
NUMBERS = [*EDGES, *[-number for number in EDGES], 2**63 - 1, -(2**63)]
METADATA = [
    None,
    struct.pack("i", 0),
    struct.pack("i", -1),
    struct.pack("ii1si0s", 1, 1, b"k", 0, b""),
    struct.pack("ii", 1, -1),
]
BUDGET = 1 << 20
RANGED = re.compile("date64|time32|time64|decimal")
SHAPES = ["tuple", "row", "dict"]


def number_near(number: int, rng: random.Random) -> int:
    """Another number: close by as a rule, else an extreme one."""
    other = number + rng.randrange(-3, 4) if rng.random() < 0.7 else rng.choice(NUMBERS)
    return max(-(2**63), min(other, 2**63 - 1))


def change_bytes(content: bytes, rng: random.Random) -> bytes:
    """With one number or bit of it changed."""
    if not content:
        return content
    if rng.random() < 0.3:
        at = rng.randrange(len(content))
        return content[:at] + bytes((content[at] ^ 1 << rng.randrange(8),)) + content[at + 1 :]
    width = rng.choice([1, 4, 4, 4, 8, 8])
    at = rng.randrange((len(content) + width - 1) // width) * width
    old = int.from_bytes(content[at : at + width], "little", signed=True)
    new = number_near(old, rng) & (1 << 8 * width) - 1
    return content[:at] + new.to_bytes(width, "little")[: len(content) - at] + content[at + width :]


def change(root: Column, pool: list[Column], rng: random.Random) -> None:
    """Change one thing in a table that is its own copy."""
    part = rng.choice(root.parts())
    lies = part.lies
    kind = rng.randrange(20)
    if kind == 0:
        part.length = number_near(part.length, rng)
    elif kind == 1:
        part.offset = number_near(part.offset, rng)
    elif kind == 2:
        part.null_count = number_near(part.null_count, rng)
    elif kind in (3, 4, 5, 6, 7) and part.buffers:
        i = rng.randrange(len(part.buffers))
        if part.buffers[i] is not None:
            part.buffers[i] = change_bytes(part.buffers[i], rng)
        else:
            part.buffers[i] = rng.randbytes((max(0, min(part.offset + part.length, MOST)) + 7) // 8)
            part.null_count = -1
    elif kind == 8 and part.buffers:
        part.buffers[rng.randrange(len(part.buffers))] = None
    elif kind == 9:
        part.format = rng.choice(FORMATS if rng.random() < 0.7 else NO_TYPES)
    elif kind == 10:
        lies["n_buffers"] = number_near(len(part.buffers), rng)
    elif kind == 11:
        lies[rng.choice(["n_children", "schema n_children"])] = rng.randrange(-1, len(part.children) + 1)
    elif kind == 12:
        lies[rng.choice(["no buffers", "no children", "no child schemas", "null child", "null child schema"])] = 1
    elif kind == 13:
        lies[rng.choice(["released", "released schema", "no format"])] = 1
    elif kind == 14:
        part.dictionary = rng.choice(pool).copy()
        lies[rng.choice(["", "", "no dictionary array", "no dictionary schema"])] = 1
    elif kind == 15 and part.children:
        part.children[rng.randrange(len(part.children))] = rng.choice(pool).copy()
    elif kind == 16:
        if rng.random() < 0.5:
            part.children.append(rng.choice(pool).copy())
        else:
            part.buffers.append(None)
    elif kind == 17:
        part.shift = rng.randrange(1, 8)
    elif kind == 18:
        part.name = rng.choice([None, b"", b"n\xff", b"name"])
        part.metadata = rng.choice(METADATA)
    else:
        part.flags = rng.choice([0, 2, 4, 7, -1])


# ---- what is done with a batch ----


def rows_of(batch: ColumnBatch, shape: str) -> str | None:
    """All rows as text, since NaN differs from itself; None where a time lies outside of Python's calendar."""
    try:
        return repr(batch.to_rows(shape))
    except OverflowError:
        return None


def picked(batch: ColumnBatch, indices: list[int], shape: str) -> str:
    """Rows of a batch, whose rows are all known to be readable, one by one."""
    rows = batch.to_rows(shape)
    return repr([rows[i] for i in indices])


def exercise(batch: ColumnBatch, budget: MemoryBudget, rng: random.Random) -> str:
    """Use a batch that was read; "odd" when a full check refused it, "unread" when its rows are not for Python."""
    try:
        batch.validate(full=True)
    except CorruptDataError:
        # Text that is not UTF-8, or a wrong number of nulls: all may fail, in good order.
        for use in (slice_it, take_it, round_trip):
            try:
                use(batch, budget, rng, "tuple")
            except REFUSED:
                continue
        return "odd"
    shape = rng.choice(SHAPES)
    readable = rows_of(batch, shape) is not None
    for use in rng.sample(USES, 2) if readable else [judge]:
        use(batch, budget, rng, shape)
    return "read" if readable else "unread"


def slice_it(batch, budget, rng, shape):
    start = rng.randint(0, len(batch))
    stop = rng.randint(start, len(batch))
    part = batch.slice(start, stop)
    part.validate(full=True)
    assert repr(part.to_rows(shape)) == picked(batch, range(start, stop), shape)


def take_it(batch, budget, rng, shape):
    indices = [rng.randrange(len(batch)) for _ in range(rng.randrange(6))] if len(batch) else []
    taken = batch.take(indices, budget=budget)
    taken.validate(full=True)
    assert repr(taken.to_rows(shape)) == picked(batch, indices, shape)


def filter_it(batch, budget, rng, shape):
    mask = bytes(rng.randrange(2) for _ in range(len(batch)))
    kept = batch.filter(mask, budget=budget)
    kept.validate(full=True)
    assert repr(kept.to_rows(shape)) == picked(batch, [i for i, kept in enumerate(mask) if kept], shape)


def put_together(batch, budget, rng, shape):
    start = rng.randint(0, len(batch))
    whole = concat([batch.slice(start, len(batch)), batch.slice(0, start)], budget=budget)
    whole.validate(full=True)
    assert repr(whole.to_rows(shape)) == picked(batch, [*range(start, len(batch)), *range(start)], shape)


def round_trip(batch, budget, rng, shape):
    again = ColumnBatch.from_arrow(batch, budget=budget)
    again.validate(full=True)
    assert repr(again.to_rows(shape)) == repr(batch.to_rows(shape))


def pickle_it(batch, budget, rng, shape):
    again = pickle.loads(pickle.dumps(batch))
    again.validate(full=True)
    assert repr(again.to_rows(shape)) == repr(batch.to_rows(shape))


def judge(batch, budget, rng, shape):
    theirs = pa.record_batch(batch)
    try:
        theirs.validate()
    except pa.ArrowInvalid as error:
        # It also looks at the entries of maps that no row shows.
        if not re.search("Map array (child|keys) array should have no nulls", str(error)):
            raise
        return
    for column in theirs.columns:
        # Of these pyarrow also checks the values, which rows do not need: there is a time 25:00 in Arrow's memory.
        if not RANGED.search(str(column.type)):
            try:
                column.validate(full=True)
            except pa.ArrowInvalid as error:
                # It also reads children that no row shows.
                if "Invalid UTF8" not in str(error) or "child array" not in str(error):
                    raise


USES = [slice_it, take_it, filter_it, put_together, round_trip, pickle_it, judge]


def read_stream(root, budget, rng, shape):
    """The rows of the table as a stream of small batches."""
    producer = StreamProducer(root)
    rows = []
    with import_stream(producer, batch_size=rng.randrange(1, 5), budget=budget) as stream:
        for batch in stream:
            batch.validate(full=True)
            rows += batch.to_rows(shape)
            del batch
    del stream
    assert producer.released == {"array": 1, "schema": 1, "stream": 1}, producer.released
    return repr(rows)


def one_run(root: Column, budget: MemoryBudget, rng: random.Random) -> str:
    """What became of the table: "refused", or what exercise() says."""
    producer = Producer(root)
    big = any(part.offset + part.length > MOST for part in root.parts())
    rows = None
    try:
        batch = ColumnBatch.from_arrow(producer, budget=budget)
    except REFUSED:
        found = "refused"
    else:
        if big:
            # Rows that take no memory: too many for lists, but not for this.
            batch.validate(full=True)
            batch.slice(len(batch) // 2, len(batch)).__arrow_c_array__()
            found = "unread"
        else:
            found = exercise(batch, budget, rng)
            if found == "read" and rng.random() < 0.1:
                rows = repr(batch.to_rows("tuple"))
        del batch
    assert producer.released == {"array": 1, "schema": 1, "stream": 0}, producer.released
    assert budget.used == 0, budget
    if rows is not None:
        assert read_stream(root, budget, rng, "tuple") == rows
        assert budget.used == 0, budget
    return found


def table(columns: list[Column], rng: random.Random) -> Column:
    """Some of the columns as a table, cut to the shortest of them."""
    chosen = [rng.choice(columns).copy() for _ in range(1 if rng.random() < 0.7 else 2)]
    length = min(column.length for column in chosen)
    offset = rng.randint(0, length) if rng.random() < 0.3 else 0
    return Column(b"+s", length - offset, [None], offset, 0, chosen, name=b"")


def fuzz(runs: int, seed: int) -> dict[str, int]:
    """How many tables were refused, read, and so on."""
    rng = random.Random(seed)
    budget = MemoryBudget(BUDGET)
    counts = dict.fromkeys(("refused", "read", "odd", "unread"), 0)
    pool: list[Column] = []
    for run in range(runs):
        if run % 20_000 == 0:
            pool = [truthful(rng, rng.randrange(7), format=format) for format in FORMATS for _ in range(20)]
        root = table(pool, rng)
        for _ in range(rng.choice([0, 1, 1, 1, 1, 2, 2, 3])):
            change(root, pool, rng)
        try:
            counts[one_run(root, budget, rng)] += 1
        except BaseException:
            print(f"fuzz_batch: run {run} of seed {seed}: {root}", file=sys.stderr)
            raise
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    started = time.monotonic()
    counts = fuzz(options.runs, options.seed)
    seconds = time.monotonic() - started
    print(
        f"fuzz_batch: {options.runs} tables, "
        + ", ".join(f"{count} {what}" for what, count in counts.items())
        + f", seed {options.seed}, {seconds:.0f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
