"""Sources that are read one after the other, with PyFlink's names."""

from pyflinkx.connectors.hybrid import HybridSource, HybridSourceBuilder

__all__ = ["HybridSource", "HybridSourceBuilder"]
