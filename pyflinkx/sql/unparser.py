"""Syntax trees to text."""

from __future__ import annotations

from pyflinkx.errors import SqlError
from pyflinkx.sql.tree.base import Node
from pyflinkx.sql.unparse import ddl, expressions, queries, statements
from pyflinkx.sql.unparse.text import write

# Each of them tells ``write`` what it writes.
WRITERS = (expressions, queries, statements, ddl)


def unparse(node: Node) -> str:
    """A node as text in one line, with as few parentheses and quotes as it needs.

    What the parser makes of the text is equal to the node.

    Raises:
        SqlError: it is nested too deeply.

    Example:
        >>> from pyflinkx.sql.parser import parse_expression
        >>> unparse(parse_expression("((a) + (b * (c))) = `order`"))
        'a + b * c = `order`'
    """
    try:
        return write(node)
    except RecursionError:
        raise SqlError("nested too deeply to be written as text") from None
