"""TO_CHANGELOG and FROM_CHANGELOG at work."""

from __future__ import annotations

from collections.abc import Sequence

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.build import ColumnBuilder
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.columns.to_rows import to_values
from pyflinkx.errors import TypeInformationError
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.operators.base import Operator, OperatorContext
from pyflinkx.plan.columns import columnar_operator
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.changelogs.nodes import KINDS, FromChangelog, ToChangelog
from pyflinkx.relational.translation import Translation, translates
from pyflinkx.relational.values import field

DELETE = KINDS.index("DELETE")


class ToChangelogOperator(Operator):
    """Makes inserts of changes; see ``ToChangelog``.

    Args:
        order: positions of the columns; None for the one that says what a row does.
        codes: what it says of each kind; None for those that are left out.
        kept: positions of the columns that a delete has; None for all.
        schema: of what comes out.
    """

    def __init__(
        self,
        order: Sequence[int | None],
        codes: Sequence[str | None],
        kept: Sequence[int] | None,
        schema: Schema,
    ) -> None:
        self.order = tuple(order)
        self.codes = tuple(codes)
        self.kept = None if kept is None else frozenset(kept)
        self.schema = schema

    def open(self, context: OperatorContext) -> None:
        super().open(context)

    def process_batch(self, batch: ColumnBatch, port: int = 0) -> None:
        import numpy

        kinds = numpy.zeros(len(batch), "int8") if batch.kinds is None else numpy.asarray(batch.kinds)
        known = numpy.isin(kinds, [kind for kind, code in enumerate(self.codes) if code is not None])
        if not known.all():
            batch, kinds = batch.filter(known.view("uint8")), kinds[known]
        if not len(batch):
            return
        found = kinds.tolist()
        columns: list[Column] = []
        for index, wanted in zip(self.order, self.schema, strict=True):
            builder = ColumnBuilder(wanted)
            if index is None:
                builder.extend([self.codes[kind] for kind in found])
            elif self.kept is None or index in self.kept or DELETE not in found:
                columns.append(batch.columns[index].with_field(wanted))
                continue
            else:
                values = to_values(batch.columns[index], "tuple")
                builder.extend([None if kind == DELETE else value for value, kind in zip(values, found, strict=True)])
            columns.append(builder.finish())
        self.output.emit(ColumnBatch(self.schema, columns, len(batch), batch.timestamps))


class FromChangelogOperator(Operator):
    """Makes changes of inserts; see ``FromChangelog``.

    Args:
        op: the position of the column that says what a row does.
        codes: the kind for what it says.
        order: positions of the columns that come out.
        skips: whether rows of which it says something else are left out.
        schema: of what comes out.
    """

    def __init__(self, op: int, codes: dict[str, int], order: Sequence[int], skips: bool, schema: Schema) -> None:
        self.op = op
        self.codes = dict(codes)
        self.order = tuple(order)
        self.skips = skips
        self.schema = schema

    def open(self, context: OperatorContext) -> None:
        super().open(context)

    def process_batch(self, batch: ColumnBatch, port: int = 0) -> None:
        import numpy

        said = to_values(batch.columns[self.op], "tuple")
        kinds = numpy.array([self.codes.get(code, -1) for code in said], "int8")
        if (kinds < 0).any():
            if not self.skips:
                row = int(numpy.argmax(kinds < 0))
                fault = TypeInformationError(
                    f"FROM_CHANGELOG: column '{batch.schema.names[self.op]}' says {said[row]!r}, which op_mapping does "
                    f"not know ({', '.join(self.codes)}), in {batch.slice(row, row + 1).to_rows('dict')[0]!r:.500}; "
                    "with error_handling => 'SKIP' such rows are left out"
                )
                raise self.site.wrap(fault, "on what a change does") from fault
            batch, kinds = batch.filter((kinds >= 0).view("uint8")), kinds[kinds >= 0]
        if not len(batch):
            return
        columns = [
            batch.columns[index].with_field(wanted) for index, wanted in zip(self.order, self.schema, strict=True)
        ]
        made = ColumnBatch(self.schema, columns, len(batch), batch.timestamps)
        self.output.emit(made.with_kinds(kinds) if kinds.any() else made)


@translates(ToChangelog)
def as_inserts(node: ToChangelog, translation: Translation) -> Stream:
    """The stream of TO_CHANGELOG."""
    schema = Schema([field(name, kind) for name, kind in node.columns])
    spec = OperatorSpec.of(ToChangelogOperator, node.order, node.codes, node.kept, schema).producing(node.changes)
    return columnar_operator("ToChangelog", spec, [translation.stream(node.input)], schema)


@translates(FromChangelog)
def as_changes(node: FromChangelog, translation: Translation) -> Stream:
    """The stream of FROM_CHANGELOG."""
    schema = Schema([field(name, kind) for name, kind in node.columns])
    spec = OperatorSpec.of(FromChangelogOperator, node.op, dict(node.codes), node.order, node.skips, schema)
    stream = translation.stream(node.input)
    return columnar_operator("FromChangelog", spec.producing(node.changes), [stream], schema)
