"""Stops readers in the middle and goes on with new ones, as a job does that is restored from a checkpoint."""

import pickle
from collections import deque

from pyflinkx.connectors.record_reader import batch_reader
from pyflinkx.connectors.source import END, WAIT, ReaderContext, SourceIdleness, SourceWatermark
from tests.connectors.reading import FixedClock


def new_reader(source, splits, parallelism=1, **context):
    reader = batch_reader(source.create_reader(made := ReaderContext(FixedClock(), 0, parallelism, **context)), made)
    reader.add_splits(splits)
    return reader


def values_of(batch):
    return [list(row) for row in batch.to_rows()] if hasattr(batch, "to_rows") else list(batch.values)


def polled(reader, limit, side):
    """What one poll gives, as a list; None at the end."""
    batch = reader.poll(limit)
    for records in reader.take_side_records().values():
        side.extend(records)
    if batch is END:
        return None
    if batch is WAIT:
        return []
    if isinstance(batch, SourceWatermark | SourceIdleness):
        return [batch]
    assert len(batch) <= limit
    return values_of(batch)


def rest(reader, limit, side):
    records = []
    while (some := polled(reader, limit, side)) is not None:
        records += some
    reader.close()
    return records


def check_positions(source, splits, stops, limit, expected, side=(), **context):
    """A reader is stopped after so many polls, a new one goes on, and so on; nothing is lost, nothing comes twice.

    The reader that was stopped goes on too, and gives the same rest as the new ones.

    Args:
        splits: of the first reader.
        stops: numbers of polls.
        limit: of each poll.
        expected: all records; sorted, where there are several splits.
        side: all bad records.
    """
    by_order = (lambda values: values) if len(splits) <= 1 else (lambda values: sorted(values, key=repr))
    done, bad = [], []
    reader = new_reader(source, splits, **context)
    for number, polls in enumerate(stops):
        for _ in range(polls):
            some = polled(reader, limit, bad)
            if some is None:
                break
            done += some
        left = pickle.loads(pickle.dumps(reader.snapshot_state(number)))
        assert by_order(done + rest(reader, limit, [])) == by_order(list(expected))
        reader = new_reader(source, left, **context)
    parts = deque(reader.snapshot_state(len(stops)))
    reader.close()
    readers = [list(parts)[number::2] for number in range(2)]
    for part in readers:
        done += rest(new_reader(source, part, **context), limit, bad)
    assert by_order(done) == by_order(list(expected))
    assert sorted(bad, key=repr) == sorted(side, key=repr)
