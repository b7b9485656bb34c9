"""Functions of text, through pyarrow.compute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyflinkx.expressions.expression import Expression
from pyflinkx.expressions.kinds import Typed
from pyflinkx.expressions.logic import from_arrow, nulls, text_operand
from pyflinkx.expressions.vectors import Frame, Vector, arrow, spread

# The result's type ("" for the operand's own) and the call of pyarrow.compute, by operation.
FUNCTIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "lower": ("", lambda compute, text: compute.utf8_lower(text)),
    "upper": ("", lambda compute, text: compute.utf8_upper(text)),
    "trim": ("", lambda compute, text: compute.utf8_trim_whitespace(text)),
    "length": ("l", lambda compute, text: compute.utf8_length(text)),
    "contains": ("b", lambda compute, text, part: compute.match_substring(text, part)),
    "starts_with": ("b", lambda compute, text, part: compute.starts_with(text, part)),
    "ends_with": ("b", lambda compute, text, part: compute.ends_with(text, part)),
    "replace": ("", lambda compute, text, search, new: compute.replace_substring(text, search, new)),
    "substring": (
        "",
        lambda compute, text, begin, length: compute.utf8_slice_codeunits(
            text, begin - 1, None if length is None else begin - 1 + length
        ),
    ),
}


def text_function(expression: Expression, operand: Typed) -> Typed | None:
    """A function of one text."""
    if operand.kind not in ("text", "null"):
        return None
    arrow("text")  # what is missing is said when the graph is built
    format, function = FUNCTIONS[expression.operation]
    run, options = operand.run, expression.options

    def of_text(frame: Frame) -> Vector:
        vector = run(frame)
        if vector.values is None:
            return nulls(frame)
        import pyarrow.compute as compute

        result = function(compute, text_operand(vector.values, ""), *options)
        if not format:
            return Vector(result)
        found = from_arrow(result, frame)
        return found if format == "b" or found.values is None else Vector(found.values.astype("int64"), found.valid)

    return Typed(format or (operand.format if operand.kind == "text" else "u"), of_text, expression)


def concatenated(expression: Expression, values: Sequence[Typed]) -> Typed | None:
    """Texts one after the other."""
    if not all(value.kind in ("text", "null") for value in values):
        return None
    arrow("text")
    format = "U" if any(value.format == "U" for value in values) else "u"
    runs = [value.run for value in values]

    def run(frame: Frame) -> Vector:
        import pyarrow.compute as compute

        vectors = [of_text(frame) for of_text in runs]
        if any(vector.values is None for vector in vectors):
            return nulls(frame)
        texts = [spread(vector.values, format, frame.length) for vector in vectors]
        end = spread("", format, 1)[0]
        return Vector(compute.binary_join_element_wise(*texts, end))

    return Typed(format, run, expression)
