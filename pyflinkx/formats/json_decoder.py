"""JSON objects of one row type as columns or rows: by compiled code, and what that leaves by ``json_values``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch, concat
from pyflinkx._core.columns.build import ColumnBuilder
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.formats.json_reader import JsonReader, LinesRead
from pyflinkx.errors import CorruptDataError
from pyflinkx.formats.json_forms import NoForm, form_of, nodes_of, value_maker
from pyflinkx.types.arrow import schema_of
from pyflinkx.types.typeinfo import RowTypeInfo

# Of messages that are read at once: 32-bit offsets must reach to the end of a column.
MAX_BYTES = 64 << 20

LINE_END = re.compile(b"\r\n?|\n")

Failures = list[tuple[int, CorruptDataError]]


class LineCutter:
    """Leaves every line to the caller, as a ``JsonReader`` does with unusual ones."""

    rows = 0

    def read_lines(self, block: bytes, start: int, rows: int, sound: bool) -> LinesRead:
        """The next line that is not blank; see ``JsonReader.read_lines``."""
        at, lines = start, 0
        while at < len(block):
            end = LINE_END.search(block, at)
            stop, after = (len(block), len(block)) if end is None else end.span()
            lines += 1
            if block[at:stop].strip(b" \t"):
                return LinesRead(after, lines, (at, stop - at))
            at = after
        return LinesRead(at, lines, None)


LineReader = JsonReader | LineCutter


class JsonDecoder:
    """Decodes objects of a type.

    Args:
        type_info: the type.
        all_fields: whether an object must have all fields.
        decode: the row of one message, or None to pass over it: the rules, and the errors, are its.
    """

    def __init__(self, type_info: RowTypeInfo, all_fields: bool, decode: Callable[[Any], Any]) -> None:
        self.schema: Schema = schema_of(type_info)
        self.decode = decode
        self.all_fields = all_fields
        self.makers: dict[int, Callable[[Any], Any]] = {}
        self.spare: list[JsonReader] = []  # whoever reads takes one: several threads may use one decoder
        try:
            form = form_of("", type_info)
        except NoForm:
            self.nodes = None
            return
        self.nodes = nodes_of(form)
        types = type_info.get_field_types()
        for place, (part, field) in enumerate(zip(form.parts, self.schema, strict=True)):
            if part.field != field:
                self.makers[place] = value_maker(types[place])

    def new_reader(self) -> JsonReader | None:
        """What reads the usual objects into columns; None where no compiled code knows the type."""
        if self.nodes is None:
            return None
        return JsonReader(self.nodes, self.all_fields)

    def new_line_reader(self) -> LineReader:
        """What reads lines."""
        return self.new_reader() or LineCutter()

    def taken(self, reader: LineReader) -> ColumnBatch:
        """The columns that a reader has read, as the type has them."""
        if isinstance(reader, LineCutter):
            return ColumnBatch.from_rows([], self.schema)
        batch = reader.take()
        columns = [
            self._made(place, column) if place in self.makers else column.with_field(field)
            for place, (column, field) in enumerate(zip(batch.columns, self.schema, strict=True))
        ]
        return ColumnBatch(self.schema, columns, len(batch))

    def _made(self, place: int, column: Column) -> Column:
        """A column of what no Arrow type is for."""
        make = self.makers[place]
        builder = ColumnBuilder(self.schema[place])
        builder.extend(
            [make(row[0]) for row in ColumnBatch(Schema([column.field]), [column], len(column)).to_rows("tuple")]
        )
        return builder.finish()

    def columns(self, messages: list[Any], failures: Failures | None = None) -> ColumnBatch:
        """The rows of messages as columns; those that are passed over are not among them.

        Args:
            messages: ``bytes`` each, or None.
            failures: takes the places of messages that cannot be read, and why.

        Raises:
            CorruptDataError: a message cannot be read, and there is no such list.
        """
        return concat(
            [inserted(batch, left, self.schema) for batch, left, _ in self._decoded(messages, failures)]
            or [ColumnBatch.from_rows([], self.schema)]
        )

    def rows(self, messages: list[Any], failures: Failures | None = None) -> list[Any]:
        """The rows of messages, None for those that are passed over.

        Args, Raises: as for ``columns``.
        """
        rows: list[Any] = []
        for batch, left, count in self._decoded(messages, failures):
            made = batch.to_rows()
            if left:
                usual = iter(made)
                made = [left[place] if place in left else next(usual) for place in range(count)]
            rows += made
        return rows

    def _decoded(
        self, messages: list[Any], failures: Failures | None
    ) -> Iterator[tuple[ColumnBatch, dict[int, Any], int]]:
        """Of each piece of the messages: the rows that were usual, the others by their places, and how many in all."""
        first = 0
        for piece in pieces(messages):
            reader = self.spare.pop() if self.spare else self.new_reader()
            left = range(len(piece)) if reader is None else reader.read_messages(piece)
            others = {place: self._decode(first + place, piece[place], failures) for place in left}
            batch = ColumnBatch.from_rows([], self.schema) if reader is None else self.taken(reader)
            if reader is not None:  # and has not failed
                self.spare.append(reader)
            yield batch, others, len(piece)
            first += len(piece)

    def _decode(self, place: int, message: Any, failures: Failures | None) -> Any:
        try:
            return self.decode(message)
        except CorruptDataError as error:
            if failures is None:
                raise CorruptDataError(f"message {place}: {error}") from error
            failures.append((place, error))
            return None


def inserted(batch: ColumnBatch, others: dict[int, Any], schema: Schema) -> ColumnBatch:
    """A batch with rows put in at their places among all rows; those that are None are not."""
    if not others:
        return batch
    order = []
    kept: list[Any] = []
    usual = 0
    for place in range(len(batch) + len(others)):
        if place not in others:
            order.append(usual)
            usual += 1
        elif others[place] is not None:
            order.append(len(batch) + len(kept))
            kept.append(others[place])
    if not kept:
        return batch
    return concat([batch, ColumnBatch.from_rows(kept, schema)]).take(order)


def pieces(messages: list[Any]) -> Iterator[list[Any]]:
    """Messages in pieces of limited size."""
    start = size = 0
    for place, message in enumerate(messages):
        length = 0 if message is None else len(message)
        if size + length > MAX_BYTES and place > start:
            yield messages[start:place]
            start, size = place, 0
        size += length
    if start < len(messages):
        yield messages if start == 0 else messages[start:]
