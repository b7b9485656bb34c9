"""How single values become bytes, under PyFlink's module path."""

from pyflinkx.types.serializer import TypeSerializer

__all__ = ["TypeSerializer"]
