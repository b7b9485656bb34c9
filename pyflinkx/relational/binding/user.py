"""Calls of the user's functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyflinkx.relational.bound import Bound, Constant
from pyflinkx.relational.user.definition import ASYNC, SCALAR, TABLE, Invoke, UserFunction
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.sql.tree.base import Node
from pyflinkx.types.data_type import Family, Kind
from pyflinkx.types.data_type_rules import implicitly_castable

if TYPE_CHECKING:
    from pyflinkx.relational.binder import Binder


def call(binder: Binder, node: tree.Call, function: UserFunction) -> Bound:
    """A call of a scalar function.

    Raises:
        SqlError: it is another kind of function, or does not take the arguments.
    """
    if function.kind not in (SCALAR, ASYNC):
        where = (
            "in FROM: LATERAL TABLE(...)" if function.kind == TABLE else "where there is GROUP BY, or in SELECT alone"
        )
        binder.refuse(node, f"{function.name} is a function of the kind {function.kind}, which stands {where}")
    if node.over is not None or node.filter is not None or node.quantifier or node.order_by or node.within_group:
        binder.refuse(node, f"{function.name} is no aggregate")
    operands = arguments(binder, node, function, [binder.bind(argument) for argument in node.arguments])
    return Invoke(function.result, function.name, operands, function)


def arguments(binder: Binder, node: Node, function: UserFunction, given: Sequence[Bound]) -> tuple[Bound, ...]:
    """Arguments, brought to the types that a function says.

    Raises:
        SqlError: there are too few or too many, or one is of another type.
    """
    parameters = function.parameters
    if parameters is None:
        return tuple(given)
    if len(parameters) != len(given):
        types = ", ".join(map(str, parameters))
        binder.refuse(node, f"{function.name} takes {len(parameters)} arguments ({types}), and here are {len(given)}")
    found = []
    for place, (bound, kind) in enumerate(zip(given, parameters, strict=True)):
        free = implicitly_castable(bound.type.with_nullable(False), kind) or bound.type.kind is Kind.NULL
        number = bound.type.family(Family.NUMERIC) and kind.family(Family.NUMERIC)
        if not free and not number and not isinstance(bound, Constant) and bound.type.kind is not kind.kind:
            binder.refuse(node, f"argument {place + 1} of {function.name} is {kind}, and this is {bound.type}")
        found.append(binder.cast(bound, kind.with_nullable(bound.type.nullable or kind.nullable), node))
    return tuple(found)
