"""Reads a source the way a task does."""

from pyflinkx.connectors.source import END, WAIT, ReaderContext


class FixedClock:
    def now(self):
        return 0


def read_all(source, limit=1024, side=None, counters=None, records=None):
    """All records of a source.

    They are added to ``records`` as they come, and side records to ``side``: there they stay after a failure.
    """
    source.check()
    context = ReaderContext(FixedClock(), counters={} if counters is None else counters)
    reader = source.create_reader(context)
    reader.add_splits(source.splits(1))
    records = [] if records is None else records
    try:
        while True:
            try:
                batch = reader.poll(limit)
            finally:
                for tag, values in reader.take_side_records().items():
                    if side is not None:
                        side.setdefault(tag, []).extend(values)
            if batch is END:
                return records
            assert batch is not WAIT
            assert len(batch) <= limit
            records += batch.values
    finally:
        reader.close()


class Writing:
    """A writer that was made of a sink, with the batches of a test."""

    def __init__(self, sink, subtask_index=0, parallelism=1):
        from pyflinkx.connectors.sink import WriterContext

        sink.check()
        self.writer = sink.create_writer(WriterContext(subtask_index, parallelism))
        self.committer = sink.create_committer()

    def write(self, values):
        from pyflinkx._core.records.objects import ObjectBatch

        self.writer.write(ObjectBatch(list(values)))
        return self

    def finish(self):
        self.writer.flush(True)
        finished = self.writer.prepare_commit()
        self.writer.close()
        if self.committer is not None:
            self.committer.commit(finished)

    def fail(self):
        self.writer.close()
