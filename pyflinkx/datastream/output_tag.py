"""PyFlink's module path of :class:`OutputTag`."""

from pyflinkx.types.output_tag import OutputTag

__all__ = ["OutputTag"]
