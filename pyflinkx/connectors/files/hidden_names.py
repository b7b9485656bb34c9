"""Hidden names of files that are being written, by which those of one sink of one job can be told from all others."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator

# Names end in 32 hexadecimal digits, written as a UUID or plainly. The first 16 are the sink's, the others the file's.
OWN = 16
IN_PROGRESS = re.compile(r"\..+\.inprogress\.([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-[0-9a-f]{4}-[0-9a-f]{12}")
TEMPORARY = re.compile(r"\..*\.([0-9a-f]{16})[0-9a-f]{16}\.tmp")


# How often a folder is made, as somebody else may remove it while it is empty.
ATTEMPTS = 10


def new_token() -> str:
    """What the hidden names of a sink's files have in common."""
    return uuid.uuid4().hex[:OWN]


def in_progress_name(name: str, token: str) -> str:
    """The hidden name of a part file."""
    return f".{name}.inprogress.{uuid.UUID(token + uuid.uuid4().hex[:OWN])}"


def temporary_name(name: str, token: str) -> str:
    """The hidden name of a whole file; cut, as the name of a file has a longest length."""
    return f".{name[:50]}.{token}{uuid.uuid4().hex[:OWN]}.tmp"


def token_of(name: str) -> str | None:
    """The token in a hidden name; None in any other name."""
    match = IN_PROGRESS.fullmatch(name) or TEMPORARY.fullmatch(name)
    return None if match is None else "".join(match.groups())


def hidden_files(folder: str, deep: bool) -> Iterator[tuple[str, str]]:
    """Folder and name of what has a hidden name in a folder.

    Args:
        folder: it need not be there.
        deep: whether to look in the folders below, too.
    """
    if deep:
        for where, _, names in os.walk(folder):
            yield from ((where, name) for name in names if token_of(name) is not None)
        return
    try:
        names = os.listdir(folder)
    except OSError:
        return
    yield from ((folder, name) for name in names if token_of(name) is not None)


def make_folders(path: str) -> list[str]:
    """Make a folder and those above it; those that were not there, outermost first.

    Another writer whose job has failed may remove them meanwhile, as long as they are empty.

    Raises:
        OSError: it cannot be made.
    """
    made: set[str] = set()
    for attempt in range(ATTEMPTS):
        folder = path
        while folder and not os.path.isdir(folder):
            made.add(folder)
            above = os.path.dirname(folder)
            if above == folder:
                break
            folder = above
        if not made:
            break
        try:
            os.makedirs(path, exist_ok=True)
            break
        except FileNotFoundError:  # the one above it is gone again
            if attempt == ATTEMPTS - 1:
                raise
    return sorted(made, key=len)
