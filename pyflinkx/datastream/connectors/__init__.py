"""Where records come from and go to."""

from pyflinkx.datastream.connectors.base import Sink, Source
from pyflinkx.datastream.connectors.file_system import FileSource, StreamFormat

__all__ = ["FileSource", "Sink", "Source", "StreamFormat"]
