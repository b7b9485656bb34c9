"""JSON texts whose numbers are bounded: making an int of a million digits takes minutes."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

# Jackson's limit.
MAX_NUMBER_LENGTH = 1000


def load_json(message: Any) -> Any:
    """What a JSON text holds, with fractions as Decimals, so that no digit is lost.

    Args:
        message: str, bytes or bytearray.

    Raises:
        ValueError: it is no JSON, or has a number that is too long.
        ArithmeticError: it has a number with an exponent that no Decimal has.
        RecursionError: it is nested too deep.

    Example:
        >>> load_json(b'{"a": 1.50}')
        {'a': Decimal('1.50')}
    """
    if len(message) <= MAX_NUMBER_LENGTH:
        return json.loads(message, parse_float=Decimal, parse_constant=_refuse_constant)
    return json.loads(message, parse_float=_fraction, parse_int=_integer, parse_constant=_refuse_constant)


def check_length(text: str) -> str:
    """The text of a number, if it is not too long.

    Raises:
        ValueError: it is.
    """
    if len(text) > MAX_NUMBER_LENGTH:
        raise ValueError(
            f"a number has {len(text)} characters, more than {MAX_NUMBER_LENGTH}: {text[:20]}...; write it as a string "
            "and read it as such"
        )
    return text


def _integer(text: str) -> int:
    return int(check_length(text))


def _fraction(text: str) -> Decimal:
    return Decimal(check_length(text))


def _refuse_constant(name: str) -> Any:
    """ValueError for NaN, Infinity and -Infinity, which Python reads and JSON does not have."""
    raise ValueError(f"{name} is no JSON value")
