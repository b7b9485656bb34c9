"""How a program asks a job in another process for state: who they are, and what travels.

Both prove that they know the token without saying it: each sends random bytes, and the other their HMAC under it. Then
frames follow, each a length and a plain value (``state.plain``), so nothing that comes from the socket names code.
Values of states are bytes by the codec of their type; where that is pickles, whoever reads them checks that they were
signed with the secret of the installation.
"""

from __future__ import annotations

import hmac
import os
import secrets
import socket
import struct
from collections.abc import Iterable
from typing import Any

from pyflinkx.checkpoint.secret import made_secret, read_secret, same_tag, tag_of
from pyflinkx.errors import CorruptDataError, QueryError
from pyflinkx.state import plain

HOST = "127.0.0.1"
MAGIC = b"PFXQRY\x00\x01"
NONCE = 32
MAC = 32
LENGTH = struct.Struct("<I")
LONGEST_REQUEST = 1 << 24
LONGEST_ANSWER = 1 << 28
HANDSHAKE_PATIENCE = 5.0  # seconds
QUERY = b"pyflinkx query"  # what the values of an answer are signed as


class Closed(Exception):
    """The other end has closed the connection."""


def token(path: str | None) -> bytes:
    """What those who ask and those who answer both know.

    Args:
        path: of its file; None for ``~/.pyflinkx/queryable-state``, which is made when it is missing.

    Raises:
        ConfigurationError: the file is missing or holds no token, or others may read or write it.
    """
    if path is not None:
        return read_secret(os.path.expanduser(path))
    home = os.path.join(os.path.expanduser("~"), ".pyflinkx", "queryable-state")
    return read_secret(home) if os.path.exists(home) else made_secret(home)


def admit(connection: socket.socket, known: bytes) -> bool:
    """The end that answers: whether the other one knows the token."""
    own = secrets.token_bytes(NONCE)
    connection.sendall(MAGIC + own)
    given = received(connection, NONCE + MAC)
    theirs, proof = given[:NONCE], given[NONCE:]
    if not hmac.compare_digest(proof, proved(known, b"client", own, theirs)):
        return False
    connection.sendall(proved(known, b"server", theirs, own))
    return True


def introduce(connection: socket.socket, known: bytes) -> None:
    """The end that asks.

    Raises:
        QueryError: the other end is no job, or does not know the token.
    """
    try:
        greeting = received(connection, len(MAGIC) + NONCE)
        if not greeting.startswith(MAGIC):
            raise QueryError("what listens there answers no queries of state, or speaks another version")
        theirs, own = greeting[len(MAGIC) :], secrets.token_bytes(NONCE)
        connection.sendall(own + proved(known, b"client", theirs, own))
        proof = received(connection, MAC)
    except Closed:
        raise QueryError(
            "it has closed the connection: the token is not that of the job (pyflinkx.queryable-state.token-file)"
        ) from None
    if not hmac.compare_digest(proof, proved(known, b"server", own, theirs)):
        raise QueryError("what listens there does not know the token, so it is not trusted")


def proved(known: bytes, role: bytes, first: bytes, second: bytes) -> bytes:
    """What only somebody who knows the token can say of two numbers."""
    return hmac.digest(known, MAGIC + role + first + second, "sha256")


def send(connection: socket.socket, value: Any, longest: int) -> None:
    """Send a plain value.

    Raises:
        QueryError: it is too long; nothing has been sent.
        OSError: the connection is gone.
    """
    data = plain.encoded(value)
    if len(data) > longest:
        raise QueryError(f"{len(data)} bytes are more than travel at once ({longest}): ask for a smaller range")
    connection.sendall(LENGTH.pack(len(data)) + data)


def receive(connection: socket.socket, longest: int) -> Any:
    """The next plain value.

    Raises:
        CorruptDataError: what came is none.
        Closed, OSError: the connection is gone.
    """
    (size,) = LENGTH.unpack(received(connection, LENGTH.size))
    if size > longest:
        raise CorruptDataError(f"a message of {size} bytes, which is more than {longest}")
    return plain.decoded(received(connection, size))


def received(connection: socket.socket, size: int) -> bytes:
    """So many bytes."""
    parts, left = [], size
    while left:
        part = connection.recv(min(left, 1 << 20))
        if not part:
            raise Closed
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def signature(secret: bytes, codec: bytes, rows: Iterable[tuple[bytes, bytes]]) -> bytes:
    """What says that somebody with the installation's secret has written the values of an answer."""
    tag = tag_of(secret, QUERY)
    for part in (codec, *(part for row in rows for part in row)):
        tag.update(LENGTH.pack(len(part)))
        tag.update(part)
    return tag.digest()


def same_signature(given: Any, computed: bytes) -> bool:
    """Whether a signature that was received is the right one."""
    return isinstance(given, bytes) and same_tag(given, computed)
