"""An S3 server, started once; import ``s3_server`` and ``bucket`` where they are used."""

import importlib.util
import os
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

NEEDED = ("fsspec", "s3fs", "moto", "flask")
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None]
needs_packages = pytest.mark.skipif(
    bool(MISSING) and not os.environ.get("CI"), reason=f"what needs S3 is not tested without {', '.join(MISSING)}"
)


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory):
    """An S3 server of its own process, with a bucket; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("s3") / "log"
    with open(log, "wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=out, stderr=out
        )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                with urllib.request.urlopen(f"{address}/moto-api/", timeout=5):
                    break
            except OSError:
                if server.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"the S3 server does not start: {log.read_text()[-2000:]}")
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=60)


@pytest.fixture
def bucket(s3_server, monkeypatch):
    """The URL of an empty bucket, which fsspec finds by the environment."""
    import fsspec
    import s3fs

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    s3fs.S3FileSystem.clear_instance_cache()
    name = f"files-{time.time_ns()}"
    fsspec.filesystem("s3").mkdir(name)
    yield f"s3://{name}/of/jobs"
    s3fs.S3FileSystem.clear_instance_cache()
