"""A connection to one broker."""

from __future__ import annotations

import itertools
import socket
import ssl
import struct

from pyflinkx.connectors.kafka.scram import HASHES, ScramClient
from pyflinkx.connectors.kafka.security import Security
from pyflinkx.connectors.kafka.wire import (
    SASL_AUTHENTICATE,
    SASL_HANDSHAKE,
    Packed,
    Unpacked,
    request_bytes,
    response_of,
)
from pyflinkx.errors import CorruptDataError, SinkError

CLIENT = "pyflinkx"
MOST_BYTES = 64 << 20  # of a response


class Connection:
    """Asks one broker one thing at a time.

    Args:
        host, port: of the broker.
        security: of the connection.
        timeout: how long (s) each answer may take.

    Raises:
        OSError: it cannot be reached.
        SinkError: it refuses the user, or its certificate is not to be trusted.
    """

    def __init__(self, host: str, port: int, security: Security, timeout: float) -> None:
        self.place = f"{host}:{port}"
        self.numbers = itertools.count(1)
        self.socket: socket.socket = socket.create_connection((host, port), timeout)
        try:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if security.context is not None:
                self._begin_tls(host, security.context, security.checks_name)
            if security.mechanism is not None:
                self._authenticate(security, security.mechanism)
        except BaseException:
            self.socket.close()
            raise

    def _begin_tls(self, host: str, context: ssl.SSLContext, checks_name: bool) -> None:
        if checks_name and context.verify_mode is not ssl.CERT_NONE:
            context.check_hostname = True
        try:
            self.socket = context.wrap_socket(self.socket, server_hostname=host)
        except ssl.SSLCertVerificationError as error:
            raise SinkError(
                f"the certificate of Kafka at {self.place} is not trusted: {error.verify_message}"
            ) from error

    def _authenticate(self, security: Security, mechanism: str) -> None:
        answer = self.ask(SASL_HANDSHAKE, Packed().plain(mechanism.encode(), "h"))
        if answer.number("h"):
            offered = [answer.plain("h").decode() for _ in range(answer.number("i"))]
            raise SinkError(f"Kafka at {self.place} offers no {mechanism}, but {', '.join(offered)}")
        if mechanism not in HASHES:
            self._say(f"\0{security.user}\0{security.password}".encode())
            return
        scram = ScramClient(mechanism, security.user, security.password)
        scram.verify(self._say(scram.final(self._say(scram.first()))))

    def _say(self, data: bytes) -> bytes:
        """Send a message of SASL; what the broker says to it."""
        answer = self.ask(SASL_AUTHENTICATE, Packed().plain(data, "i"))
        code, message = answer.number("h"), answer.plain("h").decode()
        if code:
            raise SinkError(f"Kafka at {self.place} refuses the credentials: {message}")
        return answer.plain("i")

    def ask(self, request: tuple[int, int], body: Packed) -> Unpacked:
        """The answer to a request.

        Raises:
            OSError: the connection has broken, or the answer took too long: then the connection is of no use any more.
        """
        number = next(self.numbers)
        self.socket.sendall(request_bytes(request, number, CLIENT, body))
        (size,) = struct.unpack(">i", self._receive(4))
        if not 0 <= size <= MOST_BYTES:
            raise CorruptDataError(f"{self.place} answers with {size} bytes, and so is no broker of Kafka")
        return response_of(request, number, self._receive(size))

    def _receive(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise ConnectionError(f"{self.place} has closed the connection")
            data += piece
        return bytes(data)

    def close(self) -> None:
        """Close it."""
        self.socket.close()
