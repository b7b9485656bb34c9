"""Aggregates by field name, and what they make of a columnar stream's schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.errors import GraphError
from pyflinkx.types.data_type_field import INTEGER_FORMATS, NUMBER_FORMATS

# Results of these functions have a type of their own; those of others have the field's.
OF_NUMBERS = {"sum", "avg", "stddev"}
COUNTS = {"count", "count_distinct"}
# What gives a value of the field back, and does not look at it.
KEEPING = {"first", "last", "min_by", "max_by"}
BY_OTHER = {"min_by", "max_by"}
WINDOW_FIELDS = (Field("window_start", "l", False), Field("window_end", "l", False))


@dataclass(frozen=True)
class Aggregation:
    """One aggregate: a function of a field's values.

    Args:
        function: ``count``, ``sum``, ``min``, ``max``, ``avg``, ``first``, ``last``, ``min_by``, ``max_by``, ``stddev``
            or ``count_distinct``.
        field: name of the field; None for ``count`` of rows.
        by: name of the field that ``min_by`` and ``max_by`` compare.
    """

    function: str
    field: str | None = None
    by: str | None = None

    def __str__(self) -> str:
        return f"{self.function}({', '.join(repr(name) for name in (self.field, self.by) if name is not None)})"

    def result_field(self, name: str, schema: Schema) -> Field:
        """The column of the results.

        Raises:
            GraphError: there is no such field, or its type does not suit the function.
        """
        if self.field is None:
            return Field(name, "l", False)
        field = field_of(schema, self.field, f"{name}={self}", counted=self.function == "count")
        if self.by is not None:
            field_of(schema, self.by, f"{name}={self}")
        if self.function in COUNTS:
            return Field(name, "l", False)
        if self.function in OF_NUMBERS:
            if field.format not in NUMBER_FORMATS:
                remedy = "; make it one before, with select() and cast('int64') or cast('float64')"
                exact = remedy if field.format.startswith("d:") else ""
                raise GraphError(f"{name}={self}: {self.field!r} is {field.type_name}, not a number{exact}")
            return Field(name, "l" if self.function == "sum" and field.format in INTEGER_FORMATS else "g")
        return Field(name, field.format, carried=field.carried)

    @property
    def compared(self) -> tuple[str, ...]:
        """The fields into whose values it looks, rather than keep them as they are."""
        if self.function in KEEPING:
            return () if self.by is None else (self.by,)
        return () if self.field is None or self.function == "count" else (self.field,)


def field_of(schema: Schema, name: str, what: str, counted: bool = False) -> Field:
    """The field of that name, of a type that can be aggregated; of any type where its values are only ``counted``.

    Raises:
        GraphError: there is none.
    """
    try:
        field = schema[name]
    except KeyError as error:
        raise GraphError(f"{what}: {error.args[0]}") from None
    if field.children and not counted:
        raise GraphError(
            f"{what}: {name!r} is {field.type_name}, which can neither be a key nor be aggregated but by count, first "
            "and last, and as what min_by and max_by give"
        )
    return field


def checked_aggregations(aggregations: Mapping[str, Aggregation], call: str) -> dict[str, Aggregation]:
    """The aggregates given to a call, by the names of their results.

    Raises:
        GraphError: there are none, or one is something else.
    """
    if not aggregations:
        raise GraphError(f"{call} needs at least one aggregate, such as n=agg.count()")
    for name, aggregation in aggregations.items():
        if not isinstance(aggregation, Aggregation):
            raise GraphError(f"{call} takes aggregates such as agg.sum('field'), not {name}={aggregation!r}")
    return dict(aggregations)


def result_schema(
    schema: Schema, keys: Sequence[str], aggregations: Mapping[str, Aggregation], bounds: Sequence[Field] = ()
) -> Schema:
    """The schema of the results: keys, ``bounds``, aggregates.

    Raises:
        GraphError: a name occurs twice, or there is no such field.
    """
    fields = [field_of(schema, name, "key") for name in keys]
    fields = [Field(field.name, field.format, field.nullable, carried=field.carried) for field in fields] + list(bounds)
    fields += [aggregation.result_field(name, schema) for name, aggregation in aggregations.items()]
    names = [field.name for field in fields]
    for name in names:
        if names.count(name) > 1:
            raise GraphError(f"two columns of the result are called {name!r}: give the aggregate another name")
    return Schema(fields)


def native_arguments(aggregations: Mapping[str, Aggregation]) -> list[tuple[str, str | None, str | None]]:
    """The aggregates as ``_core.native.aggregates`` takes them."""
    return [(each.function, each.field, each.by) for each in aggregations.values()]
