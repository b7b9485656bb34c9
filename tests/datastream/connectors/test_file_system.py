import pickle

import pytest

from pyflinkx.connectors.source import Boundedness
from pyflinkx.connectors.source import Source as AnySource
from pyflinkx.datastream.connectors import FileSource, Sink, Source, StreamFormat
from pyflinkx.datastream.connectors.base import Sink as BaseSink
from pyflinkx.errors import ConfigurationError, SourceError
from pyflinkx.types.typeinfo import Types
from tests.connectors.reading import read_all


def test_text_lines(tmp_path):
    (tmp_path / "b").write_text("é\r\n2", encoding="latin-1")
    (tmp_path / "a").write_text("1\n")
    builder = FileSource.for_record_stream_format(
        StreamFormat.text_line_format("ISO-8859-1"), f"file://{tmp_path}/b", str(tmp_path)
    )
    source = builder.process_static_file_set().build()
    assert isinstance(source, AnySource)
    assert source.output_type == Types.STRING()
    assert source.boundedness is Boundedness.BOUNDED
    assert read_all(pickle.loads(pickle.dumps(source))) == ["é", "2", "1", "é", "2"]


def test_missing_file(tmp_path):
    source = FileSource.for_record_stream_format(StreamFormat.text_line_format(), str(tmp_path / "none")).build()
    with pytest.raises(SourceError, match="none: cannot be read"):
        source.check()


def test_what_cannot_be():
    with pytest.raises(ConfigurationError, match="a stream format is a StreamFormat, not 'text'"):
        FileSource.for_record_stream_format("text", "x")
    with pytest.raises(ConfigurationError, match="no path was given"):
        FileSource.for_record_stream_format(StreamFormat.text_line_format())
    with pytest.raises(ConfigurationError, match="charset 'x' is not one"):
        FileSource.for_record_stream_format(StreamFormat.text_line_format("x"), "x")


def test_names():
    assert Source is AnySource
    assert Sink is BaseSink
