"""The rows that a table function, or a collection, gives for each row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx.errors import LongBatchError, TypeInformationError, add_note
from pyflinkx.expressions.vectors import Frame
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.operators.base import Operator, OperatorContext
from pyflinkx.operators.columnar_expressions import is_too_long
from pyflinkx.operators.functions import UserFunctions
from pyflinkx.operators.halves import in_parts
from pyflinkx.plan.columns import columnar_operator
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.bound import Bound
from pyflinkx.relational.evaluate import compiled
from pyflinkx.relational.joins.nodes import paired
from pyflinkx.relational.keyed_rows import AFTER, BEFORE, DELETE, INSERT, kind_column, kinds_of
from pyflinkx.relational.moment import Moment
from pyflinkx.relational.nodes import Columns, Node
from pyflinkx.relational.translation import Translation, translates
from pyflinkx.relational.user.context import context_of
from pyflinkx.relational.user.conversion import built, external
from pyflinkx.relational.user.definition import Invoke
from pyflinkx.relational.values import field
from pyflinkx.types.changes import Changes
from pyflinkx.types.data_type import INT, Kind

ORDINALITY = "ORDINALITY"
# Kinds of rows: before and after an update as deletes and inserts.
FLAT = {BEFORE: DELETE, AFTER: INSERT}


@dataclass(frozen=True)
class Correlate(Node):
    """Each row with each of those that a function or a collection gives for it.

    Args:
        input: the rows.
        call: a call of a table function, or a collection.
        outer: whether a row for which there are none stays, beside nulls.
        names: of the new columns; none for those that they have.
        ordinality: whether a last column says the place of an element, from 1.
        flat: whether what comes before and after an update are deletes and inserts, as they are other rows.
    """

    input: Node
    call: Bound
    outer: bool
    names: tuple[str, ...] = ()
    ordinality: bool = False
    flat: bool = False

    @property
    def given(self) -> Columns:
        """The new columns, with the names that they have or get."""
        columns = given_by(self.call)
        if self.ordinality:
            columns = (*columns, (ORDINALITY, INT.not_null()))
        names = self.names or tuple(name for name, _ in columns)
        return tuple(
            (name, kind.with_nullable(True) if self.outer else kind)
            for name, (_, kind) in zip(names, columns, strict=True)
        )

    @property
    def columns(self) -> Columns:
        return paired(self.input.columns, self.given)

    @property
    def inputs(self) -> tuple[Node, ...]:
        return (self.input,)

    @property
    def changes(self) -> Changes:
        return self.input.changes

    def describe(self) -> str:
        kind = "LeftOuterJoin" if self.outer else "InnerJoin"
        names = ", ".join(name for name, _ in self.columns)
        return f"Correlate(invocation=[{self.call}], joinType=[{kind}], select=[{names}])"


def given_by(call: Bound) -> Columns:
    """The columns that a call or a collection gives."""
    kind = call.definition.result if isinstance(call, Invoke) else call.type
    if isinstance(call, Invoke):
        return tuple(zip(kind.names, kind.children, strict=True))
    if kind.kind is Kind.MAP:
        return (("KEY", kind.children[0]), ("VALUE", kind.children[1]))
    child = kind.children[0]
    if child.kind is Kind.ROW:
        return tuple(
            (name, part.with_nullable(part.nullable or child.nullable))
            for name, part in zip(child.names, child.children, strict=True)
        )
    return (("EXPR$0", child),)


class CorrelateOperator(Operator):
    """Each row with each of those that a function or a collection gives for it.

    Args:
        call: a call of a table function, or a collection.
        outer: whether a row for which there are none stays.
        columns: all columns that come out.
        width: how many of them are those of the rows that come in.
        ordinality: whether the last one says the place of an element.
        flat: whether updates become deletes and inserts.
    """

    def __init__(
        self, call: Bound, outer: bool, columns: Columns, width: int, ordinality: bool, flat: bool = False
    ) -> None:
        self.flat = flat
        self.call = call
        self.outer = outer
        self.columns = columns
        self.width = width
        self.ordinality = ordinality
        self.schema = Schema([field(name, kind) for name, kind in columns])

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.moment = Moment(context.clock)
        self.functions: UserFunctions | None = None
        if isinstance(self.call, Invoke):
            self.arguments = [(operand, compiled(operand)) for operand in self.call.operands]
            owner = self.call.definition.instance()
            self.function = getattr(owner, "eval", None) or owner
            if hasattr(owner, "open"):
                self.functions = UserFunctions([owner])
                self.functions.open(context.site, context_of(context))
        else:
            self.arguments = [(self.call, compiled(self.call))]

    def close(self) -> None:
        if self.functions is not None:
            self.functions.close()
        super().close()

    def process_watermark(self, timestamp: int) -> None:
        self.moment.watermark = timestamp
        self.output.emit_watermark(timestamp)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        for made in in_parts(batch, self.correlated):
            if len(made):
                self.output.emit(made)

    def correlated(self, batch: ColumnBatch) -> ColumnBatch:
        """What comes out for a batch; a failure names the operator."""
        try:
            return self.made(batch)
        except Exception as error:
            if is_too_long(error) and len(batch) > 1:
                raise LongBatchError(str(error)) from error
            raise self.site.wrap(error, "in a query") from error

    def made(self, batch: ColumnBatch) -> ColumnBatch:
        import numpy

        frame = Frame(batch, numpy)
        frame.moment = self.moment
        with numpy.errstate(all="ignore"):
            arguments = [external(bound, run, frame) for bound, run in self.arguments]
        rows = self.by_function(arguments, frame) if isinstance(self.call, Invoke) else self.elements(arguments[0])
        places: list[int] = []
        found: list[Sequence[Any]] = []
        nothing = (None,) * (len(self.columns) - self.width)
        for place, given in enumerate(rows):
            before = len(found)
            found.extend(given)
            if self.outer and len(found) == before:
                found.append(nothing)
            places.extend([place] * (len(found) - before))
        taken = batch.take(numpy.array(places, "int64"))
        columns = [
            column.with_field(wanted) for column, wanted in zip(taken.columns[: self.width], self.schema, strict=False)
        ]
        given_columns = list(zip(*found, strict=True)) if found else [()] * len(nothing)
        for values, wanted, (name, kind) in zip(
            given_columns, list(self.schema)[self.width :], self.columns[self.width :], strict=True
        ):
            try:
                columns.append(built(values, wanted, kind))
            except (TypeInformationError, ValueError, TypeError, OverflowError) as error:
                raise TypeInformationError(
                    f"{self.call!s:.200} gives values of {name} that are no {kind}: {error}"
                ) from error
        kinds = taken.kinds
        if self.flat and kinds is not None:
            kinds = kind_column([FLAT.get(kind, kind) for kind in kinds_of(taken) or ()])
        return ColumnBatch(self.schema, columns, len(places), taken.timestamps, kinds)

    def by_function(self, arguments: list[list[Any]], frame: Frame) -> Iterator[list[Sequence[Any]]]:
        """The rows that the function gives for each row."""
        assert isinstance(self.call, Invoke)
        plain = self.call.definition.plain
        names = self.call.definition.result.names
        width = len(names)
        columns = zip(*arguments, strict=True) if arguments else iter([()] * frame.length)
        for place, values in enumerate(columns):
            try:
                given = several(self.function(*values))
                made = [self.row(each, plain, names, width) for each in given]
            except Exception as error:
                add_note(error, f"in {self.call!s:.200}, of the record {frame.record(place)}")
                raise
            yield made

    def row(self, given: Any, plain: bool, names: tuple[str, ...], width: int) -> Sequence[Any]:
        """What the function gave as a row's values."""
        if plain and not (isinstance(given, (tuple, list)) or hasattr(given, "_values")):
            return (given,)
        if isinstance(given, dict):
            return tuple(given.get(name) for name in names)
        if isinstance(given, (str, bytes)) or not hasattr(given, "__iter__"):
            values: tuple[Any, ...] = (given,)
        else:
            values = tuple(given)
        if len(values) != width:
            raise TypeInformationError(f"{self.call!s:.200} gives {given!r:.200}, which has not {width} columns")
        return values

    def elements(self, collections: list[Any]) -> Iterator[list[Sequence[Any]]]:
        """The elements of collections."""
        kind = self.call.type
        is_map, is_multiset = kind.kind is Kind.MAP, kind.kind is Kind.MULTISET
        of_rows = not is_map and kind.children[0].kind is Kind.ROW
        width = len(kind.children[0].names) if of_rows else 1
        for collection in collections:
            if not collection:
                yield []
                continue
            if is_map:
                found: list[Sequence[Any]] = list(collection.items())
            else:
                if is_multiset:
                    collection = [each for each, count in collection.items() for _ in range(count)]
                found = (
                    [(None,) * width if each is None else tuple(each) for each in collection]
                    if of_rows
                    else [(each,) for each in collection]
                )
            if self.ordinality:
                found = [(*each, place + 1) for place, each in enumerate(found)]
            yield found


def several(given: Any) -> Any:
    """What a table function gave, as rows: of a tuple, a Row or a single value one."""
    if given is None:
        return ()
    if isinstance(given, (tuple, str, bytes, dict)) or hasattr(given, "_values") or not hasattr(given, "__iter__"):
        return (given,)
    return given


@translates(Correlate)
def correlated(node: Correlate, translation: Translation) -> Stream:
    """The stream of a Correlate."""
    spec = OperatorSpec.of(
        CorrelateOperator, node.call, node.outer, node.columns, len(node.input.columns), node.ordinality, node.flat
    )
    schema = Schema([field(name, kind) for name, kind in node.columns])
    return columnar_operator("Correlate", spec, [translation.stream(node.input)], schema)
