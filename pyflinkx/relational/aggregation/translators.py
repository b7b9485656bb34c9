"""The streams of aggregates."""

from __future__ import annotations

from pyflinkx.config.configuration import Configuration
from pyflinkx.config.query_options import MINI_BATCH, MINI_BATCH_SIZE
from pyflinkx.graph.settings import Settings
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.plan.columns import columnar_operator
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.aggregation.group_operator import GroupAggregateOperator, group_state
from pyflinkx.relational.aggregation.nested_keys import with_plain_keys
from pyflinkx.relational.aggregation.nodes import Aggregate
from pyflinkx.relational.keyed_rows import keyed, schema_of, ttl_of
from pyflinkx.relational.translation import Translation, translates
from pyflinkx.types.changes import INSERT_ONLY, RETRACT

# Where the size of mini-batches is not said.
LARGE = 1 << 20


def bundle_of(options: Configuration) -> int:
    """How many rows are looked at together; 0 for each on its own."""
    if not options.value_of(MINI_BATCH):
        return 0
    size = options.value_of(MINI_BATCH_SIZE)
    return size if size > 0 else LARGE


def single(keys: tuple[int, ...]) -> Settings:
    """What is said of an operator on a stream that is spread by keys, or is all at one place where there are none."""
    return Settings() if keys else Settings(parallelism=1, max_parallelism=1)


@translates(Aggregate)
def aggregated(node: Aggregate, translation: Translation) -> Stream:
    """The stream of an Aggregate."""
    rows = translation.stream(node.input)
    retracting = not rows.changes == node.input.changes == INSERT_ONLY
    final = not translation.streaming
    ttl = 0 if final else node.ttl if node.ttl is not None else ttl_of(translation.options)
    rows, plain = with_plain_keys(rows, node.input.columns, node.keys)
    stream = keyed(rows, plain)
    spec = OperatorSpec.of(
        GroupAggregateOperator,
        node.input.columns,
        node.keys,
        node.calls,
        node.columns,
        retracting=retracting,
        ttl=ttl,
        bundle=bundle_of(translation.options),
        final=final,
        plain=plain,
    )
    changes = INSERT_ONLY if final or (not node.calls and not retracting) else RETRACT
    spec = spec.reading(stream.asks()).producing(changes).keeping(group_state(ttl))
    return columnar_operator("Group Aggregate", spec, [stream], schema_of(node.columns), settings=single(node.keys))
