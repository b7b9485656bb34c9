"""Rows of which there may be only one: what a query as a value gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyflinkx.graph.settings import Settings
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.operators.base import Operator, OperatorContext
from pyflinkx.plan.columns import columnar_operator
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.keyed_rows import AFTER, INSERT, keyed, keys_of, kinds_of, schema_of
from pyflinkx.relational.nodes import Columns, Node
from pyflinkx.relational.translation import Translation, translates
from pyflinkx.state.descriptors import ValueStateDescriptor
from pyflinkx.state.spec import StateSpec
from pyflinkx.types.changes import Changes

COUNT = StateSpec("rows", "ValueState")


@dataclass(frozen=True)
class SingleRow(Node):
    """The same rows, of which there is one at a time of each key.

    Args:
        input: the rows.
        keys: positions of the columns of the key; none where there is one row at all.
    """

    input: Node
    keys: tuple[int, ...] = ()

    @property
    def columns(self) -> Columns:
        return self.input.columns

    @property
    def inputs(self) -> tuple[Node, ...]:
        return (self.input,)

    @property
    def changes(self) -> Changes:
        return self.input.changes

    @property
    def unique(self) -> tuple[frozenset[int], ...]:
        return (*self.input.unique, frozenset(self.keys))

    def describe(self) -> str:
        names = [name for name, _ in self.columns]
        return f"SingleRow(keys=[{', '.join(names[index] for index in self.keys)}])"


class SingleRowOperator(Operator):
    """Passes rows on, and fails when there is a second one.

    Args:
        keys: positions of the columns of the key.
    """

    def __init__(self, keys: tuple[int, ...]) -> None:
        self.keys = keys

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        store = context.keyed_state
        self.key_context = store.context
        self.count = store.get_state(ValueStateDescriptor(COUNT.name))

    def process_batch(self, batch: Any, port: int = 0) -> None:
        kinds = kinds_of(batch) or [INSERT] * len(batch)
        try:
            for key, kind in zip(keys_of(batch, self.keys), kinds, strict=True):
                self.key_context.key = key
                count = (self.count.value() or 0) + (1 if kind in (INSERT, AFTER) else -1)
                if count > 1:
                    raise ValueError("a query as a value gave more than one row: let it aggregate, by MAX for instance")
                self.count.update(count or None)
        except Exception as error:
            raise self.site.wrap(error, "in a query as a value") from error
        self.output.emit(batch)


@translates(SingleRow)
def single_stream(node: SingleRow, translation: Translation) -> Stream:
    """The stream of rows of which there may be only one."""
    stream = keyed(translation.stream(node.input), node.keys)
    spec = OperatorSpec.of(SingleRowOperator, node.keys).reading(stream.asks()).keeping(COUNT)
    settings = Settings() if node.keys else Settings(parallelism=1, max_parallelism=1)
    return columnar_operator("SingleRow", spec, [stream], schema_of(node.columns), settings=settings)
