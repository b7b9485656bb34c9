"""Table functions and collections after FROM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyflinkx.relational.binder import Binder, Scope
from pyflinkx.relational.binding.user import arguments
from pyflinkx.relational.bound import Bound, Input
from pyflinkx.relational.nodes import Calc, Node
from pyflinkx.relational.user.correlate import ORDINALITY, Correlate, given_by
from pyflinkx.relational.user.definition import TABLE, Invoke
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.sql.tree import queries
from pyflinkx.types.data_type import Kind

if TYPE_CHECKING:
    from pyflinkx.relational.queries import QueryBinder

JOINS = ("INNER", "CROSS", "COMMA", "LEFT")


def inner(source: queries.Source) -> queries.Source:
    """A source without its names."""
    while isinstance(source, queries.Aliased):
        source = source.source
    return source


def is_lateral(binder: QueryBinder, source: queries.Source) -> bool:
    """Whether it is a call of a table function of the user's, or UNNEST."""
    found = inner(source)
    if isinstance(found, queries.Unnest):
        return True
    if not isinstance(found, queries.TableFunction):
        return False
    from pyflinkx.relational.changelogs.calls import is_changelog_call
    from pyflinkx.relational.windows.calls import is_window_call

    return not is_window_call(found.call) and not is_changelog_call(found.call)


def called(binder: QueryBinder, source: queries.Source, scope: Scope) -> tuple[Bound, bool]:
    """What gives rows, and whether their places are asked for.

    Raises:
        SqlError: there is no such function, or it does not take the arguments.
    """
    found = inner(source)
    expressions = Binder(binder.text, scope, session=binder.session)
    if isinstance(found, queries.Unnest):
        if len(found.arguments) != 1:
            binder.refuse(found, "UNNEST takes one collection here")
        bound = expressions.bind(found.arguments[0])
        if bound.type.kind not in (Kind.ARRAY, Kind.MAP, Kind.MULTISET):
            binder.refuse(found, f"UNNEST takes an array, a map or a multiset, and this is {bound.type}")
        return bound, found.ordinality
    assert isinstance(found, queries.TableFunction)
    return table_call(expressions, found.call), False


def table_call(expressions: Binder, call: tree.Call) -> Invoke:
    """A call of a table function.

    Raises:
        SqlError: there is none of that name, or it does not take the arguments.
    """
    function = expressions.session.find(call.name.parts) or expressions.session.find_table(call.name.parts)
    if function is None:
        expressions.unknown(call.name, "table function", ".".join(call.name.parts), expressions.session.known)
    if function.kind != TABLE:
        expressions.refuse(call, f"{function.name} is a function of the kind {function.kind}, and no table function")
    given = [expressions.bind(argument) for argument in call.arguments]
    return Invoke(function.result, function.name, arguments(expressions, call, function, given), function)


def lateral(
    binder: QueryBinder, source: queries.Source, left: Node, left_scope: Scope, outer: bool
) -> tuple[Node, Scope]:
    """Rows, each with what stands in the source beside it for that row.

    Raises:
        SqlError: something does not fit.
    """
    call, ordinality = called(binder, source, left_scope)
    names: tuple[str, ...] = ()
    table: str | None = None
    if isinstance(source, queries.Aliased):
        table, names = source.name, source.columns
    found = len(given_by(call)) + ordinality
    if names and len(names) != found:
        binder.refuse(source, f"{len(names)} names for {found} columns")
    of_values = not isinstance(call, Invoke) and call.type.kind is not Kind.MAP and found == 1 + ordinality
    if table is not None and not names and of_values and call.type.children[0].kind is not Kind.ROW:
        # UNNEST(a) AS x: the only column has the table's name.
        names = (table, ORDINALITY) if ordinality else (table,)
    node = Correlate(left, call, outer, tuple(names), ordinality)
    width = len(left.columns)
    columns = [
        *left_scope.columns,
        *((table, name, kind) for name, kind in node.given),
    ]
    batch_names = [*left_scope.names, *(name for name, _ in node.columns[width:])]
    return node, Scope(columns, batch_names, left_scope.hidden, left_scope.outer)


def lateral_join(binder: QueryBinder, source: queries.Join, left: Node, left_scope: Scope) -> tuple[Node, Scope]:
    """A join with a table function or UNNEST on its right side.

    Raises:
        SqlError: the join is of another kind, or its condition is none that there may be.
    """
    if source.kind not in JOINS or source.natural or source.using:
        binder.refuse(source, f"{source.kind} JOIN with a table function is not there; CROSS JOIN and LEFT JOIN are")
    outer = source.kind == "LEFT"
    node, scope = lateral(binder, source.right, left, left_scope, outer)
    if source.on is None or (isinstance(source.on, tree.Boolean) and source.on.value):
        return node, scope
    if outer:
        binder.refuse(source.on, "LEFT JOIN with a table function takes ON TRUE only")
    condition = Binder(binder.text, scope, session=binder.session).condition(source.on, "ON")
    every = tuple((name, Input(kind, index, name)) for index, (name, kind) in enumerate(node.columns))
    return Calc(node, every, condition), scope
