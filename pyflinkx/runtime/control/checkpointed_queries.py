"""Queries that the last completed checkpoint answers."""

from __future__ import annotations

from dataclasses import replace

from pyflinkx._core.keys.canonical import check_key
from pyflinkx._core.keys.partition import key_groups
from pyflinkx.checkpoint.metadata import Checkpoint
from pyflinkx.errors import QueryError, StorageError
from pyflinkx.graph.nodes import StreamNode
from pyflinkx.runtime.control.checkpoints import JobCheckpoints, nodes_of
from pyflinkx.state.queryable import QueryableState, StateAnswer, StateQuery, Wanted, encoded_key
from pyflinkx.state.rows import state_codec
from pyflinkx.state.spec import FILES

ATTEMPTS = 5


def checkpoint_answer(checkpoints: JobCheckpoints, state: QueryableState, query: StateQuery) -> StateAnswer:
    """What the last completed checkpoint has of what is asked for; from any thread.

    Args:
        checkpoints: of the job.
        state: what the queried name stands for.
        query: what is asked for.

    Raises:
        QueryError: there is no checkpoint yet.
        StorageError, CorruptDataError, UntrustedStateError: it cannot be read.
    """
    node = next(node for node in nodes_of(checkpoints.graph) if node.uid == state.uid)
    for attempt in range(ATTEMPTS):
        latest = checkpoints.coordinator.latest
        if latest is None:
            raise QueryError(f"job '{checkpoints.graph.name}' has not completed a checkpoint yet")
        try:
            return read(checkpoints, latest, node, state, query)
        except StorageError:
            # A newer one may have taken its place meanwhile, and then it is removed.
            newest = checkpoints.coordinator.latest
            if attempt == ATTEMPTS - 1 or newest is None or newest.number == latest.number:
                raise
    raise AssertionError


def read(
    checkpoints: JobCheckpoints, checkpoint: Checkpoint, node: StreamNode, state: QueryableState, query: StateQuery
) -> StateAnswer:
    """What a checkpoint has."""
    states = checkpoint.operators.get(state.uid)
    assert node.spec is not None
    key_codec = state_codec(node.spec.input(0).key_type)
    wanted = Wanted(query)
    rows: list[tuple[bytes, bytes]] = []
    if states is None:
        return StateAnswer((state,))
    groups = range(states.max_parallelism)
    named = set(groups) if wanted.keys is None else set(key_groups(list(wanted.keys), states.max_parallelism))
    with checkpoints.storage.reader(checkpoint) as reader:
        for part in (part for subtask in states.subtasks for part in subtask.parts):
            if part.kind == FILES:
                raise QueryError(
                    f"the last checkpoint of job '{checkpoints.graph.name}' is an incremental one, with state "
                    f"{state.state!r} in files of RocksDB, and cannot be asked: ask for live values, or switch "
                    "execution.checkpointing.incremental off"
                )
            if (part.state, part.kind) != (state.state, state.kind) or part.groups is None:
                continue
            if named.isdisjoint(range(part.groups[0], part.groups[1] + 1)):
                continue
            batch = reader.read(part)
            codec = (batch.schema["value"].metadata or {}).get(b"codec", state.codec)
            state = replace(state, codec=codec)
            for group, key_data, namespace, value in batch.to_rows("tuple"):
                if namespace is None and group in named:
                    key = check_key(key_codec.decode_one(key_data))
                    if key in wanted:
                        rows.append((encoded_key(key), value))
                        if len(rows) == query.limit:
                            return StateAnswer((state,), tuple(rows))
    return StateAnswer((state,), tuple(rows))
