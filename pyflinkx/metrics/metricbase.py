"""Metrics, under PyFlink's module path."""

from pyflinkx.operators.metrics import Counter, Distribution, Meter, Metric, MetricGroup

__all__ = ["Counter", "Distribution", "Meter", "Metric", "MetricGroup"]
