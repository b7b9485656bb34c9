"""Type information from Python's type hints.

What is inferred describes every value that the hint allows, up to the limits in the table; where nothing does, the
answer is None, and such values are pickled.

| hint | type |
|---|---|
| ``bool`` | BOOLEAN |
| ``int`` | LONG: 64 bits; an ``int`` beyond that is refused when it is serialized: declare BIG_INT() |
| ``float`` | DOUBLE; an ``int`` in its place becomes a ``float`` |
| ``str`` | STRING |
| ``bytes`` | PRIMITIVE_ARRAY(BYTE) |
| ``Decimal`` | BIG_DEC |
| ``date`` | SQL_DATE |
| ``time``, ``datetime`` | SQL_TIME, SQL_TIMESTAMP: without a time zone; with one, declare PICKLED_BYTE_ARRAY() |
| ``Instant`` | INSTANT |
| NumPy scalars | the type of that width (unsigned: the next wider one); they become Python numbers |
| ``tuple[X, Y]`` | TUPLE; a field of no known type is pickled by itself |
| ``list[X]`` | LIST, if X is known |
| ``dict[K, V]`` | MAP, if K and V are known |
| ``TypedDict`` | TypedDictTypeInfo, if all its keys are required; a value of no known type is pickled by itself |
| dataclass | DataclassTypeInfo; a field of no known type is pickled by itself; attributes beside the fields are lost |
| NamedTuple | NamedTupleTypeInfo; a field of no known type is pickled by itself |
| ``Optional[X]`` | within the types above: X, since their parts may be None; by itself: None |
| ``Annotated``, ``NewType``, ``Literal``, type aliases | as what they stand for |
| ``Row``, ``Any``, other unions, other classes | None |

A dataclass or NamedTuple is pickled as a whole when rebuilding it from its fields could lose something: when it has
``__post_init__``, arguments that are not fields, a ``__reduce__`` or ``__getstate__`` of its own, or (at this moment)
subclasses. Fields of such a class may be None when their hint or default says so.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime
import decimal
import functools
import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterable
from typing import Any

from pyflinkx._core.records.row import Row
from pyflinkx.types.structured import (
    DataclassTypeInfo,
    NamedTupleTypeInfo,
    TypedDictTypeInfo,
    has_optional_keys,
    is_named_tuple,
    takes_its_fields,
)
from pyflinkx.types.time import Instant
from pyflinkx.types.typeinfo import TypeInformation, Types

SCALARS: dict[Any, Callable[[], TypeInformation]] = {
    bool: Types.BOOLEAN,
    int: Types.LONG,
    float: Types.DOUBLE,
    str: Types.STRING,
    bytes: lambda: Types.PRIMITIVE_ARRAY(Types.BYTE()),
    decimal.Decimal: Types.BIG_DEC,
    datetime.date: Types.SQL_DATE,
    datetime.time: Types.SQL_TIME,
    datetime.datetime: Types.SQL_TIMESTAMP,
    Instant: Types.INSTANT,
}

NUMPY_SCALARS: dict[str, Callable[[], TypeInformation]] = {
    "bool": Types.BOOLEAN,
    "int8": Types.BYTE,
    "int16": Types.SHORT,
    "int32": Types.INT,
    "int64": Types.LONG,
    "uint8": Types.SHORT,
    "uint16": Types.INT,
    "uint32": Types.LONG,
    "uint64": Types.BIG_INT,
    "float16": Types.FLOAT,
    "float32": Types.FLOAT,
    "float64": Types.DOUBLE,
}

ITERABLES = (
    collections.abc.Iterable,
    collections.abc.Iterator,
    collections.abc.Generator,
    collections.abc.Collection,
    collections.abc.Sequence,
    collections.abc.Set,
    list,
    set,
    frozenset,
    collections.deque,
)

Seen = frozenset[type]


def type_info_from_annotation(annotation: Any) -> TypeInformation | None:
    """The type that a type hint stands for, by the table of this module.

    Args:
        annotation: a hint whose names are resolved, as ``typing.get_type_hints`` gives them.

    Returns:
        None when the hint does not say enough.

    Example:
        >>> type_info_from_annotation(tuple[str, int])
        TupleTypeInfo(String, Long)
    """
    return known_type(annotation, frozenset())


def infer_from_callable(function: Callable[..., Any], what: str = "return") -> TypeInformation | None:
    """The type that the hints of a function give.

    Args:
        function: a function, method, partial, object with ``__call__``, or a class, which returns its instances.
        what: "return" for what it returns, "items" for the items of what it returns, "first argument" for its first
            argument (after ``self`` of a bound method).

    Returns:
        None when there is no hint, its names cannot be resolved, or it does not say enough.

    Raises:
        ValueError: ``what`` is none of these.

    Example:
        >>> def words(line: str) -> list[str]: ...
        >>> infer_from_callable(words, "items"), infer_from_callable(words, "first argument")
        (String, String)
    """
    if what not in ("return", "items", "first argument"):
        raise ValueError(f"what is to be inferred is 'return', 'items' or 'first argument', not {what!r}")
    annotation = first_argument(function) if what == "first argument" else returned(function)
    if what == "items":
        annotation = item_of(annotation)
    return type_info_from_annotation(annotation)


def infer_from_value(sample: Any) -> TypeInformation | None:
    """The type of one value: a guess at the type of others like it.

    Returns:
        None when the value does not say enough (None, an empty list, items of several types, an unknown class).

    Example:
        >>> infer_from_value(Row(id=1, name="a"))
        RowTypeInfo(id: Long, name: String)
    """
    if isinstance(sample, int) and not isinstance(sample, bool) and not -(2**63) <= sample < 2**63:
        return Types.BIG_INT()
    if isinstance(sample, (datetime.datetime, datetime.time)) and sample.tzinfo is not None:
        return None
    if type(sample) is tuple:
        fields = [infer_from_value(item) for item in sample]
        return Types.TUPLE([field or Types.PICKLED_BYTE_ARRAY() for field in fields]) if any(fields) else None
    if type(sample) is list:
        element = common_type(sample)
        return None if element is None else Types.LIST(element)
    if type(sample) is dict:
        key, value = common_type(sample), common_type(sample.values())
        return None if key is None or value is None else Types.MAP(key, value)
    if isinstance(sample, Row):
        types_of_fields = [infer_from_value(item) or Types.PICKLED_BYTE_ARRAY() for item in sample]
        names = getattr(sample, "_fields", None)
        return Types.ROW(types_of_fields) if names is None else Types.ROW_NAMED(names, types_of_fields)
    return type_info_from_annotation(type(sample))


def common_type(items: Iterable[Any]) -> TypeInformation | None:
    """The type that all items have; None if there are none or they differ."""
    found = {infer_from_value(item) for item in items}
    return found.pop() if len(found) == 1 else None


# ---- hints to types ----


def known_type(annotation: Any, seen: Seen) -> TypeInformation | None:
    """As type_info_from_annotation; ``seen`` are the classes that are being described, to stop at recursive ones."""
    annotation = plain_hint(annotation)
    try:
        scalar = SCALARS.get(annotation)
    except TypeError:
        return None
    if scalar is not None:
        return scalar()
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is tuple:
        return tuple_type(arguments, seen)
    if origin is list:
        element = part_type(arguments[0], seen)
        return None if element is None else Types.LIST(element)
    if origin is dict:
        key, value = known_type(arguments[0], seen), part_type(arguments[1], seen)
        return None if key is None or value is None else Types.MAP(key, value)
    if isinstance(annotation, type):
        return class_type(annotation, seen)
    return None


def plain_hint(annotation: Any) -> Any:
    """A hint without what only decorates it."""
    while True:
        if hasattr(annotation, "__supertype__"):
            annotation = annotation.__supertype__
        elif typing.get_origin(annotation) is typing.Annotated:
            annotation = typing.get_args(annotation)[0]
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        elif typing.get_origin(annotation) is typing.Literal:
            kinds = {type(literal) for literal in typing.get_args(annotation)}
            annotation = kinds.pop() if len(kinds) == 1 else Any
        else:
            return annotation


def without_none(annotation: Any) -> tuple[Any, bool]:
    """A hint without the None that it allows, and whether it allows it."""
    annotation = plain_hint(annotation)
    if typing.get_origin(annotation) not in (typing.Union, types.UnionType):
        return annotation, False
    members = typing.get_args(annotation)
    others = [member for member in members if member is not types.NoneType]
    if len(others) == len(members):
        return annotation, False
    return typing.Union[tuple(others)], True  # noqa: UP007


def part_type(annotation: Any, seen: Seen) -> TypeInformation | None:
    """The type of a part that may be None anyway."""
    return known_type(without_none(annotation)[0], seen)


def tuple_type(arguments: tuple[Any, ...], seen: Seen) -> TypeInformation | None:
    """The type of a tuple with these hints."""
    if Ellipsis in arguments:
        return None
    fields = [part_type(argument, seen) for argument in arguments]
    if fields and not any(fields):
        return None
    return Types.TUPLE([field or Types.PICKLED_BYTE_ARRAY() for field in fields])


def class_type(cls: type, seen: Seen) -> TypeInformation | None:
    """The type of the instances of a class that is no scalar."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and issubclass(cls, numpy.generic):
        scalar = NUMPY_SCALARS.get(numpy.dtype(cls).name) if cls.__module__ == "numpy" else None
        return None if scalar is None else scalar()
    if typing.is_typeddict(cls):
        annotations = dict.fromkeys(cls.__annotations__, ...)
        known = not has_optional_keys(cls) and cls not in seen
        return structured_type(cls, annotations, TypedDictTypeInfo, seen) if known else None
    if cls in seen or type.__subclasses__(cls) or has_own_pickling(cls):
        return None
    if is_named_tuple(cls):
        named: Any = cls
        defaults = {name: named._field_defaults.get(name, ...) for name in named._fields}
        # With a __dict__, instances can hold more than their fields.
        return None if cls.__dictoffset__ else structured_type(cls, defaults, NamedTupleTypeInfo, seen)
    if dataclasses.is_dataclass(cls) and not hasattr(cls, "__post_init__") and takes_its_fields(cls):
        defaults = {field.name: field.default for field in dataclasses.fields(cls)}
        return structured_type(cls, defaults, DataclassTypeInfo, seen)
    return None


def has_own_pickling(cls: type) -> bool:
    """Whether the class, rather than Python, says how its instances travel."""
    for name in ("__reduce__", "__reduce_ex__", "__getstate__", "__getnewargs__", "__getnewargs_ex__"):
        method = getattr(cls, name, None)
        of_python = getattr(method, "__module__", None) in ("collections", "dataclasses")
        if method is not None and method is not getattr(object, name, None) and not of_python:
            return True
    return False


def structured_type(cls: type, defaults: dict[str, Any], make: Any, seen: Seen) -> TypeInformation | None:
    """The type of a dataclass, NamedTuple or TypedDict; None if the hints do not tell any of its fields.

    Args:
        cls: the class.
        defaults: for each field its default, or anything but None.
        make: DataclassTypeInfo, NamedTupleTypeInfo or TypedDictTypeInfo.
        seen: classes around this one.
    """
    hints = resolved(lambda: typing.get_type_hints(cls, localns={cls.__name__: cls}))
    if hints is None:
        return None
    annotations = [hints.get(name, Any) for name in defaults]
    known = [part_type(annotation, seen | {cls}) for annotation in annotations]
    if defaults and not any(known):
        return None
    required = [
        field is not None and default is not None and not without_none(annotation)[1]
        for field, default, annotation in zip(known, defaults.values(), annotations, strict=True)
    ]
    return make(cls, [field or Types.PICKLED_BYTE_ARRAY() for field in known], required)


# ---- functions to hints ----


def resolved(get: Callable[[], Any]) -> Any:
    """What ``get`` returns; None if it meets a name or a hint that does not exist here.

    Hints are the user's own expressions: they may name what only a type checker imports, and raise anything.
    """
    try:
        return get()
    except Exception:
        return None


def unwrapped(function: Any) -> tuple[Any, int]:
    """What carries the hints of a callable, and how many of its first arguments are given already."""
    given = 0
    while isinstance(function, functools.partial):
        given += len(function.args)
        function = function.func
    if not inspect.isroutine(function) and not isinstance(function, type):
        function = getattr(function, "__call__", function)  # noqa: B004
    if inspect.ismethod(function):
        given += 1
        function = function.__func__
    return inspect.unwrap(function), given


def hint_of(function: Any, name: str) -> Any:
    """A resolved hint of a function; Any if it has none."""
    annotation = (resolved(lambda: function.__annotations__) or {}).get(name, Any)
    closure = resolved(lambda: inspect.getclosurevars(function).nonlocals) or {}
    names = {**getattr(function, "__globals__", {}), **closure}

    def holder() -> None: ...

    holder.__annotations__ = {"hint": annotation}
    hints = resolved(lambda: typing.get_type_hints(holder, globalns=names))
    return Any if hints is None else hints["hint"]


def returned(function: Any) -> Any:
    """The hint of what a callable returns; Any if there is none."""
    function, _ = unwrapped(function)
    return function if isinstance(function, type) else hint_of(function, "return")


def first_argument(function: Any) -> Any:
    """The hint of the first argument that a callable is still to be given; Any if there is none."""
    function, given = unwrapped(function)
    if isinstance(function, type):
        return Any
    signature = resolved(lambda: inspect.signature(function))
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [] if signature is None else [p.name for p in signature.parameters.values() if p.kind in positional]
    return hint_of(function, names[given]) if given < len(names) else Any


def item_of(annotation: Any) -> Any:
    """The hint of the items of an iterable; Any if it does not say."""
    annotation = plain_hint(annotation)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is str:
        return str
    if origin is tuple:
        kinds = {argument for argument in arguments if argument is not Ellipsis}
        return kinds.pop() if len(kinds) == 1 else Any
    return arguments[0] if origin in ITERABLES and arguments else Any
