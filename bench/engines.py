"""Processes of engines, one for each engine and job, told when to run; see bench/peers/serving.py for what they say."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PEERS = ROOT / "build" / "peers"
LOGS = ROOT / "build" / "bench" / "logs"
OURS = ("pyflinkx", "self")

# For engines that take their number of threads from the environment.
ONE_THREAD = dict.fromkeys(
    ["POLARS_MAX_THREADS", "OMP_NUM_THREADS", "RAYON_NUM_THREADS", "TOKIO_WORKER_THREADS", "PATHWAY_THREADS"], "1"
)
READY_SECONDS = 240
TURN_SECONDS = 120


class Gone(Exception):
    """The engine is not there (any more); the text says why."""


@dataclass
class Turn:
    seconds: float
    cpu: float
    answer: dict[str, Any]


@dataclass
class Engine:
    """One engine, for one job.

    Args:
        name: of bench.plan.PEERS, or "pyflinkx".
        job: the job's name in the engine's own table.
        rows: how many.
        paths: the files of the input.

    Attributes:
        version: once it is ready.
        why_absent: why it takes no (more) part.
    """

    name: str
    job: str
    rows: int
    paths: list[str]
    version: str = ""
    why_absent: str = ""
    turns: list[Turn] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process and let it load its data."""
        try:
            command = self.command()
            LOGS.mkdir(parents=True, exist_ok=True)
            with open(self.log, "wb") as log:
                self.process = subprocess.Popen(
                    [*command, self.job, str(self.rows), *self.paths],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    cwd=ROOT,
                    env={**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT) if self.name in OURS else ""},
                    start_new_session=True,
                )
            self.version = self.listen(READY_SECONDS)["ready"]
        except Gone as gone:
            self.leave(str(gone))

    @property
    def log(self) -> Path:
        return LOGS / f"{self.job.replace('/', '-')}-{self.name}.log"

    def command(self) -> list[str]:
        if self.name in OURS:
            return [sys.executable, "-m", "bench.jobs.serve"]
        folder = PEERS / ("flink" if self.name == "flinksql" else self.name)
        if (folder / "absent").exists():
            raise Gone(f"not installed: {(folder / 'absent').read_text().strip()}")
        if not (folder / "ready").exists():
            raise Gone("not installed: ci/peers.sh does that")
        return [str(folder / "bin" / "python"), str(ROOT / "bench" / "peers" / f"on_{self.name}.py")]

    def turn(self, counted: bool = True) -> None:
        """Run the job once."""
        if self.why_absent or self.process is None:
            return
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(b"\n")
            self.process.stdin.flush()
            message = self.listen(TURN_SECONDS)
        except BrokenPipeError:
            self.leave(self.last_words())
        except Gone as gone:
            self.leave(str(gone))
        else:
            if counted:
                self.turns.append(Turn(message["seconds"], message["cpu"], message["answer"]))

    def listen(self, seconds: float) -> dict[str, Any]:
        """Its next message; Gone if none comes in time, or it says that it is absent."""
        assert self.process is not None
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            raise Gone(f"no answer within {seconds:.0f} s")
        line = self.process.stdout.readline()
        if not line:
            raise Gone(self.last_words())
        message: dict[str, Any] = json.loads(line)
        if "absent" in message:
            raise Gone(message["absent"])
        return message

    def last_words(self) -> str:
        """The last line that a process wrote before it ended."""
        assert self.process is not None
        code = self.process.wait()
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return f"ended with code {code}" + (f": {lines[-1]:.200}" if lines else "")

    def leave(self, why: str) -> None:
        self.why_absent = why.replace(f"{ROOT}/", "")
        self.stop(0)

    def stop(self, patience: float = 20) -> None:
        """End the process, and what it has started, by force after ``patience`` seconds."""
        if self.process is None:
            return
        process, self.process = self.process, None
        family = descendants(process.pid)
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for child in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        process.stdout.close()


def descendants(process: int) -> list[int]:
    """Processes that a process has started, and those that they have."""
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                found += [int(child), *descendants(int(child))]
    return found
