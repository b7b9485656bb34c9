"""Expressions tried on no rows while the graph is built, so that what no kernel can do is known before the job runs."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.build import ColumnBuilder
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.errors import GraphError, MissingExtraError
from pyflinkx.expressions.compiler import typed
from pyflinkx.expressions.expression import Expression
from pyflinkx.expressions.vectors import Frame, to_column


def tried(columns: Sequence[tuple[Field, Expression]], schema: Schema, call: str) -> None:
    """Evaluate expressions on an empty batch.

    Args:
        columns: what each expression makes, and the expression.
        schema: the columns that they read.
        call: the API call, for errors.

    Raises:
        GraphError: one cannot be evaluated; it names the expression.
        MissingExtraError: one needs a package that is not installed.
    """
    numpy = importlib.import_module("numpy")
    empty = ColumnBatch(schema, [ColumnBuilder(field).finish() for field in schema], 0)
    for field, expression in columns:
        frame = Frame(empty, numpy)
        try:
            with numpy.errstate(all="ignore"):
                to_column(typed(expression, schema, call).run(frame), field, frame)
        except MissingExtraError:
            raise
        except Exception as error:
            raise GraphError(
                f"{call}: {expression!r:.500} cannot be evaluated: {type(error).__name__}: {error}"
            ) from error
