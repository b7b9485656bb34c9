"""State that others ask for by its queryable name: what they ask, and what a subtask answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyflinkx._core.codecs.codec import Codec
from pyflinkx._core.codecs.pickled import PickleCodec
from pyflinkx._core.keys.canonical import check_key
from pyflinkx._core.keys.map import KeyMap
from pyflinkx._core.state.keyed import ABSENT
from pyflinkx.errors import QueryError
from pyflinkx.state import plain
from pyflinkx.state.backend import KeyedStateBackend
from pyflinkx.state.stored_form import StoredForm

PICKLES = b'"PICKLED_BYTE_ARRAY"'  # in the description of a codec


@dataclass(frozen=True)
class StateQuery:
    """Which entries of which state somebody asks for; keys are plain values, as bytes.

    Args:
        name: by which the state is queryable.
        keys: a list of keys; None for a range.
        start: the first key of the range; None for no limit.
        stop: the key behind the range; None for no limit.
        limit: how many entries at most; None for all.
    """

    name: str
    keys: bytes | None = None
    start: bytes | None = None
    stop: bytes | None = None
    limit: int | None = None


@dataclass(frozen=True)
class QueryableState:
    """Where a queryable state is, and in what form its values are given.

    Args:
        uid: of the operator.
        state: its name there.
        kind: of state ("ValueState", ...).
        codec: description of the codec of the values.
        pickled: whether these are pickles.
    """

    uid: str
    state: str
    kind: str
    codec: bytes
    pickled: bool


@dataclass(frozen=True)
class StateAnswer:
    """What a subtask, or a checkpoint, has of what was asked for.

    Args:
        states: those of the name that was asked for.
        rows: keys as plain values, and what they have by the codec of the state.
        failure: why it cannot answer; None when it has.
    """

    states: tuple[QueryableState, ...] = ()
    rows: tuple[tuple[bytes, bytes], ...] = ()
    failure: str | None = None


class Wanted:
    """The keys that a query asks for.

    Args:
        query: the query.

    Raises:
        CorruptDataError: its keys are no plain values.
        InvalidKeyError: what it names can be no key.
    """

    def __init__(self, query: StateQuery) -> None:
        self.limit = query.limit
        self.keys: KeyMap[Any, bool] | None = None
        if query.keys is not None:
            self.keys = KeyMap([(check_key(key), True) for key in plain.decoded(query.keys)])
        self.start = None if query.start is None else plain.decoded(query.start)
        self.stop = None if query.stop is None else plain.decoded(query.stop)

    def __contains__(self, key: Any) -> bool:
        if self.keys is not None:
            return key in self.keys
        try:
            return (self.start is None or self.start <= key) and (self.stop is None or key < self.stop)
        except TypeError:
            limit = self.start if self.start is not None else self.stop
            raise QueryError(
                f"the state has keys such as {key!r}, which has no order with {limit!r}: ask for single keys, or all"
            ) from None


def encoded_key(key: Any) -> bytes:
    """A key of a state as it is given to who asks.

    Raises:
        QueryError: it cannot be.
    """
    try:
        return plain.encoded(key)
    except TypeError as error:
        raise QueryError(f"the state has a key that cannot be given to other programs, {key!r}: {error}") from error


def live_answer(backend: KeyedStateBackend, uid: str, query: StateQuery) -> StateAnswer | None:
    """What a subtask's operator has now, called by its task between two steps; None when it has no such state."""
    name = backend.queryable.get(query.name)
    if name is None:
        return None
    table = backend.tables[name]
    form = StoredForm(table.kind, backend.value_types[name])
    state = QueryableState(uid, name, table.kind, form.codec.snapshot(), holds_pickles(form.codec))
    wanted = Wanted(query)
    rows = []
    current = backend.context.key
    try:
        for key in keys_of(table, wanted):
            backend.context.key = key
            value = table.get(None)
            if value is not ABSENT:
                rows.append((encoded_key(key), form.codec.encode_one(form.written(value))))
                if len(rows) == wanted.limit:
                    break
    finally:
        backend.context.key = current
    return StateAnswer((state,), tuple(rows))


def keys_of(table: Any, wanted: Wanted) -> Iterator[Any]:
    """The keys to look for in a table."""
    if wanted.keys is not None:
        yield from wanted.keys
    else:
        yield from (key for namespace, key in table.entries() if namespace is None and key in wanted)


def holds_pickles(codec: Codec) -> bool:
    """Whether decoding with a codec, or with one that it is made of, runs code that the bytes name."""
    return isinstance(codec, PickleCodec) or PICKLES in codec.snapshot()
