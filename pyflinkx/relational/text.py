"""Functions of text, of one row's values; null where an argument is, unless the registry says otherwise."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from pyflinkx.relational.faults import ValueFault

# Longer results are refused rather than memory filled.
LONGEST = 2**31 - 1


def substring(text: str, begin: int, length: int | None = None) -> str | None:
    """From the character at ``begin``, which counts from 1, or from the end where it is negative.

    Null of a length below 0.
    """
    if length is not None and length < 0:
        return None
    size = len(text)
    start = begin - 1 if begin > 0 else 0 if begin == 0 else size + begin
    if start < 0 or start >= size:
        return ""
    return text[start:] if length is None else text[start : start + length]


def left(text: str, length: int) -> str:
    return text[: max(length, 0)]


def right(text: str, length: int) -> str:
    return text[-length:] if length > 0 else ""


def position(part: str, text: str, begin: int = 1) -> int:
    """Where a part begins, from 1; 0 where it is not there."""
    return text.find(part, begin - 1) + 1 if begin > 0 else 0


def instr(text: str, part: str, begin: int = 1, nth: int = 1) -> int:
    """Where the n-th occurrence of a part begins; a negative begin searches backwards from there."""
    if nth <= 0:
        raise ValueFault(f"the occurrence is from 1, not {nth}")
    if begin == 0:
        return 0
    if begin > 0:
        found = begin - 2
        for _ in range(nth):
            found = text.find(part, found + 1)
            if found < 0:
                return 0
        return found + 1
    end = len(text) + begin
    for _ in range(nth):
        found = text.rfind(part, 0, end + len(part)) if end >= 0 else -1
        if found < 0:
            return 0
        end = found - 1
    return found + 1


def trim(where: str, characters: str, text: str) -> str:
    """Without any of the characters at its ends."""
    if where == "LEADING":
        return text.lstrip(characters) if characters else text
    if where == "TRAILING":
        return text.rstrip(characters) if characters else text
    return text.strip(characters) if characters else text


def ltrim(text: str, characters: str = " ") -> str:
    return trim("LEADING", characters, text)


def rtrim(text: str, characters: str = " ") -> str:
    return trim("TRAILING", characters, text)


def btrim(text: str, characters: str = " ") -> str:
    return trim("BOTH", characters, text)


def padded(text: str, length: int, pad: str, before: bool) -> str | None:
    """Text of just that length; null where that cannot be."""
    if length < 0 or (not pad and length > len(text)):
        return None
    if length <= len(text):
        return text[:length]
    fill = (pad * ((length - len(text)) // len(pad) + 1))[: length - len(text)]
    return fill + text if before else text + fill


def lpad(text: str, length: int, pad: str) -> str | None:
    return padded(text, length, pad, True)


def rpad(text: str, length: int, pad: str) -> str | None:
    return padded(text, length, pad, False)


def repeat(text: str, times: int) -> str:
    if times > 0 and len(text) * times > LONGEST:
        raise ValueFault(f"a text of {len(text)} characters {times} times is too long")
    return text * max(times, 0)


def reverse(text: str) -> str:
    return text[::-1]


def replace(text: str, old: str, new: str) -> str:
    return text.replace(old, new) if old else text


def initcap(text: str) -> str:
    """Each word with a capital letter; a word is of letters and digits."""
    return re.sub(r"[^\W_]+", lambda word: word[0][0].upper() + word[0][1:].lower(), text)


def overlay(text: str, new: str, begin: int, length: int | None = None) -> str:
    """With another part in the place of some characters."""
    if begin <= 0 or begin > len(text):
        return text
    count = len(new) if length is None else length
    end = begin - 1 + count if count >= 0 else len(text)
    return text[: begin - 1] + new + text[end:]


def ascii_code(text: str) -> int:
    """The first byte's number, as Java's bytes have it."""
    if not text:
        return 0
    first = text.encode()[0]
    return first - 256 if first > 127 else first


def character(code: int) -> str:
    """CHR: the character of a number's last byte; of a negative one none."""
    return "" if code < 0 else chr(code & 0xFF)


def split_index(text: str, separator: Any, index: int) -> str | None:
    """The part at a position from 0; of the empty separator each space ends one."""
    if index < 0 or not text or (isinstance(separator, int) and not 0 < separator < 256):
        return None
    mark = chr(separator) if isinstance(separator, int) else separator
    parts = text.split(mark) if mark else text.split()
    return parts[index] if index < len(parts) else None


def translate(text: str, old: str, new: str) -> str:
    """Each character of ``old`` replaced by that at the same place of ``new``, or left out."""
    table: dict[int, str | None] = {}
    for place, sign in enumerate(old):
        table.setdefault(ord(sign), new[place] if place < len(new) else None)
    return text.translate(table)


def translate_or_same(text: str, old: str | None, new: str | None) -> str | None:
    """TRANSLATE, for which no characters at all are as if there were none to replace."""
    return translate(text, old or "", new or "")


def elt(index: int | None, *texts: Any) -> Any:
    """The text at a position from 1; null where there is none."""
    return texts[index - 1] if index is not None and 1 <= index <= len(texts) else None


def concat_ws(separator: str | None, *texts: str | None) -> str | None:
    """Texts with a separator between; what is null is left out."""
    return None if separator is None else separator.join(text for text in texts if text is not None)


@lru_cache(maxsize=512)
def like_pattern(pattern: str, escape: str | None, ignore_case: bool) -> re.Pattern[str]:
    """LIKE's pattern as a regular expression.

    Raises:
        ValueFault: an escape character is followed by what needs none, or is no one character.
    """
    if escape is not None and len(escape) > 1:
        raise ValueFault(f"the escape of LIKE is one character, not {escape!r}")
    parts, place = [], 0
    while place < len(pattern):
        sign = pattern[place]
        if escape and sign == escape:
            place += 1
            if place >= len(pattern) or pattern[place] not in ("%", "_", escape):
                raise ValueFault(f"{escape!r} in the pattern {pattern!r:.100} is before neither % nor _ nor itself")
            parts.append(re.escape(pattern[place]))
        else:
            parts.append({"%": ".*", "_": "."}.get(sign) or re.escape(sign))
        place += 1
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def like(text: str, pattern: str, escape: str | None = None) -> bool:
    return like_pattern(pattern, escape, False).fullmatch(text) is not None


def ilike(text: str, pattern: str, escape: str | None = None) -> bool:
    return like_pattern(pattern, escape, True).fullmatch(text) is not None


def starts_with(text: Any, part: Any) -> bool:
    return bool(text.startswith(part))


def ends_with(text: Any, part: Any) -> bool:
    return bool(text.endswith(part))


def is_alpha(text: str | None) -> bool:
    return text is not None and text.isalpha()


def is_digit(text: str | None) -> bool:
    return text is not None and text.isdigit()


def is_decimal(text: str | None) -> bool:
    return text is not None and re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[fFdD]?", text) is not None
