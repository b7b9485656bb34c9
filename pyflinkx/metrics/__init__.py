"""Metrics that user functions keep; ``RuntimeContext.get_metrics_group`` gives the group that makes them."""

from pyflinkx.operators.metrics import Counter, Distribution, Meter, Metric, MetricGroup

__all__ = ["Counter", "Distribution", "Meter", "Metric", "MetricGroup"]
