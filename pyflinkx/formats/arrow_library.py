"""pyarrow, which reads and writes files of columns; imported on use."""

from __future__ import annotations

import importlib
from typing import Any

from pyflinkx._core.columns.schema import Schema
from pyflinkx.errors import MissingExtraError


def arrow_module(name: str, what: str, extra: str) -> Any:
    """A module of pyarrow.

    Args:
        name: of the module, such as ``"pyarrow.parquet"``.
        what: needs it, such as ``"Parquet files"``.
        extra: that brings it.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError(f"{what} need pyarrow: pip install 'pyflinkx[{extra}]'") from error


def arrow_schema(schema: Schema) -> Any:
    """The columns as pyarrow has them."""
    import pyarrow

    return pyarrow.schema(schema)
