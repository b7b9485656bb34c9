"""Streams united in one: what columns they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pyflinkx._core.columns.schema import Schema
from pyflinkx.errors import TypeInformationError
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.graph.transformation import Inserted, Upstream, user_location
from pyflinkx.operators.rows_of_shape import RowAlignmentOperator
from pyflinkx.plan.columns import aligned, rows_of, same_columns
from pyflinkx.plan.stream import RecordType, Stream, common_record_type, operator
from pyflinkx.types.arrow import schema_of
from pyflinkx.types.common import common_schema
from pyflinkx.types.composite import RowTypeInfo


def united(streams: Sequence[Stream]) -> Stream:
    """The union of streams.

    Columnar streams stay columnar where they have columns of the same names, in any order, and of types that widen to a
    common one without loss. Otherwise the union is one of rows, those of the same names in one order; what needs its
    columns then says why it has none.
    """
    record_type = streams[0].record_type
    if not same_columns(streams):
        columns = columns_in_common(streams)
        if isinstance(columns, Schema) and all(stream.schema is not None for stream in streams):
            streams = [aligned(stream, columns) for stream in streams]
            record_type = streams[0].record_type
        else:
            streams = [rows_of(stream) for stream in in_one_order(streams)]
            record_type = common_record_type([stream.record_type for stream in streams])._replace(columns=columns)
    upstreams = tuple(up for stream in streams for up in stream.upstreams)
    return Stream(upstreams, record_type)


def in_one_order(streams: Sequence[Stream]) -> list[Stream]:
    """The streams with their fields in the order of the first that has any, where they have the same names.

    A position then means the same field in the records of all of them.
    """
    orders = [field_names(stream) for stream in streams]
    first = next((names for names in orders if names is not None), None)
    return [
        stream if names is None or names == first or set(names) != set(first or ()) else reordered(stream, first or ())
        for stream, names in zip(streams, orders, strict=True)
    ]


def field_names(stream: Stream) -> list[str] | None:
    """The names of a stream's fields in their order; None where its records may be no Rows, or a name is twice."""
    if stream.schema is not None:
        names = list(stream.schema.names)
    elif isinstance(stream.record_type.declared, RowTypeInfo):
        names = stream.record_type.declared.get_field_names()
    else:
        return None
    return names if len(set(names)) == len(names) else None


def reordered(stream: Stream, names: Sequence[str]) -> Stream:
    """The same records with their fields in another order, spread as they were."""
    if stream.schema is not None:
        return aligned(stream, Schema([stream.schema[name] for name in names], stream.schema.metadata))
    declared = stream.record_type.declared
    assert isinstance(declared, RowTypeInfo)
    types = dict(zip(declared.get_field_names(), declared.field_types, strict=True))
    record_type = RecordType(RowTypeInfo([types[name] for name in names], names))
    placed = {"parallelism_of": "input", "inserted": Inserted("align"), "native": True}
    upstreams = []
    for up in stream.upstreams:
        spec = OperatorSpec.of(RowAlignmentOperator)
        made = operator("Align", spec, [Stream((replace(up, partitioner=None),))], record_type, **placed)
        upstreams.append(Upstream(made.origin, up.partitioner))
    return replace(stream, upstreams=tuple(upstreams), record_type=record_type, made_by=None)


def columns_in_common(streams: Sequence[Stream]) -> Schema | str | None:
    """The columns that hold the records of all streams; why there are none, or None where all is unknown."""
    schemas: list[Schema] = []
    unknown = []
    for stream in streams:
        schema = stream.schema if stream.schema is not None else columns_of_rows(stream)
        if isinstance(schema, Schema):
            schemas.append(schema)
        else:
            unknown.append(f"{described(stream)} {schema}")
    if not schemas:
        return None
    where = user_location()
    place = "" if where is None else f" at {where}"
    if unknown:
        return f"the union(){place} has no columns, as {'; '.join(unknown)}"
    found = common_schema(schemas)
    if isinstance(found, Schema):
        return found
    first, other, difference = found
    return (
        f"the union(){place} has no columns, as its streams differ: {difference}, in {described(streams[first])} and "
        f"{described(streams[other])}; give them the same with select() and cast()"
    )


def columns_of_rows(stream: Stream) -> Schema | str:
    """The columns that a stream's rows make, or why they make none."""
    record_type = stream.record_type
    if record_type.columns is not None:
        return record_type.columns
    if record_type.known is None:
        return (
            "has records of unknown type: give it an output_type such as "
            "Types.ROW_NAMED(['key', 'value'], [Types.LONG(), Types.DOUBLE()])"
        )
    try:
        return schema_of(record_type.known)
    except TypeInformationError as error:
        return f"has records without columns: {error}"


def described(stream: Stream) -> str:
    """A stream, for an error."""
    made = stream.origin
    return f"'{made.name}' ({made.location})"
