"""What all sources and all sinks are, and what a user's own source consists of.

A source of one's own is a class with ``create_reader``, and either ``splits`` or ``create_enumerator``:

    class Numbers(Source):
        boundedness = Boundedness.BOUNDED

        def create_enumerator(self, enum_context):
            return NumberEnumerator(enum_context)      # a SplitEnumerator: runs once, in the client

        def create_reader(self, context):
            return NumberReader(context)               # a SourceReader: one for each subtask

A sink of one's own is a class with ``create_writer``, and with ``create_committer`` where its results are to be seen
once only; docs/connectors.md has an example:

    class Ledger(TwoPhaseCommittingSink):
        def create_writer(self, context):
            return LedgerWriter()                      # a CommittingSinkWriter: one for each subtask

        def create_committer(self):
            return LedgerCommitter()                   # a Committer: runs once, in the client
"""

from typing import TYPE_CHECKING

from pyflinkx.connectors.discard import DiscardSink as DiscardingSink
from pyflinkx.connectors.enumerator import SplitEnumerator, SplitEnumeratorContext
from pyflinkx.connectors.record_reader import InputStatus, ReaderOutput
from pyflinkx.connectors.record_reader import RecordReader as SourceReader
from pyflinkx.connectors.record_sink import (
    CommitRequest,
    CommittingSinkWriter,
    DeliveryGuarantee,
    StatefulSinkWriter,
    SupportsCommitter,
    SupportsWriterState,
    TwoPhaseCommittingSink,
)
from pyflinkx.connectors.record_sink import RecordSinkWriter as SinkWriter
from pyflinkx.connectors.record_sink import RequestCommitter as Committer
from pyflinkx.connectors.sink import Sink
from pyflinkx.connectors.source import Boundedness, Source
from pyflinkx.connectors.source import ReaderContext as SourceReaderContext
from pyflinkx.connectors.splittable import SplittableIterator
from pyflinkx.names.asking import offering

__all__ = [
    "Boundedness",
    "CommitRequest",
    "Committer",
    "CommittingSinkWriter",
    "DeliveryGuarantee",
    "DiscardingSink",
    "InputStatus",
    "ReaderOutput",
    "Sink",
    "SinkWriter",
    "Source",
    "SourceReader",
    "SourceReaderContext",
    "SplitEnumerator",
    "SplitEnumeratorContext",
    "SplittableIterator",
    "StatefulSinkWriter",
    "SupportsCommitter",
    "SupportsWriterState",
    "TwoPhaseCommittingSink",
]


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
