"""Database servers for tests, started by ci/servers/database.py, one for each process that runs tests."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

SERVERS = Path(__file__).parents[2] / "ci" / "servers"
ABSENT = 3


@contextmanager
def server(script, *arguments):
    """Start one and stop it in the end: what it has said of itself, a list of words.

    Where it cannot be had, the test is skipped and the message says how to get it; in CI it fails.
    """
    process = subprocess.Popen(
        [sys.executable, SERVERS / script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said = process.stdout.readline().split()
        if not said:
            _, why = process.communicate(timeout=60)
            if process.returncode == ABSENT and not os.environ.get("CI"):
                pytest.skip(why.strip())
            pytest.fail(f"{script} {arguments[0]} does not start: {why[-2000:]}")
        yield said
    finally:
        process.stdin.close()
        process.wait(60)
        process.stdout.close()
        process.stderr.close()
