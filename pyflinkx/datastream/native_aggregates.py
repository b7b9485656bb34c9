"""Where ``agg()`` meets columnar streams, and streams of rows that can become such."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from pyflinkx._core.schema import Schema
from pyflinkx.datastream.columnar import columns_of
from pyflinkx.datastream.data_stream import DataStream
from pyflinkx.datastream.keyed_stream import KeyedStream
from pyflinkx.errors import GraphError
from pyflinkx.graph.spec import INSERTS, OperatorSpec
from pyflinkx.graph.transformation import TwoPhase
from pyflinkx.operators.aggregations import Aggregation, checked_aggregations
from pyflinkx.operators.fields import FieldTuple
from pyflinkx.operators.local_aggregate import (
    LocalAggregateOperator,
    LocalWindowOperator,
    partial_schema,
)
from pyflinkx.operators.native_aggregate import NativeAggregateOperator
from pyflinkx.operators.native_window import NativeWindowOperator, two_phase_slices
from pyflinkx.types.changes import INSERT_ONLY

if TYPE_CHECKING:
    from pyflinkx.datastream.windowed_stream import Windowed


def running_aggregates(stream: KeyedStream, aggregates: Mapping[str, Aggregation]) -> DataStream:
    """The stream of ``KeyedStream.agg``.

    Raises:
        GraphError: the aggregates or their fields do not fit the stream.
    """
    keyed, keys, schema = columnar_keys(stream, "agg()")
    checked = checked_aggregations(aggregates, "agg()")
    spec = native(NativeAggregateOperator, keyed, schema, keys, checked)
    results = spec.build().results  # what does not fit together fails here, with the user's call
    phases = None
    partials = partial_schema(schema, keys, checked)
    if partials is not None:
        first = OperatorSpec.of(LocalAggregateOperator, schema, keys, checked, partials)
        phases = TwoPhase("Local Aggregate", partials, first, spec.with_arguments(partials=partials), True)
    return keyed._then_columns("Aggregate", spec, results, two_phase=phases)


def window_aggregates(windowed: Windowed, aggregates: Mapping[str, Aggregation]) -> DataStream:
    """The stream of ``WindowedStream.agg`` and ``AllWindowedStream.agg``.

    Raises:
        GraphError: the aggregates or their fields do not fit the stream, or the windows are no native ones.
    """
    for what, given in (("trigger", windowed._trigger), ("evictor", windowed._evictor)):
        if given is not None:
            raise GraphError(
                f"agg() has no native windows with a {what} such as {given!r}: use reduce(), aggregate() or process()"
            )
    stream = windowed._stream
    keys: tuple[str, ...] = ()
    if isinstance(stream, KeyedStream):
        stream, keys, schema = columnar_keys(stream, "agg()")
    else:
        stream, schema = columnar(stream, "agg()")
    late_tag = windowed._late_tag
    checked = checked_aggregations(aggregates, "agg()")
    spec = native(
        NativeWindowOperator,
        stream,
        schema,
        keys,
        windowed._window_assigner,
        checked,
        allowed_lateness=windowed._allowed_lateness,
        late_tag=late_tag,
    )
    # What does not fit together fails here, with the user's call.
    operator = spec.build()
    name = "Window Aggregate" if keys else "Window All Aggregate"
    phases = None
    slices = two_phase_slices(operator)
    partials = None if slices is None else partial_schema(schema, keys, checked)
    if partials is not None:
        first = OperatorSpec.of(LocalWindowOperator, slices, schema, keys, checked, partials)
        phases = TwoPhase(f"Local {name}", partials, first, spec.with_arguments(partials=partials))
    late = {} if late_tag is None else {late_tag.tag_id: schema}
    result = stream._then_columns(name, spec, operator.results, two_phase=phases, side_schemas=late)
    if not keys:
        result.force_non_parallel()
    return result


def native(operator: type, stream: DataStream, *arguments: Any, **options: Any) -> OperatorSpec:
    """An aggregate of a stream, which adds up inserts."""
    asks = stream._input(True) if isinstance(stream, KeyedStream) else INSERTS
    return OperatorSpec.of(operator, *arguments, **options).reading(asks).producing(INSERT_ONLY)


def columnar(stream: DataStream, call: str) -> tuple[DataStream, Schema]:
    """A stream as columns, and its schema."""
    columns = columns_of(stream, call)
    schema = columns._schema
    assert schema is not None
    return columns, schema


def columnar_keys(stream: KeyedStream, call: str) -> tuple[DataStream, tuple[str, ...], Schema]:
    """A keyed stream as columns, the names of its keys, and its schema.

    Raises:
        GraphError: it is one of rows whose type is not known, or whose keys are no fields.
    """
    if stream._key_fields is not None and stream._schema is not None:
        return stream, stream._key_fields, stream._schema
    columns, schema = columnar(stream._unkeyed, call)
    names = tuple(field_name(getter, schema, call) for getter in getters_of(stream._key_selector))
    return columns.key_by(*names), names, schema


def getters_of(selector: Callable[[Any], Any]) -> tuple[Callable[[Any], Any], ...]:
    """What a key of several fields consists of."""
    return selector.getters if isinstance(selector, FieldTuple) else (selector,)


def field_name(getter: Callable[[Any], Any], schema: Schema, call: str) -> str:
    """The name of the field that a part of a key is.

    Raises:
        GraphError: it is none, but what a function or a path takes out of a record.
    """
    if isinstance(getter, (itemgetter, attrgetter)):
        reduced: Any = getter.__reduce__()
        (key,) = reduced[1]
        return schema.names[key] if isinstance(key, int) else str(key)
    raise GraphError(f"{call} needs a key_by() that names fields, such as key_by('{schema.names[0]}'), not {getter!r}")
