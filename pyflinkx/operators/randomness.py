"""Random numbers and UUIDs of an operator's subtask, which go on from a checkpoint where they were."""

from __future__ import annotations

import hashlib
import random
import uuid
from typing import TYPE_CHECKING, Any

from pyflinkx.state.descriptors import ListStateDescriptor

if TYPE_CHECKING:
    from pyflinkx.operators.base import OperatorContext

# Of each subtask (its index, the parallelism, the generator's state); each gets those of all when it is restored.
DESCRIPTOR = ListStateDescriptor("_random")


class Randomness:
    """A generator whose numbers follow from the job's seed, the operator's uid and the subtask.

    With the same parallelism each subtask goes on where it was. With another one each has new numbers, that follow from
    where all were.

    Args:
        context: of the operator.
    """

    def __init__(self, context: OperatorContext) -> None:
        self._own = (context.subtask_index, context.parallelism)
        self._kept = context.operator_state.get_union_list_state(DESCRIPTOR)
        earlier = self._kept.get()
        continued = [state for *owner, state in earlier if tuple(owner) == self._own]
        # Where the parallelism is the same, a subtask that has drawn none begins as it would have.
        before = sorted(entry for entry in earlier if entry[1] != context.parallelism)
        self.random = random.Random()
        if continued:
            self.random.setstate(as_tuples(continued[0]))
        else:
            self.random.seed(seed_of(context.seed, context.uid, *self._own, *before))

    def store(self) -> None:
        """Put where it is into the operator's states."""
        self._kept.update([(*self._own, self.random.getstate())])

    def uuid4(self) -> uuid.UUID:
        """A UUID of version 4."""
        return uuid.UUID(int=self.random.getrandbits(128), version=4)


def seed_of(*parts: Any) -> int:
    """A seed that follows from values, and differs where they do."""
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=32).digest(), "big")


def as_tuples(state: Any) -> Any:
    """The state of a generator, whose tuples may have become lists."""
    return tuple(map(as_tuples, state)) if isinstance(state, (list, tuple)) else state
