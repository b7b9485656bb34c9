"""Aggregates as native operators, on columnar streams and on streams of rows that can become such."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import Any

from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.errors import GraphError
from pyflinkx.graph.settings import Settings
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.graph.transformation import TwoPhase
from pyflinkx.operators.aggregations import KEEPING, OF_NUMBERS, Aggregation, checked_aggregations
from pyflinkx.operators.fields import FieldPath, FieldTuple
from pyflinkx.operators.kept_watermark import WATERMARK
from pyflinkx.operators.local_aggregate import (
    LocalAggregateOperator,
    LocalOperator,
    LocalWindowOperator,
    partial_schema,
)
from pyflinkx.operators.native_aggregate import NativeAggregateOperator
from pyflinkx.operators.native_window import NativeWindowOperator, two_phase_slices
from pyflinkx.operators.windowing.assigners import WindowAssigner
from pyflinkx.plan.columns import (
    aligned,
    columnar_operator,
    columns_of,
    keyed_by_columns,
    known_schema,
    time_format,
    with_carried,
    with_native,
)
from pyflinkx.plan.stream import Stream
from pyflinkx.state.spec import NATIVE, StateSpec
from pyflinkx.types.changes import INSERT_ONLY
from pyflinkx.types.output_tag import OutputTag


def running_aggregates(stream: Stream, aggregates: Mapping[str, Aggregation], call: str = "agg()") -> Stream:
    """Running aggregates of a keyed stream: for every row the key and what they are after it.

    Args:
        stream: a keyed stream.
        aggregates: by the names of their columns.
        call: the API call, for errors.

    Raises:
        GraphError: the aggregates or their fields do not fit the stream.
    """
    checked = checked_aggregations(aggregates, call)
    stream, keys = by_columns(stream, call, checked)
    schema = stream.columns
    spec = native(NativeAggregateOperator, stream, schema, keys, checked)
    results = spec.build().results  # what does not fit together fails here, with the user's call
    phases = None
    partials = partial_schema(schema, keys, checked, False)
    if partials is not None:
        first = native(LocalAggregateOperator, stream, schema, keys, checked, partials)
        phases = TwoPhase("Local Aggregate", partials, first, spec.with_arguments(partials=partials), True)
    return columnar_operator("Aggregate", spec, [stream], results, two_phase=phases)


def window_aggregates(
    stream: Stream,
    assigner: WindowAssigner[Any, Any],
    aggregates: Mapping[str, Aggregation],
    allowed_lateness: int = 0,
    late_tag: OutputTag | None = None,
    call: str = "agg()",
) -> Stream:
    """The aggregates of each window of each key, or of all rows where the stream is not keyed.

    Args:
        stream: the stream.
        assigner: puts each row into windows.
        aggregates: by the names of their columns.
        allowed_lateness: milliseconds that windows are kept after their end.
        late_tag: the side output of late rows; None to count them only.
        call: the API call, for errors.

    Raises:
        GraphError: the aggregates or their fields do not fit the stream, or the windows are no native ones.
    """
    checked = checked_aggregations(aggregates, call)
    keys: tuple[str, ...] = ()
    if stream.keys is not None:
        stream, keys = by_columns(stream, call, checked, late_tag is not None)
    else:
        stream = columnar(stream, call, checked, (), late_tag is not None)
    schema = stream.columns
    options = {"allowed_lateness": allowed_lateness, "late_tag": late_tag, "time": time_format(stream)}
    spec = native(NativeWindowOperator, stream, schema, keys, assigner, checked, **options)
    spec = spec.keeping(*spec.states, WATERMARK)
    operator = spec.build()  # what does not fit together fails here, with the user's call
    name = "Window Aggregate" if keys else "Window All Aggregate"
    phases = None
    slices = two_phase_slices(operator)
    partials = None if slices is None else partial_schema(schema, keys, checked, True)
    if partials is not None:
        first = native(LocalWindowOperator, stream, slices, schema, keys, checked, partials)
        phases = TwoPhase(f"Local {name}", partials, first, spec.with_arguments(partials=partials))
    return columnar_operator(
        name,
        spec,
        [stream],
        operator.results,
        two_phase=phases,
        side_schemas={} if late_tag is None else {late_tag.tag_id: schema},
        settings=Settings() if keys else Settings(parallelism=1, max_parallelism=1),
    )


def native(operator: type, stream: Stream, *arguments: Any, **options: Any) -> OperatorSpec:
    """An aggregate of a stream, which adds up inserts."""
    spec = OperatorSpec.of(operator, *arguments, **options).reading(stream.asks(True)).producing(INSERT_ONLY)
    return spec if issubclass(operator, LocalOperator) else spec.keeping(StateSpec("aggregates", NATIVE))


def columnar(
    stream: Stream, call: str, aggregates: Mapping[str, Aggregation], keys: Sequence[str], whole: bool
) -> Stream:
    """A stream as columns.

    Args:
        stream: the stream.
        call: the API call, for errors.
        aggregates: what is made of it.
        keys: names of the fields of its key.
        whole: whether all columns are wanted, for a side output; otherwise a stream of rows gets those that are read.
    """
    read = {name for each in aggregates.values() for name in (each.field, each.by) if name is not None}
    columns = columns_of(stream, call, None if whole else {*keys, *read})
    compared = {*keys, *(name for each in aggregates.values() for name in each.compared)}
    kept = {each.field for each in aggregates.values() if each.function in KEEPING and each.field is not None}
    columns = with_carried(columns, kept - compared)
    columns = with_native(columns, {name for each in aggregates.values() for name in each.compared}, call)
    return with_numbers(columns, {each.field for each in aggregates.values() if each.function in OF_NUMBERS})


def with_numbers(stream: Stream, names: Collection[str | None]) -> Stream:
    """A columnar stream whose columns of these names are of whole numbers where they had only nulls, and no type."""
    schema = stream.columns
    fields = [Field(field.name, "l") if field.format == "n" and field.name in names else field for field in schema]
    return aligned(stream, Schema(fields, schema.metadata))


def by_columns(
    stream: Stream, call: str, aggregates: Mapping[str, Aggregation], whole: bool = False
) -> tuple[Stream, tuple[str, ...]]:
    """A keyed stream as columns, and the names of its keys; see ``columnar``.

    Raises:
        GraphError: it is one of rows whose type is not known, or whose keys are no fields.
    """
    keys = stream.keys
    assert keys is not None
    if keys.columns is not None and stream.schema is not None:
        return columnar(stream, call, aggregates, keys.columns, whole), keys.columns
    known = known_schema(keys.before, call)
    names = tuple(field_name(getter, known, call) for getter in getters_of(keys.selector))
    columns = columnar(keys.before, call, aggregates, names, whole)
    keyed = keyed_by_columns(columns, names, keys.type)
    if keyed is None:
        schema = columns.columns
        kinds = ", ".join(f"'{name}' is {schema[name].type_name}" for name in names)
        raise GraphError(f"{call} cannot compare keys of these types: {kinds}; key the stream by other fields")
    return keyed, names


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
