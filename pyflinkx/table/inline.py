"""Functions that stand in an expression themselves, and not by a name that is registered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from weakref import WeakValueDictionary

from pyflinkx.relational.session import Session
from pyflinkx.relational.user.definition import UserFunction
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.sql.tree.base import Node, walk

# The functions that have a name in expressions: a second one of that name has another.
NAMED: WeakValueDictionary[str, UserFunction] = WeakValueDictionary()


class InlineName(str):
    """The name of a function's call that knows the function.

    Attributes:
        function: which is called.
    """

    function: UserFunction

    @classmethod
    def of(cls, function: UserFunction) -> InlineName:
        """The name of a function, which no other one has."""
        name, number = function.name, 0
        while NAMED.setdefault(name, function) is not function:
            name, number = f"{function.name}${number}", number + 1
        made = cls(name)
        made.function = function
        return made


def functions_in(node: Node) -> dict[str, UserFunction]:
    """The functions that stand in a tree themselves, by what they are called in its text."""
    found: dict[str, UserFunction] = {}
    for each in walk(node):
        if isinstance(each, tree.Call) and isinstance(each.name.parts[-1], InlineName):
            found[each.name.parts[-1]] = each.name.parts[-1].function
    return found


def session_of(environment: Any, node: Node) -> Session:
    """The surroundings of a query that was written in Python.

    Args:
        environment: the table environment.
        node: the query, in which functions may stand themselves.
    """
    session: Session = environment._session()
    functions = functions_in(node)
    if not functions:
        return session
    others = session.find

    def find(path: tuple[str, ...]) -> Any:
        return functions.get(path[-1]) if len(path) == 1 and path[-1] in functions else others(path)

    return replace(session, find=find)
