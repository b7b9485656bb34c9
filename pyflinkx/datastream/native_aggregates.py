"""Where ``agg()`` meets columnar streams, and streams of rows that can become such."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from pyflinkx._core.schema import Field, Schema
from pyflinkx.datastream.columnar import aligned, columns_of, known_schema, with_native
from pyflinkx.datastream.data_stream import DataStream
from pyflinkx.datastream.keyed_stream import KeyedStream
from pyflinkx.errors import GraphError
from pyflinkx.graph.transformation import TwoPhase
from pyflinkx.operators.aggregations import OF_NUMBERS, Aggregation, checked_aggregations
from pyflinkx.operators.fields import FieldPath, FieldTuple
from pyflinkx.operators.local_aggregate import (
    LocalAggregateOperator,
    LocalOperator,
    LocalWindowOperator,
    partial_schema,
)
from pyflinkx.operators.native_aggregate import NativeAggregateOperator
from pyflinkx.operators.native_window import NativeWindowOperator, two_phase_slices

if TYPE_CHECKING:
    from pyflinkx.datastream.windowed_stream import Windowed


def running_aggregates(stream: KeyedStream, aggregates: Mapping[str, Aggregation]) -> DataStream:
    """The stream of ``KeyedStream.agg``.

    Raises:
        GraphError: the aggregates or their fields do not fit the stream.
    """
    checked = checked_aggregations(aggregates, "agg()")
    keyed, keys, schema = columnar_keys(stream, "agg()", checked)
    make_operator = partial(NativeAggregateOperator, schema, keys, checked)
    result = keyed._then_columns("Aggregate", make_operator, make_operator().results)
    partials = partial_schema(schema, keys, checked)
    if partials is not None:
        make_first = partial(first_phase, LocalAggregateOperator, (schema, keys, checked, partials))
        make_second = partial(make_operator, partials=partials)
        result._transformation.two_phase = TwoPhase("Local Aggregate", partials, make_first, make_second, True)
    return result


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
    stream, late_tag = windowed._stream, windowed._late_tag
    checked = checked_aggregations(aggregates, "agg()")
    keys: tuple[str, ...] = ()
    if isinstance(stream, KeyedStream):
        stream, keys, schema = columnar_keys(stream, "agg()", checked, late_tag is not None)
    else:
        stream, schema = columnar(stream, "agg()", checked, (), late_tag is not None)
    make_operator = partial(
        NativeWindowOperator,
        schema,
        keys,
        windowed._window_assigner,
        checked,
        allowed_lateness=windowed._allowed_lateness,
        late_tag=late_tag,
    )
    # What does not fit together fails here, with the user's call.
    operator = make_operator()
    name = "Window Aggregate" if keys else "Window All Aggregate"
    result = stream._then_columns(name, make_operator, operator.results)
    slices = two_phase_slices(operator)
    partials = None if slices is None else partial_schema(schema, keys, checked)
    if partials is not None:
        make_first = partial(first_phase, LocalWindowOperator, (slices, schema, keys, checked, partials))
        make_second = partial(make_operator, partials=partials)
        result._transformation.two_phase = TwoPhase(f"Local {name}", partials, make_first, make_second)
    if late_tag is not None:
        result._transformation.side_schemas[late_tag.tag_id] = schema
    if not keys:
        result.force_non_parallel()
    return result


def first_phase(
    make: Callable[..., LocalOperator], arguments: tuple[Any, ...], max_parallelism: int, subtasks: int, adaptive: bool
) -> LocalOperator:
    """An operator of the first of two phases."""
    return make(*arguments, max_parallelism, subtasks, adaptive)


def columnar(
    stream: DataStream, call: str, aggregates: Mapping[str, Aggregation], keys: Sequence[str], whole: bool
) -> tuple[DataStream, Schema]:
    """A stream as columns, and its schema.

    Args:
        stream: the stream.
        call: the API call, for errors.
        aggregates: what is made of it.
        keys: names of the fields of its key.
        whole: whether all columns are wanted, for a side output; otherwise a stream of rows gets those that are read.
    """
    read = {name for each in aggregates.values() for name in (each.field, each.by) if name is not None}
    columns = columns_of(stream, call, None if whole else {*keys, *read})
    columns = with_native(columns, {name for each in aggregates.values() for name in each.compared}, call)
    columns = with_numbers(columns, {each.field for each in aggregates.values() if each.function in OF_NUMBERS})
    schema = columns._schema
    assert schema is not None
    return columns, schema


def with_numbers(stream: DataStream, names: Collection[str | None]) -> DataStream:
    """A columnar stream whose columns of these names are of whole numbers where they had only nulls, and no type."""
    assert stream._schema is not None
    fields = [
        Field(field.name, "l") if field.format == "n" and field.name in names else field for field in stream._schema
    ]
    return aligned(stream, Schema(fields, stream._schema.metadata))


def columnar_keys(
    stream: KeyedStream, call: str, aggregates: Mapping[str, Aggregation], whole: bool = False
) -> tuple[DataStream, tuple[str, ...], Schema]:
    """A keyed stream as columns, the names of its keys, and its schema; see ``columnar``.

    Raises:
        GraphError: it is one of rows whose type is not known, or whose keys are no fields.
    """
    if stream._key_fields is not None and stream._schema is not None:
        columns, schema = columnar(stream, call, aggregates, stream._key_fields, whole)
        return columns, stream._key_fields, schema
    known = known_schema(stream._unkeyed, call)
    names = tuple(field_name(getter, known, call) for getter in getters_of(stream._key_selector))
    columns, schema = columnar(stream._unkeyed, call, aggregates, names, whole)
    keyed = columns.key_by(*names)
    if keyed._schema is None:
        kinds = ", ".join(f"'{name}' is {schema[name].type_name}" for name in names)
        raise GraphError(f"{call} cannot compare keys of these types: {kinds}; key the stream by other fields")
    return keyed, names, keyed._schema


def getters_of(selector: Callable[[Any], Any]) -> tuple[Callable[[Any], Any], ...]:
    """What a key of several fields consists of."""
    return selector.getters if isinstance(selector, FieldTuple) else (selector,)


def field_name(getter: Callable[[Any], Any], schema: Schema, call: str) -> str:
    """The name of the field that a part of a key is.

    Raises:
        GraphError: it is none, but what a function or a path takes out of a record.
    """
    steps: tuple[Any, ...] = ()
    if isinstance(getter, (itemgetter, attrgetter)):
        steps = getter.__reduce__()[1]  # type: ignore[assignment]
    elif isinstance(getter, FieldPath):  # of records whose type is not known, or is one of several
        steps = getter.steps
    if len(steps) == 1:
        return schema.names[steps[0]] if isinstance(steps[0], int) else str(steps[0])
    raise GraphError(f"{call} needs a key_by() that names fields, such as key_by('{schema.names[0]}'), not {getter!r}")
