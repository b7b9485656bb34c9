"""Upper and lower case of texts in all scripts, as Python's str and Java's String have it.

Arrow maps characters one by one, as SQL engines do; Python and Java know some that become several (ß is SS in upper
case) or depend on their neighbours (a sigma at the end of a word).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import Any


def upper(compute: Any, text: Any) -> Any:
    """Each text of an Arrow array as by ``str.upper``."""
    return changed(compute, text, "utf8_upper", str.upper)


def lower(compute: Any, text: Any) -> Any:
    """Each text of an Arrow array as by ``str.lower``."""
    return changed(compute, text, "utf8_lower", str.lower)


def changed(compute: Any, text: Any, kernel: str, change: Callable[[str], str]) -> Any:
    """What the kernel makes of texts, but for those with a letter that Python maps to something else."""
    result = getattr(compute, kernel)(text)
    if not hasattr(text, "null_count"):
        return scalar(text, result, change)
    if compute.all(compute.string_is_ascii(text)).as_py() is not False:
        return result
    differing = compute.fill_null(compute.match_substring_regex(text, f"[{special(kernel)}]"), False)
    if not compute.any(differing).as_py():
        return result
    values = [change(value) for value in compute.filter(text, differing).to_pylist()]
    import pyarrow

    return compute.replace_with_mask(result, differing, pyarrow.array(values, result.type))


def scalar(text: Any, result: Any, change: Callable[[str], str]) -> Any:
    """A constant is changed by Python alone."""
    value = text.as_py()
    if value is None:
        return result
    import pyarrow

    return pyarrow.scalar(change(value), result.type)


@cache
def special(kernel: str) -> str:
    """The letters that Python maps to something else than the kernel does, and the sigma in lower case."""
    import pyarrow
    from pyarrow import compute

    change = str.upper if kernel == "utf8_upper" else str.lower
    letters = [chr(code) for code in range(128, sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    mapped = getattr(compute, kernel)(pyarrow.array(letters)).to_pylist()
    found = [letter for letter, made in zip(letters, mapped, strict=True) if change(letter) != made]
    return "".join([*found, "Σ"])
