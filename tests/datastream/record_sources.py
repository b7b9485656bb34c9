"""Sources that emit one object again and again."""

from pyflinkx.datastream.connectors.base import InputStatus, Source, SourceReader, SplittableIterator


class Split(SplittableIterator):
    def split(self, num_partitions):
        return [Steps(), *(iter(()) for _ in range(num_partitions - 1))]

    def get_maximum_number_of_splits(self):
        return 1


class Steps:
    """As ``steps``, but it can travel."""

    def __init__(self):
        self.record = {"n": -1}

    def __iter__(self):
        return self

    def __next__(self):
        if self.record["n"] == 2:
            raise StopIteration
        self.record["n"] += 1
        return self.record


class OwnReader(SourceReader):
    def __init__(self):
        self.record = {"n": -1}

    def poll_next(self, output):
        if self.record["n"] == 2:
            return InputStatus.END_OF_INPUT
        self.record["n"] += 1
        output.collect(self.record)
        return InputStatus.MORE_AVAILABLE


class OwnSource(Source):
    parallelism = 1

    def splits(self, parallelism):
        return [None]

    def create_reader(self, context):
        return OwnReader()
