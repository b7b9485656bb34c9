"""Patterns of text: SIMILAR TO, and all places where a regular expression is found."""

from __future__ import annotations

import re
from functools import lru_cache

from pyflinkx.relational import patterns
from pyflinkx.relational.faults import ValueFault
from pyflinkx.relational.registry import register, taking, under, valued
from pyflinkx.types.data_type import BOOLEAN, STRING, DataType, Kind

under("Regular expressions")

CLASSES = {
    "[:ALPHA:]": "a-zA-Z",
    "[:UPPER:]": "A-Z",
    "[:LOWER:]": "a-z",
    "[:DIGIT:]": r"\d",
    "[:ALNUM:]": "a-zA-Z0-9",
    "[:SPACE:]": " ",
    "[:WHITESPACE:]": r"\s",
}
# Signs that mean something in SIMILAR TO; those of regular expressions that are none of them keep their meaning there.
SPECIAL = "[]()|^-+*_%?{}"


@lru_cache(maxsize=512)
def similar_pattern(pattern: str, escape: str | None) -> re.Pattern[str]:
    """SIMILAR TO's pattern as a regular expression.

    Raises:
        ValueFault: it is none.
    """
    if escape is not None and len(escape) > 1:
        raise ValueFault(f"the escape of SIMILAR TO is one character, not {escape!r:.20}")
    made, place, inside = [], 0, False
    while place < len(pattern):
        sign = pattern[place]
        if escape and sign == escape:
            place += 1
            if place >= len(pattern):
                raise ValueFault(f"the pattern {pattern!r:.100} ends with its escape")
            made.append(f"\\{pattern[place]}" if pattern[place] in SPECIAL else pattern[place])
        elif inside:
            known = next((name for name in CLASSES if pattern.upper().startswith(name, place)), None)
            if known is not None:
                made.append(CLASSES[known])
                place += len(known) - 1
            else:
                inside = sign != "]"
                made.append(sign if sign in "]^-" else re.escape(sign))
        elif sign == "[":
            inside = True
            made.append(sign)
        elif sign in "%_":
            made.append(".*" if sign == "%" else ".")
        else:
            made.append(sign)
        place += 1
    try:
        return re.compile("".join(made), re.DOTALL)
    except re.error as error:
        raise ValueFault(f"{pattern!r:.100} is no pattern of SIMILAR TO: {error}") from None


def similar(text: str, pattern: str, escape: str | None = None) -> bool:
    return similar_pattern(pattern, escape).fullmatch(text) is not None


register("SIMILAR TO", "text SIMILAR TO pattern [ESCAPE c]", taking("text text text?", BOOLEAN), valued(similar))


def all_extracted(text: str, pattern: str, group: int = 1) -> list[str | None] | None:
    """A group of each place that is like the pattern; null where the pattern has no such group."""
    try:
        regex = patterns.compiled(pattern)
    except ValueFault:
        return None
    if not 0 <= group <= regex.groups:
        return None
    return [found[group] for found in regex.finditer(text)]


register(
    "REGEXP_EXTRACT_ALL",
    "REGEXP_EXTRACT_ALL(text, pattern[, group])",
    taking("text text int?", DataType(Kind.ARRAY, children=(STRING,)), True),
    valued(all_extracted),
)
