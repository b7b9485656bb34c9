"""The streams of Sort, RowNumbers and Rank."""

from __future__ import annotations

from pyflinkx.errors import GraphError
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.plan.columns import columnar_operator
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.aggregation.translators import single
from pyflinkx.relational.keyed_rows import keyed, schema_of, ttl_of
from pyflinkx.relational.nodes import Columns, Node
from pyflinkx.relational.over.numbers import numbered_over
from pyflinkx.relational.ranking.binding import ENDLESS
from pyflinkx.relational.ranking.directions import gets_better, updates_only
from pyflinkx.relational.ranking.nodes import PROCTIME, ROWTIME, Rank, RowNumbers, Sort, time_of
from pyflinkx.relational.ranking.order import SortKey
from pyflinkx.relational.ranking.sort_operators import (
    LIMIT_STATE,
    TIME_SORT_STATES,
    LimitOperator,
    NumberingOperator,
    SortOperator,
    TimeSortOperator,
)
from pyflinkx.relational.ranking.top_n import (
    AppendTopNOperator,
    RetractTopNOperator,
    Top1Operator,
    UpdateTopNOperator,
    rank_state,
)
from pyflinkx.relational.times import units_of
from pyflinkx.relational.translation import Translation, translates
from pyflinkx.types.changes import INSERT_ONLY, RETRACT

# Lets a stream be ordered by what is no time: once, when its input has ended.
SORT_AT_END = "__table.exec.sort.non-temporal.enabled__"


def inserts_only(node: Node, stream: Stream) -> bool:
    """Whether a stream has no updates and deletes."""
    return node.changes == INSERT_ONLY and stream.changes == INSERT_ONLY


@translates(Sort)
def sorted_stream(node: Sort, translation: Translation) -> Stream:
    """The stream of a Sort."""
    rows = translation.stream(node.input)
    columns = node.columns
    schema = schema_of(columns)
    some = node.limit is not None or node.offset > 0
    if not translation.streaming:
        spec = OperatorSpec.of(SortOperator, columns, node.order, node.offset, node.limit).producing(INSERT_ONLY)
        return columnar_operator("Sort" if node.order else "Limit", spec, [rows], schema, settings=single(()))
    inserts = inserts_only(node.input, rows)
    times = [time_of(columns[key.index][1]) for key in node.order]
    if some and not node.order and inserts:
        spec = OperatorSpec.of(LimitOperator, node.offset, node.limit).keeping(LIMIT_STATE)
        return columnar_operator("Limit", spec, [rows], schema, settings=single(()))
    if some:
        last = ENDLESS if node.limit is None else node.offset + node.limit
        if last <= node.offset:
            spec = OperatorSpec.of(LimitOperator, 0, 0).keeping(LIMIT_STATE).producing(INSERT_ONLY)
            return columnar_operator("Limit", spec, [rows], schema, settings=single(()))
        numbers = (node.offset + 1, last)
        return best_rows("Sort Limit", node.input, rows, (), node.order, numbers, columns, False, translation)
    first = node.order[0]
    if times[0] == PROCTIME and not first.descending and inserts:
        # Rows come in this order, and those of one moment in no other.
        return rows
    if times[0] == ROWTIME and not first.descending and inserts:
        units = units_of(columns[first.index][1])
        spec = OperatorSpec.of(TimeSortOperator, columns, node.order, units).keeping(*TIME_SORT_STATES)
        return columnar_operator("Temporal Sort", spec, [rows], schema, settings=single(()))
    if translation.options.get_boolean(SORT_AT_END, False):
        spec = OperatorSpec.of(SortOperator, columns, node.order).producing(INSERT_ONLY)
        return columnar_operator("Sort", spec, [rows], schema, settings=single(()))
    raise GraphError(
        f"ORDER BY {columns[first.index][0]}: a stream is never over, so it can only be ordered by a time attribute, "
        "ascending, before anything else; add a LIMIT for the first rows by any order, or run the query in batch mode"
    )


@translates(RowNumbers)
def numbered_stream(node: RowNumbers, translation: Translation) -> Stream:
    """The stream of rows with all their numbers."""
    if translation.streaming:
        return translation.stream(numbered_over(node))
    return numbers_between(node, 1, ENDLESS, True, translation)


@translates(Rank)
def ranked_stream(node: Rank, translation: Translation) -> Stream:
    """The stream of a Rank."""
    return numbers_between(node.numbers, node.first, node.last, node.wanted, translation)


def numbers_between(node: RowNumbers, first: int, last: int, wanted: bool, translation: Translation) -> Stream:
    """The stream of the rows whose numbers are in a range."""
    rows = translation.stream(node.input)
    if not translation.streaming:
        columns = node.input.columns
        most = None if last == ENDLESS else last
        arguments = (columns, node.function, node.partition, node.order, first, most, node.columns)
        stream = keyed(rows, node.partition)
        spec = OperatorSpec.of(NumberingOperator, *arguments).reading(stream.asks()).producing(INSERT_ONLY)
        return columnar_operator("Rank", spec, [stream], schema_of(node.columns), settings=single(node.partition))
    if node.function != "ROW_NUMBER":
        raise GraphError(
            f"{node.function}() numbers streams in batch mode only; ROW_NUMBER() does in streams, too, and its numbers "
            "differ from those only where rows are equal by ORDER BY"
        )
    numbers = (first, last)
    return best_rows("Rank", node.input, rows, node.partition, node.order, numbers, node.columns, wanted, translation)


def best_rows(
    name: str,
    node: Node,
    rows: Stream,
    partition: tuple[int, ...],
    order: tuple[SortKey, ...],
    numbers: tuple[int, int],
    results: Columns,
    wanted: bool,
    translation: Translation,
) -> Stream:
    """The stream of the rows with certain numbers, as they change.

    Args:
        name: of the operator.
        node: what is numbered.
        rows: its stream.
        partition, order: of the numbers.
        numbers: the least and the greatest number.
        results: the columns that come out, with or without the number.
        wanted: whether the number is read.
        translation: of the job.
    """
    columns = node.columns
    first, last = numbers
    times = [time_of(columns[key.index][1]) for key in order]
    operator: type = RetractTopNOperator
    more: dict[str, object] = {}
    changes = RETRACT
    if inserts_only(node, rows):
        operator = AppendTopNOperator
        if first == last == 1 and partition:
            operator = Top1Operator
            if len(order) == 1 and times[0] is not None:
                # Of rows of one time the last to come is the last.
                more["ties"] = order[0].descending
                if times[0] == PROCTIME:
                    order = ()
                    changes = RETRACT if more["ties"] else INSERT_ONLY
    elif updates_only(node):
        key = next((key for key in node.unique if set(partition) <= key), None)
        if key is not None and all(gets_better(node, each, key) for each in order):
            operator, more["key"] = UpdateTopNOperator, tuple(sorted(key))
    stream = keyed(rows, partition)
    ttl = ttl_of(translation.options)
    arguments = (columns, partition, order, first, last, results, wanted, ttl)
    spec = OperatorSpec.of(operator, *arguments, **more).reading(stream.asks()).producing(changes)
    return columnar_operator(
        name, spec.keeping(rank_state(ttl)), [stream], schema_of(results), settings=single(partition)
    )
