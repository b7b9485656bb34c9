"""PyFlink's module path of :class:`TimerService`."""

from pyflinkx.operators.process import TimerService

__all__ = ["TimerService"]
