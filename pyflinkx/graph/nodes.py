"""Operators and edges of the stream graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyflinkx.graph.partitioners import Partitioner
from pyflinkx.graph.slot_sharing import DEFAULT_SLOT_SHARING_GROUP
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.graph.transformation import TwoPhase
from pyflinkx.types.changes import CARRIED, Changes
from pyflinkx.types.typeinfo import TypeInformation

DEFAULT_BUFFER_TIMEOUT = 100


@dataclass(frozen=True)
class StreamNode:
    """An operator of the stream graph; ``id`` counts from 1 in topological order.

    ``output_type`` is the type of the main output's records, None when nothing is known of it. ``buffer_timeout`` is
    how long (ms) a record may wait for its batch to fill before it is sent to another task; -1 for until it is full.
    ``native`` says that it runs without Python functions of the user's. ``two_phase`` is how it could be done in two
    phases, ``iteration_head`` whether a loop begins here. ``fused`` says that it is in the task of what it reads,
    whatever is said of chaining: at another parallelism it may not be there to take what a checkpoint found on its way.
    """

    id: int
    name: str
    uid: str
    kind: str
    parallelism: int
    max_parallelism: int
    spec: OperatorSpec | None
    source: Any
    sink: Any
    location: str | None
    description: str | None
    chain_with_input: bool
    chain_with_output: bool
    output_type: TypeInformation | None = None
    slot_sharing_group: str = DEFAULT_SLOT_SHARING_GROUP
    buffer_timeout: int = DEFAULT_BUFFER_TIMEOUT
    co_location_group: str | None = None
    native: bool = False
    two_phase: TwoPhase | None = None
    iteration_head: bool = False
    fused: bool = False

    def __str__(self) -> str:
        return f"operator '{self.name}' ({self.location})"


@dataclass(frozen=True)
class StreamEdge:
    """Records go from node ``source`` to the logical input ``port`` of node ``target``.

    ``record_type`` is the type of these records: the source's output type or, for a side output, that of its tag; None
    when nothing is known of it. Only where ``type_declared`` is set did the user promise that every record has it;
    otherwise it was read from annotations, which may be wrong. ``in_loop`` says whether it lies between the head and
    the tail of an iteration, ``changes`` which kinds of rows there may be.
    """

    source: int
    target: int
    port: int
    partitioner: Partitioner
    side_tag: str | None
    record_type: TypeInformation | None = None
    type_declared: bool = False
    in_loop: bool = False
    changes: Changes = CARRIED
