"""The aggregate functions that there are: which arguments they take, what they give, and what keeps their values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyflinkx.relational.aggregation.accumulators import (
    Accumulators,
    Average,
    Collected,
    Count,
    Edge,
    Extreme,
    Joined,
    Listed,
    Only,
    Quantile,
    RetractableEdge,
    RetractableExtreme,
    Sum,
    Variance,
)
from pyflinkx.relational.aggregation.approximate import ApproximateCount
from pyflinkx.relational.aggregation.json_text import JsonArray, JsonObject
from pyflinkx.relational.registry import Signature
from pyflinkx.types.data_type import BIGINT, DOUBLE, INT, STRING, DataType, Family, Kind
from pyflinkx.types.data_type_rules import average_type, sum_type

Resolve = Callable[[Sequence[DataType]], Signature | None]


@dataclass(frozen=True)
class AggregateCall:
    """An aggregate of columns of the rows that come in.

    Args:
        function: its name in the registry.
        type: of the result.
        arguments: positions of the columns.
        parameters: their types.
        distinct: whether each combination of values counts once.
        filter: position of a column of truth values: just the rows where it is true count; None for all.
        nulls: whether nulls count, of functions that ask for it.
    """

    function: str
    type: DataType
    arguments: tuple[int, ...] = ()
    parameters: tuple[DataType, ...] = ()
    distinct: bool = False
    filter: int | None = None
    nulls: bool = False

    def shown(self, names: Sequence[str]) -> str:
        """As it stands in a plan.

        Args:
            names: of the columns that come in.
        """
        arguments = ", ".join(names[index] for index in self.arguments) or "*"
        where = "" if self.filter is None else f" FILTER {names[self.filter]}"
        return f"{self.function}({'DISTINCT ' if self.distinct else ''}{arguments}){where}"

    def accumulators(self, retracting: bool) -> Accumulators:
        """What keeps its values.

        Args:
            retracting: whether values are taken back.
        """
        return AGGREGATES[self.function].make(self, retracting)


Make = Callable[[AggregateCall, bool], Accumulators]


@dataclass(frozen=True)
class Aggregate:
    """An aggregate function of SQL.

    Args:
        name: in capital letters.
        usage: how it is called, for errors.
        resolve: from the arguments' types to the signature; None where it does not take them.
        make: what keeps the values of a call; the second argument says whether values are taken back.
        null_when_empty: whether its result is null where no value has come.
        retractable: whether values can be taken back.
        nulls: what of nulls where the call says nothing.
        batch_only: whether it is for results that are final only.
    """

    name: str
    usage: str
    resolve: Resolve
    make: Make
    null_when_empty: bool = True
    retractable: bool = True
    nulls: bool = False
    batch_only: bool = False

    def bound(self, types: Sequence[DataType], grouped: bool, filtered: bool = False) -> Signature | None:
        """The signature of a call; None where it does not take the arguments.

        Args:
            types: of the arguments.
            grouped: whether there are keys, so that no group is empty.
            filtered: whether it has a FILTER.
        """
        found = self.resolve(types)
        if found is None or not self.null_when_empty or (grouped and not filtered):
            return found
        return found._replace(result=found.result.with_nullable(True))


class Registry(dict[str, Aggregate]):
    """Aggregate functions by name; a name that knows its function, as one of the user's does, needs no entry."""

    def __missing__(self, name: str) -> Aggregate:
        make: Callable[[], Aggregate] | None = getattr(name, "entry", None)
        if make is None:
            raise KeyError(name)
        return make()


AGGREGATES: dict[str, Aggregate] = Registry()


def register(name: str, usage: str, resolve: Resolve, make: Make, *others: str, **more: bool) -> None:
    """Enter an aggregate function under its names."""
    for each in (name, *others):
        assert each not in AGGREGATES, each
        AGGREGATES[each] = Aggregate(each, usage, resolve, make, **more)


# ---- signatures


def anything(types: Sequence[DataType]) -> Signature | None:
    """COUNT: of any values, or of rows."""
    return Signature(tuple(types), BIGINT.not_null())


def one(types: Sequence[DataType]) -> DataType | None:
    """The type of the only argument; NULL is a whole number."""
    if len(types) != 1:
        return None
    return INT if types[0].kind is Kind.NULL else types[0]


def summed(types: Sequence[DataType]) -> Signature | None:
    kind = one(types)
    if kind is None or not kind.family(Family.NUMERIC):
        return None
    return Signature((kind,), sum_type(kind))


def summed_from_zero(types: Sequence[DataType]) -> Signature | None:
    found = summed(types)
    return None if found is None else found._replace(result=found.result.not_null())


def averaged(types: Sequence[DataType]) -> Signature | None:
    """AVG and what is reduced to it: the variances, too."""
    kind = one(types)
    if kind is None or not kind.family(Family.NUMERIC):
        return None
    return Signature((kind,), average_type(kind))


def spread(types: Sequence[DataType]) -> Signature | None:
    """Variances of samples: null where there is one value only."""
    found = averaged(types)
    return None if found is None else found._replace(result=found.result.with_nullable(True))


def compared(types: Sequence[DataType]) -> Signature | None:
    """MIN and MAX."""
    kind = one(types)
    if kind is None or kind.family(Family.CONSTRUCTED) or kind.kind is Kind.RAW:
        return None
    return Signature((kind,), kind)


def the_same(types: Sequence[DataType]) -> Signature | None:
    """FIRST_VALUE, LAST_VALUE, SINGLE_VALUE."""
    kind = one(types)
    return None if kind is None else Signature((kind,), kind.with_nullable(True))


def joined(types: Sequence[DataType]) -> Signature | None:
    """LISTAGG."""
    if not 1 <= len(types) <= 2:
        return None
    if not all(kind.family(Family.CHARACTER_STRING) or kind.kind is Kind.NULL for kind in types):
        return None
    return Signature(tuple(STRING if kind.kind is Kind.NULL else kind for kind in types), STRING)


def collected(types: Sequence[DataType]) -> Signature | None:
    kind = one(types)
    return None if kind is None else Signature((kind,), DataType(Kind.MULTISET, children=(kind,), nullable=False))


def listed(types: Sequence[DataType]) -> Signature | None:
    kind = one(types)
    return None if kind is None else Signature((kind,), DataType(Kind.ARRAY, children=(kind,)))


def as_json(kind: DataType) -> DataType:
    """The type of which JSON is written: text, where it is no number, truth value, array, map or row."""
    plain = kind.family(Family.NUMERIC | Family.CONSTRUCTED | Family.BINARY_STRING) or kind.kind is Kind.BOOLEAN
    return kind if plain and kind.kind is not Kind.MULTISET else STRING.with_nullable(kind.nullable)


def json_object(types: Sequence[DataType]) -> Signature | None:
    if len(types) != 2 or not types[0].family(Family.CHARACTER_STRING):
        return None
    return Signature((types[0], as_json(types[1])), STRING.not_null())


def json_array(types: Sequence[DataType]) -> Signature | None:
    return None if len(types) != 1 else Signature((as_json(types[0]),), STRING.not_null())


def counted(types: Sequence[DataType]) -> Signature | None:
    """APPROX_COUNT_DISTINCT."""
    return None if len(types) != 1 else Signature(tuple(types), BIGINT.not_null())


def quantile(types: Sequence[DataType]) -> Signature | None:
    """PERCENTILE: a value, a share or an array of shares, and how often the value counts."""
    if not 2 <= len(types) <= 3 or not types[0].family(Family.NUMERIC):
        return None
    many = types[1].kind is Kind.ARRAY
    share = types[1].children[0] if many else types[1]
    if not share.family(Family.NUMERIC) or (len(types) == 3 and not types[2].family(Family.INTEGER)):
        return None
    shares = DataType(Kind.ARRAY, children=(DOUBLE,)) if many else DOUBLE
    result = DataType(Kind.ARRAY, children=(DOUBLE.not_null(),)) if many else DOUBLE
    return Signature((DOUBLE.with_nullable(types[0].nullable), shares, *types[2:]), result)


# ---- the functions


def extreme(greatest: bool) -> Make:
    return lambda call, retracting: RetractableExtreme(greatest) if retracting else Extreme(greatest)


def edge(last: bool) -> Make:
    return lambda call, retracting: RetractableEdge(last) if retracting else Edge(last)


def variance(sample: bool, root: bool) -> Make:
    return lambda call, retracting: Variance(call.type, sample, root)


def summing(empty: int | None) -> Make:
    return lambda call, retracting: Sum(call.type, empty)


register("COUNT", "COUNT(*), COUNT(a), COUNT(a, b)", anything, lambda call, _: Count(), null_when_empty=False)
register("SUM", "SUM(number)", summed, summing(None))
register("$SUM0", "$SUM0(number)", summed_from_zero, summing(0), "SUM0", null_when_empty=False)
register("AVG", "AVG(number)", averaged, lambda call, _: Average(call.type))
register("MIN", "MIN(a)", compared, extreme(False))
register("MAX", "MAX(a)", compared, extreme(True))
register("STDDEV_POP", "STDDEV_POP(number)", averaged, variance(False, True))
register("STDDEV_SAMP", "STDDEV_SAMP(number)", spread, variance(True, True), "STDDEV")
register("VAR_POP", "VAR_POP(number)", averaged, variance(False, False))
register("VAR_SAMP", "VAR_SAMP(number)", spread, variance(True, False), "VARIANCE")
register("FIRST_VALUE", "FIRST_VALUE(a)", the_same, edge(False))
register("LAST_VALUE", "LAST_VALUE(a)", the_same, edge(True))
register("LISTAGG", "LISTAGG(text) or LISTAGG(text, separator)", joined, lambda call, _: Joined())
register("COLLECT", "COLLECT(a)", collected, lambda call, _: Collected(), null_when_empty=False)
register("ARRAY_AGG", "ARRAY_AGG(a)", listed, lambda call, _: Listed(call.nulls), nulls=True)
register(
    "JSON_OBJECTAGG",
    "JSON_OBJECTAGG(KEY text VALUE a)",
    json_object,
    lambda call, _: JsonObject(call.parameters[1], call.nulls),
    null_when_empty=False,
    nulls=True,
)
register(
    "JSON_ARRAYAGG",
    "JSON_ARRAYAGG(a)",
    json_array,
    lambda call, _: JsonArray(call.parameters[0], call.nulls),
    null_when_empty=False,
)
register("SINGLE_VALUE", "SINGLE_VALUE(a)", the_same, lambda call, _: Only())
register(
    "APPROX_COUNT_DISTINCT",
    "APPROX_COUNT_DISTINCT(a)",
    counted,
    lambda call, _: ApproximateCount(),
    null_when_empty=False,
    retractable=False,
    batch_only=True,
)
register(
    "PERCENTILE",
    "PERCENTILE(number, share) or PERCENTILE(number, share, frequency)",
    quantile,
    lambda call, _: Quantile(call.parameters[1].kind is Kind.ARRAY),
)
