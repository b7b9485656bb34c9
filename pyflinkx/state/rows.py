"""State as columns: the one form in which it leaves the tables that hold it, whatever these are.

A batch holds the values of one state. Its schema's metadata says the form's version, the state's name and kind; each
column of bytes says the codec that wrote it. Rows are in the order in which the state had its entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from pyflinkx._core.codecs.codec import Codec
from pyflinkx._core.codecs.pickled import PickleCodec
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.keys.partition import key_group
from pyflinkx.errors import PyflinkxError, WrongStateError
from pyflinkx.state.evolution import migrated
from pyflinkx.types.codecs import conforming_codec
from pyflinkx.types.typeinfo import TypeInformation

VERSION = b"1"
INT32, BINARY = "i", "z"
# Bytes of a batch of which there are several, and about what a row of one takes besides its value.
BATCH_SIZE, ROW_SIZE = 4 << 20, 64


def state_codec(type_info: TypeInformation | None) -> Codec:
    """The codec of a type; pickles where nothing is known of it."""
    codec = conforming_codec(type_info)
    return PickleCodec() if codec is None else codec


def state_batch(
    name: str, kind: str, codecs: dict[str, Codec], groups: Sequence[int] | None, rows: Iterable[tuple[Any, ...]]
) -> ColumnBatch:
    """The entries of a state as columns of bytes.

    Args:
        name: of the state.
        kind: of the state.
        codecs: the columns' names and codecs; None is null in all of them but the last.
        groups: the key group of each row, a column before the others; None for state without keys.
        rows: a value for each codec.

    Raises:
        WrongStateError: a value is not of the state's type; the error says of which state.
    """
    written: list[tuple[Any, ...]] = []
    last = len(codecs) - 1
    try:
        for row in rows:
            values = [
                None if value is None and place != last else codec.encode_one(value)
                for place, (codec, value) in enumerate(zip(codecs.values(), row, strict=True))
            ]
            written.append((*values,) if groups is None else (groups[len(written)], *values))
    except PyflinkxError as error:
        raise WrongStateError(f"state {name!r} holds what its type does not allow: {error}") from error
    return ColumnBatch.from_rows(written, state_schema(name, kind, codecs, groups is not None))


def state_schema(name: str, kind: str, codecs: dict[str, Codec], grouped: bool) -> Schema:
    """The schema of a state's batches."""
    last = len(codecs) - 1
    fields = [Field("key_group", INT32, nullable=False)] if grouped else []
    for place, (column, codec) in enumerate(codecs.items()):
        fields.append(Field(column, BINARY, nullable=place != last, metadata={b"codec": codec.snapshot()}))
    about = {b"version": VERSION, b"state": name.encode(), b"kind": kind.encode()}
    return Schema(fields, about)


def stored_batches(
    name: str, kind: str, codecs: dict[str, Codec], rows: Iterable[tuple[int, Any, Any, bytes]]
) -> Iterator[ColumnBatch]:
    """The entries of a state by key whose values are bytes already, as batches of a few MB; at least one.

    Args:
        name: of the state.
        kind: of the state.
        codecs: of key, namespace and value, by the columns' names.
        rows: (key group, key, namespace, bytes of the value).
    """
    schema = state_schema(name, kind, codecs, True)
    key_codec, namespace_codec, _ = codecs.values()
    written: list[tuple[Any, ...]] = []
    size, made = 0, False
    for group, key, namespace, value in rows:
        encoded = None if key is None else key_codec.encode_one(key)
        window = None if namespace is None else namespace_codec.encode_one(namespace)
        written.append((group, encoded, window, value))
        size += len(value) + ROW_SIZE
        if size >= BATCH_SIZE:
            yield ColumnBatch.from_rows(written, schema)
            written, size, made = [], 0, True
    if written or not made:
        yield ColumnBatch.from_rows(written, schema)


def state_name(batch: ColumnBatch) -> str:
    """The name of the state that a batch holds."""
    return about_state(batch)[b"state"].decode()


def state_kind(batch: ColumnBatch) -> str:
    """The kind of the state that a batch holds."""
    return about_state(batch)[b"kind"].decode()


def about_state(batch: ColumnBatch) -> dict[bytes, bytes]:
    """What a batch says of its state.

    Raises:
        WrongStateError: it holds no state, or in another version of the form.
    """
    about = batch.schema.metadata or {}
    if about.get(b"version") != VERSION or not about.keys() >= {b"state", b"kind"}:
        raise WrongStateError(f"a batch holds no state of version {VERSION.decode()}: it says {about!r}")
    return about


def state_rows(
    batch: ColumnBatch, codecs: dict[str, Codec], groups: range | None = None, max_parallelism: int = 0
) -> Iterator[tuple[Any, ...]]:
    """The entries of a state, as far as their key groups are in ``groups``.

    Args:
        batch: as ``state_batch`` made it.
        codecs: the columns' names and codecs.
        groups: key groups; None where there are none.
        max_parallelism: how many key groups there are, for keys that are read as those of another type.

    Raises:
        WrongStateError: the state was written with a type that cannot become this one, or a key would be in another
            key group, where nobody looks for it.
    """
    decoders = [
        decoder(batch, column, codec, place == len(codecs) - 1) for place, (column, codec) in enumerate(codecs.items())
    ]
    for row in batch.to_rows("tuple"):
        values = row
        if groups is not None:
            if row[0] not in groups:
                continue
            values = row[1:]
        read = tuple(None if value is None else decode(value) for decode, value in zip(decoders, values, strict=True))
        if max_parallelism and decoders[0] != codecs["key"].decode_one:
            group = key_group(read[0], max_parallelism)
            if group != row[0]:
                raise WrongStateError(
                    f"the key of state {state_name(batch)!r} was written with another type: {read[0]!r} is of key "
                    f"group {group} and was of {row[0]}; names of classes and of fields of rows are part of a key, so "
                    "they stay"
                )
        yield read


def as_written(batch: ColumnBatch, codecs: dict[str, Codec]) -> bool:
    """Whether these are the codecs that wrote the columns of a batch."""
    return all(
        (batch.schema[column].metadata or {}).get(b"codec", b"") == codec.snapshot() for column, codec in codecs.items()
    )


def decoder(batch: ColumnBatch, column: str, codec: Codec, is_value: bool) -> Callable[[bytes], Any]:
    """What reads the entries of a column, as values of its codec's type, whatever type they were written with.

    Raises:
        WrongStateError: what was written cannot become such values.
    """
    stored = (batch.schema[column].metadata or {}).get(b"codec", b"")
    if stored == codec.snapshot():
        return codec.decode_one
    return migrated(stored, codec, f"the {column} of state {state_name(batch)!r}", is_value)
