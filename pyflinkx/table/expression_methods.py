"""What the methods of expressions stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.sql.tree import expressions as tree

if TYPE_CHECKING:
    from pyflinkx.table.expression import Expression


class Methods:
    """Some of the methods of ``Expression``, which has what they call."""

    _node: tree.Expression

    if TYPE_CHECKING:

        def _call(self, name: str, *arguments: Any) -> Expression: ...

        def _made(self, node: tree.Expression) -> Expression: ...

        @staticmethod
        def _node_of(value: Any) -> tree.Expression: ...

        @staticmethod
        def _type_node(data_type: Any) -> Any: ...
