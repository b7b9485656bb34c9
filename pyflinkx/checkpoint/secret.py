"""The secret of an installation: what it has signed with it, it may load again.

Pickles name code that loading them runs. Whoever can write to the folder of checkpoints could put any into them, so
they are loaded only when they, byte for byte, come from somebody who has the secret.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from functools import cache

from pyflinkx.errors import ConfigurationError

SECRET_FILE = "PYFLINKX_SECRET_FILE"
SIZE = 32
# A file that is longer is no secret, but something that was named by mistake.
MOST = 4096
TAG_SIZE = 32
# What parts of states and manifests are signed as, so that neither can stand for the other.
STATE, MANIFEST = b"pyflinkx state", b"pyflinkx manif"

log = logging.getLogger("pyflinkx.checkpoint")


def installation_secret(path: str | None = None, environment: Mapping[str, str] = os.environ) -> bytes:
    """The secret under which this installation signs its checkpoints.

    Args:
        path: of its file, as the configuration says; None for that of ``PYFLINKX_SECRET_FILE``, or else
            ``~/.pyflinkx/secret``, which is made when it is missing.
        environment: the variables of the process.

    Raises:
        ConfigurationError: the file that is named is missing, holds no secret, or others may read or write it.
    """
    named = path or environment.get(SECRET_FILE)
    if named:
        return read_secret(os.path.expanduser(named))
    home = os.path.join(environment.get("HOME") or os.path.expanduser("~"), ".pyflinkx", "secret")
    try:
        return read_secret(home) if os.path.exists(home) else made_secret(home)
    except OSError as error:
        return process_secret(home, str(error))


@cache
def process_secret(path: str, why: str) -> bytes:
    """A secret that only this process and its workers know."""
    log.warning(
        "no secret can be kept in %s (%s), so pickled state of checkpoints can be read by this process alone; "
        "name a file for it with pyflinkx.security.secret-file or %s",
        path,
        why,
        SECRET_FILE,
    )
    return secrets.token_bytes(SIZE)


def read_secret(path: str) -> bytes:
    """The secret in a file.

    Raises:
        ConfigurationError: there is none, or others may read or write it.
    """
    try:
        with open(path, "rb") as file:
            about = os.fstat(file.fileno())
            data = file.read(MOST + 1)
    except OSError as error:
        raise ConfigurationError(f"the secret of this installation cannot be read from {path}: {error}") from error
    if stat.S_IMODE(about.st_mode) & 0o077:
        raise ConfigurationError(
            f"others than its owner may read or write {path}, the secret of this installation: whoever knows it can "
            f"have code run by what is restored. After chmod 600 {path} it is accepted; if somebody may have seen it, "
            "remove it, so that a new one is made"
        )
    if about.st_uid not in (os.geteuid(), 0):
        raise ConfigurationError(f"{path}, the secret of this installation, belongs to another user ({about.st_uid})")
    if not SIZE <= len(data) <= MOST:
        raise ConfigurationError(
            f"{path} holds {len(data)} bytes, but a secret has {SIZE} to {MOST}; remove it, so that a new one is made"
        )
    return data


def made_secret(path: str) -> bytes:
    """A new secret in that file, or the one of another process that was faster.

    Raises:
        OSError: it cannot be written.
        ConfigurationError: as ``read_secret`` does.
    """
    folder = os.path.dirname(path)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    draft = os.path.join(folder, f".secret.{secrets.token_hex(8)}")
    number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(secrets.token_bytes(SIZE))
            file.flush()
            os.fsync(file.fileno())
        # Unlike a renaming, a link does not replace what another process has made meanwhile, and signed with.
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        os.unlink(draft)
    return read_secret(path)


def tag_of(secret: bytes, purpose: bytes) -> hashlib.blake2b:
    """A hash under the secret, to be updated with what it is to sign.

    Args:
        secret: of the installation.
        purpose: what is signed, STATE or MANIFEST.
    """
    key = secret if len(secret) <= hashlib.blake2b.MAX_KEY_SIZE else hashlib.blake2b(secret).digest()
    return hashlib.blake2b(key=key, digest_size=TAG_SIZE, person=purpose)


def same_tag(given: bytes, computed: bytes) -> bool:
    """Whether two tags are the same, told in a time that does not depend on where they differ."""
    return hmac.compare_digest(given, computed)
