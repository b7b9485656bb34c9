"""A line that shows how a job is getting on while it runs."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, TextIO

from pyflinkx.errors import MissingExtraError
from pyflinkx.runtime.drivers.job import JobProgress, ProgressListener


@contextlib.contextmanager
def progress_line(mode: str) -> Iterator[ProgressListener | None]:
    """A listener that shows progress on the standard error while the block runs, or None where none is wanted.

    Args:
        mode: "off"; "on"; or "auto": on when the standard error is a terminal and ``rich`` is installed.

    Raises:
        MissingExtraError: mode is "on" and ``rich`` is not installed.
    """
    if mode == "off" or (mode == "auto" and not on_terminal(sys.stderr)):
        yield None
        return
    try:
        from rich.console import Console
        from rich.live import Live
    except ImportError as error:
        if mode == "on":
            raise MissingExtraError("progress needs rich: pip install 'pyflinkx[cli]'") from error
        yield None
        return
    console = Console(stderr=True)
    with Live("starting", console=console, transient=False, auto_refresh=False) as live:

        def show(progress: JobProgress) -> None:
            live.update(describe(progress), refresh=True)

        yield show


def describe(progress: JobProgress) -> Any:
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
