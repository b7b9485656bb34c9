"""Listens for programs that ask for the state of jobs which run in this process."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pyflinkx._core.calls.records import told
from pyflinkx.checkpoint.secret import installation_secret
from pyflinkx.config import options
from pyflinkx.config.configuration import Configuration
from pyflinkx.errors import ConfigurationError, CorruptDataError, PyflinkxError, QueryError
from pyflinkx.runtime.control.checkpointed_queries import checkpoint_answer
from pyflinkx.runtime.control.query_protocol import (
    HANDSHAKE_PATIENCE,
    HOST,
    LONGEST_ANSWER,
    LONGEST_REQUEST,
    Closed,
    admit,
    receive,
    send,
    signature,
    token,
)
from pyflinkx.state import plain
from pyflinkx.state.queryable import StateAnswer, StateQuery

if TYPE_CHECKING:
    from pyflinkx.runtime.drivers.job import Job

log = logging.getLogger("pyflinkx.runtime")

MOST_CONNECTIONS = 64
LONGEST_TIMEOUT = 3600.0
ENDED = 1000  # jobs that have ended and are remembered

CONSISTENCIES = ("live", "checkpoint")


class QueryServer:
    """Answers those that know a token, on a port of the loopback interface, as long as the process lives.

    Args:
        numbers: of ports; the first that is free is taken.
        known: the token.

    Raises:
        ConfigurationError: none is free.
    """

    def __init__(self, numbers: list[int], known: bytes) -> None:
        self.known = known
        self.jobs: dict[str, Job] = {}
        self.ended: deque[str] = deque(maxlen=ENDED)
        self.connections: set[socket.socket] = set()
        self.listener = bound(numbers)
        host, port = self.listener.getsockname()
        self.address: tuple[str, int] = (host, port)
        self.thread = threading.Thread(target=self._accept, name=f"queries on port {port}", daemon=True)
        self.thread.start()

    @contextlib.contextmanager
    def answering(self, job: Job) -> Iterator[None]:
        """Answer for a job meanwhile."""
        self.jobs[job.job_id] = job
        log.info("state of job '%s' (%s) can be asked for at %s:%d", job.graph.name, job.job_id, *self.address)
        try:
            yield
        finally:
            self.jobs.pop(job.job_id, None)
            self.ended.append(job.job_id)
            job.queries.close()

    def close_copies(self) -> None:
        """Close what a forked process has inherited."""
        for inherited in (self.listener, *self.connections):
            inherited.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            if len(self.connections) >= MOST_CONNECTIONS:
                connection.close()
                continue
            self.connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), name="query", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(HANDSHAKE_PATIENCE)
            if not admit(connection, self.known):
                log.warning("a query of state was refused: its sender does not know the token")
                return
            connection.settimeout(None)
            while True:
                request = receive(connection, LONGEST_REQUEST)
                try:
                    send(connection, self._answered(request), LONGEST_ANSWER)
                except QueryError as error:
                    send(connection, refusal(error), LONGEST_ANSWER)
        except CorruptDataError as error:
            log.warning("a query of state was refused: %s", error)
        except (Closed, OSError):
            pass
        finally:
            self.connections.discard(connection)
            connection.close()

    def _answered(self, request: Any) -> dict[str, Any]:
        try:
            job, query, live, timeout = self._understood(request)
            answer = self._answer(job, query, live, timeout)
        except PyflinkxError as error:
            return refusal(error)
        except Exception as error:
            log.warning("a query of state failed", exc_info=error)
            return refusal(QueryError(told(error)))
        (state,) = answer.states
        secret = installation_secret() if job.checkpoints is None else job.checkpoints.storage.secret
        return {
            "kind": state.kind,
            "codec": state.codec,
            "rows": list(answer.rows),
            "signature": signature(secret, state.codec, answer.rows) if state.pickled else None,
        }

    def _understood(self, request: Any) -> tuple[Job, StateQuery, bool, float]:
        expected: dict[str, Any] = {
            "job": str,
            "name": str,
            "consistency": str,
            "keys": (bytes, type(None)),
            "start": (bytes, type(None)),
            "stop": (bytes, type(None)),
            "limit": (int, type(None)),
            "timeout": float,
        }
        well_formed = isinstance(request, dict) and request.keys() == expected.keys()
        if not well_formed or not all(isinstance(request[name], kind) for name, kind in expected.items()):
            raise CorruptDataError("a message that is no query")
        if request["consistency"] not in CONSISTENCIES:
            raise QueryError(f"consistency is 'live' or 'checkpoint', not {request['consistency']!r}")
        job = self.jobs.get(request["job"])
        if job is None:
            where = f"job {request['job']}"
            if request["job"] in self.ended:
                raise QueryError(f"{where} has ended")
            raise QueryError(f"no {where} answers queries here: its queryable-state.enable has to be true")
        query = StateQuery(request["name"], request["keys"], request["start"], request["stop"], request["limit"])
        return job, query, request["consistency"] == "live", min(max(request["timeout"], 0.0), LONGEST_TIMEOUT)

    def _answer(self, job: Job, query: StateQuery, live: bool, timeout: float) -> StateAnswer:
        if live:
            return job.queries.ask(query, timeout)
        state = job.queries.known.get(query.name)
        if state is None:
            (state,) = job.queries.ask(StateQuery(query.name, keys=plain.encoded([])), timeout).states
        if job.checkpoints is None:
            raise QueryError(f"job '{job.graph.name}' is a batch job, which takes no checkpoints")
        return checkpoint_answer(job.checkpoints, state, query)


def refusal(error: PyflinkxError) -> dict[str, Any]:
    """What somebody is told whose query has failed."""
    return {"error": type(error).__name__, "message": str(error)}


def bound(numbers: list[int]) -> socket.socket:
    """A socket that listens on the first of some ports that is free."""
    why = ""
    for number in numbers:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((HOST, number))
            listener.listen(MOST_CONNECTIONS)
        except OSError as error:
            listener.close()
            why = str(error)
        else:
            return listener
    raise ConfigurationError(
        f"{options.QUERYABLE_STATE_PORTS.key}: none of the ports on {HOST} is free ({why}): name others, or 0 for any"
    )


servers: dict[tuple[str, bytes], QueryServer] = {}
guard = threading.Lock()


def server_for(configuration: Configuration) -> QueryServer:
    """The server of this process for what a configuration says; jobs share it, and it stays.

    Raises:
        ConfigurationError: no port is free, or there is no token.
    """
    text = configuration.value_of(options.QUERYABLE_STATE_PORTS)
    known = token(configuration.get(options.QUERYABLE_STATE_TOKEN))
    with guard:
        found = servers.get((text, known))
        if found is None:
            found = servers[text, known] = QueryServer(options.ports(text), known)
        return found


def forget() -> None:
    """A forked process listens to nobody."""
    global guard
    guard = threading.Lock()
    for server in servers.values():
        server.close_copies()
    servers.clear()


os.register_at_fork(after_in_child=forget)
