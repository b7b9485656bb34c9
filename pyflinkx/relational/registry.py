"""What a function is: which arguments it takes, what it gives, and how it is calculated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pyflinkx.relational.bound import Apply, Bound
from pyflinkx.relational.values import Run, by_value
from pyflinkx.types.data_type import BOOLEAN, BYTES, DOUBLE, INT, STRING, DataType, Family, Kind

Kernel = Callable[[Apply, Sequence[Run]], Run]


class Signature(NamedTuple):
    """A function with certain arguments.

    Args:
        parameters: the types that the arguments are brought to.
        result: the type of what it gives.
    """

    parameters: tuple[DataType, ...]
    result: DataType


Resolve = Callable[[Sequence[DataType]], Signature | None]
Refine = Callable[[Signature, Sequence[Bound]], Signature | None]


@dataclass(frozen=True)
class Function:
    """A function of SQL.

    Args:
        name: in capital letters.
        usage: how it is called, for errors.
        resolve: from the arguments' types to the signature; None where it does not take them.
        kernel: what evaluates it on batches.
        refine: the signature for constants among the arguments; None, or a ValueFault that says why, where it does not
            take them.
        zoned: whether it takes the local time zone as a last argument, which no text says.
        deterministic: whether the same arguments give the same.
        topic: what it is about, for the list of functions.
    """

    name: str
    usage: str
    resolve: Resolve
    kernel: Kernel
    refine: Refine | None = None
    zoned: bool = False
    deterministic: bool = True
    topic: str = ""


FUNCTIONS: dict[str, Function] = {}


# What the functions are about that are entered now.
TOPIC = [""]


def under(topic: str) -> None:
    """The topic of the functions that are entered from here on."""
    TOPIC[0] = topic


def register(
    name: str,
    usage: str,
    resolve: Resolve,
    kernel: Kernel,
    *others: str,
    refine: Refine | None = None,
    zoned: bool = False,
    deterministic: bool = True,
) -> None:
    """Enter a function under its names."""
    for each in (name, *others):
        assert each not in FUNCTIONS, each
        FUNCTIONS[each] = Function(each, usage, resolve, kernel, refine, zoned, deterministic, TOPIC[0])


def any_nullable(types: Sequence[DataType]) -> bool:
    return any(kind.nullable for kind in types)


def as_text(kind: DataType) -> DataType | None:
    if kind.kind is Kind.NULL:
        return STRING
    return kind if kind.family(Family.CHARACTER_STRING) else None


def as_int(kind: DataType) -> DataType | None:
    if kind.kind is Kind.NULL:
        return INT
    return kind if kind.kind in (Kind.TINYINT, Kind.SMALLINT, Kind.INT, Kind.BIGINT) else None


def as_double(kind: DataType) -> DataType | None:
    if kind.kind is Kind.NULL or kind.family(Family.NUMERIC):
        return DOUBLE.with_nullable(kind.nullable)
    return None


def as_number(kind: DataType) -> DataType | None:
    if kind.kind is Kind.NULL:
        return INT
    return kind if kind.family(Family.NUMERIC) else None


def as_bytes(kind: DataType) -> DataType | None:
    if kind.kind is Kind.NULL:
        return BYTES
    return kind if kind.family(Family.BINARY_STRING) else None


def as_condition(kind: DataType) -> DataType | None:
    if kind.kind is Kind.NULL:
        return BOOLEAN
    return kind if kind.kind is Kind.BOOLEAN else None


def as_string(kind: DataType) -> DataType | None:
    return as_bytes(kind) if kind.family(Family.BINARY_STRING) else as_text(kind)


def as_any(kind: DataType) -> DataType | None:
    return kind


TAKEN: dict[str, Callable[[DataType], DataType | None]] = {
    "text": as_text,
    "bytes": as_bytes,
    "int": as_int,
    "double": as_double,
    "number": as_number,
    "string": as_string,
    "condition": as_condition,
    "any": as_any,
}


def taking(parameters: str, result: DataType | None, nullable: bool | None = None) -> Resolve:
    """A function of certain arguments.

    Args:
        parameters: a word for each; one that ends in ``?`` may be left out, one that ends in ``*`` may be there any
            number of times.
        result: the type of what it gives; None for that of the first argument.
        nullable: whether it may give null; None where it does as soon as an argument may be null.

    Example:
        >>> print(taking("text int?", INT)([STRING]).result)
        INT
    """
    words = parameters.split()

    def resolve(types: Sequence[DataType]) -> Signature | None:
        wanted = [word.rstrip("?*") for word in words]
        needed = sum(word[-1] not in "?*" for word in words)
        if words and words[-1].endswith("*"):
            wanted += wanted[-1:] * (len(types) - len(wanted))
        if not needed <= len(types) <= len(wanted):
            return None
        found = [TAKEN[word](kind) for word, kind in zip(wanted, types, strict=False)]
        known = tuple(kind for kind in found if kind is not None)
        if len(known) < len(found):
            return None
        given = known[0] if result is None else result
        return Signature(known, given.with_nullable(any_nullable(types) if nullable is None else nullable))

    return resolve


def valued(function: Callable[..., Any], strict: bool = True) -> Kernel:
    """The kernel of a function of Python's values."""
    return lambda apply, runs: by_value(function, apply.type, runs, apply, strict)
