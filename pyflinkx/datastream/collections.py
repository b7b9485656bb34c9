"""Streams of values that the program holds, and what can be told of their type by looking at them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pyflinkx._core.columns.schema import Schema
from pyflinkx.connectors.collection import CollectionSource
from pyflinkx.datastream.data_stream import DataStream
from pyflinkx.plan.stream import RecordType
from pyflinkx.types.arrow import schema_of
from pyflinkx.types.infer import infer_from_value
from pyflinkx.types.records import columns_of_records
from pyflinkx.types.typeinfo import TypeInformation

if TYPE_CHECKING:
    from pyflinkx.datastream.stream_execution_environment import StreamExecutionEnvironment


def collection_stream(
    environment: StreamExecutionEnvironment, source: CollectionSource, type_info: TypeInformation | None
) -> DataStream:
    """The stream of a collection.

    What is seen of its records tells their columns; it does not decide how they travel, as PyFlink pickles what has no
    declared type.
    """
    stream = environment._source_stream(source, "Collection Source", type_info)
    if type_info is not None:
        return stream
    columns = columns_of_records(source.values)
    if columns is None:
        return stream
    inferred = None if isinstance(columns, str) else class_of_all(source.values, columns)
    return DataStream(environment, replace(stream._value, record_type=RecordType(None, inferred, columns)))


def class_of_all(records: list[Any], columns: Schema) -> TypeInformation | None:
    """The type of a class's instances, where its annotations say what their values are, and nothing else is in them."""
    first = records[0]
    if type(first) is dict:
        return None
    if hasattr(first, "__dict__") and any(len(record.__dict__) != len(columns) for record in records):
        return None
    inferred = infer_from_value(first)
    if inferred is None or [field.format for field in schema_of(inferred)] != [field.format for field in columns]:
        return None
    return inferred
