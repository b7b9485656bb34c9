"""Reading the state of a running job from another program."""

from pyflinkx.queryablestate.client import QueryableStateClient

__all__ = ["QueryableStateClient"]
