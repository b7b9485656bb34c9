"""pyflinkx: Apache Flink's programming model for Python, on a compiled core."""

__version__ = "0.1.0"
