"""The streams of nodes that change kinds of rows; in batch mode, where rows are final, they stay as they are."""

from __future__ import annotations

from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.plan.columns import columnar_operator
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.changes.nodes import DropUpdateBefore, Materialize, Normalize
from pyflinkx.relational.changes.operators import (
    DropUpdateBeforeOperator,
    MaterializeOperator,
    NormalizeOperator,
    changes_state,
)
from pyflinkx.relational.keyed_rows import keyed, schema_of, ttl_of
from pyflinkx.relational.translation import Translation, translates
from pyflinkx.types.changes import RETRACT


@translates(Normalize)
def normalized(node: Normalize, translation: Translation) -> Stream:
    """The stream of a Normalize."""
    stream = keyed(translation.stream(node.input), node.key)
    ttl = ttl_of(translation.options)
    spec = OperatorSpec.of(NormalizeOperator, node.columns, node.key, node.condition, ttl)
    spec = spec.reading(stream.asks()).producing(RETRACT).keeping(changes_state(ttl))
    return columnar_operator("Changelog Normalize", spec, [stream], schema_of(node.columns))


@translates(Materialize)
def materialized(node: Materialize, translation: Translation) -> Stream:
    """The stream of a Materialize."""
    rows = translation.stream(node.input)
    if not translation.streaming:
        return rows
    stream = keyed(rows, node.key)
    ttl = ttl_of(translation.options)
    spec = OperatorSpec.of(MaterializeOperator, node.columns, node.key, ttl)
    spec = spec.reading(stream.asks()).producing(node.changes).keeping(changes_state(ttl))
    return columnar_operator("Upsert Materialize", spec, [stream], schema_of(node.columns))


@translates(DropUpdateBefore)
def without_rows_before(node: DropUpdateBefore, translation: Translation) -> Stream:
    """The stream of a DropUpdateBefore."""
    rows = translation.stream(node.input)
    if not translation.streaming:
        return rows
    spec = OperatorSpec.of(DropUpdateBeforeOperator).producing(node.changes)
    return columnar_operator("Drop Update Before", spec, [rows], schema_of(node.columns))
