"""Table functions in methods of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.errors import GraphError
from pyflinkx.relational.binder import Binder, Scope
from pyflinkx.relational.user.definition import Invoke
from pyflinkx.relational.user.lateral import table_call as bound_call
from pyflinkx.sql.parser import parse_expression
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.sql.tree import queries
from pyflinkx.sql.unparser import unparse
from pyflinkx.table.expression import Expression
from pyflinkx.table.inline import session_of

if TYPE_CHECKING:
    from pyflinkx.table.table import Table


def call_of(given: Any) -> tree.Call:
    """The call of a table function.

    Raises:
        TypeError: it is none.
    """
    if isinstance(given, Expression) and isinstance(given._node, tree.Call):
        return given._node
    raise TypeError(f"a call of a function of udtf() is needed, such as split(col('line')), and not {given!r}")


def table_call(table: Any, given: Any) -> Invoke:
    """A call of a table function on the columns of a table.

    Raises:
        SqlError: there is no such function, or it does not take the arguments.
    """
    call = call_of(given)
    text = unparse(call)
    scope = Scope([(None, name, kind) for name, kind in table._node.columns])
    binder = Binder(text, scope, session=session_of(table._t_env, call))
    read = parse_expression(text)
    assert isinstance(read, tree.Call)
    return bound_call(binder, read)


def joined(table: Any, given: Any, predicate: Expression | None, outer: bool) -> Table:
    """A table beside what a table function gives for each of its rows.

    Raises:
        GraphError: a column would be there twice.
    """
    call = call_of(given)
    names = given._columns
    bound = table_call(table, given)
    there = {name for name, _ in table._node.columns}
    twice = [name for name in names or bound.definition.result.names if name in there]
    if twice:
        raise GraphError(f"the table function gives a column {twice[0]}, which is there already: alias() renames it")
    function: queries.Source = queries.TableFunction(call, True)
    function = queries.Aliased(function, "table_function", names)
    on = tree.Boolean(True) if predicate is None else predicate._node
    source = queries.Join("LEFT" if outer else "INNER", table._source(), function, on)
    made: Table = table._query(queries.Select((queries.SelectItem(tree.Star()),), source))
    return made
