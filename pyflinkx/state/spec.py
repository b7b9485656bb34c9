"""What an operator says of a state that it keeps, before there is any."""

from __future__ import annotations

from dataclasses import dataclass

from pyflinkx.types.typeinfo import TypeInformation

# Kinds of state that are no tables of keyed values. With other subtasks the elements of SPLIT are dealt out, of UNION
# each gets all, of BROADCAST what one had. SOURCE is what readers and enumerators say of where they are, SINK what
# writers have finished and nobody has committed. CHANNEL is what was on its way to an operator at an unaligned barrier.
# FILES is what a state backend says of files of its own that hold all keyed values of a subtask, FILE is one of these.
TIMERS, NATIVE, BROADCAST, SPLIT, UNION = "timers", "native", "broadcast", "split", "union"
SOURCE, SINK, CHANNEL = "source", "sink", "channel"
FILES, FILE = "files", "file"


@dataclass(frozen=True)
class StateSpec:
    """One state that an operator keeps.

    Args:
        name: unique in the operator.
        kind: "ValueState", "ListState", "MapState", "ReducingState" or "AggregatingState" of keyed values, "timers",
            "native" for what compiled operators hold, "broadcast", "split" or "union" for state of a subtask, "source"
            or "sink".
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
# Of a source, what its readers have to read yet, and its enumerator to give them; of a sink, what is to be committed.
SOURCE_STATES = (StateSpec("splits", SOURCE), StateSpec("enumerator", SOURCE))
COMMITTABLES = StateSpec("committables", SINK)
