"""Expressions on the columns of a stream."""

from pyflinkx.expressions.expression import Expression, and_, coalesce, col, concat, if_then_else, lit, or_

__all__ = ["Expression", "and_", "coalesce", "col", "concat", "if_then_else", "lit", "or_"]
