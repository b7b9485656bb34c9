"""The Table API and SQL: so far, the types of tables' columns."""

from typing import TYPE_CHECKING

from pyflinkx.common.types import Row, RowKind
from pyflinkx.names.asking import offering
from pyflinkx.table.types import DataTypes

__all__ = ["DataTypes", "Row", "RowKind"]

if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
