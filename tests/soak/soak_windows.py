"""Random windows and joins against naive models: soak_windows [--runs N] [--seed S] [--kinds a,b] [--first R].

Each kind runs N cases; a case is a random operator of that kind, driven with random batches of records (out of order,
late, equal, negative timestamps, none at all) and watermarks. After every step its results and late records must be
those of a model that looks at all records again each time and shares no code with the engine; in the end no state may
be left. A failure prints the number of its case: --kinds KIND --first R --runs 1 repeats it.
"""

import argparse
import random
import sys
import time

from pyflinkx.datastream.joined_streams import CoGroupWindow, JoinWindow, TaggedUnion, UnionKey
from pyflinkx.operators.functions import UserFunction
from pyflinkx.operators.interval_join import IntervalJoinOperator
from pyflinkx.operators.window import WindowOperator
from pyflinkx.operators.windowing.assigners import (
    CountSlidingWindowAssigner,
    CountTumblingWindowAssigner,
    DynamicEventTimeSessionWindows,
    EventTimeSessionWindows,
    GlobalWindows,
    SlidingEventTimeWindows,
    SlidingProcessingTimeWindows,
    TumblingEventTimeWindows,
    TumblingProcessingTimeWindows,
)
from pyflinkx.operators.windowing.cumulative import CumulativeEventTimeWindows
from pyflinkx.operators.windowing.evictors import CountEvictor, DeltaEvictor, TimeEvictor
from pyflinkx.operators.windowing.more_triggers import DeltaTrigger
from pyflinkx.operators.windowing.triggers import CountTrigger, EventTimeTrigger, PurgingTrigger
from pyflinkx.testing.harness import OperatorHarness
from pyflinkx.types.output_tag import OutputTag
from tests.operators.window_oracle import BEGINNING, expect_counts, expect_fixed, expect_sessions

LATE = OutputTag("late")
END = 10**6


class SameTrigger(EventTimeTrigger):
    """The default trigger under another name, which the general way runs."""


def first(record):
    return record[0]


def value_of(record):
    return record[1]


class Listed:
    """An aggregate of the values in order; merging keeps them all."""

    def create_accumulator(self):
        return []

    def add(self, value, accumulator):
        return [*accumulator, value]

    def get_result(self, accumulator):
        return accumulator[0][0], [value for _, value in accumulator]

    def merge(self, a, b):
        return a + b


class Process:
    def process(self, key, context, elements):
        yield key, [value for _, value in elements]


# Each gives (key, values) for a window; under the oracle's records values are unique numbers, so they name records.
FUNCTIONS = [
    lambda: {"reduce": lambda a, b: (a[0], listed(a[1]) + listed(b[1]))},
    lambda: {"aggregate": Listed()},
    lambda: {"window_function": lambda key, window, inputs: [(key, [value for _, value in inputs])]},
    lambda: {"window_function": Process()},
]


def listed(value):
    return value if isinstance(value, list) else [value]


def random_batch(rng, count):
    span = rng.choice([3, 30, 100])
    return [(rng.choice("abc"), next(count), rng.randint(-span, span)) for _ in range(rng.randint(0, 8))]


def random_steps(rng):
    """Batches of (key, number, timestamp) and rising watermarks, ended by one past everything."""
    steps, watermark, count = [], -120, iter(range(10**9))
    for _ in range(rng.choice([0, 1, 3, 6, 10])):
        if rng.random() < 0.6:
            steps.append(("records", random_batch(rng, count)))
        else:
            watermark += rng.randint(1, 60)
            steps.append(("watermark", watermark))
    return [*steps, ("watermark", END)]


def canonical(firings):
    """(key, end, values) with the values of a window in order of their numbers, which merging may change."""
    return sorted((key, end, sorted(listed(values))) for key, end, values in firings)


def drive(operator, steps, push):
    """For each step the results with their timestamps, and the late records."""
    answer = []
    with OperatorHarness(operator) as harness:
        for what, data in steps:
            if what == "watermark":
                harness.watermark(data)
            else:
                push(harness, what, data)
            late = {name: [value for value, _ in records] for name, records in harness.side_outputs.items()}
            harness.side_outputs.clear()
            answer.append((harness.take(), late))
        state = getattr(operator, "backend", None) or operator.state
        left = {name: len(table) for name, table in state.tables.items() if len(table) and "count-assigner" not in name}
        assert not left, f"state is left: {left}"
    return answer


def push_records(harness, what, data):
    harness.push([record[:2] for record in data], [record[2] for record in data])


def check_windows(operator, steps, expected):
    """Hold an operator of windows by time against (firings as (key, (start, end), values), late records) per step."""
    firings = 0
    for (results, late), (fired, expected_late) in zip(drive(operator, steps, push_records), expected, strict=True):
        assert canonical((value[0], stamp, value[1]) for value, stamp in results) == canonical(
            (key, window[1] - 1, values) for key, window, values in fired
        )
        assert late.get("late", []) == [record[:2] for record in expected_late]
        firings += len(results)
    return firings


def lateness_of(rng):
    return rng.choice([0, 0, 1, 15, 200])


def tumbling(rng):
    steps, size, lateness = random_steps(rng), rng.randint(1, 40), lateness_of(rng)
    offset = rng.randint(-size + 1, size - 1)
    trigger = rng.choice([None, SameTrigger()])
    operator = WindowOperator(
        first,
        TumblingEventTimeWindows(size, offset),
        trigger,
        allowed_lateness=lateness,
        late_tag=LATE,
        **rng.choice(FUNCTIONS)(),
    )
    return check_windows(operator, steps, expect_fixed(steps, size, size, offset, lateness))


def sliding(rng):
    steps, lateness, slide = random_steps(rng), lateness_of(rng), rng.randint(1, 30)
    size = rng.choice([slide * 3, rng.randint(1, 40)])
    offset = rng.randint(-slide + 1, slide - 1)
    operator = WindowOperator(
        first,
        SlidingEventTimeWindows(size, slide, offset),
        rng.choice([None, SameTrigger()]),
        allowed_lateness=lateness,
        late_tag=LATE,
        **rng.choice(FUNCTIONS)(),
    )
    return check_windows(operator, steps, expect_fixed(steps, size, slide, offset, lateness))


def expect_cumulative(steps, size, step, offset, lateness):
    """As expect_fixed, for windows that begin every ``size`` and end every ``step`` after that."""
    panes, watermark, answer = {}, BEGINNING, []
    for what, data in steps:
        firings, late = [], []
        if what == "records":
            for key, value, timestamp in data:
                start = next(s for s in range(timestamp, timestamp - size, -1) if (s - offset) % size == 0)
                ends = [end for end in range(start, start + size + 1) if (end - start) % step == 0 and end > timestamp]
                live = [end for end in ends if end - 1 + lateness > watermark]
                for end in live:
                    panes.setdefault((key, start, end), []).append(value)
                    if end - 1 <= watermark:
                        firings.append((key, (start, end), list(panes[key, start, end])))
                if not live and timestamp + lateness <= watermark:
                    late.append((key, value, timestamp))
        else:
            for (key, start, end), values in panes.items():
                if watermark < end - 1 <= data:
                    firings.append((key, (start, end), list(values)))
            watermark = data
        answer.append((firings, late))
    return answer


def cumulative(rng):
    steps, step, lateness = random_steps(rng), rng.randint(1, 12), lateness_of(rng)
    size = step * rng.randint(1, 5)
    offset = rng.randint(-size + 1, size - 1)
    operator = WindowOperator(
        first,
        CumulativeEventTimeWindows.of(size, step, offset),
        allowed_lateness=lateness,
        late_tag=LATE,
        **rng.choice(FUNCTIONS)(),
    )
    return check_windows(operator, steps, expect_cumulative(steps, size, step, offset, lateness))


def session(rng):
    steps, gap, lateness = random_steps(rng), rng.randint(1, 40), lateness_of(rng)
    operator = WindowOperator(
        first,
        EventTimeSessionWindows.with_gap(gap),
        allowed_lateness=lateness,
        late_tag=LATE,
        **rng.choice(FUNCTIONS)(),
    )
    return check_windows(operator, steps, expect_sessions(steps, lambda value: gap, lateness))


def dynamic_session(rng):
    steps, lateness, spread = random_steps(rng), lateness_of(rng), rng.randint(1, 25)
    operator = WindowOperator(
        first,
        DynamicEventTimeSessionWindows.with_dynamic_gap(lambda record: 1 + record[1] * 7 % spread),
        allowed_lateness=lateness,
        late_tag=LATE,
        **rng.choice(FUNCTIONS)(),
    )
    return check_windows(operator, steps, expect_sessions(steps, lambda value: 1 + value * 7 % spread, lateness))


def count_windows(rng):
    steps, size, slide = random_steps(rng), rng.randint(1, 6), rng.randint(1, 6)
    assigner = CountSlidingWindowAssigner(size, slide)
    if rng.random() < 0.5:
        assigner, slide = CountTumblingWindowAssigner(size), size
    numbered = {"window_function": lambda key, window, inputs: [(key, window.id, [value for _, value in inputs])]}
    records = [record for what, data in steps if what == "records" for record in data]
    results = []
    with OperatorHarness(WindowOperator(first, assigner, **numbered)) as harness:
        for what, data in steps:
            if what == "records":
                push_records(harness, what, data)
            else:
                harness.watermark(data)
        results = harness.values
    assert sorted(results) == sorted(expect_counts(records, size, slide))
    return len(results)


def processing_time(rng):
    size, slide, now = rng.randint(1, 40), rng.randint(1, 30), rng.randint(-100, 100)
    assigner = SlidingProcessingTimeWindows(size, slide)
    if rng.random() < 0.5:
        assigner, slide = TumblingProcessingTimeWindows(size), size
    records, results, expected = [], [], []
    with OperatorHarness(WindowOperator(first, assigner, **rng.choice(FUNCTIONS)()), now=now) as harness:
        for number in range(rng.randint(0, 8)):
            key = rng.choice("ab")
            harness.push([(key, number)])
            records.append((key, number, now))
            now += rng.choice([0, 1, rng.randint(0, 50)])
            harness.set_processing_time(now)
        results = [(value[0], stamp, value[1]) for value, stamp in harness.take()]
    for key in "ab":
        for start in range(-200, now + 1):
            # Windows that are over by the clock; the clock moves after each record, so all have fired.
            inside = [n for k, n, at in records if k == key and start <= at < start + size]
            if start % slide == 0 and inside and start + size <= now:
                expected.append((key, start + size - 1, inside))
    assert canonical(results) == canonical(expected)
    return len(results)


def triggered(rng):
    """The global window with a count or delta trigger, purging or not."""
    steps, purge, count = random_steps(rng), rng.random() < 0.5, rng.randint(1, 5)
    by_delta = rng.random() < 0.5
    trigger = DeltaTrigger.of(count, lambda old, new: abs(new[1] - old[1])) if by_delta else CountTrigger.of(count)
    expected, seen, last, counted = [], {}, {}, {}
    for what, data in steps:
        for key, value, _ in data if what == "records" else ():
            seen.setdefault(key, []).append(value)
            counted[key] = counted.get(key, 0) + 1
            if key not in last:
                last[key] = value
            fire = abs(value - last[key]) > count if by_delta else counted[key] == count
            if fire:
                last[key], counted[key] = value, 0
                expected.append((key, list(seen[key])))
                if purge:
                    seen[key] = []
    function = {"window_function": lambda key, window, inputs: [(key, [value for _, value in inputs])]}
    operator = WindowOperator(
        first, GlobalWindows.create(), PurgingTrigger.of(trigger) if purge else trigger, **function
    )
    with OperatorHarness(operator) as harness:
        for what, data in steps:
            if what == "records":
                push_records(harness, what, data)
            else:
                harness.watermark(data)
        assert harness.values == expected
    return len(expected)


def evicted(rng):
    """Tumbling windows with lateness and an evictor, before or after the function."""
    steps, size, lateness, bound = random_steps(rng), rng.randint(1, 40), lateness_of(rng), rng.randint(0, 9)
    after, kind = rng.random() < 0.5, rng.choice(["count", "time", "delta"])
    evictor = {
        "count": lambda: CountEvictor.of(bound, after),
        "time": lambda: TimeEvictor.of(bound, after),
        "delta": lambda: DeltaEvictor.of(bound, lambda old, new: abs(old[1] - new[1]), after),
    }[kind]()

    def evict(pane):
        if kind == "count":
            return pane[max(0, len(pane) - bound) :]
        if kind == "time":
            return [pair for pair in pane if all(pair[1] > other[1] - bound for other in pane)]
        return [pair for pair in pane if abs(pair[0] - pane[-1][0]) < bound]

    panes, watermark, expected = {}, BEGINNING, []

    def fire(key, start):
        pane = panes[key, start]
        if pane:
            panes[key, start] = evict(pane)
            seen = pane if after else panes[key, start]
            expected[-1][0].append((key, (start, start + size), [value for value, _ in seen]))

    for what, data in steps:
        expected.append(([], []))
        if what == "records":
            for key, value, timestamp in data:
                start = timestamp - timestamp % size
                if start + size - 1 + lateness <= watermark:
                    if timestamp + lateness <= watermark:
                        expected[-1][1].append((key, value, timestamp))
                    continue
                panes.setdefault((key, start), []).append((value, timestamp))
                if start + size - 1 <= watermark:
                    fire(key, start)
        else:
            for key, start in list(panes):
                if watermark < start + size - 1 <= data:
                    fire(key, start)
            watermark = data
    operator = WindowOperator(
        first,
        TumblingEventTimeWindows(size),
        allowed_lateness=lateness,
        late_tag=LATE,
        evictor=evictor,
        **rng.choice(FUNCTIONS[2:])(),
    )
    return check_windows(operator, steps, expected)


# ---- joins ----


def two_streams(rng):
    """Steps whose batches belong to the first or the second stream: (0 or 1, records)."""
    return [(rng.randint(0, 1) if what == "records" else what, data) for what, data in random_steps(rng)]


def push_unions(harness, what, data):
    harness.push([TaggedUnion(what == 0, record[:2]) for record in data], [record[2] for record in data])


def pairs_of(values, sides):
    lefts = [value for value in values if sides[value] == 0]
    rights = [value for value in values if sides[value] == 1]
    return lefts, rights


def window_join(rng, kind):
    """A join or co-group by tumbling, sliding or session windows, by the model of those windows."""
    steps = two_streams(rng)
    united = [("records" if what in (0, 1) else what, data) for what, data in steps]
    sides = {value: what for what, data in steps if what in (0, 1) for _, value, _ in data}
    size, slide, lateness = rng.randint(1, 40), rng.randint(1, 30), lateness_of(rng)
    which = rng.choice(["tumbling", "sliding", "session"])
    if which == "tumbling":
        assigner, expected = TumblingEventTimeWindows(size), expect_fixed(united, size, size, 0, lateness)
    elif which == "sliding":
        assigner, expected = SlidingEventTimeWindows(size, slide), expect_fixed(united, size, slide, 0, lateness)
    else:
        assigner = EventTimeSessionWindows(size)
        expected = expect_sessions(united, lambda value: size, lateness)
    if kind == "join":
        function = JoinWindow(lambda a, b: (a[0], [a[1], b[1]]), None)
    else:
        function = CoGroupWindow(lambda a, b: [(sorted(map(value_of, a)), sorted(map(value_of, b)))], None)
    operator = WindowOperator(
        UnionKey(first, first), assigner, window_function=function, allowed_lateness=lateness, late_tag=LATE
    )
    results = 0
    for (got, late), (fired, expected_late) in zip(drive(operator, steps, push_unions), expected, strict=True):
        want = []
        for key, window, values in fired:
            lefts, rights = pairs_of(values, sides)
            if kind == "join":
                want += [((key, [left, right]), window[1] - 1) for left in lefts for right in rights]
            else:
                want.append(((sorted(lefts), sorted(rights)), window[1] - 1))
        assert sorted(got) == sorted(want)
        assert [union.value for union in late.get("late", [])] == [record[:2] for record in expected_late]
        results += len(got)
    return results


def joined(rng):
    return window_join(rng, "join")


def co_grouped(rng):
    return window_join(rng, "co_group")


def interval_joined(rng):
    steps, lower = two_streams(rng), rng.randint(-40, 40)
    upper = lower + rng.randint(0, 60)

    def pair(left, right, context):
        yield left, right, context.get_left_timestamp(), context.get_right_timestamp()

    operator = IntervalJoinOperator(UserFunction(pair), [first, first], lower, upper, (LATE, LATE))
    seen, watermark, results = ([], []), BEGINNING, 0

    def push(harness, what, data):
        harness.push([record[:2] for record in data], [record[2] for record in data], port=what)

    for (what, data), (got, late) in zip(steps, drive(operator, steps, push), strict=True):
        want, expected_late = [], []
        for key, value, stamp in data if what != "watermark" else ():
            if stamp < watermark:
                expected_late.append((key, value))
                continue
            seen[what].append((key, value, stamp))
            for other in seen[1 - what]:
                left, right = ((key, value, stamp), other) if what == 0 else (other, (key, value, stamp))
                if left[0] == right[0] and lower <= right[2] - left[2] <= upper:
                    want.append(((left[:2], right[:2], left[2], right[2]), max(left[2], right[2])))
        if what == "watermark":
            watermark = data
            for which, reach in enumerate((upper, -lower)):
                # As in Flink, whose late records are those below the watermark: one that is equal to it may miss this.
                seen[which][:] = [record for record in seen[which] if record[2] + max(reach, 0) > watermark]
        assert sorted(got) == sorted(want)
        assert late.get("late", []) == expected_late
        results += len(got)
    return results


KINDS = {
    "tumbling": tumbling,
    "sliding": sliding,
    "cumulative": cumulative,
    "session": session,
    "dynamic session": dynamic_session,
    "count": count_windows,
    "processing time": processing_time,
    "global with trigger": triggered,
    "evictor": evicted,
    "window join": joined,
    "co-group": co_grouped,
    "interval join": interval_joined,
}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=100_000, help="cases of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", default=",".join(KINDS), help="comma-separated")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    options = parser.parse_args(arguments)
    for kind in options.kinds.split(","):
        started, results = time.process_time(), 0
        for number in range(options.first, options.first + options.runs):
            try:
                results += KINDS[kind](random.Random(f"{options.seed} {kind} {number}"))
            except BaseException:
                print(f"{kind}: case {number} of seed {options.seed} failed", file=sys.stderr)
                raise
        seconds = time.process_time() - started
        print(f"{kind}: {options.runs} cases, {results} results, all as the model's ({seconds:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
