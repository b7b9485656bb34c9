"""JSON messages of one row type, one by one: the rules and the errors."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx.errors import CorruptDataError
from pyflinkx.formats.json_decoder import JsonDecoder
from pyflinkx.formats.json_numbers import load_json
from pyflinkx.formats.json_values import JsonValueError, Reading, reader_of
from pyflinkx.types.typeinfo import RowTypeInfo


class BadMessageError(CorruptDataError):
    """A message is no object of the type; ``reason`` says why without showing the message."""

    def __init__(self, reason: str, message: Any) -> None:
        super().__init__(f"no JSON row of this type: {reason}: {short_repr(bytes(message[:200]))}")
        self.reason = reason
        self.message = message

    def __reduce__(self) -> Any:
        return BadMessageError, (self.reason, self.message)


class JsonMessages:
    """What the objects of a type are read with, in another process too.

    Args:
        type_info: the type.
        reading: how strict it is.

    Raises:
        TypeError: it is no row type.
        ConfigurationError: JSON has no form for the type.
    """

    def __init__(self, type_info: RowTypeInfo, reading: Reading) -> None:
        self.type_info = row_type(type_info)
        self.reading = reading
        self._read = reader_of(type_info, reading)
        self.decoder = JsonDecoder(type_info, reading.all_fields, self.decode)

    def decode(self, message: Any) -> Any:
        """The row of a message; None for null, and for one that is no object where errors are ignored.

        Raises:
            CorruptDataError: it is no JSON object with fields of these types; the message names the field.
        """
        if message is None:
            return None
        try:
            return self._read(load_json(message))
        except (ValueError, ArithmeticError, RecursionError) as error:
            if self.reading.lenient:
                return None
            where = f"${error.path}: {error}" if isinstance(error, JsonValueError) else reason_of(error)
            raise BadMessageError(where, message) from error

    def __reduce__(self) -> Any:
        return JsonMessages, (self.type_info, self.reading)


def reason_of(error: Exception) -> str:
    """What is wrong, where the exception says it in no plain words."""
    if isinstance(error, ArithmeticError):
        return f"a number or time is out of range ({error})"
    return "it is nested too deep" if isinstance(error, RecursionError) else str(error)


def row_type(type_info: Any) -> RowTypeInfo:
    """``type_info``, if it is a row type; TypeError otherwise."""
    if not isinstance(type_info, RowTypeInfo):
        raise TypeError(f"a row type such as Types.ROW_NAMED(...) is needed, not {type_info!r}")
    return type_info
