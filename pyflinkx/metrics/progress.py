"""What shows how a job is getting on while it runs."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, TextIO

from pyflinkx.runtime.drivers.job import JobProgress, ProgressListener

# Seconds between two lines where the standard error is no terminal.
LINE_INTERVAL = 5.0


@contextlib.contextmanager
def progress_line(mode: str) -> Iterator[ProgressListener | None]:
    """A listener that shows progress while the block runs, or None where none is wanted.

    In a notebook it is shown below the cell, and updated in place. Elsewhere it is a line on the standard error: one
    that changes on a terminal (by ``rich`` where that is installed), or a new one every 5 s.

    Args:
        mode: "notebook" for notebooks only, "auto" for terminals too, "on" for wherever it is, "off" for nowhere.
    """
    if mode == "off":
        yield None
    elif in_notebook():
        yield cell_output()
    elif on_terminal(sys.stderr) and mode != "notebook":
        with terminal_line() as listener:
            yield listener
    elif mode == "on" and sys.stderr is not None and not sys.stderr.closed:
        yield log_lines(sys.stderr)
    else:
        yield None


def in_notebook() -> bool:
    """Whether an IPython kernel runs this, such as that of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None


def cell_output() -> ProgressListener:
    """Shows progress below the cell."""
    from IPython import display as shown

    display: Any = shown.display
    handle: Any = None

    def show(progress: JobProgress) -> None:
        nonlocal handle
        text = {"text/plain": describe(progress)}
        if handle is None:
            handle = display(text, raw=True, display_id=True)
        else:
            handle.update(text, raw=True)

    return show


@contextlib.contextmanager
def terminal_line() -> Iterator[ProgressListener]:
    """A line of a terminal that changes while the job runs."""
    try:
        from rich.console import Console
        from rich.live import Live
    except ImportError:
        yield from plain_line(sys.stderr)
        return
    with Live("starting", console=Console(stderr=True), transient=False, auto_refresh=False) as live:

        def show(progress: JobProgress) -> None:
            live.update(describe(progress), refresh=True)

        yield show


def plain_line(stream: TextIO) -> Iterator[ProgressListener]:
    """The same without ``rich``: each text takes the place of the one before, cut to the terminal's width."""
    shown = False

    def show(progress: JobProgress) -> None:
        nonlocal shown
        shown = True
        width = max(shutil.get_terminal_size().columns - 1, 1)
        write(stream, f"\r\x1b[K{describe(progress)[:width]}")

    try:
        yield show
    finally:
        if shown:
            write(stream, "\n")


def log_lines(stream: TextIO) -> ProgressListener:
    """A line now and then, for what is read later."""
    due = LINE_INTERVAL

    def show(progress: JobProgress) -> None:
        nonlocal due
        if progress.final or progress.elapsed >= due:
            due = progress.elapsed + LINE_INTERVAL
            write(stream, f"{describe(progress)}\n")

    return show


def write(stream: TextIO, text: str) -> None:
    """Write to the standard error; who closes it loses the progress, and not the job."""
    with contextlib.suppress(OSError, ValueError):
        stream.write(text)
        stream.flush()


def describe(progress: JobProgress) -> str:
    """Records in and out, rate, bad and late records, and the watermark, as one line."""
    rate = progress.records_in / progress.elapsed if progress.elapsed > 0 else 0.0
    parts = [
        progress.job_name,
        f"in {progress.records_in:,}",
        f"out {progress.records_out:,}",
        f"{rate:,.0f} records/s",
        f"{progress.elapsed:.1f} s",
    ]
    if progress.bad_records:
        parts.append(f"bad {progress.bad_records:,}")
    if progress.late_records:
        parts.append(f"late {progress.late_records:,}")
    parts.append(f"watermark {format_time(progress.watermark)}")
    return "  ".join(parts)


def format_time(timestamp: int | None) -> str:
    """An event time (ms) as UTC, or ``-``; as a number where the calendar does not reach."""
    if timestamp is None:
        return "-"
    try:
        return datetime.fromtimestamp(timestamp / 1000, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return str(timestamp)


def on_terminal(stream: TextIO | None) -> bool:
    """Whether somebody may be looking; a host may have no such stream, or have closed it."""
    return stream is not None and not stream.closed and stream.isatty()
