"""Joins of columnar streams: columns in, columns out, and no Python function in between."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.errors import GraphError
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.operators.kept_watermark import WATERMARK
from pyflinkx.operators.native_join import JoinSpec, NativeJoinOperator
from pyflinkx.operators.windowing.assigners import TumblingEventTimeWindows
from pyflinkx.plan.columns import columnar_operator
from pyflinkx.plan.stream import Stream
from pyflinkx.state.spec import NATIVE, StateSpec
from pyflinkx.types.changes import INSERT_ONLY
from pyflinkx.types.output_tag import OutputTag
from pyflinkx.types.repeated import repeated

SUFFIXES = ("", "_right")
# Format strings of types whose values can be equal though the types differ.
NUMBERS = frozenset("bcCsSiIlLfg")
TEXTS = frozenset("uU")
BINARIES = frozenset("zZ")


def rows(
    left: Stream,
    right: Stream,
    lower: int,
    upper: int,
    lower_exclusive: bool = False,
    upper_exclusive: bool = False,
    suffixes: tuple[str, str] = SUFFIXES,
    left_late: OutputTag | None = None,
    right_late: OutputTag | None = None,
) -> Stream:
    """The pairs of a left and a right row with equal keys and timestamps ``left + lower <= right <= left + upper``.

    A pair has all columns of both rows and the larger of their timestamps. Rows whose timestamp is below the watermark
    come too late: they are counted as ``numLateRecordsDropped``, or go to a side output. Keys are equal as in Python:
    1 and 1.0 are, and so are two nulls.

    Args:
        left: a columnar stream, keyed by columns.
        right: another one, keyed by as many columns of like types.
        lower: milliseconds, may be negative.
        upper: milliseconds, not below ``lower``.
        lower_exclusive: whether the lower bound itself does not count.
        upper_exclusive: whether the upper bound itself does not count.
        suffixes: for the names of left and of right columns that both sides have.
        left_late: side output for left rows that come too late.
        right_late: side output for right rows that come too late.

    Raises:
        GraphError: a stream is not columnar or not keyed by columns, the keys do not fit together, there is nothing
            between the bounds, or two columns would have one name.
    """
    call = "interval_join().rows()"
    lower, upper = lower + lower_exclusive, upper - upper_exclusive
    if lower > upper:
        raise GraphError(f"{call}: no timestamp is between the bounds: the least is {lower} ms, the largest {upper} ms")
    tags = (tag_id(left_late), tag_id(right_late))
    return joined(call, "Interval Join", left, right, suffixes, lower=lower, upper=upper, late_tags=tags)


def window_rows(left: Stream, right: Stream, assigner: Any, suffixes: tuple[str, str] = SUFFIXES) -> Stream:
    """The pairs of a left and a right row with equal keys in one tumbling window of event time.

    As :func:`rows`, but a pair has the window's ``max_timestamp``, and rows come too late when their window has ended.
    A pair is emitted when its second row comes, not only when the window ends.

    Raises:
        GraphError: as :func:`rows`, or the windows are others than ``TumblingEventTimeWindows``.
    """
    call = "join().window().rows()"
    if not isinstance(assigner, TumblingEventTimeWindows):
        raise GraphError(f"{call} takes TumblingEventTimeWindows, not {assigner!r}; apply() takes all windows")
    size, offset = assigner.size, assigner.offset
    return joined(call, "Window Join", left, right, suffixes, window_size=size, window_offset=offset)


def joined(call: str, name: str, left: Stream, right: Stream, suffixes: tuple[str, str], **times: Any) -> Stream:
    """The stream of the join of two keyed streams; ``times`` are fields of JoinSpec."""
    (left_schema, left_keys), (right_schema, right_keys) = (
        key_positions(call, side, stream) for side, stream in (("left", left), ("right", right))
    )
    if len(left_keys) != len(right_keys):
        raise GraphError(f"{call}: the left key has {len(left_keys)} columns, the right one {len(right_keys)}")
    for first, second in zip(left_keys, right_keys, strict=True):
        ours, theirs = left_schema.fields[first], right_schema.fields[second]
        if kind_of(ours) != kind_of(theirs):
            raise GraphError(
                f"{call}: key column '{ours.name}' is {ours.type_name}, but '{theirs.name}' on the right is "
                f"{theirs.type_name}: none of their values are equal"
            )
    schema = joined_schema(call, left_schema, right_schema, suffixes)
    spec = JoinSpec(schema, left_keys, right_keys, **times)
    late = zip(spec.late_tags, (left_schema, right_schema), strict=True)
    operator = OperatorSpec.of(NativeJoinOperator, spec).reading(left.asks(True), right.asks(True))
    operator = operator.keeping(StateSpec("rows", NATIVE), WATERMARK)
    side_schemas = {tag: side for tag, side in late if tag is not None}
    return columnar_operator(name, operator.producing(INSERT_ONLY), [left, right], schema, side_schemas=side_schemas)


def key_positions(call: str, side: str, stream: Stream) -> tuple[Schema, tuple[int, ...]]:
    """A keyed stream's schema, and where in it the key is."""
    schema, keys = stream.schema, stream.keys
    if schema is None or keys is None or keys.columns is None:
        raise GraphError(
            f"{call} takes columnar streams keyed by columns, such as env.from_arrow(table).key_by('key'); the {side} "
            "one has rows of Python values: use process() or apply()"
        )
    return schema, tuple(schema.index(name) for name in keys.columns)


def kind_of(field: Field) -> str:
    """What a column's values can be equal to."""
    for kind, formats in (("number", NUMBERS), ("text", TEXTS), ("binary", BINARIES)):
        if field.format in formats:
            return kind
    if field.format.startswith("d:"):
        return "number"
    return "binary" if field.format.startswith("w:") else field.type_name.partition("[")[0].rstrip("3264")


def joined_schema(call: str, left: Schema, right: Schema, suffixes: tuple[str, str]) -> Schema:
    """All columns of both sides; those of one name with the side's suffix."""
    if not (isinstance(suffixes, tuple) and len(suffixes) == 2 and all(isinstance(suffix, str) for suffix in suffixes)):
        raise GraphError(f"{call}: suffixes are a tuple of two str, not {suffixes!r}")
    both = set(left.names) & set(right.names)
    fields = [
        field.renamed(field.name + suffix) if field.name in both else field
        for schema, suffix in zip((left, right), suffixes, strict=True)
        for field in schema
    ]
    names = [field.name for field in fields]
    twice = repeated(names)
    if twice:
        raise GraphError(f"{call}: with suffixes {suffixes!r} there are two columns {', '.join(map(repr, twice))}")
    return Schema(fields)


def tag_id(tag: OutputTag | None) -> str | None:
    """The tag's id."""
    return None if tag is None else tag.tag_id
