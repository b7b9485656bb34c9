"""What connects the workers of a job on this machine: made by the client, inherited by each worker."""

from __future__ import annotations

import errno
import functools
import socket
from collections.abc import Callable
from typing import Protocol

from pyflinkx._core.exchange.shared import SUPPORTED, Arena
from pyflinkx.config import options
from pyflinkx.config.configuration import Configuration
from pyflinkx.errors import ConfigurationError
from pyflinkx.graph.job_graph import JobGraph
from pyflinkx.runtime.control.deployment import DeploymentPlan
from pyflinkx.runtime.control.worker import MakeTransport
from pyflinkx.runtime.exchange.shared_memory import (
    SharedMemoryTransport,
    channel_credit,
    check_network_memory,
    create_arena,
)
from pyflinkx.runtime.exchange.sockets import SocketTransport
from pyflinkx.runtime.exchange.transport import ExchangeSettings, Transport

SHARED_MEMORY, SOCKETS = "shared-memory", "sockets"
InheritTransport = Callable[[list[int], JobGraph, DeploymentPlan, int, ExchangeSettings], Transport]
TRANSPORTS: dict[str, InheritTransport] = {
    SHARED_MEMORY: SharedMemoryTransport.inherit,
    SOCKETS: SocketTransport.inherit,
}


class Interconnect(Protocol):
    """The client's side of the exchanges. ``transport`` names the workers' side, for ``inherited``."""

    transport: str

    def descriptors(self, worker: int) -> list[int]:
        """The file descriptors that a worker inherits."""

    def inherited_by(self, worker: int) -> None:
        """A worker has its descriptors now: close the client's copies that would hide its death from the others."""

    def keep_only(self, worker: int) -> None:
        """In a worker that is a copy of the client: close what belongs to others."""

    def cancel(self) -> None:
        """End every wait on an exchange, as far as the client can without the workers' help."""

    def close(self) -> None:
        """Give back what the client holds."""


def make_interconnect(plan: DeploymentPlan, configuration: Configuration) -> Interconnect:
    """What ``pyflinkx.workers.transport`` asks for.

    Raises:
        ConfigurationError: this platform has none of that kind, or the system or the configuration refuses so much.
    """
    transport = configuration.value_of(options.TRANSPORT)
    if transport == "auto":
        transport = SHARED_MEMORY if SUPPORTED else SOCKETS
    if transport == SHARED_MEMORY:
        return SharedArena(create_arena(plan, configuration))
    check_network_memory(len(plan.remote_channels) * channel_credit(configuration), configuration)
    return SocketPairs(plan)


def inherited(transport: str, descriptors: list[int]) -> MakeTransport:
    """Makes a worker's end of the exchanges of what it inherited."""
    return functools.partial(TRANSPORTS[transport], descriptors)


class SharedArena:
    """Memory that all workers map.

    Args:
        arena: the job's; closed by ``close``.
    """

    transport = SHARED_MEMORY

    def __init__(self, arena: Arena) -> None:
        self.arena = arena

    def descriptors(self, worker: int) -> list[int]:
        return [self.arena.fd]

    def inherited_by(self, worker: int) -> None:
        """The client keeps the arena, to cancel it."""

    def keep_only(self, worker: int) -> None:
        """The arena belongs to all."""

    def cancel(self) -> None:
        self.arena.cancel()

    def close(self) -> None:
        self.arena.close()


class SocketPairs:
    """A pair of connected sockets for each two workers that have channels between them.

    Args:
        plan: the job's.

    Raises:
        ConfigurationError: the system allows fewer descriptors.
    """

    transport = SOCKETS

    def __init__(self, plan: DeploymentPlan) -> None:
        self.ends: dict[int, dict[int, socket.socket]] = {worker: {} for worker in range(plan.workers)}
        try:
            for worker in self.ends:
                for peer in plan.peers(worker):
                    if peer > worker:
                        self.ends[worker][peer], self.ends[peer][worker] = socket.socketpair()
        except OSError as error:
            self.close()
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
            raise ConfigurationError(
                f"the sockets between {plan.workers} workers are more than the system allows (ulimit -n): allow more, "
                "or have fewer workers with more slots each (taskmanager.numberOfTaskSlots)"
            ) from error

    def descriptors(self, worker: int) -> list[int]:
        return [self.ends[worker][peer].fileno() for peer in sorted(self.ends[worker])]

    def inherited_by(self, worker: int) -> None:
        for end in self.ends.pop(worker).values():
            end.close()

    def keep_only(self, worker: int) -> None:
        for other in set(self.ends) - {worker}:
            self.inherited_by(other)

    def cancel(self) -> None:
        """Each worker ends its own waits when it is told to cancel; the client holds no socket any more."""

    def close(self) -> None:
        for worker in list(self.ends):
            self.inherited_by(worker)
