"""Functions of text, through pyarrow.compute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyflinkx.errors import LongBatchError
from pyflinkx.expressions.expression import Expression
from pyflinkx.expressions.kinds import Typed, stored_as
from pyflinkx.expressions.letters import lower, upper
from pyflinkx.expressions.logic import from_arrow, nulls, text_operand
from pyflinkx.expressions.vectors import Frame, Vector, arrow, spread
from pyflinkx.types.data_type import BIGINT, BOOLEAN, STRING, DataType

# No text has so many characters: positions beyond are all the same.
LONGEST = 2**40
# The largest text that "utf8" columns can hold in one batch.
MOST_BYTES = 2**31 - 1


def replaced(compute: Any, text: Any, search: str, new: str) -> Any:
    """Every occurrence replaced, as by str.replace; the empty text occurs before each character and at the end.

    Raises:
        LongBatchError: the batch's texts would be longer than its type allows.
    """
    grows = len(new.encode()) - len(search.encode())
    if grows > 0 and hasattr(text, "nbytes"):
        occurrences = text.nbytes // max(len(search.encode()), 1) + len(text)
        if occurrences * grows > MOST_BYTES:  # it might
            check_growth(compute, text, search, grows)
    if search:
        return compute.replace_substring(text, search, new)
    # Arrow's replace_substring never ends here.
    return compute.replace_substring_regex(text, "", new.replace("\\", "\\\\"))


def check_growth(compute: Any, text: Any, search: str, grows: int) -> None:
    """Refuse a replacement before memory is filled with its result, which is larger than any batch's text."""
    counts = compute.count_substring(text, search) if search else compute.add(compute.utf8_length(text), 1)
    found = (compute.sum(counts.cast("int64")).as_py() or 0) * grows
    if found > MOST_BYTES:
        raise LongBatchError(
            f"replacing {search!r:.50} makes the texts of a batch of {len(text)} rows {found:,} bytes longer, and a "
            "batch has at most 2 GiB of text; use smaller batches"
        )


# The result's type (None for the operand's own) and the call of pyarrow.compute, by operation.
FUNCTIONS: dict[str, tuple[DataType | None, Callable[..., Any]]] = {
    "lower": (None, lower),
    "upper": (None, upper),
    "trim": (None, lambda compute, text: compute.utf8_trim_whitespace(text)),
    "length": (BIGINT, lambda compute, text: compute.utf8_length(text)),
    "contains": (BOOLEAN, lambda compute, text, part: compute.match_substring(text, part)),
    "starts_with": (BOOLEAN, lambda compute, text, part: compute.starts_with(text, part)),
    "ends_with": (BOOLEAN, lambda compute, text, part: compute.ends_with(text, part)),
    "replace": (None, replaced),
    "substring": (
        None,
        lambda compute, text, begin, length: compute.utf8_slice_codeunits(
            text, min(begin - 1, LONGEST), None if length is None else min(begin - 1 + length, 2 * LONGEST)
        ),
    ),
}


def text_function(expression: Expression, operand: Typed) -> Typed | None:
    """A function of one text."""
    if operand.kind not in ("text", "null"):
        return None
    arrow("text")  # what is missing is said when the graph is built
    result_type, function = FUNCTIONS[expression.operation]
    run, options = operand.run, expression.options

    def of_text(frame: Frame) -> Vector:
        vector = run(frame)
        if vector.values is None:
            return nulls(frame)
        import pyarrow.compute as compute

        result = function(compute, text_operand(vector.values, ""), *options)
        if result_type is None:
            return Vector(result)
        found = from_arrow(result, frame)
        return (
            found
            if result_type is BOOLEAN or found.values is None
            else Vector(found.values.astype("int64"), found.valid)
        )

    return Typed(result_type or (operand.type if operand.kind == "text" else STRING), of_text, expression)


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

    return Typed(stored_as(format), run, expression)
