"""What the user's calls build: one transformation per operator, with its inputs."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pyflinkx.graph.partitioners import Partitioner
from pyflinkx.graph.settings import DEFAULT_SETTINGS, Settings
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.state.spec import SOURCE_STATES, StateSpec
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
    """How an operator is done in two phases; see ``plan.two_phase``.

    Args:
        name: of the first phase's operator.
        partials: the Schema of the partial aggregates that go from one to the other.
        first: the first phase's operator, which also takes the max parallelism and the parallelism of the second, and
            whether it may pass rows on as they are.
        second: the second phase's operator.
        at_end_only: whether that gives the same results only where they are given once, at the end.
    """

    name: str
    partials: Any
    first: OperatorSpec
    second: OperatorSpec
    at_end_only: bool = False


# In the order in which transformations are made, inputs before readers.
next_number = itertools.count(1).__next__


@dataclass(frozen=True)
class Inserted:
    """That a transformation is not the user's, but one that the engine put between two of the user's.

    Args:
        role: what it is there for; with the owner it makes the uid.
        owner: "input" or "reader": beside which of its neighbours it was put.
    """

    role: str
    owner: str = "reader"


@dataclass(frozen=True, eq=False)
class Transformation:
    """An operator, source or sink as the user described it; what is said of it later is in the program's settings.

    Args:
        operation: what it does, "Map" say; its name unless it gets another one, and a part of its uid in any case.
        kind: "source", "operator" or "sink".
        spec: the operator, as data; None for a source.
        source: the source's description; None for everything else.
        inputs: per logical input (port) the streams united there.
        columnar: whether the main output carries columnar batches.
        schema: their Schema; None for rows.
        side_schemas: the Schema of each side output that carries columnar batches, by tag id.
        native: whether it runs without Python functions of the user's, so that it may share a process with others.
        sink: the sink's description, to be checked before the job starts.
        parallelism_of: "input" or "output" for an operator that runs as parallel as the one that it reads, or the one
            that reads it; None for one with a parallelism of its own.
        output_type: the type of the main output's records; None when nothing is known of it.
        type_declared: whether the user declared that type; one that was read from annotations holds only as far as the
            program keeps to them.
        inserted: for an operator that the engine put there; None for the user's own.
        iteration_head: whether a loop begins here.
        feedback_to: for the end of a loop, where it begins.
        two_phase: how it is done in two phases, where its inputs are spread by key; None for one phase only.
        cache: keeps what it makes, for later jobs; None for an operator without one.
        settings: what is said of it from the start.
    """

    operation: str
    kind: str
    spec: OperatorSpec | None = None
    source: Any = None
    inputs: tuple[tuple[Upstream, ...], ...] = ()
    columnar: bool = False
    schema: Any = None
    side_schemas: Mapping[str, Any] = field(default_factory=dict)
    native: bool = False
    sink: Any = None
    parallelism_of: str | None = None
    output_type: TypeInformation | None = None
    type_declared: bool = False
    inserted: Inserted | None = None
    iteration_head: bool = False
    feedback_to: Transformation | None = None
    two_phase: TwoPhase | None = None
    cache: Any = None
    settings: Settings = DEFAULT_SETTINGS
    location: str | None = field(default_factory=lambda: user_location())
    number: int = field(default_factory=next_number)

    @property
    def name(self) -> str:
        """What it was called from the start."""
        return self.settings.name or self.operation

    @property
    def states(self) -> tuple[StateSpec, ...]:
        """What it keeps, as far as it can be said before it runs: not what functions of the user's will ask for."""
        return SOURCE_STATES if self.spec is None else self.spec.states


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
