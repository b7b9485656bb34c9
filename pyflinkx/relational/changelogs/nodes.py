"""Nodes of TO_CHANGELOG and FROM_CHANGELOG."""

from __future__ import annotations

from dataclasses import dataclass

from pyflinkx.relational.nodes import Columns, Node
from pyflinkx.types.changes import RETRACT, Changes, upsert
from pyflinkx.types.data_type import STRING

# The kinds of rows by their codes in columns.
KINDS = ("INSERT", "UPDATE_BEFORE", "UPDATE_AFTER", "DELETE")


@dataclass(frozen=True)
class ToChangelog(Node):
    """Changes as inserts, with a column that says what each of them does.

    Args:
        input: the rows, of any kinds.
        column: the name of that column.
        codes: what it says of each kind, in the order of ``KINDS``; None for kinds that are left out.
        partition: positions of the columns that come first.
        kept: positions of the columns that a delete has; None for all.
    """

    input: Node
    column: str
    codes: tuple[str | None, ...]
    partition: tuple[int, ...] = ()
    kept: tuple[int, ...] | None = None

    @property
    def order(self) -> tuple[int | None, ...]:
        """Positions of the columns that come out; None for the one that says what a row does."""
        rest = [index for index in range(len(self.input.columns)) if index not in self.partition]
        return (*self.partition, None, *rest)

    @property
    def columns(self) -> Columns:
        found = self.input.columns
        made = []
        for index in self.order:
            if index is None:
                made.append((self.column, STRING.not_null()))
            else:
                name, kind = found[index]
                nullable = kind.nullable or (self.kept is not None and index not in self.kept)
                made.append((name, kind.with_nullable(nullable)))
        return tuple(made)

    @property
    def inputs(self) -> tuple[Node, ...]:
        return (self.input,)

    def describe(self) -> str:
        codes = ", ".join(f"{kind}={code}" for kind, code in zip(KINDS, self.codes, strict=True) if code is not None)
        return f"ToChangelog(op=[{self.column}], op_mapping=[{codes}])"


@dataclass(frozen=True)
class FromChangelog(Node):
    """Inserts with a column that says what they do, as changes.

    Args:
        input: the rows.
        op: the position of that column.
        codes: what it says, and which kind (its place in ``KINDS``) that is.
        partition: positions of the columns that come first, by which updates replace rows.
        skips: whether rows of which it says something else are left out; they are an error otherwise.
    """

    input: Node
    op: int
    codes: tuple[tuple[str, int], ...]
    partition: tuple[int, ...] = ()
    skips: bool = False

    @property
    def order(self) -> tuple[int, ...]:
        """Positions of the columns that come out."""
        rest = [index for index in range(len(self.input.columns)) if index not in (*self.partition, self.op)]
        return (*self.partition, *rest)

    @property
    def columns(self) -> Columns:
        found = self.input.columns
        return tuple((found[index][0], found[index][1].with_time(None)) for index in self.order)

    @property
    def inputs(self) -> tuple[Node, ...]:
        return (self.input,)

    @property
    def changes(self) -> Changes:
        kinds = {kind for _, kind in self.codes}
        if self.partition and 2 in kinds and 1 not in kinds:
            return upsert(*(self.input.columns[index][0] for index in self.partition))
        return RETRACT

    @property
    def unique(self) -> tuple[frozenset[int], ...]:
        return (frozenset(range(len(self.partition))),) if self.changes.kind == "upsert" else ()

    def describe(self) -> str:
        codes = ", ".join(f"{code}={KINDS[kind]}" for code, kind in self.codes)
        return f"FromChangelog(op=[{self.input.columns[self.op][0]}], op_mapping=[{codes}])"
