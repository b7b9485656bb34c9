"""Calls of the user's functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.relational.bound import Bound
from pyflinkx.sql.tree import expressions as tree

if TYPE_CHECKING:
    from pyflinkx.relational.binder import Binder


def call(binder: Binder, node: tree.Call, function: Any) -> Bound:
    raise NotImplementedError
