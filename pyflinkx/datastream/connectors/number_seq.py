"""Numbers in a row, with PyFlink's name."""

from typing import TYPE_CHECKING

from pyflinkx.connectors.number_seq import NumberSequenceSource
from pyflinkx.names.asking import offering

__all__ = ["NumberSequenceSource"]

if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
