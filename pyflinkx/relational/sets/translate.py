"""From set operations to streams."""

from __future__ import annotations

from pyflinkx.graph.settings import Settings
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.plan.columns import MAX_KEY_COLUMNS, aligned, columnar_operator
from pyflinkx.plan.stream import Stream
from pyflinkx.plan.unions import united
from pyflinkx.relational.joins.conditions import can_be_key
from pyflinkx.relational.joins.translate import SINGLE, keyed
from pyflinkx.relational.keyed_rows import schema_of, ttl_of
from pyflinkx.relational.sets.nodes import SetOperation, Union
from pyflinkx.relational.sets.operator import BatchSetOperator, SetOperator, SetPlan
from pyflinkx.relational.translation import Translation, translates
from pyflinkx.types.changes import INSERT_ONLY, RETRACT
from pyflinkx.types.data_type import Family


@translates(Union)
def united_stream(node: Union, translation: Translation) -> Stream:
    """The stream of all rows of some inputs."""
    schema = schema_of(node.columns)
    return united([aligned(translation.stream(source), schema) for source in node.sources])


@translates(SetOperation)
def combined_stream(node: SetOperation, translation: Translation) -> Stream:
    """The stream of a set operation."""
    schema = schema_of(node.columns)
    positions = tuple(index for index, (_, kind) in enumerate(node.columns) if can_be_key(kind))[:MAX_KEY_COLUMNS]
    nested = any(kind.family(Family.CONSTRUCTED) for _, kind in node.columns)
    ttl = ttl_of(translation.options)
    plan = SetPlan(node.operator, node.all, schema, positions, nested, ttl)
    inputs = [keyed(aligned(translation.stream(source), schema), node.columns, positions) for source in node.sources]
    settings = Settings() if positions else SINGLE
    name = {"UNION": "Distinct"}.get(node.operator, node.operator.capitalize())
    if not translation.streaming:
        spec = OperatorSpec.of(BatchSetOperator, plan).reading(*(each.asks(True) for each in inputs))
        return columnar_operator(name, spec.producing(INSERT_ONLY), inputs, schema, settings=settings)
    spec = OperatorSpec.of(SetOperator, plan).reading(*(each.asks() for each in inputs))
    spec = spec.producing(INSERT_ONLY if node.changes == INSERT_ONLY else RETRACT).keeping(plan.state)
    return columnar_operator(name, spec, inputs, schema, settings=settings)
