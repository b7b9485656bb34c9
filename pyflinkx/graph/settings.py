"""What a program says of an operator besides what it does."""

from __future__ import annotations

from dataclasses import dataclass

from pyflinkx.graph.slot_sharing import SlotSharingGroup


@dataclass(frozen=True)
class Settings:
    """How an operator is called and run; nothing here changes its results.

    Args:
        name: for plans, logs and errors; None for what it does.
        uid: its identity, by which its state is found; None for one that follows from the program.
        uid_hash: takes the place of the uid.
        description: for the execution plan.
        parallelism: how many subtasks run it; None for the program's.
        max_parallelism: how many key groups there are; None for the program's.
        slot_sharing_group: the group of operators with which it shares slots; None for that of the inputs.
        co_location_group: key of the operators whose subtasks of one index share a slot in any case; None for none.
        buffer_timeout: how long (ms) a record may wait for its batch to fill; -1 for until it is full, None for the
            program's.
        chain_with_input: whether it may run in the task of what it reads.
        chain_with_output: whether what reads it may run in its task.
    """

    name: str | None = None
    uid: str | None = None
    uid_hash: str | None = None
    description: str | None = None
    parallelism: int | None = None
    max_parallelism: int | None = None
    slot_sharing_group: SlotSharingGroup | None = None
    co_location_group: str | None = None
    buffer_timeout: int | None = None
    chain_with_input: bool = True
    chain_with_output: bool = True


DEFAULT_SETTINGS = Settings()
