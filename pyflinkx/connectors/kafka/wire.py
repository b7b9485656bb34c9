"""Requests to Kafka's brokers, byte by byte, for what librdkafka does not offer.

After the protocol guide of Apache Kafka: messages with compact strings and tagged fields (KIP-482).
"""

from __future__ import annotations

import struct
from typing import Any

from pyflinkx.errors import CorruptDataError

# Keys of requests, each of which is used in one version; "flexible" ones have compact strings and tagged fields.
FIND_COORDINATOR = (10, 3)
SASL_HANDSHAKE = (17, 1)
INIT_PRODUCER_ID = (22, 4)
END_TRANSACTION = (26, 3)
SASL_AUTHENTICATE = (36, 1)
DESCRIBE_CLUSTER = (60, 0)
DESCRIBE_TRANSACTIONS = (65, 0)
LIST_TRANSACTIONS = (66, 0)
PLAIN_REQUESTS = (SASL_HANDSHAKE, SASL_AUTHENTICATE)


class Packed:
    """A request's body; every method returns it."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def number(self, format: str, value: Any) -> Packed:
        """A number, as ``struct`` packs it."""
        self.parts.append(struct.pack(">" + format, value))
        return self

    def length(self, value: int) -> Packed:
        """An unsigned number of 7 bits a byte."""
        while value > 0x7F:
            self.parts.append(bytes([value & 0x7F | 0x80]))
            value >>= 7
        self.parts.append(bytes([value]))
        return self

    def compact(self, text: str) -> Packed:
        """A compact string."""
        data = text.encode()
        self.length(len(data) + 1).parts.append(data)
        return self

    def plain(self, data: bytes, format: str) -> Packed:
        """Bytes behind their number."""
        self.number(format, len(data)).parts.append(data)
        return self

    def tags(self) -> Packed:
        """No tagged fields."""
        return self.length(0)


class Unpacked:
    """A response, from its start to its end.

    Raises:
        CorruptDataError: it is shorter than what is asked of it.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        """The next bytes."""
        if not 0 <= count <= len(self.data) - self.at:
            raise CorruptDataError(f"a response of Kafka has {len(self.data)} bytes, and needs {count} at {self.at}")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, format: str) -> int:
        """A number, as ``struct`` unpacks it."""
        (value,) = struct.unpack(">" + format, self.take(struct.calcsize(">" + format)))
        return int(value)

    def length(self) -> int:
        """An unsigned number of 7 bits a byte."""
        value = shift = 0
        while True:
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 28:
                raise CorruptDataError("a response of Kafka has a length of more than 32 bits")

    def compact(self) -> str:
        """A compact string; an empty one for none."""
        return self.take(max(self.length() - 1, 0)).decode()

    def plain(self, format: str) -> bytes:
        """Bytes behind their number; empty ones for none."""
        return self.take(max(self.number(format), 0))

    def tags(self) -> None:
        """Pass over tagged fields."""
        for _ in range(self.length()):
            self.length()
            self.take(self.length())


def request_bytes(request: tuple[int, int], number: int, client: str, body: Packed) -> bytes:
    """A whole request.

    Args:
        request: its key and version.
        number: comes back with its response.
        client: the client's name.
        body: of the request.
    """
    head = Packed().number("h", request[0]).number("h", request[1]).number("i", number).plain(client.encode(), "h")
    if request not in PLAIN_REQUESTS:
        head.tags()
    data = b"".join(head.parts + body.parts)
    return struct.pack(">i", len(data)) + data


def response_of(request: tuple[int, int], number: int, data: bytes) -> Unpacked:
    """The body of a response.

    Raises:
        CorruptDataError: it is the response to another request.
    """
    unpacked = Unpacked(data)
    found = unpacked.number("i")
    if found != number:
        raise CorruptDataError(f"a response of Kafka is to request {found}, not {number}")
    if request not in PLAIN_REQUESTS:
        unpacked.tags()
    return unpacked
