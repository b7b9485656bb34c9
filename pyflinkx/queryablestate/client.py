"""The client of queryable state."""

from __future__ import annotations

import contextlib
import importlib
import socket
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

from typing_extensions import Self

from pyflinkx import errors
from pyflinkx._core.codecs.codec import Codec
from pyflinkx._core.keys.canonical import check_key
from pyflinkx.checkpoint.secret import installation_secret
from pyflinkx.common.completable_future import CompletableFuture
from pyflinkx.common.job_id import JobID
from pyflinkx.errors import (
    CorruptDataError,
    MissingExtraError,
    QueryError,
    UnknownKeyError,
    UnknownStateError,
    UntrustedStateError,
    WaitTimeoutError,
    WrongStateError,
)
from pyflinkx.queryablestate.immutable import immutable_state
from pyflinkx.runtime.control.query_protocol import (
    HANDSHAKE_PATIENCE,
    HOST,
    LONGEST_ANSWER,
    LONGEST_REQUEST,
    Closed,
    introduce,
    receive,
    same_signature,
    send,
    signature,
    token,
)
from pyflinkx.state import plain
from pyflinkx.state.backend import state_class_of
from pyflinkx.state.declared import declared_shape
from pyflinkx.state.descriptors import StateDescriptor
from pyflinkx.state.queryable import holds_pickles
from pyflinkx.state.stored_form import StoredForm
from pyflinkx.types.basic import check_type
from pyflinkx.types.typeinfo import TypeInformation

__all__ = ["QueryableStateClient"]

PORT = 9069


class QueryableStateClient:
    """Reads the queryable state of jobs that run on this machine, while they go on.

    A job answers when ``queryable-state.enable`` is true, for a state whose descriptor has a name by
    ``set_queryable(name)``, or a stream by ``as_queryable_state(name)``. Both ends have to know the same token. A value
    is never half changed: with ``consistency="live"`` the job's task gives it between two steps, with "checkpoint" it
    comes from the last checkpoint that was completed.

    Args:
        host: where the job's client process listens.
        port: likewise; 9069 unless ``queryable-state.proxy.ports`` says otherwise.
        token_file: of the token, as the job's ``pyflinkx.queryable-state.token-file``; by default
            ``~/.pyflinkx/queryable-state``.
        timeout: seconds to wait for an answer.

    Example:
        >>> with QueryableStateClient() as client:  # doctest: +SKIP
        ...     client.get_kv_state(job_id, "counts", "a", Types.STRING(), descriptor).result().value()
        3
    """

    def __init__(
        self, host: str = HOST, port: int = PORT, *, token_file: str | None = None, timeout: float = 10.0
    ) -> None:
        self._address = host, port
        self._token = token(token_file)
        self._timeout = timeout
        self._connection: socket.socket | None = None
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="queryable state")
        self._closed = False

    def get_kv_state(
        self,
        job_id: JobID | str,
        queryable_state_name: str,
        key: Any,
        key_type_info: TypeInformation | None,
        state_descriptor: StateDescriptor,
        *,
        consistency: str = "live",
    ) -> CompletableFuture:
        """The state of one key.

        Args:
            job_id: of the job.
            queryable_state_name: as ``set_queryable`` has it.
            key: the key: None, a bool, number, text, bytes, Decimal, UUID, date or time, or a tuple or Row of such.
            key_type_info: its type; None where the job's stream declares none.
            state_descriptor: of the state, with the kind and type that the job's has.
            consistency: "live" or "checkpoint".

        Returns:
            A future of the state, whose methods that read are those of the job's (``value()``, ``get()``, ...); it
            cannot be changed. It fails with UnknownKeyError when the key has no value, and else as ``get_kv_states``.
        """
        future = CompletableFuture()

        def ask() -> None:
            try:
                found = self._entries(
                    job_id, queryable_state_name, state_descriptor, consistency, keys=[self._key(key, key_type_info)]
                )
                if not found:
                    raise UnknownKeyError(f"state {queryable_state_name!r} has no value for key {key!r}")
                future.set_result(immutable_state(state_descriptor, *found[0]))
            except BaseException as error:
                future.set_exception(error)

        self._open()
        self._threads.submit(ask)
        return future

    def get_kv_states(
        self,
        job_id: JobID | str,
        queryable_state_name: str,
        keys: Iterable[Any],
        key_type_info: TypeInformation | None,
        state_descriptor: StateDescriptor,
        *,
        consistency: str = "live",
    ) -> dict[Any, Any]:
        """The states of several keys, by key; those without a value are left out.

        Raises:
            QueryError: the job is unknown, has ended, or cannot be reached; UnknownStateError: it has no such state.
            WrongStateError: the state is of another kind or type than the descriptor says.
            UntrustedStateError: its values are pickles that were not signed with the secret of this installation.
            WaitTimeoutError: there was no answer in time.
        """
        asked = [self._key(key, key_type_info) for key in keys]
        found = self._entries(job_id, queryable_state_name, state_descriptor, consistency, keys=asked)
        return {key: immutable_state(state_descriptor, key, value) for key, value in found}

    def to_arrow(
        self,
        job_id: JobID | str,
        queryable_state_name: str,
        key_type_info: TypeInformation | None,
        state_descriptor: StateDescriptor,
        *,
        keys: Iterable[Any] | None = None,
        start: Any = None,
        stop: Any = None,
        limit: int | None = None,
        consistency: str = "live",
    ) -> Any:
        """Keys and values as a pyarrow.Table with the columns ``key`` and ``value``, in order of the keys.

        A list state is a list, a map state a list of entries, rows and tuples are structs. Each subtask gives what it
        has between two of its steps; different subtasks need not be at the same moment, unless ``consistency`` is
        "checkpoint". Keys that have no order come in any.

        Args:
            job_id: of the job.
            queryable_state_name: as ``set_queryable`` has it.
            key_type_info: type of the keys; None where the job's stream declares none.
            state_descriptor: of the state, with the kind and type that the job's has.
            keys: those that are wanted; None for a range.
            start: the first key of the range; None for no limit.
            stop: the key behind the range; None for no limit.
            limit: how many entries at most; None for all.
            consistency: "live" or "checkpoint".

        Raises:
            MissingExtraError: pyarrow is not installed.
            ValueError: keys and a range are both given.
        """
        if keys is not None and (start is not None or stop is not None):
            raise ValueError("to_arrow() takes keys or a range of keys, not both")
        try:
            pyarrow = importlib.import_module("pyarrow")
        except ImportError as error:
            raise MissingExtraError("to_arrow() needs pyarrow: pip install 'pyflinkx[arrow]'") from error
        found = self._entries(
            job_id,
            queryable_state_name,
            state_descriptor,
            consistency,
            keys=None if keys is None else [self._key(key, key_type_info) for key in keys],
            start=None if start is None else self._key(start, key_type_info),
            stop=None if stop is None else self._key(stop, key_type_info),
            limit=limit,
        )
        with contextlib.suppress(TypeError):
            found.sort(key=lambda entry: entry[0])
        columns: dict[str, list[Any]] = {"key": [], "value": []}
        for key, value in found:
            state = immutable_state(state_descriptor, key, value)
            columns["key"].append(for_arrow(key))
            columns["value"].append(for_arrow(read(state)))
        return pyarrow.table(columns)

    def close(self) -> None:
        """Close the connection."""
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            self._disconnect()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # ---- asking ----

    def _open(self) -> None:
        if self._closed:
            raise WrongStateError("the client of queryable state is closed")

    def _key(self, key: Any, key_type_info: TypeInformation | None) -> Any:
        if key_type_info is not None:
            shape = declared_shape(check_type(key_type_info, "the type of the key"), "the key that is asked for")
            key = key if shape is None else shape.of(key)
        return check_key(key)

    def _entries(
        self,
        job_id: JobID | str,
        name: str,
        descriptor: StateDescriptor,
        consistency: str,
        keys: list[Any] | None = None,
        start: Any = None,
        stop: Any = None,
        limit: int | None = None,
    ) -> list[tuple[Any, Any]]:
        """Keys, and what their states store."""
        self._open()
        kind = state_class_of(descriptor).__name__
        form = StoredForm(kind, descriptor.type_info)

        def optional(value: Any) -> bytes | None:
            return None if value is None else plain.encoded(value)

        answer = self._ask(
            {
                "job": str(job_id),
                "name": name,
                "consistency": consistency,
                "keys": optional(keys),
                "start": optional(start),
                "stop": optional(stop),
                "limit": limit,
                "timeout": float(self._timeout),
            }
        )
        rows = checked_rows(answer, name, kind, form.codec)
        return [(plain.decoded(key), form.read(form.codec.decode_one(value))) for key, value in rows]

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            for again in (True, False):
                new = self._connection is None
                connection = self._connected()
                try:
                    connection.settimeout(self._timeout + HANDSHAKE_PATIENCE)
                    send(connection, request, LONGEST_REQUEST)
                    answer = receive(connection, LONGEST_ANSWER)
                    break
                except TimeoutError as error:
                    self._disconnect()
                    raise WaitTimeoutError(f"{self._named()} has not answered within {self._timeout:g} s") from error
                except (Closed, OSError) as error:
                    self._disconnect()
                    if new or not again:  # one that was there may have been left by a process that has ended
                        raise QueryError(f"{self._named()} has closed the connection: {error}") from error
                except BaseException:
                    self._disconnect()
                    raise
        if not isinstance(answer, dict):
            raise CorruptDataError(f"what {self._named()} has sent is no answer")
        if "error" in answer:
            kind = getattr(errors, str(answer["error"]), QueryError)
            known = kind if kind in (UnknownStateError, WrongStateError, CorruptDataError) else QueryError
            raise known(str(answer.get("message")))
        return answer

    def _connected(self) -> socket.socket:
        if self._connection is None:
            try:
                connection = socket.create_connection(self._address, HANDSHAKE_PATIENCE)
            except OSError as error:
                raise QueryError(
                    f"nobody answers queries at {self._named()} ({error}): a job does whose queryable-state.enable is "
                    "true"
                ) from error
            try:
                introduce(connection, self._token)
            except OSError as error:
                connection.close()
                raise QueryError(f"{self._named()}: {error}") from error
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _named(self) -> str:
        return f"{self._address[0]}:{self._address[1]}"


def checked_rows(answer: dict[str, Any], name: str, kind: str, codec: Codec) -> Iterator[tuple[bytes, bytes]]:
    """The rows of an answer, once they have proved to be what the descriptor says, and if they are pickles trusted.

    Raises:
        WrongStateError: the state is of another kind or type.
        UntrustedStateError: it has pickles that were not signed with the secret of this installation.
        CorruptDataError: it is no answer.
    """
    try:
        rows = [(bytes(key), bytes(value)) for key, value in answer["rows"]]
        given, written = answer["kind"], answer["codec"]
    except (KeyError, TypeError, ValueError) as error:
        raise CorruptDataError(f"an answer about state {name!r} that is none") from error
    if given != kind:
        raise WrongStateError(f"state {name!r} is a {given}, and the descriptor describes a {kind}")
    if written != codec.snapshot():
        raise WrongStateError(f"state {name!r} is of another type than the descriptor's: {codec.name}")
    if holds_pickles(codec) and not same_signature(
        answer.get("signature"), signature(installation_secret(), written, rows)
    ):
        raise UntrustedStateError(
            f"the values of state {name!r} are pickles that were not signed with the secret of this installation, and "
            "loading them could run anybody's code: declare the type of the state in its descriptor, or name the job's "
            "secret by PYFLINKX_SECRET_FILE"
        )
    return iter(rows)


def read(state: Any) -> Any:
    """What a state has, whatever its kind."""
    if hasattr(state, "value"):
        return state.value()
    if hasattr(state, "items"):
        return dict(state.items())
    return state.get()


def for_arrow(value: Any) -> Any:
    """A value as pyarrow finds a type for it: rows and tuples are structs, maps lists of entries."""
    if hasattr(value, "as_dict") and hasattr(value, "_fields"):
        return {str(name): for_arrow(part) for name, part in value.as_dict().items()}
    if hasattr(value, "_asdict"):
        return {name: for_arrow(part) for name, part in value._asdict().items()}
    if isinstance(value, tuple) or hasattr(value, "get_row_kind"):
        return {f"f{place}": for_arrow(part) for place, part in enumerate(value)}
    if isinstance(value, dict):
        return [{"key": for_arrow(key), "value": for_arrow(part)} for key, part in value.items()]
    if isinstance(value, list):
        return [for_arrow(part) for part in value]
    return value
