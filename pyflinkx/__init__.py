"""pyflinkx: Apache Flink's programming model for Python, on a compiled core."""

from typing import TYPE_CHECKING

from pyflinkx.names import asking

__version__ = "0.1.0"

asking.install()

if not TYPE_CHECKING:
    __getattr__ = asking.offering(__name__)
