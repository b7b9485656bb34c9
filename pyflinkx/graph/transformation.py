"""What the user's calls build: one transformation per operator, with its inputs."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pyflinkx.graph.partitioners import Partitioner
from pyflinkx.graph.slot_sharing import SlotSharingGroup
from pyflinkx.types.typeinfo import TypeInformation

PACKAGE_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EXAMPLES_FOLDER = os.path.join(PACKAGE_FOLDER, "examples")


@dataclass(frozen=True)
class Upstream:
    """One input of a transformation: which stream, and how its records get here.

    Args:
        transformation: where the records come from.
        partitioner: how they are spread; None for "forward if the parallelisms are equal, else rebalance".
        side_tag: the side output that is read; None for the main output.
        side_type: the type that the side output's tag declares.
    """

    transformation: Transformation
    partitioner: Partitioner | None = None
    side_tag: str | None = None
    side_type: TypeInformation | None = None

    @property
    def schema(self) -> Any:
        """The Schema of the columnar batches that are read; None where they are rows."""
        if self.side_tag is not None:
            return self.transformation.side_schemas.get(self.side_tag)
        return self.transformation.schema if self.transformation.columnar else None


@dataclass(frozen=True)
class TwoPhase:
    """How an operator is done in two phases; see ``graph.two_phase``.

    Args:
        name: of the first phase's operator.
        partials: the Schema of the partial aggregates that go from one to the other.
        make_first: makes an operator of the first phase, from the max parallelism and the parallelism of the second,
            and whether it may pass rows on as they are.
        make_second: makes an operator of the second phase.
        at_end_only: whether that gives the same results only where they are given once, at the end.
    """

    name: str
    partials: Any
    make_first: Callable[[int, int, bool], Any]
    make_second: Callable[[], Any]
    at_end_only: bool = False


@dataclass(eq=False)
class Transformation:
    """An operator (or source) as the user described it; changed by ``name()``, ``uid()`` and the like until execution.

    Args:
        name: the operator's name.
        kind: "source", "operator" or "sink".
        make_operator: makes the operator, once per subtask; None for a source.
        source: the source's description; None for everything else.
        inputs: per logical input (port) the streams united there.
        columnar: whether the main output carries columnar batches.
        schema: their Schema; None for rows.
        side_schemas: the Schema of each side output that carries columnar batches, by tag id.
        native: whether it runs without Python functions of the user's, so that it may share a process with others.
        sink: the sink's description, to be checked before the job starts.
        parallelism_of: "input" or "output" for an operator that the graph inserts and that runs as parallel as the one
            that it reads, or the one that reads it; None for one with a parallelism of its own.
        output_type: the type of the main output's records; None when nothing is known of it.
        type_declared: whether the user declared that type; one that was read from annotations holds only as far as the
            program keeps to them.
        slot_sharing_group: the group of operators with which it shares slots; None for that of the inputs.
        co_location_group: key of the operators whose subtasks of one index share a slot in any case; None for none.
        buffer_timeout: how long (ms) a record may wait for its batch to fill; -1 for until it is full, None for the
            environment's.
        uid_hash: takes the place of the uid.
        iteration_head: whether a loop begins here.
        feedback_to: for the end of a loop, where it begins.
        two_phase: how it is done in two phases, where its inputs are spread by key; None for one phase only.
        cache: keeps what it makes, for later jobs; None for an operator without one.
    """

    name: str
    kind: str
    make_operator: Callable[[], Any] | None = None
    source: Any = None
    inputs: tuple[tuple[Upstream, ...], ...] = ()
    columnar: bool = False
    schema: Any = None
    side_schemas: dict[str, Any] = field(default_factory=dict)
    native: bool = False
    parallelism_of: str | None = None
    sink: Any = None
    output_type: TypeInformation | None = None
    type_declared: bool = False
    slot_sharing_group: SlotSharingGroup | None = None
    co_location_group: str | None = None
    buffer_timeout: int | None = None
    uid: str | None = None
    uid_hash: str | None = None
    description: str | None = None
    parallelism: int | None = None
    max_parallelism: int | None = None
    chain_with_input: bool = True
    chain_with_output: bool = True
    location: str | None = field(default_factory=lambda: user_location())
    iteration_head: bool = False
    feedback_to: Transformation | None = None
    two_phase: TwoPhase | None = None
    cache: Any = None
    number: int = field(default_factory=itertools.count(1).__next__)


def user_location() -> str | None:
    """``file:line`` of the innermost frame outside of this package; None when there is none."""
    frame = sys._getframe(1)
    while frame is not None:
        path = frame.f_code.co_filename
        with contextlib.suppress(OSError):  # the current folder may be gone
            path = os.path.abspath(path)
        inside = path.startswith(PACKAGE_FOLDER + os.sep) and not path.startswith(EXAMPLES_FOLDER + os.sep)
        if not inside and not frame.f_code.co_filename.startswith("<string>"):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return None
