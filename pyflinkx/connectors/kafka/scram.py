"""Proves to a server that the password is known, without telling it: SCRAM (RFC 5802), the client's side."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from pyflinkx.errors import CorruptDataError

HASHES = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}
LEAST_ITERATIONS = 4096  # of RFC 7677: fewer would make the password easy to guess for whoever plays the server


class ScramClient:
    """One authentication.

    Args:
        mechanism: SCRAM-SHA-256 or SCRAM-SHA-512.
        user: the user's name.
        password: the user's password.
        nonce: random text; None to make some.
    """

    def __init__(self, mechanism: str, user: str, password: str, nonce: str | None = None) -> None:
        self.hash = HASHES[mechanism]
        self.password = password
        self.nonce = secrets.token_urlsafe(24) if nonce is None else nonce
        name = user.replace("=", "=3D").replace(",", "=2C")
        self.bare = f"n={name},r={self.nonce}"
        self.signature = b""

    def first(self) -> bytes:
        """The first message."""
        return f"n,,{self.bare}".encode()

    def final(self, challenge: bytes) -> bytes:
        """The second message, in answer to the server's first.

        Raises:
            CorruptDataError: the server's is none.
        """
        fields = fields_of(challenge)
        try:
            nonce, salt, iterations = fields["r"], base64.b64decode(fields["s"]), int(fields["i"])
        except (KeyError, ValueError) as error:
            raise CorruptDataError("the server's challenge is no message of SCRAM") from error
        if not nonce.startswith(self.nonce) or iterations < LEAST_ITERATIONS:
            raise CorruptDataError("the server's challenge is not to be answered: a foreign nonce, or few iterations")
        salted = hashlib.pbkdf2_hmac(self.hash, self.password.encode(), salt, iterations)
        client_key = self._mac(salted, b"Client Key")
        stored = hashlib.new(self.hash, client_key).digest()
        bare = f"c=biws,r={nonce}"
        message = b",".join([self.bare.encode(), challenge, bare.encode()])
        proof = bytes(a ^ b for a, b in zip(client_key, self._mac(stored, message), strict=True))
        self.signature = self._mac(self._mac(salted, b"Server Key"), message)
        return f"{bare},p={base64.b64encode(proof).decode()}".encode()

    def verify(self, answer: bytes) -> None:
        """Check that the server knows the password, too.

        Raises:
            CorruptDataError: it does not.
        """
        if not hmac.compare_digest(fields_of(answer).get("v", "").encode(), base64.b64encode(self.signature)):
            raise CorruptDataError("the server does not prove that it knows the password")

    def _mac(self, key: bytes, message: bytes) -> bytes:
        return hmac.new(key, message, self.hash).digest()


def fields_of(message: bytes) -> dict[str, str]:
    """The fields of a message by their letters."""
    return dict(part.split("=", 1) for part in message.decode().split(",") if "=" in part)
