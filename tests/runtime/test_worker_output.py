"""What workers print, against what they printed."""

import io
import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.runtime.control import worker_output
from pyflinkx.runtime.control.worker_output import (
    KEPT_CHARACTERS,
    KEPT_LINES,
    PIECE,
    LastLines,
    OutputRelay,
    OutputStream,
)

ROOT = Path(__file__).resolve().parents[2]

texts = st.binary(max_size=60) | st.text("ab\n\u00e4\U0001f600\0", max_size=30).map(str.encode)


@given(st.lists(texts), st.integers(1, 20))
def test_all_that_is_read_is_passed_on_in_whole_lines_or_pieces(chunks, piece):
    data = b"".join(chunks)
    stream = OutputStream(piece)
    passed = [stream.feed(chunk) for chunk in chunks if chunk]
    for text in filter(None, passed):
        assert text.endswith("\n") or len(text) >= piece
        assert stream.held < piece
    assert "".join(passed) + stream.feed(b"") == data.decode("utf-8", "replace")


@given(st.lists(st.text("ab\n", max_size=30)))
def test_the_last_lines_are_kept_whatever_pieces_they_came_in(pieces):
    last = LastLines()
    for piece in pieces:
        last.add(piece)
    assert list(last.lines) == "".join(pieces).splitlines()[-KEPT_LINES:]


def test_a_long_line_is_kept_only_as_far_as_it_is_worth_telling():
    last = LastLines()
    for _ in range(100):
        last.add("x" * PIECE)
    assert [len(line) for line in last.lines] == [KEPT_CHARACTERS]


class Slow(io.StringIO):
    def __init__(self):
        super().__init__()
        self.may_write = threading.Event()

    def write(self, text):
        self.may_write.wait()
        return super().write(text)


def test_who_reads_slowly_fills_the_relay_and_is_waited_for(monkeypatch):
    slow, room = Slow(), threading.Event()
    monkeypatch.setattr(sys, "stdout", slow)
    monkeypatch.setattr(worker_output, "WAITING_CHARACTERS", 10)
    relay = OutputRelay(room.set)
    relay.put("stdout", "0123456789")
    assert relay.is_full()
    assert not room.is_set()
    slow.may_write.set()
    room.wait()
    relay.put("stdout", "\n")
    relay.close(None)
    assert slow.getvalue() == "0123456789\n"


class Broken(io.StringIO):
    def write(self, text):
        raise RuntimeError("no")


@pytest.mark.parametrize("stream", [None, Broken()], ids=["none", "broken"])
def test_a_host_without_a_usable_stream_loses_the_output_only(monkeypatch, stream):
    monkeypatch.setattr(sys, "stderr", stream)
    relay = OutputRelay(lambda: None)
    for _ in range(3):
        relay.put("stderr", "lost\n")
    relay.close(None)


def test_what_an_encoding_lacks_is_escaped(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "ascii"))
    relay = OutputRelay(lambda: None)
    relay.put("stdout", "a\u00e4\n")
    relay.close(None)
    assert raw.getvalue() == b"a\\xe4\n"


def start(text, **run):
    program = textwrap.dedent(
        """
        import logging, os, resource, sys
        from pyflinkx.common import Configuration
        from pyflinkx.datastream import StreamExecutionEnvironment
        def run_job(function, **options):
            given = {key.replace("_", "."): value for key, value in options.items()}
            env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(given))
            env.set_parallelism(2)
            with env.from_collection(list(range(20))).map(function).execute_and_collect() as results:
                return sorted(results)
        """
    ) + textwrap.dedent(text)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", program], env=env, **run)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_line_of_many_megabytes_passes_and_takes_no_memory(stream):
    with start(
        f"""
        run_job(lambda x: x)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        def speak(x):
            if x == 0:
                getattr(sys, {stream!r}).write("y" * 60_000_000)
            return x
        assert run_job(speak) == list(range(20))
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000
        """,
        **{stream: subprocess.PIPE},
    ) as client:
        read = getattr(client, stream).read()
    assert client.returncode == 0, read[-2000:]
    assert read.count(b"y") == 60_000_000


def test_garbage_passes():
    garbage = bytes(range(256)) * 300 + b"\xf0\x9f"
    with start(
        """
        garbage = bytes(range(256)) * 300 + b"\\xf0\\x9f"
        def speak(x):
            if x == 0:
                os.write(1, garbage)
                os.write(2, garbage)
            return x
        assert run_job(speak) == list(range(20))
        """,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as client:
        out, err = client.communicate()
    assert client.returncode == 0, err[-2000:]
    assert out.decode() == err.decode() == garbage.decode("utf-8", "replace")


def test_log_records_of_megabytes_are_cut():
    with start(
        """
        logging.basicConfig(stream=sys.stdout, format="%(message)s")
        assert run_job(lambda x: logging.warning("z" * 10_000_000) or x) == list(range(20))
        """,
        stdout=subprocess.PIPE,
    ) as client:
        lines = client.stdout.read().decode().splitlines()
    assert client.returncode == 0
    assert len(lines) == 20
    assert all(line.startswith("zzz") and line.endswith("(10000000 characters)") for line in lines)
    assert max(map(len, lines)) < 300_000


def test_who_does_not_read_holds_up_neither_failures_nor_the_end():
    """The pipe is full and nobody reads: the job fails all the same, and the client goes on and ends."""
    with start(
        """
        import threading
        from pyflinkx.errors import JobExecutionError
        def speak(x):
            if x < 10:  # the first worker prints without end
                while True:
                    print("w" * 1000)
            if x == 15:
                raise ValueError("enough")
            return x
        try:
            run_job(speak, task_cancellation_timeout="300 ms")
        except JobExecutionError as error:
            assert "enough" in str(error), error
            os.write(2, b"failed as it should")
        sys.stdout = None
        """,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as client:
        errors = client.stderr.read()
        client.wait(60)
        assert errors == b"failed as it should"
        assert client.returncode == 0


def test_who_reads_gets_all():
    """Many times what the pipes and the relay hold; the job waits for its output to be read."""
    with start(
        """
        def speak(x):
            print(f"{x:02d}" + "w" * 500_000)
            return x
        assert run_job(speak) == list(range(20))
        """,
        stdout=subprocess.PIPE,
    ) as client:
        lines = client.stdout.read().decode().splitlines()
    assert client.returncode == 0
    written = "".join(lines)
    assert len(written) == 20 * 500_002
    assert sorted(written.replace("w", "")) == sorted("".join(f"{x:02d}" for x in range(20)))


def test_a_reader_that_went_away_does_not_fail_the_job():
    with start(
        """
        assert run_job(lambda x: print("w" * 10_000) or x) == list(range(20))
        os.write(2, b"done")
        sys.stdout = None
        """,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as client:
        client.stdout.close()
        errors = client.stderr.read()
    assert errors.endswith(b"done"), errors
