"""Random native windows, aggregates and joins against naive models: soak_native [--runs N] [--seed S] [--kinds a,b].

A case is an operator over random columns (every narrow type, text, binary, decimals; nulls, NaN, -0.0, the least and
greatest integers; sliced, dictionary-encoded), with keys of none to three of them, driven with random batches and
watermarks. Results are held against a model that computes in plain Python from all rows again each time. Once the
operator is gone no memory may be left. A third of the cases is run again under budgets that are too small: then there
must be an error that says so, and again no memory left. --first R --runs 1 repeats case R.
"""

import argparse
import gc
import math
import random
import sys
import time
from array import array
from contextlib import suppress
from decimal import Decimal

import pyarrow

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.memory.budget import MemoryBudget, process_budget
from pyflinkx._core.native.join import NativeJoin
from pyflinkx._core.native.windows import CountWindows, RunningAggregates, SessionWindows, SliceWindows
from pyflinkx.errors import MemoryBudgetError
from pyflinkx.operators.aggregations import WINDOW_FIELDS, Aggregation, native_arguments, result_schema
from tests.operators.native_cases import naive, processed, same
from tests.operators.test_native_window_properties import expect_cumulative
from tests.operators.window_oracle import BEGINNING, expect_counts, expect_fixed, expect_sessions

END = 10**6
DAY = 86_400_000
SPECIAL = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1e300, -1e300, 5e-324]
NUMBERS = {"int8": 8, "int16": 16, "int32": 32, "int64": 64, "uint8": 8, "uint16": 16, "uint32": 32, "uint64": 64}
TIMES = {
    "date32": (pyarrow.date32(), 32),
    "date64": (pyarrow.date64(), 64),
    "time32": (pyarrow.time32("ms"), 32),
    "time64": (pyarrow.time64("ns"), 64),
    "timestamp": (pyarrow.timestamp("us", "Europe/Berlin"), 64),
    "timestamp ns": (pyarrow.timestamp("ns"), 64),
    "duration": (pyarrow.duration("ns"), 64),
}
WIDE = {
    "text": pyarrow.string(),
    "large text": pyarrow.large_string(),
    "binary": pyarrow.binary(),
    "large binary": pyarrow.large_binary(),
    "fixed binary": pyarrow.binary(3),
    "long fixed binary": pyarrow.binary(13),
    "decimal": pyarrow.decimal128(38, 4),
}
KINDS_OF_COLUMN = [*NUMBERS, "float32", "float64", "bool", *TIMES, *WIDE, "null"]
OF_NUMBERS = ["sum", "avg", "stddev"]
OF_ANY = ["count", "min", "max", "first", "last", "min_by", "max_by", "count_distinct"]


class Kind:
    """The type of a column, with the few values that it draws from; times are their integers."""

    def __init__(self, rng, name):
        self.name = name
        self.values = [self.draw(rng) for _ in range(rng.choice([1, 2, 4, 30, 300, 3000]))]
        self.nulls = rng.choice([0, 0, 0.2, 1])
        self.low = self.many = 0  # of a column of ever new keys: the least now, and how many
        self.encoded = name in ("int64", "text", "binary", "float64") and rng.random() < 0.2

    def draw(self, rng):
        name = self.name
        if name in NUMBERS:
            bits, signed = NUMBERS[name], name[0] == "i"
            least, most = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
            # Multiples of a large power of two meet in tables that hash badly.
            multiple = rng.randint(0, 2**9 - 1) << max(bits - 10, 0)
            return rng.choice(
                [
                    rng.randint(max(least, -9), 9),
                    rng.randint(least, most),
                    rng.choice([least, most]),
                    multiple % (most + 1),
                ]
            )
        if name in ("float32", "float64"):
            value = rng.choice([rng.uniform(-9, 9), float(rng.randint(-9, 9)), rng.choice(SPECIAL)])
            return (
                pyarrow.scalar(value if abs(value) < 1e38 or value != value else math.inf, "float32").as_py()
                if (name == "float32")
                else value
            )
        if name == "bool":
            return rng.random() < 0.5
        if name == "date64":
            return rng.randint(-(10**4), 10**4) * DAY
        if name in ("time32", "time64"):
            return rng.randint(0, DAY - 1)
        if name in TIMES:
            return rng.choice([rng.randint(-3000, 3000), rng.randint(-(2**31), 2**31 - 1)])
        if name in ("text", "large text"):
            # Up to 12 bytes lie in a key's own words.
            return "".join(rng.choice("ab\0ü€🂡") for _ in range(rng.choice([0, 1, 2, 7, 8, 9, 11, 12, 13, 40])))
        if name in ("fixed binary", "long fixed binary"):
            return bytes(rng.choice([0, 1, 255]) for _ in range(3 if name == "fixed binary" else 13))
        if name == "decimal":
            return Decimal(rng.choice([rng.randint(-99, 99), rng.randint(-(10**38) + 1, 10**38 - 1)])).scaleb(-4)
        if name == "null":
            return None
        return bytes(rng.choice([0, 1, 255]) for _ in range(rng.choice([0, 1, 7, 8, 9, 11, 12, 13, 300])))

    def one(self, rng):
        if self.many:
            number = self.low + rng.randrange(self.many)
            return f"key {number}" if self.name == "text" else number
        return None if rng.random() < self.nulls else rng.choice(self.values)

    def column(self, rng, values):
        """The values as an Arrow array, which may be a slice of a longer one, or have codes into a dictionary."""
        before = rng.choice([0, 0, 1, 9])
        values = [self.one(rng) for _ in range(before)] + values + [self.one(rng)] * rng.choice([0, 3])
        length = len(values)
        if self.name in TIMES:
            kind, bits = TIMES[self.name]
            array = pyarrow.array(values, pyarrow.int64() if bits == 64 else pyarrow.int32()).view(kind)
        else:
            array = pyarrow.array(values, WIDE.get(self.name, self.name))
        if self.encoded:
            array = array.dictionary_encode()
        return array, before, length

    def key(self, value):
        """What keys are equal by."""
        if isinstance(value, float):
            return "NaN" if value != value else value + 0.0
        if value is not None and self.name in ("time64", "timestamp ns", "duration"):
            return value // 1000 * 1000
        return value


def plain(array):
    """The values of an Arrow array; times as integers."""
    if pyarrow.types.is_temporal(array.type):
        array = array.view(pyarrow.int32() if array.type.bit_width == 32 else pyarrow.int64())
    return array.to_pylist()


def rows_of(batch):
    """(values, timestamp) of each row."""
    batch.validate(full=True)
    table = pyarrow.record_batch(batch)
    stamps = list(memoryview(batch.timestamps)) if batch.timestamps is not None else [None] * len(batch)
    values = zip(*map(plain, table.columns), strict=True) if table.num_columns else [()] * len(batch)
    return list(zip(values, stamps, strict=True))


class Case:
    """Columns, keys, aggregates, and rows drawn from them."""

    def __init__(self, rng, many=False):
        self.rng, self.many = rng, many
        names = [rng.choice(KINDS_OF_COLUMN) for _ in range(rng.randint(1, 5))]
        if many:
            names[0] = rng.choice(["int64", "uint32", "text"])
        self.columns = {f"c{i}": Kind(rng, name) for i, name in enumerate(names)}
        self.names = list(self.columns)
        self.keys = rng.sample(self.names, min(len(names), rng.choice([0, 1, 1, 1, 2, 3])))
        if many:
            self.columns["c0"].many = rng.choice([3000, 20_000])
            self.keys = ["c0", *[name for name in self.keys if name != "c0"]][: rng.randint(1, 2)]
        self.aggregations = {"n": Aggregation("count")}
        for i in range(rng.randint(0, 5)):
            name = rng.choice(self.names)
            numeric = self.columns[name].name in (*NUMBERS, "float32", "float64")
            # A sum that does not fit ends a case, most likely one of many rows.
            numeric = numeric and not (many and self.columns[name].name in ("int64", "uint64"))
            function = rng.choice([*OF_ANY, *OF_NUMBERS] if numeric else OF_ANY)
            by = (rng.choice(self.names),) if function in ("min_by", "max_by") else ()
            self.aggregations[f"a{i}"] = Aggregation(function, name, *by)
        self.rows = []
        self.schema = self.make([], []).schema
        self.base = 0

    def make(self, rows, stamps):
        """A batch of rows, numbered by its last column."""
        arrays = [
            kind.column(self.rng, [self.rows[row][i] for row in rows]) for i, kind in enumerate(self.columns.values())
        ]
        arrays = [whole.slice(before, len(rows)) for whole, before, _ in arrays]
        arrays.append(pyarrow.array(rows, pyarrow.int64()))
        batch = ColumnBatch.from_arrow(pyarrow.record_batch(arrays, [*self.names, "number"]))
        return batch.with_timestamps(array("q", [stamp + self.base for stamp in stamps]))

    def draw_rows(self, count):
        first = len(self.rows)
        self.rows += [tuple(kind.one(self.rng) for kind in self.columns.values()) for _ in range(count)]
        return list(range(first, len(self.rows)))

    def key(self, row):
        return tuple(self.columns[name].key(self.rows[row][self.names.index(name)]) for name in self.keys)

    def random_records(self):
        """(key, row, timestamp) of a new batch."""
        rng = self.rng
        span = rng.choice([0, 3, 30, 100])
        rows = self.draw_rows(rng.choice([0, 30, 1000, 4500] if self.many else [0, 1, 2, 8, 30]))
        return [(self.key(row), row, rng.randint(-span, span)) for row in rows]

    def steps(self):
        steps, watermark = [], -120
        for _ in range(self.rng.choice([3, 6] if self.many else [1, 3, 6, 10, 20])):
            if self.rng.random() < 0.6:
                steps.append(("records", self.random_records()))
            else:
                watermark += self.rng.randint(1, 60)
                steps.append(("watermark", watermark))
                if self.many:
                    self.columns["c0"].low += self.rng.choice([0, 2000, 20_000])
        return [*steps, ("watermark", END)]

    def arguments(self, bounds):
        results = result_schema(self.schema, self.keys, self.aggregations, WINDOW_FIELDS if bounds else ())
        return self.schema, self.keys, native_arguments(self.aggregations), results

    def results(self, rows):
        """The aggregates of rows, in order of arrival; OverflowError for a sum that does not fit."""
        answer = []
        for each in self.aggregations.values():
            if each.field is None:
                answer.append(len(rows))
                continue
            place = self.names.index(each.field)
            values = [self.rows[row][place] for row in rows]
            bys = None if each.by is None else [self.rows[row][self.names.index(each.by)] for row in rows]
            if each.function == "stddev":
                answer.append(deviation(values))
                continue
            answer.append(naive(each.function, values, bys))
            if each.function == "sum" and isinstance(answer[-1], int) and not -(2**63) <= answer[-1] < 2**63:
                raise OverflowError
        return answer

    def check(self, found, expected):
        """Hold result rows (key, bounds, aggregates) against (key, bounds, rows), in any order."""
        places = len(self.keys)
        kinds = [self.columns[name] for name in self.keys]
        found = [
            (
                tuple(map(Kind.key, kinds, values[:places])),
                tuple(values[places : -len(self.aggregations)]),
                values[-len(self.aggregations) :],
            )
            for values in found
        ]
        assert len(found) == len(expected), (found, expected)
        by_window = {}
        for key, bounds, rows in expected:
            by_window.setdefault((key, bounds), []).append(rows)
        for key, bounds, values in found:
            rows = by_window[key, bounds].pop(0)
            for name, value, wanted in zip(self.aggregations, values, self.results(rows), strict=True):
                each = self.aggregations[name]
                magnitude = 0.0
                if each.function in OF_NUMBERS:
                    present = [self.rows[row][self.names.index(each.field)] for row in rows]
                    magnitude = max((abs(v) for v in present if v is not None and math.isfinite(v)), default=0)
                assert close(value, wanted, magnitude), (name, str(each), value, wanted, rows)


def deviation(values):
    present = [value for value in values if value is not None]
    if len(present) > 1 and any(abs(value) > 1e140 for value in present):
        return math.nan
    return naive("stddev", values)


def close(found, wanted, magnitude):
    if isinstance(wanted, float) and isinstance(found, float) and magnitude > 1e140 and math.isnan(wanted):
        return True
    if isinstance(wanted, float) and isinstance(found, float) and math.isfinite(wanted):
        return abs(found - wanted) <= 1e-9 * max(1, abs(wanted)) + 1e-12 * magnitude
    return same(found, wanted)


def fire(windows, watermark, limit):
    rows, more = [], True
    while more:
        batch, more = windows.fire(watermark, limit)
        if batch is not None:
            assert len(batch) <= limit
            rows += rows_of(batch)
    return rows


def drive(case, windows, steps, expected, limit, shift):
    """Check each step; the number of results."""
    count = 0
    windows.most_bytes = case.rng.choice([1, 20, 1 << 26])
    for (what, data), (firings, late) in zip(steps, expected, strict=True):
        wanted = [(key, tuple(bound + shift for bound in window), rows) for key, window, rows in firings]
        try:
            for _, _, rows in wanted:
                case.results(rows)
            fits = True
        except OverflowError:
            fits = False
        try:
            found, too_late = [], []
            if what == "records":
                batch = case.make([row for _, row, _ in data], [stamp for _, _, stamp in data])
                done = 0
                while done is not None:
                    lost, results, done = windows.add(batch, done, limit)
                    if lost is not None:
                        too_late += [values[-1] for values, _ in rows_of(lost)]
                    if results is not None:
                        assert len(results) <= limit
                        found += rows_of(results)
            else:
                found = fire(windows, data + shift, limit)
                assert [stamp for _, stamp in found] == sorted(stamp for _, stamp in found)
        except OverflowError:
            assert not fits
            return count
        assert fits
        places = len(case.keys)
        assert all(stamp == values[places + 1] - 1 for values, stamp in found)
        case.check([values for values, _ in found], wanted)
        assert too_late == [row for _, row, _ in late], (too_late, late)
        count += len(found)
    assert windows.held == 0
    return count


def starved(case, make, run):
    """Run again under budgets from which it cannot be served."""
    budget = MemoryBudget()
    state = case.rng.getstate()
    run(make(budget))
    assert budget.used == 0, f"{budget.used} bytes are left"
    for _ in range(6):
        case.rng.setstate(state)
        small = MemoryBudget(int(budget.peak * case.rng.random()))
        with suppress(MemoryBudgetError, OverflowError):
            run(make(small))
        assert small.used == 0, f"{small.used} bytes are left after an error"


def windows_case(rng, make_expected, many=False):
    case = Case(rng, many)
    steps = case.steps()
    maker, expected, period = make_expected(rng, steps, many)
    limit = rng.choice([1000, 32768] if many else [1, 2, 7, 32768])
    case.base = shift = rng.choice([0, 0, 0, 1, -1]) * (2**59 // period * period)
    count = 0

    def run(windows):
        nonlocal count
        count = drive(case, windows, steps, expected, limit, shift)

    def make(budget):
        return maker(case.arguments(True), budget)

    run(make(None))
    if rng.random() < 0.3:
        starved(case, make, run)
    return count


def lateness_of(rng):
    return rng.choice([0, 0, 1, 15, 200])


def sliding_case(rng, steps, many):
    lateness, slide = lateness_of(rng), rng.randint(15 if many else 1, 30)
    size = rng.choice([slide, slide * 3, slide * rng.randint(4, 4 if many else 9), rng.randint(1, 60)])
    offset = rng.randint(-slide + 1, slide - 1)
    expected = expect_fixed(steps, size, slide, offset, lateness)
    return (
        lambda arguments, budget: SliceWindows(*arguments, size, slide, offset, lateness=lateness, budget=budget),
        expected,
        size * slide,
    )


def cumulative_case(rng, steps, many):
    lateness, step = lateness_of(rng), rng.randint(1, 12)
    size = step * rng.randint(1, 3 if many else 8)
    offset = rng.randint(-size + 1, size - 1)
    expected = expect_cumulative(steps, size, step, offset, lateness)
    return (
        lambda arguments, budget: SliceWindows(*arguments, size, step, offset, True, lateness, budget=budget),
        expected,
        size,
    )


def session_case(rng, steps, many):
    lateness, gap = lateness_of(rng), rng.randint(1, 40)
    expected = [
        ([(key, window, sorted(rows)) for key, window, rows in firings], late)
        for firings, late in expect_sessions(steps, lambda value: gap, lateness)
    ]
    return lambda arguments, budget: SessionWindows(*arguments, gap, lateness, budget=budget), expected, 1


def count_case(rng, many=False):
    case, size = Case(rng, many), rng.randint(1, 6)
    slide = rng.choice([size, size, rng.randint(1, 9)])
    batches = [case.random_records() for _ in range(rng.randint(1, 6))]
    if rng.random() < 0.05:
        batches.append([(case.key(row), row, 0) for row in case.draw_rows(5000)])
    records = [record for batch in batches for record in batch]
    limit = rng.choice([1, 3, 1000])
    wanted = [(key, (), rows) for key, _, rows in expect_counts(records, size, slide)]

    def run(windows):
        found = []
        for batch in batches:
            rows = case.make([row for _, row, _ in batch], [0] * len(batch))
            done = 0
            while done is not None:
                _, results, done = windows.add(rows, done, limit)
                if results is not None:
                    assert len(results) <= limit
                    found += rows_of(results)
        case.check([values for values, _ in found], wanted)

    return guarded(
        case,
        [rows for _, _, rows in wanted],
        lambda budget: CountWindows(*case.arguments(False), size, slide, budget=budget),
        run,
    )


def guarded(case, firings, make, run):
    """Run what may end in the sum of a firing that does not fit."""
    fits = True
    for rows in firings:
        try:
            case.results(rows)
        except OverflowError:
            fits = False
    try:
        made = make(None)
        made.most_bytes = case.rng.choice([1, 20, 1 << 26])
        run(made)
        assert fits
    except OverflowError:
        assert not fits
        return 0
    if case.rng.random() < 0.3:
        starved(case, make, run)
    return len(firings)


def running_case(rng):
    case, each = Case(rng), rng.random() < 0.5
    batches = [case.random_records() for _ in range(rng.randint(1, 6))]
    if rng.random() < 0.05 and not each:
        batches.append([(case.key(row), row, 0) for row in case.draw_rows(5000)])
    limit = rng.choice([1, 3, 1000])
    by_key, wanted = {}, []
    for batch in batches:
        for key, row, _ in batch:
            by_key.setdefault(key, []).append(row)
            wanted.append((key, (), list(by_key[key])))
    if not each:
        wanted = [(key, (), rows) for key, rows in by_key.items()]

    def run(running):
        found = []
        for batch in batches:
            rows = case.make([row for _, row, _ in batch], [0] * len(batch))
            done = 0
            while done is not None:
                results, done = running.add(rows, each, done, limit)
                if results is not None:
                    assert len(results) <= limit
                    found += rows_of(results)
        first = 0
        while not each and first < running.keys_held:
            last = running.finish(first, 100)
            first += len(last)
            found += rows_of(last)
        case.check([values for values, _ in found], wanted)

    return guarded(
        case,
        [rows for _, _, rows in wanted],
        lambda budget: RunningAggregates(*case.arguments(False), budget=budget),
        run,
    )


def join_case(rng):
    """Pairs by difference or by window, of columns of one kind of key on both sides."""
    case = Case(rng)
    case.keys = case.keys or case.names[:1]
    size = rng.choice([0, rng.randint(1, 40)])
    offset = rng.randint(-50, 50) if size else 0
    lower = rng.randint(-40, 40)
    upper = lower + rng.randint(0, 60)
    steps = [(rng.randint(0, 1) if what == "records" else what, data) for what, data in case.steps()]
    schema = Schema([field.renamed(side + field.name) for side in "lr" for field in case.schema.fields])
    positions = [case.names.index(name) for name in case.keys]

    def make(budget):
        return NativeJoin(positions, positions, schema, lower, upper, size, offset, budget)

    pairs = 0

    def run(join):
        nonlocal pairs
        pairs = 0
        seen, watermark = ([], []), BEGINNING
        for what, data in steps:
            if what == "watermark":
                watermark = data
                join.advance(data)
                continue
            emitted = []
            batch = case.make([row for _, row, _ in data], [stamp for _, _, stamp in data])
            late = processed(join, batch, what, emitted.append)
            found = [
                (values[len(case.names)], values[-1], stamp) for batch in emitted for values, stamp in rows_of(batch)
            ]
            wanted, too_late = [], []
            for key, row, stamp in data:
                start = stamp - (stamp - offset) % size if size else stamp
                if (start + size - 1 <= watermark) if size else stamp < watermark:
                    too_late.append(row)
                    continue
                seen[what].append((key, row, stamp))
                for other_key, other, at in seen[1 - what]:
                    left, right = ((row, stamp), (other, at)) if what == 0 else ((other, at), (row, stamp))
                    if key != other_key:
                        continue
                    if size and at - (at - offset) % size == start:
                        wanted.append((left[0], right[0], start + size - 1))
                    held = at + max(0, (upper, -lower)[1 - what]) > watermark
                    if not size and lower <= right[1] - left[1] <= upper and held:
                        wanted.append((left[0], right[0], max(left[1], right[1])))
            assert sorted(found) == sorted(wanted)
            assert ([values[-1] for values, _ in rows_of(late)] if late is not None else []) == too_late
            pairs += len(found)

    run(make(None))
    if rng.random() < 0.3:
        starved(case, make, run)
    return pairs


KINDS = {
    "sliding": lambda rng: windows_case(rng, sliding_case),
    "cumulative": lambda rng: windows_case(rng, cumulative_case),
    "sessions": lambda rng: windows_case(rng, session_case),
    "counts": count_case,
    "many sliding": lambda rng: windows_case(rng, sliding_case, True),
    "many cumulative": lambda rng: windows_case(rng, cumulative_case, True),
    "many sessions": lambda rng: windows_case(rng, session_case, True),
    "many counts": lambda rng: count_case(rng, True),
    "running": running_case,
    "join": join_case,
}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20_000, help="cases of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", default=",".join(KINDS), help="comma-separated")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    options = parser.parse_args(arguments)
    gc.collect()  # or what others have left is collected, and given back, in the middle of a case
    for kind in options.kinds.split(","):
        started, results = time.process_time(), 0
        # A case of many keys takes as long as some fifty others.
        runs = max(1, options.runs // 50) if kind.startswith("many") else options.runs
        for number in range(options.first, options.first + runs):
            held = process_budget().used
            try:
                results += KINDS[kind](random.Random(f"{options.seed} {kind} {number}"))
                assert process_budget().used == held, f"{process_budget().used - held} bytes are left"
            except BaseException:
                print(f"native {kind}: case {number} of seed {options.seed} failed", file=sys.stderr)
                raise
        seconds = time.process_time() - started
        print(f"native {kind}: {runs} cases, {results} results, all as the model's ({seconds:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
