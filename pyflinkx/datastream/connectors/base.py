"""What all sources and all sinks are."""

from pyflinkx.connectors.sink import Sink
from pyflinkx.connectors.source import Source

__all__ = ["Sink", "Source"]
