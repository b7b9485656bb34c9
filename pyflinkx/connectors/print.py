"""Printing of records."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.records.row import Row
from pyflinkx.config.arguments import check_choice
from pyflinkx.connectors.sink import Sink, SinkWriter, WriterContext
from pyflinkx.errors import SinkError
from pyflinkx.formats.java_text import java_text
from pyflinkx.types.structured import StructuredTypeInfo
from pyflinkx.types.typeinfo import ExternalTypeInfo, PickledBytesTypeInfo, RowTypeInfo, TypeInformation


class PrintSink(Sink):
    """Prints each record on a line of its own, as PyFlink does.

    A line starts with ``identifier> ``; with ``identifier:subtask> ``, counted from 1, when there are several subtasks
    (``subtask> `` without an identifier). Records of a stream without a type are printed by ``str()``, rows as
    ``+I[1,a]`` with ``str()`` of their fields, records of any other type as Java would: ``(1,a)``, ``1.0E10``,
    ``true``; dataclasses and NamedTuples, which Java does not have, by ``str()``.

    Args:
        identifier: text before each record; None for none.
        stream: ``"stdout"`` or ``"stderr"``.
        type_info: type of the records; None when it is not known.

    Example:
        >>> PrintSink("rides")
        PrintSink('rides', stream='stdout')
    """

    def __init__(
        self, identifier: str | None = None, stream: str = "stdout", type_info: TypeInformation | None = None
    ) -> None:
        if identifier is not None and not isinstance(identifier, str):
            raise TypeError(f"an identifier is a str or None, not {identifier!r}")
        self.identifier = identifier
        self.stream: str = check_choice(stream, "stream", ("stdout", "stderr"))
        self.type_info = type_info

    def __repr__(self) -> str:
        return f"PrintSink({self.identifier!r}, stream={self.stream!r})"

    def create_writer(self, context: WriterContext) -> PrintWriter:
        # Looked up here, so that whoever replaced sys.stdout (a notebook, a test) gets the lines.
        stream = sys.stdout if self.stream == "stdout" else sys.stderr
        if stream is None:
            raise SinkError(f"this process has no {self.stream} to print to")
        return PrintWriter(stream, self.stream, self._prefix(context), printed_text(self.type_info), self.type_info)

    def _prefix(self, context: WriterContext) -> str:
        parts = [] if self.identifier is None else [self.identifier]
        if context.parallelism > 1:
            parts.append(str(context.subtask_index + 1))
        return ":".join(parts) + "> " if parts else ""


class PrintWriter(SinkWriter):
    """Writes lines to a text stream; each batch is flushed."""

    def __init__(
        self,
        stream: Any,
        name: str,
        prefix: str,
        text: Callable[[Any], str],
        type_info: TypeInformation | None = None,
    ) -> None:
        self.stream = stream
        self.name = name
        self.prefix = prefix
        self.text = text
        self.type_info = type_info

    def write(self, batch: Any) -> None:
        lines = "".join([f"{self.prefix}{text}\n" for text in self._texts(batch.values)])
        try:
            try:
                self.stream.write(lines)
            except UnicodeEncodeError:
                encoding = self.stream.encoding
                self.stream.write(lines.encode(encoding, "backslashreplace").decode(encoding))
            self.stream.flush()
        # ValueError: the stream was closed.
        except (OSError, ValueError) as error:
            raise SinkError(f"cannot print to {self.name}: {getattr(error, 'strerror', None) or error}") from error

    def _texts(self, values: list[Any]) -> list[str]:
        if self.type_info is None:
            return list(map(self.text, values))
        texts = []
        for value in values:
            try:
                texts.append(self.text(value))
            except (AttributeError, TypeError, ValueError) as error:
                raise SinkError(f"cannot print {short_repr(value)} as {self.type_info}: {error}") from error
        return texts


def printed_text(type_info: TypeInformation | None) -> Callable[[Any], str]:
    """What PyFlink prints for values of a type: ``str()`` for none, its own form for rows, else Java's text."""
    while isinstance(type_info, ExternalTypeInfo):
        type_info = type_info.type_info
    if type_info is None or isinstance(type_info, (PickledBytesTypeInfo, StructuredTypeInfo)):
        return str
    if isinstance(type_info, RowTypeInfo):
        return row_text
    return java_text(type_info)


def row_text(value: Any) -> str:
    """Row kind and the ``str()`` of the fields of a Row, tuple, NamedTuple or dataclass instance."""
    if value is None:
        return "null"
    if isinstance(value, Row):
        return f"{value.get_row_kind()}[{','.join(map(str, value))}]"
    if dataclasses.is_dataclass(value):
        value = [getattr(value, field.name) for field in dataclasses.fields(value)]
    return f"+I[{','.join(map(str, value))}]"
