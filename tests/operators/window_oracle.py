"""What windows should give, worked out the slow way: by looking at all records and all windows at every step.

Steps are ("records", [(key, value, timestamp), ...]) and ("watermark", time). The answer is, for each step, the firings
as (key, window, records in order of arrival), a window being (start, end), and the records that are late.
"""

from dataclasses import dataclass, field

BEGINNING = -(10**18)


@dataclass
class Pane:
    """The accepted records of one key and window (or, for sessions, the ones that were accepted together)."""

    key: str
    start: int
    end: int
    records: list = field(default_factory=list)


def fixed_windows(timestamp, size, slide, offset):
    """All windows that hold the timestamp, found by trying every millisecond as a start."""
    return [
        (start, start + size) for start in range(timestamp - size + 1, timestamp + 1) if (start - offset) % slide == 0
    ]


def expect_fixed(steps, size, slide, offset=0, lateness=0):
    panes, watermark, answer = {}, BEGINNING, []
    for kind, what in steps:
        firings, late = [], []
        if kind == "records":
            for key, value, timestamp in what:
                windows = fixed_windows(timestamp, size, slide, offset)
                open_windows = [(start, end) for start, end in windows if end - 1 + lateness > watermark]
                for start, end in open_windows:
                    pane = panes.setdefault((key, start), Pane(key, start, end))
                    pane.records.append(value)
                    if end - 1 <= watermark:
                        firings.append((key, (start, end), list(pane.records)))
                if not open_windows and timestamp + lateness <= watermark:
                    late.append((key, value, timestamp))
        else:
            for pane in panes.values():
                if watermark < pane.end - 1 <= what:
                    firings.append((pane.key, (pane.start, pane.end), list(pane.records)))
            panes = {at: pane for at, pane in panes.items() if pane.end - 1 + lateness > what}
            watermark = what
        answer.append((firings, late))
    return answer


def sessions_of(records):
    """Groups of (start, end, value) whose time spans overlap or touch, in one chain."""
    groups = []
    for record in sorted(records, key=lambda record: record[0]):
        if groups and record[0] <= max(end for _, end, _ in groups[-1]):
            groups[-1].append(record)
        else:
            groups.append([record])
    return groups


def expect_sessions(steps, gap_of, lateness=0):
    live, watermark, answer = {}, BEGINNING, []
    for kind, what in steps:
        firings, late = [], []
        if kind == "records":
            for key, value, timestamp in what:
                record = (timestamp, timestamp + gap_of(value), value)
                known = live.setdefault(key, [])
                session = next(group for group in sessions_of([*known, record]) if any(r is record for r in group))
                end = max(end for _, end, _ in session)
                if end - 1 + lateness <= watermark:
                    if timestamp + lateness <= watermark:
                        late.append((key, value, timestamp))
                    continue
                known.append(record)
                if end - 1 <= watermark:
                    firings.append(firing_of(key, session))
        else:
            for key, records in live.items():
                kept = []
                for session in sessions_of(records):
                    end = max(end for _, end, _ in session)
                    if watermark < end - 1 <= what:
                        firings.append(firing_of(key, session))
                    if end - 1 + lateness > what:
                        kept += session
                live[key] = kept
            watermark = what
        answer.append((firings, late))
    return answer


def firing_of(key, session):
    start, end = min(start for start, _, _ in session), max(end for _, end, _ in session)
    return key, (start, end), [value for _, _, value in session]


def expect_counts(records, size, slide):
    """Firings of count windows: window n of a key holds ``size`` of its records, from number n * slide on."""
    by_key, firings = {}, []
    for key, value, _ in records:
        seen = by_key.setdefault(key, [])
        seen.append(value)
        first = len(seen) - size
        if first >= 0 and first % slide == 0:
            firings.append((key, first // slide, seen[first:]))
    return firings
