"""Watches a folder, and prints the lines of every file that appears in it in capitals, until there were ``--lines``.

python -m pyflinkx.examples.datastream.file_watch /var/spool/reports --lines 3
"""

from __future__ import annotations

import argparse
import contextlib

from pyflinkx.common import Duration, WatermarkStrategy
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.connectors.file_system import FileSource, StreamFormat
from pyflinkx.datastream.connectors.queue import QueueSink
from pyflinkx.errors import JobCancelledError


def watch(folder: str, lines_wanted: int) -> None:
    """Print lines of the folder's files as they come; each file is read once, when it is found."""
    env = StreamExecutionEnvironment.get_execution_environment()
    source = (
        FileSource.for_record_stream_format(StreamFormat.text_line_format(), folder)
        .monitor_continuously(Duration.of_millis(100))
        .build()
    )
    lines = QueueSink()
    env.from_source(source, WatermarkStrategy.no_watermarks(), "watched folder").map(str.upper).sink_to(lines)
    job = env.execute_async("watch")
    for _ in range(lines_wanted):
        print(lines.get(), flush=True)
    job.cancel().result()
    with contextlib.suppress(JobCancelledError):
        job.get_job_execution_result().result()


def main(arguments: list[str] | None = None) -> None:
    """Run with the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--lines", type=int, default=10, help="stop after so many")
    options = parser.parse_args(arguments)
    watch(options.folder, options.lines)


if __name__ == "__main__":
    main()
