"""Streams united in one: what columns they have in common."""

from __future__ import annotations

from collections.abc import Sequence

from pyflinkx._core.schema import Schema
from pyflinkx.datastream.calls import common_record_type
from pyflinkx.datastream.columnar import aligned, same_columns
from pyflinkx.datastream.data_stream import DataStream
from pyflinkx.errors import TypeInformationError
from pyflinkx.graph.transformation import user_location
from pyflinkx.types.arrow import schema_of
from pyflinkx.types.common import common_schema


def united(streams: Sequence[DataStream]) -> DataStream:
    """The union of streams of one environment.

    Columnar streams stay columnar where they have columns of the same names, in any order, and of types that widen to a
    common one without loss. Otherwise the union is one of rows; what needs its columns then says why it has none.
    """
    record_type = streams[0]._record_type
    if not same_columns(streams):
        columns = columns_in_common(streams)
        if isinstance(columns, Schema) and all(stream._schema is not None for stream in streams):
            streams = [aligned(stream, columns) for stream in streams]
            record_type = streams[0]._record_type
        else:
            streams = [stream._as_rows() for stream in streams]
            record_type = common_record_type([stream._record_type for stream in streams])._replace(columns=columns)
    upstreams = tuple(up for stream in streams for up in stream._upstreams)
    return DataStream(streams[0]._environment, upstreams, record_type)


def columns_in_common(streams: Sequence[DataStream]) -> Schema | str | None:
    """The columns that hold the records of all streams; why there are none, or None where all is unknown."""
    schemas: list[Schema] = []
    unknown = []
    for stream in streams:
        schema = stream._schema if stream._schema is not None else columns_of_rows(stream)
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


def columns_of_rows(stream: DataStream) -> Schema | str:
    """The columns that a stream's rows make, or why they make none."""
    record_type = stream._record_type
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


def described(stream: DataStream) -> str:
    """A stream, for an error."""
    made = stream._transformation
    return f"'{made.name}' ({made.location})"
