"""Numbers in a row, with PyFlink's name."""

from pyflinkx.connectors.number_seq import NumberSequenceSource

__all__ = ["NumberSequenceSource"]
