"""Rows of one type as JSON, one by one: the rules and the errors."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx.errors import TypeInformationError
from pyflinkx.formats.json_encoder import JsonEncoder
from pyflinkx.formats.json_messages import row_type
from pyflinkx.formats.json_values import JsonValueError, writer_of
from pyflinkx.types.codecs import codec_of
from pyflinkx.types.typeinfo import RowTypeInfo


class JsonRows:
    """What the rows of a type are written with, in another process too.

    Args:
        type_info: the type.

    Raises:
        TypeError: it is no row type.
        ConfigurationError: JSON has no form for the type.
    """

    def __init__(self, type_info: RowTypeInfo) -> None:
        self.type_info = row_type(type_info)
        self._conform = codec_of(type_info).conform_one
        self._write = writer_of(type_info)
        self.encoder = JsonEncoder(type_info, self.encode)

    def encode(self, value: Any) -> bytes:
        """The JSON object of a row, and null for None.

        Raises:
            TypeError: the value is no row of the type, or holds a number that JSON cannot; the message names the field.
        """
        try:
            return self._write(None if value is None else self._conform(value)).encode()
        except (TypeInformationError, ValueError) as error:
            where = f"field '${error.path}': {error}" if isinstance(error, JsonValueError) else str(error)
            raise TypeError(f"no row of type {self.type_info}: {short_repr(value)}: {where}") from error

    def __reduce__(self) -> Any:
        return JsonRows, (self.type_info,)
