"""Rows, under PyFlink's module path."""

from pyflinkx._core.records.row import Row, RowKind

__all__ = ["Row", "RowKind"]
