"""PyFlink's module path of :class:`TimeDomain`."""

from pyflinkx.operators.time_domain import TimeDomain

__all__ = ["TimeDomain"]
