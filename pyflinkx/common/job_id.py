"""The identity of a job."""

from __future__ import annotations

import string

__all__ = ["JobID"]


class JobID:
    """Identifies a job, statistically unique.

    Args:
        hexadecimal: 32 hexadecimal digits; random by default.

    Raises:
        ValueError: it is not that.

    Example:
        >>> str(JobID("00000000000000000000000000000001"))
        '00000000000000000000000000000001'
    """

    def __init__(self, hexadecimal: str | None = None):
        import uuid

        text = uuid.uuid4().hex if hexadecimal is None else hexadecimal
        if not isinstance(text, str) or len(text) != 32 or not set(text) <= set(string.hexdigits):
            raise ValueError(f"a job id has 32 hexadecimal digits, not {hexadecimal!r}")
        self._text = text.lower()

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"JobID({self._text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, JobID) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)
