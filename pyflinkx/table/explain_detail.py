"""What a plan shows beside its nodes."""

from enum import Enum

__all__ = ["ExplainDetail"]


class ExplainDetail(Enum):
    """Details of ``explain()``.

    CHANGELOG_MODE: the kinds of rows of each node. JSON_EXECUTION_PLAN: the operators of the job. ESTIMATED_COST,
    PLAN_ADVICE: nothing here, as plans are not chosen by cost.
    """

    ESTIMATED_COST = 0
    CHANGELOG_MODE = 1
    JSON_EXECUTION_PLAN = 2
    PLAN_ADVICE = 3
