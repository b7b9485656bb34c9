"""How streams, environments and first records look where somebody works with them: as text, and in a notebook."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.records.row import Row
from pyflinkx.plan.stream import Stream
from pyflinkx.types.composite import CompositeTypeInfo
from pyflinkx.types.data_type_field import type_of_field
from pyflinkx.types.structured import is_named_tuple

if TYPE_CHECKING:
    from pyflinkx.datastream.data_stream import DataStream
    from pyflinkx.datastream.stream_execution_environment import StreamExecutionEnvironment

LONGEST_TYPE = 200


class StreamSchema(dict[str, Any]):
    """The types of a stream's fields by name, in their order.

    Those of a columnar stream, and of a collection whose records were looked at, are the data types of columns, which
    know units and time zones; those of other streams of rows are type information.
    """

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name}: {kind}" for name, kind in self.items()) + "}"

    def _repr_html_(self) -> str:
        return html_table(("field", "type"), ((name, str(kind)) for name, kind in self.items()))


class Records(list[Any]):
    """Records of a stream; a list, which a notebook shows as a table.

    Args:
        records: the records.
        names: of their fields; by default as the first record has them, or none.
    """

    def __init__(self, records: Iterable[Any] = (), names: Iterable[str] | None = None) -> None:
        super().__init__(records)
        self._names = list(names or ()) or None

    def _repr_html_(self) -> str:
        names = self._names or next((found for found in map(names_in, self) if found), None)
        if names is None:
            width = max((len(record) for record in self if type(record) in (tuple, list, Row)), default=0)
            if width == 0 or not all(type(record) in (tuple, list, Row) for record in self):
                return html_table(("record",), ([record] for record in self))
            names = [str(position) for position in range(width)]
        return html_table(names, (cells_of(record, names) for record in self))


def names_in(record: Any) -> list[str] | None:
    """The names of a record's fields, where it has such."""
    if isinstance(record, Mapping):
        return [str(name) for name in record]
    if isinstance(record, Row):
        names = getattr(record, "_fields", None)
        return list(names) if names else None
    if is_named_tuple(type(record)):
        return list(record._fields)
    if is_dataclass(record) and not isinstance(record, type):
        return [field.name for field in fields(record)]
    return None


def cells_of(record: Any, names: Sequence[str]) -> list[Any]:
    """A record's values for a row of a table; one that has other fields is put into the first cell."""
    own = names_in(record)
    if own is not None and set(own) <= set(names):
        values = {str(name): value for name, value in record.items()} if isinstance(record, Mapping) else None
        if values is None:
            items = tuple(record) if isinstance(record, (tuple, Row)) else [getattr(record, name) for name in own]
            values = dict(zip(own, items, strict=True))
        return [values.get(name, "") for name in names]
    if own is None and isinstance(record, (tuple, list, Row)) and len(record) <= len(names):
        return list(record)
    return [record]


def html_table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table of HTML; text stands as it is, what is no text as its repr."""
    cells = "".join(f"<th>{html.escape(str(name))}</th>" for name in head)
    lines = []
    for row in rows:
        shown = [value if isinstance(value, str) else short_repr(value) for value in row]
        shown += [""] * (len(head) - len(shown))
        lines.append("<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in shown) + "</tr>")
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def schema_of_stream(value: Stream) -> StreamSchema | None:
    """The types of a stream's fields; None where its records have no named fields, or nothing is known of them."""
    if value.schema is not None:
        return StreamSchema({field.name: type_of_field(field) for field in value.schema})
    known, columns = value.record_type.known, value.record_type.columns
    if columns is not None and not isinstance(columns, str):
        return StreamSchema({field.name: type_of_field(field) for field in columns})
    if not isinstance(known, CompositeTypeInfo):
        return None
    # Those of a tuple have the names that its columns would have.
    names = getattr(known, "field_names", None) or [f"f{position}" for position in range(len(known.field_types))]
    return StreamSchema(zip(names, known.field_types, strict=True))


def type_text(value: Stream) -> str:
    """The records' type in few words."""
    schema = schema_of_stream(value)
    if schema is not None:
        text = repr(schema)
    else:
        known = value.record_type.known
        text = "unknown type" if known is None else str(known)
    return text if len(text) <= LONGEST_TYPE else text[: LONGEST_TYPE - 3] + "..."


def names_of_stream(stream: DataStream) -> list[str]:
    """The names of the operators whose results a stream has; several where it is a union."""
    program = stream._environment._program
    value = stream._value
    if value.made_by is not None:
        return [program.name(value.made_by)]
    return [
        program.name(up.transformation) + ("" if up.side_tag is None else f", side output '{up.side_tag}'")
        for up in value.upstreams
    ]


def stream_text(stream: DataStream) -> str:
    """What a stream is: its kind, the operator that it comes from, its key, and the type of its records."""
    value = stream._value
    parts = [" + ".join(f"'{name}'" for name in names_of_stream(stream))]
    if value.keys is not None and value.keys.columns is not None:
        parts.append("by " + ", ".join(value.keys.columns))
    form = "columns" if value.schema is not None else "records"
    return f"<{type(stream).__name__} {' '.join(parts)}: {form} of {type_text(value)}>"


def stream_html(stream: DataStream) -> str:
    """What a stream is, with a table of its fields; runs nothing."""
    schema = schema_of_stream(stream._value)
    head = html.escape(stream_text(stream).strip("<>"))
    return f"<div>{head}</div>{'' if schema is None else schema._repr_html_()}"


def environment_text(environment: StreamExecutionEnvironment) -> str:
    """What an environment is about to run."""
    roots = environment._program.roots
    sinks = [environment._program.name(root) for root in roots if root.kind == "sink"]
    waiting = f"sinks to execute: {', '.join(sinks)}" if sinks else "no sinks to execute"
    return f"<StreamExecutionEnvironment, parallelism {environment.get_parallelism()}; {waiting}>"
