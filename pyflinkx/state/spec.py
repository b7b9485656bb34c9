"""What an operator says of a state that it keeps, before there is any."""

from __future__ import annotations

from dataclasses import dataclass

from pyflinkx.types.typeinfo import TypeInformation

# Kinds of state that are no tables of keyed values.
TIMERS, NATIVE, BROADCAST = "timers", "native", "broadcast"


@dataclass(frozen=True)
class StateSpec:
    """One state that an operator keeps.

    Args:
        name: unique in the operator.
        kind: "ValueState", "ListState", "MapState", "ReducingState" or "AggregatingState" of keyed values, "timers",
            "native" for what compiled operators hold, "broadcast", "split" or "union" for state of a subtask.
        value_type: of what it holds; None when nothing is known of it.
        version: of the form in which it is stored.
    """

    name: str
    kind: str
    value_type: TypeInformation | None = None
    version: int = 1


# Timers of operators whose functions set them, by either time.
EVENT_TIMERS = StateSpec("event-time", TIMERS)
PROCESSING_TIMERS = StateSpec("processing-time", TIMERS)
