"""PyFlink's module path of :class:`OutputTag`."""

from typing import TYPE_CHECKING

from pyflinkx.names.asking import offering
from pyflinkx.types.output_tag import OutputTag

__all__ = ["OutputTag"]

if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
