"""How records become bytes and bytes become records, where a connector carries bytes."""

from __future__ import annotations

import codecs
from abc import ABC, abstractmethod
from collections.abc import Callable
from operator import methodcaller
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx.errors import ConfigurationError, CorruptDataError
from pyflinkx.types.typeinfo import PrimitiveArrayTypeInfo, TypeInformation, Types


class SerializationSchema(ABC):
    """Turns a record into bytes; a description that travels with its sink."""

    @abstractmethod
    def serialize(self, value: Any) -> bytes:
        """The bytes of a record."""

    def encode_many(self, values: list[Any]) -> list[bytes]:
        """The bytes of several records, in their order.

        Raises: as ``serialize``.
        """
        return list(map(self.serialize, values))


class DeserializationSchema(ABC):
    """Turns bytes into a record; a description that travels with its source."""

    @abstractmethod
    def deserialize(self, message: bytes) -> Any:
        """The record of some bytes; None to pass over them."""

    def decode_many(self, messages: list[Any], failures: list[tuple[int, CorruptDataError]] | None = None) -> list[Any]:
        """The records of several messages, in their order; None for those that are passed over.

        Args:
            messages: as ``deserialize`` takes them.
            failures: takes the places (from 0) of messages that cannot be read, and why; these are then None, too.

        Raises:
            CorruptDataError: a message cannot be read, and there is no such list; the error says which.
        """
        records: list[Any] = []
        for place, message in enumerate(messages):
            try:
                records.append(self.deserialize(message))
            except CorruptDataError as error:
                if failures is None:
                    raise CorruptDataError(f"message {place}: {error}") from error
                failures.append((place, error))
                records.append(None)
        return records

    def is_end_of_stream(self, next_element: Any) -> bool:
        """Whether the stream ends before this record."""
        return False

    def get_produced_type(self) -> TypeInformation | None:
        """Type of the records; None when it is not known."""
        return None


class SimpleStringSchema(SerializationSchema, DeserializationSchema):
    """Strings in a charset.

    Args:
        charset: Python's or Java's name of it.

    Raises:
        ConfigurationError: there is no such charset.

    Example:
        >>> SimpleStringSchema().deserialize(SimpleStringSchema().serialize("é"))
        'é'
    """

    def __init__(self, charset: str = "UTF-8") -> None:
        self.charset = known_charset(charset)

    def serialize(self, value: Any) -> bytes:
        if not isinstance(value, str):
            raise TypeError(f"SimpleStringSchema writes str, not {short_repr(value)}")
        return value.encode(self.charset)

    def deserialize(self, message: bytes) -> str:
        try:
            return bytes(message).decode(self.charset)
        except UnicodeError as error:
            raise CorruptDataError(f"no valid {self.charset}: {short_repr(message)}") from error

    def decode_many(self, messages: list[Any], failures: list[tuple[int, CorruptDataError]] | None = None) -> list[Any]:
        try:
            return list(map(methodcaller("decode", self.charset), messages))
        except (AttributeError, UnicodeError):
            return super().decode_many(messages, failures)  # which tells which

    def get_produced_type(self) -> TypeInformation:
        return Types.STRING()


class ByteArraySchema(SerializationSchema, DeserializationSchema):
    """Bytes as they are.

    Example:
        >>> ByteArraySchema().serialize(b"a")
        b'a'
    """

    def serialize(self, value: Any) -> bytes:
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise TypeError(f"ByteArraySchema writes bytes, not {short_repr(value)}")
        return bytes(value)

    def deserialize(self, message: bytes) -> bytes:
        return bytes(message)

    def get_produced_type(self) -> PrimitiveArrayTypeInfo:
        return Types.PRIMITIVE_ARRAY(Types.BYTE())


class RowFieldExtractorSchema(SerializationSchema):
    """One field of a row, which holds bytes.

    Args:
        field_index: of the field, from 0.

    Raises:
        ValueError: the index is negative.

    Example:
        >>> RowFieldExtractorSchema(1).serialize(("key", b"value"))
        b'value'
    """

    def __init__(self, field_index: int) -> None:
        if not isinstance(field_index, int) or isinstance(field_index, bool):
            raise TypeError(f"field_index is an int, not {field_index!r}")
        if field_index < 0:
            raise ConfigurationError(f"Field index must be non-negative, got: {field_index}")
        self.field_index = field_index

    def serialize(self, value: Any) -> bytes:
        field = value[self.field_index]
        if field is None:
            return b""
        if not isinstance(field, (bytes, bytearray, memoryview)):
            raise TypeError(f"field {self.field_index} holds no bytes but {short_repr(field)}")
        return bytes(field)


class Encoder:
    """Turns the records of a file into bytes.

    Args:
        encode: the bytes of one record, with what ends it.
    """

    def __init__(self, encode: Callable[[Any], bytes]) -> None:
        self.encode = encode

    @staticmethod
    def simple_string_encoder(charset_name: str = "UTF-8") -> Encoder:
        r"""``str()`` of each record and ``\n``.

        Args:
            charset_name: of the text.

        Raises:
            ConfigurationError: there is no such charset.
        """
        return Encoder(StringEncoder(known_charset(charset_name)))


class StringEncoder:
    """Encodes records as lines."""

    def __init__(self, charset: str) -> None:
        self.charset = charset

    def __call__(self, value: Any) -> bytes:
        return f"{value}\n".encode(self.charset)


def known_charset(charset: Any) -> str:
    """Python's name of a charset.

    Raises:
        TypeError: it is no str.
        ConfigurationError: there is no such charset.
    """
    if not isinstance(charset, str):
        raise TypeError(f"a charset is a str such as 'UTF-8', not {charset!r}")
    try:
        return codecs.lookup(charset).name
    except (LookupError, ValueError) as error:
        raise ConfigurationError(f"there is no charset {charset!r}") from error
