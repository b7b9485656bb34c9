"""From the syntax tree of an expression to a bound one: names, functions, types and casts."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, NoReturn

from pyflinkx.relational import library, time_functions
from pyflinkx.relational.binding import json, temporal, user, values
from pyflinkx.relational.bound import Apply, Bound, Constant, Hidden, Input, Outer
from pyflinkx.relational.faults import ValueFault
from pyflinkx.relational.logic import COMPARISONS
from pyflinkx.relational.registry import FUNCTIONS
from pyflinkx.relational.session import Session, current
from pyflinkx.relational.times import date_of, rescaled, stamp_of, time_of, units_of
from pyflinkx.relational.type_names import data_type_of
from pyflinkx.relational.values import missing
from pyflinkx.relational.zones import to_instant
from pyflinkx.sql.places import error_at
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.sql.tree.base import Node
from pyflinkx.types.data_type import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INT,
    MAX_DECIMAL,
    NULL,
    DataType,
    Family,
    Kind,
)
from pyflinkx.types.data_type_rules import castable, common_type

assert library  # entered into the registry
assert time_functions

NANOS = 1_000_000_000
# Functions that are short for EXTRACT.
PARTS = {unit: unit for unit in ("YEAR", "QUARTER", "MONTH", "WEEK", "HOUR", "MINUTE", "SECOND")} | {
    "DAYOFYEAR": "DOY",
    "DAYOFMONTH": "DAY",
    "DAYOFWEEK": "DOW",
}


class Scope:
    """The columns that names stand for.

    Args:
        columns: qualifier, name and type of each; the qualifier is None where a table has no name.
        names: what the columns are called in a batch; None for as they are called here.
        hidden: positions of columns that only a qualified name stands for.
        outer: the scopes of the queries that this one stands within, the next one last.
    """

    def __init__(
        self,
        columns: Sequence[tuple[str | None, str, DataType]],
        names: Sequence[str] | None = None,
        hidden: frozenset[int] = frozenset(),
        outer: Sequence[Scope] = (),
    ) -> None:
        self.columns = tuple(columns)
        self.names = [name for _, name, _ in columns] if names is None else list(names)
        self.hidden = hidden
        self.outer = tuple(outer)

    def find(self, qualifier: str | None, name: str) -> list[Input]:
        """The columns of that name."""
        return [
            Input(kind, index, self.names[index])
            for index, (table, column, kind) in enumerate(self.columns)
            if column == name and (index not in self.hidden if qualifier is None else qualifier == table)
        ]

    def visible(self) -> list[str]:
        """The names that need no qualifier."""
        return [name for index, (_, name, _) in enumerate(self.columns) if index not in self.hidden]


class Binder:
    """Binds the expressions of one text.

    Args:
        text: what the trees were read from, for errors.
        scope: the columns there are.
        session: time zone and user's functions; by default those of the query that is being bound.
        subqueries: takes up queries within expressions; None where there may be none.
    """

    def __init__(self, text: str, scope: Scope, session: Session | None = None, subqueries: Any = None) -> None:
        self.text = text
        self.scope = scope
        self.subqueries = subqueries
        # What stands for columns: calls with OVER, once there is a node that makes them, and names in QUALIFY.
        self.known: dict[tree.Expression, Bound] = {}
        self.session = current() if session is None else session

    def bind(self, node: tree.Expression) -> Bound:
        """The bound expression.

        Raises:
            SqlError: a name, a function or a type does not fit.
        """
        if self.known and isinstance(node, (tree.Call, tree.Name)) and node in self.known:
            return self.known[node]
        if isinstance(node, tree.Call) and not node.arguments and self.is_column(node):
            return self.bind(tree.Name(node.name.parts, span=node.span))
        rule = RULES.get(type(node))
        if rule is None:
            self.refuse(node, f"{described(node)} is not in this version")
        return rule(self, node)

    def is_column(self, node: tree.Call) -> bool:
        """Whether what may be a function without parentheses, such as USER, is the name of a column."""
        name = self.text[slice(*node.span)].strip("`")
        return name == node.name.parts[-1] and len(self.scope.find(None, name)) == 1

    def condition(self, node: tree.Expression, clause: str) -> Bound:
        """What is true or false.

        Raises:
            SqlError: it is neither.
        """
        bound = self.bind(node)
        if bound.type.kind not in (Kind.BOOLEAN, Kind.NULL):
            self.refuse(node, f"{clause} takes a condition, and this is {bound.type}")
        return bound

    def refuse(self, node: Node, message: str) -> NoReturn:
        """Raise an error that shows the place of a node."""
        raise error_at(self.text, *node.span, message)

    def apply(self, node: Node, name: str, operands: Sequence[Bound]) -> Bound:
        """A function of operands, which are brought to the types that it takes.

        Raises:
            SqlError: it does not take them.
        """
        function = FUNCTIONS[name]
        signature = function.resolve([operand.type for operand in operands])
        if signature is not None and function.refine is not None:
            try:
                signature = function.refine(signature, operands)
            except ValueFault as fault:
                self.refuse(node, f"{name}: {fault}")
        if signature is None:
            types = ", ".join(str(operand.type) for operand in operands) or "no arguments"
            self.refuse(node, f"{name} does not take {types}; it is written {function.usage}")
        # Text that is no number, no time is equal to none.
        way = "TRY_CAST" if name in COMPARISONS else "CAST"
        brought: list[Bound] = [
            self.cast(operand, kind, node, way if operand.type.family(Family.CHARACTER_STRING) else "CAST")
            for operand, kind in zip(operands, signature.parameters, strict=True)
        ]
        if function.zoned:
            brought.append(self.zone())
        result = signature.result if name in time_functions.GIVING_TIME else signature.result.with_time(None)
        return Apply(result, name, tuple(brought))

    def zone(self) -> Hidden:
        """The local time zone as an operand."""
        return Hidden(DataType(Kind.CHAR, len(self.session.zone), nullable=False), self.session.zone)

    def cast(self, bound: Bound, kind: DataType, node: Node, name: str = "CAST") -> Bound:
        """An expression as another type; itself where it has that type."""
        if bound.type.with_nullable(True) == kind.with_nullable(True):
            # Only a column itself is the time of rows, not what is made of it.
            return bound if bound.type.time == kind.time else replace(bound, type=bound.type.with_time(kind.time))
        if isinstance(bound, Constant) and bound.value is None:
            return Constant(kind.with_nullable(True), None)
        if isinstance(bound, Constant) and bound.type.family(Family.INTEGER) and wider(bound.type, kind):
            return Constant(kind.with_nullable(bound.type.nullable), bound.value)
        if isinstance(bound, Constant) and fits_text(bound.value, kind):
            return Constant(kind.with_nullable(bound.type.nullable), bound.value)
        if not castable(bound.type, kind):
            self.refuse(node, f"{bound.type} cannot be cast to {kind}")
        nullable = bound.type.nullable or name == "TRY_CAST"
        operands = (bound, self.zone()) if in_zone(bound.type) or in_zone(kind) else (bound,)
        made = Apply(kind.with_nullable(nullable).with_time(None), name, operands)
        try:
            FUNCTIONS[name].kernel(made, [missing] * len(operands))  # what is not there yet is said now
        except NotImplementedError as error:
            self.refuse(node, str(error))
        return made

    # ---- rules

    def name(self, node: tree.Name) -> Bound:
        """A column, or a field of one: ``column``, ``table.column``, ``column.field``, ``table.column.field``."""
        parts = node.parts
        found = self.column(node, self.scope)
        if found is not None:
            return found
        for level, scope in enumerate(reversed(self.scope.outer)):
            outside = self.column(node, scope, level)
            if outside is not None:
                return outside
        self.unknown(node, "column", ".".join(parts), [column for _, column, _ in self.scope.columns])

    def column(self, node: tree.Name, scope: Scope, level: int | None = None) -> Bound | None:
        """What a name stands for in a scope; that of a query around this one has a level."""
        parts = node.parts
        for before in (1, 0, *range(2, len(parts))):
            if before >= len(parts):
                continue
            found = scope.find(parts[before - 1] if before else None, parts[before])
            if len(found) > 1:
                tables = [scope.columns[each.index][0] for each in found]
                name = parts[before]
                candidates = " or ".join(name if table is None else f"{table}.{name}" for table in tables)
                self.refuse(node, f"the name {'.'.join(parts)} is ambiguous: it may be {candidates}")
            if found:
                first = found[0]
                bound: Bound = first if level is None else Outer(first.type, level, first.index, first.name)
                for field in parts[before + 1 :]:
                    bound = values.field(self, node, bound, field)
                return bound
        return None

    def unknown(self, node: Node, what: str, name: str, known: Sequence[str]) -> NoReturn:
        """Refuse a name that is not there."""
        by_fold = {each.lower(): each for each in known}
        close = difflib.get_close_matches(name.lower(), by_fold, 1, 0.6)
        hint = f"; did you mean {by_fold[close[0]]}?" if close else ""
        if not hint and what == "column":
            hint = f"; there are {', '.join(known)}" if known else "; there are no columns here"
        if not hint and what == "function":
            hint = "; this version has a part of Flink's"
        self.refuse(node, f"there is no {what} {name}{hint}")

    def number(self, node: tree.Number) -> Bound:
        return self.number_of(node, node.value)

    def number_of(self, node: Node, value: int | Decimal | float) -> Bound:
        if isinstance(value, float):
            return Constant(DOUBLE.not_null(), value)
        if isinstance(value, int):
            for kind, bits in ((INT, 31), (BIGINT, 63)):
                if -(2**bits) <= value < 2**bits:
                    return Constant(kind.not_null(), value)
            value = Decimal(value)
        _, digits, exponent = value.as_tuple()
        scale = -int(exponent)
        precision = max(len(digits), scale)
        if precision > MAX_DECIMAL:
            self.refuse(node, f"a number has at most {MAX_DECIMAL} digits, and this one has {precision}")
        return Constant(DataType(Kind.DECIMAL, precision, scale, nullable=False), value)

    def string(self, node: tree.String) -> Bound:
        return Constant(DataType(Kind.CHAR, len(node.value), nullable=False), node.value)

    def bytes(self, node: tree.Bytes) -> Bound:
        return Constant(DataType(Kind.BINARY, len(node.value), nullable=False), node.value)

    def boolean(self, node: tree.Boolean) -> Bound:
        return Constant(BOOLEAN.with_nullable(node.value is None), node.value)

    def null(self, node: tree.Null) -> Bound:
        return Constant(NULL, None)

    def temporal(self, node: tree.Temporal) -> Bound:
        digits = len(node.value.partition(".")[2])
        if node.kind == "DATE":
            return Constant(DATE.not_null(), date_of(node.value))
        if node.kind not in ("TIME", "TIMESTAMP", "TIMESTAMP_LTZ"):
            self.refuse(node, f"a literal of {node.kind} is not in this version")
        kind = DataType(Kind[node.kind], min(digits, 9), nullable=False)
        nanos = time_of(node.value) if node.kind == "TIME" else stamp_of(node.value)
        if node.kind == "TIMESTAMP_LTZ":
            nanos = to_instant(nanos, NANOS, self.session.zone)
        return Constant(kind, rescaled(nanos, NANOS, units_of(kind), kind.precision or 0))

    def prefix(self, node: tree.Prefix) -> Bound:
        if node.operator == "-" and isinstance(node.operand, tree.Number):
            return self.number_of(node, -node.operand.value)
        operand = self.bind(node.operand)
        if node.operator == "NOT":
            return self.apply(node, "NOT", [operand])
        if node.operator == "-":
            return self.apply(node, "NEGATIVE", [operand])
        if node.operator == "+" and operand.type.family(Family.NUMERIC | Family.INTERVAL):
            return operand
        self.refuse(node, f"{node.operator} of {operand.type} is not in this version")

    def operation(self, node: tree.Operation) -> Bound:
        operator = {"!=": "<>"}.get(node.operator, node.operator)
        if operator in temporal.PERIODS:
            return temporal.periods(self, node)
        if operator not in FUNCTIONS:
            self.refuse(node, f"the operator {node.operator} is not in this version")
        operands = [self.bind(operand) for operand in node.operands]
        if operator in ("AND", "OR"):
            return self.apply(node, operator, operands)
        found = operands[0]
        for following in operands[1:]:
            found = self.apply(node, operator, [found, following])
        return found

    def test(self, node: tree.Is) -> Bound:
        what = "NULL" if node.what == "UNKNOWN" else node.what
        name = f"IS {'NOT ' if node.negated else ''}{what}"
        if name not in FUNCTIONS:
            self.refuse(node, f"{name} is not in this version")
        return self.apply(node, name, [self.bind(node.operand)])

    def between(self, node: tree.Between) -> Bound:
        operand, low, high = map(self.bind, (node.operand, node.low, node.high))

        def inside(least: Bound, most: Bound) -> Bound:
            bounds = [self.apply(node, ">=", [operand, least]), self.apply(node, "<=", [operand, most])]
            return self.apply(node, "AND", bounds)

        found = inside(low, high)
        if node.symmetric:
            found = self.apply(node, "OR", [found, inside(high, low)])
        return self.apply(node, "NOT", [found]) if node.negated else found

    def like(self, node: tree.Like) -> Bound:
        if node.operator not in FUNCTIONS:
            self.refuse(node, f"{node.operator} is not in this version")
        parts = [self.bind(part) for part in (node.operand, node.pattern, node.escape) if part is not None]
        found = self.apply(node, node.operator, parts)
        return self.apply(node, "NOT", [found]) if node.negated else found

    def membership(self, node: tree.In) -> Bound:
        if not isinstance(node.candidates, tuple):
            found = self.nested(node).any(self, node.operand, "=", node.candidates, node)
            return self.apply(node, "NOT", [found]) if node.negated else found
        found = self.apply(node, "IN", [self.bind(part) for part in (node.operand, *node.candidates)])
        return self.apply(node, "NOT", [found]) if node.negated else found

    def nested(self, node: tree.Expression) -> Any:
        """What takes up a query within an expression."""
        if self.subqueries is None:
            self.refuse(node, "there can be no query within this expression")
        return self.subqueries

    def exists(self, node: tree.Exists) -> Bound:
        bound: Bound = self.nested(node).exists(self, node)
        return bound

    def subquery(self, node: tree.Subquery) -> Bound:
        bound: Bound = self.nested(node).value(self, node)
        return bound

    def quantified(self, node: tree.Quantified) -> Bound:
        if isinstance(node.candidates, tuple):
            self.refuse(node, f"{node.quantifier} of values is not in this version; it takes a query")
        nested = self.nested(node)
        if node.quantifier != "ALL":
            bound: Bound = nested.any(self, node.operand, node.operator, node.candidates, node)
            return bound
        opposite = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}[node.operator]
        return self.apply(node, "NOT", [nested.any(self, node.operand, opposite, node.candidates, node)])

    def case(self, node: tree.Case) -> Bound:
        operands: list[Bound] = []
        subject = None if node.operand is None else self.bind(node.operand)
        for branch in node.branches:
            tests = [self.bind(each) for each in branch.conditions]
            if subject is not None:
                tests = [self.apply(branch, "=", [subject, each]) for each in tests]
            operands.append(tests[0] if len(tests) == 1 else self.apply(branch, "OR", tests))
            operands.append(self.bind(branch.result))
        operands.append(Constant(NULL, None) if node.otherwise is None else self.bind(node.otherwise))
        return self.apply(node, "CASE", operands)

    def conversion(self, node: tree.Cast) -> Bound:
        operand = self.bind(node.operand)
        name = "TRY_CAST" if node.safe else "CAST"
        return self.cast(operand, data_type_of(node.type, self.text), node, name)

    def call(self, node: tree.Call) -> Bound:
        found = self.session.find(node.name.parts)
        if found is not None:
            return user.call(self, node, found)
        if len(node.name.parts) > 1:
            self.unknown(node.name, "function", ".".join(node.name.parts), self.session.known)
        if node.over is not None or node.filter is not None or node.quantifier or node.order_by or node.within_group:
            self.refuse(node, "aggregates are not in this version")
        name = node.name.parts[0].upper()
        special = CALLS.get(name)
        if special is not None:
            return special(self, node)
        arguments = [
            Constant(DataType(Kind.CHAR, len(part.name), nullable=False), part.name)
            if isinstance(part, tree.Symbol) and name == "TRIM"
            else self.bind(part)
            for part in node.arguments
        ]
        if name == "NULLIF" and len(arguments) == 2:
            first, second = arguments
            equal = self.apply(node, "=", [first, second])
            kind = first.type.with_nullable(True).with_time(None)
            return Apply(kind, "CASE", (equal, Constant(kind, None), first))
        if name in PARTS and len(arguments) == 1:
            return temporal.part(self, node, PARTS[name], arguments[0])
        # What is an operator is a function of no other name.
        names = [each for each in FUNCTIONS if each[0].isalpha() and " " not in each]
        if name not in names:
            self.unknown(node.name, "function", node.name.parts[0], [*names, *PARTS, "NULLIF", *self.session.known])
        return self.apply(node, name, arguments)


def fits_text(value: Any, kind: DataType) -> bool:
    """Whether a constant is text that a VARCHAR takes as it is."""
    return isinstance(value, str) and kind.kind is Kind.VARCHAR and len(value) <= (kind.precision or 0)


def in_zone(kind: DataType) -> bool:
    """Whether values are instants, or have some in them."""
    return kind.kind is Kind.TIMESTAMP_LTZ or any(map(in_zone, kind.children))


def wider(kind: DataType, other: DataType) -> bool:
    """Whether every value of whole numbers is one of another type of whole numbers."""
    return other.family(Family.INTEGER) and common_type((kind, other)) in (other, other.with_nullable(kind.nullable))


def described(node: Node) -> str:
    """What an expression is called."""
    return {"Star": "*", "Subquery": "a query as a value"}.get(type(node).__name__, type(node).__name__.upper())


RULES: dict[type[Node], Callable[[Binder, Any], Bound]] = {
    tree.Name: Binder.name,
    tree.Number: Binder.number,
    tree.String: Binder.string,
    tree.Bytes: Binder.bytes,
    tree.Boolean: Binder.boolean,
    tree.Null: Binder.null,
    tree.Temporal: Binder.temporal,
    tree.Prefix: Binder.prefix,
    tree.Operation: Binder.operation,
    tree.Is: Binder.test,
    tree.Between: Binder.between,
    tree.Like: Binder.like,
    tree.In: Binder.membership,
    tree.Exists: Binder.exists,
    tree.Subquery: Binder.subquery,
    tree.Quantified: Binder.quantified,
    tree.Case: Binder.case,
    tree.Cast: Binder.conversion,
    tree.Call: Binder.call,
}
RULES |= {**temporal.RULES, **values.RULES, **json.RULES}
# Functions whose arguments are bound in a way of their own.
CALLS: dict[str, Callable[[Binder, tree.Call], Bound]] = {**temporal.CALLS, **values.CALLS, **json.CALLS}
