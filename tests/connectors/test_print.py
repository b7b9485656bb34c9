import dataclasses
import io
import pickle
import sys
from typing import NamedTuple

import pytest

from pyflinkx._core.records.row import Row, RowKind
from pyflinkx.connectors.print import PrintSink
from pyflinkx.errors import ConfigurationError, SinkError
from pyflinkx.types.infer import infer_from_value
from pyflinkx.types.typeinfo import ExternalTypeInfo, Types
from tests.connectors.reading import Writing


def printed(capsys, sink, values, subtask_index=0, parallelism=1):
    Writing(sink, subtask_index, parallelism).write(values).finish()
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("identifier", "subtask_index", "parallelism", "line"),
    [
        (None, 0, 1, "x\n"),
        ("id", 0, 1, "id> x\n"),
        (None, 1, 2, "2> x\n"),
        ("id", 0, 2, "id:1> x\n"),
        ("", 0, 1, "> x\n"),
    ],
)
def test_prefix(capsys, identifier, subtask_index, parallelism, line):
    assert printed(capsys, PrintSink(identifier), ["x"], subtask_index, parallelism) == line


# Printed by PyFlink 2.3 for the same stream without a type.
def test_values_without_a_type_are_printed_as_python_does(capsys):
    values = [1, 1.5, None, "a", (1, "x"), [1, None], {"k": 1.0}, True, Row(1, "a"), Row(a=1, b=None), 1e10, "a\nb"]
    assert printed(capsys, PrintSink(), values) == (
        "1\n1.5\nNone\na\n(1, 'x')\n[1, None]\n{'k': 1.0}\nTrue\n<Row(1, 'a')>\nRow(a=1, b=None)\n10000000000.0\na\nb\n"
    )
    assert printed(capsys, PrintSink(type_info=Types.PICKLED_BYTE_ARRAY()), [(1, "x")]) == "(1, 'x')\n"


class Point(NamedTuple):
    x: int
    y: float


@dataclasses.dataclass
class Place:
    x: int
    y: float


# Printed by PyFlink 2.3 for the same typed stream.
def test_rows_are_printed_with_their_kind(capsys):
    row_type = Types.ROW([Types.INT(), Types.LIST(Types.DOUBLE())])
    deleted = Row.of_kind(RowKind.DELETE, 1, None)
    for type_info in (row_type, ExternalTypeInfo(row_type)):
        assert printed(capsys, PrintSink(type_info=type_info), [Row(1, [1.0]), deleted]) == "+I[1,[1.0]]\n-D[1,None]\n"
    assert printed(capsys, PrintSink(type_info=row_type), [(1, "a"), Point(1, 2), Place(3, 4), None]) == (
        "+I[1,a]\n+I[1,2]\n+I[3,4]\nnull\n"
    )


def test_other_types_are_printed_as_java_does(capsys):
    assert printed(capsys, PrintSink(type_info=Types.DOUBLE()), [1e10, None]) == "1.0E10\nnull\n"
    assert printed(capsys, PrintSink(type_info=Types.TUPLE([Types.INT(), Types.STRING()])), [(1, "a")]) == "(1,a)\n"


def test_instances_of_classes_are_printed_as_python_does(capsys):
    assert printed(capsys, PrintSink(type_info=infer_from_value(Point(1, 2.0))), [Point(1, 1e10)]) == (
        "Point(x=1, y=10000000000.0)\n"
    )
    pair = Types.TUPLE([Types.DOUBLE(), infer_from_value(Place(1, 2.0))])
    assert (
        printed(capsys, PrintSink(type_info=pair), [(1e10, Place(1, 1e10))]) == "(1.0E10,Place(x=1, y=10000000000.0))\n"
    )


def test_a_value_of_another_type_is_named(capsys):
    with pytest.raises(SinkError, match=r"cannot print \(1, 2\) as TupleTypeInfo\(Integer\): "):
        printed(capsys, PrintSink(type_info=Types.TUPLE([Types.INT()])), [(1, 2)])


def test_stderr(capsys):
    Writing(PrintSink(stream="stderr")).write([1]).finish()
    assert capsys.readouterr() == ("", "1\n")


def test_each_batch_is_flushed(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8"))
    writing = Writing(PrintSink())
    writing.write(["é"])
    assert raw.getvalue() == "é\n".encode()


def test_characters_that_the_stream_cannot_show_are_escaped(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    Writing(PrintSink()).write(["a€", "\udcff"])
    assert raw.getvalue() == b"a\\u20ac\n\\udcff\n"


def test_full_disk(monkeypatch):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(SinkError, match="cannot print to stdout: No space left on device") as caught:
            Writing(PrintSink()).write(["x"])
        assert isinstance(caught.value.__cause__, OSError)
        monkeypatch.undo()
        # What could not be written would be written again, and fail again, when the file is closed.
        with open("/dev/null", "w") as null:
            import os

            os.dup2(null.fileno(), full.fileno())


def test_broken_pipe(monkeypatch):
    class Pipe(io.StringIO):
        def flush(self):
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(sys, "stdout", Pipe())
    with pytest.raises(SinkError, match="cannot print to stdout: Broken pipe"):
        Writing(PrintSink()).write(["x"])


def test_closed_and_missing_streams(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    writing = Writing(PrintSink())
    stream.close()
    with pytest.raises(SinkError, match="cannot print to stdout: I/O operation on closed file"):
        writing.write(["x"])
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(SinkError, match="this process has no stdout to print to"):
        Writing(PrintSink())


def test_arguments_that_cannot_be():
    with pytest.raises(ConfigurationError, match="stream is one of 'stdout', 'stderr', not 'printer'"):
        PrintSink(stream="printer")
    with pytest.raises(TypeError, match="an identifier is a str or None, not 1"):
        PrintSink(1)


def test_a_sink_travels():
    assert pickle.loads(pickle.dumps(PrintSink("a", type_info=Types.INT()))).identifier == "a"
