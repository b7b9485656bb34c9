"""Counts words: PyFlink's classic, from a file or from a few lines of Hamlet, to files or to the terminal.

python -m pyflinkx.examples.datastream.word_count --input text.txt --output counts
"""

from __future__ import annotations

import argparse

from pyflinkx.common import Types, WatermarkStrategy
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.connectors.file_system import (
    BucketAssigner,
    FileSink,
    FileSource,
    OutputFileConfig,
    RollingPolicy,
    StreamFormat,
)
from pyflinkx.types.serialization import Encoder

WORDS = [
    "To be, or not to be,--that is the question:--",
    "Whether 'tis nobler in the mind to suffer",
    "The slings and arrows of outrageous fortune",
    "Or to take arms against a sea of troubles,",
    "And by opposing end them?--To die,--to sleep,--",
]


def word_count(input_path: str | None, output_path: str | None, parallelism: int = 1) -> None:
    """Count the words of a file or folder; every word gives a line with its count so far."""
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(parallelism)
    if input_path is not None:
        source = FileSource.for_record_stream_format(StreamFormat.text_line_format(), input_path).build()
        lines = env.from_source(source, WatermarkStrategy.no_watermarks(), "file_source")
    else:
        lines = env.from_collection(WORDS)
    counts = (
        lines.flat_map(str.split)
        .map(lambda word: (word, 1), output_type=Types.TUPLE([Types.STRING(), Types.INT()]))
        .key_by(lambda pair: pair[0])
        .reduce(lambda a, b: (a[0], a[1] + b[1]))
    )
    if output_path is not None:
        sink = (
            FileSink.for_row_format(output_path, Encoder.simple_string_encoder())
            .with_output_file_config(
                OutputFileConfig.builder().with_part_prefix("counts").with_part_suffix(".txt").build()
            )
            .with_bucket_assigner(BucketAssigner.base_path_bucket_assigner())
            .with_rolling_policy(RollingPolicy.default_rolling_policy())
            .build()
        )
        counts.sink_to(sink)
    else:
        counts.print()
    env.execute("word count")


def main(arguments: list[str] | None = None) -> None:
    """Run with the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", help="file or folder to read; a few lines of Hamlet by default")
    parser.add_argument("--output", help="folder to write to; the terminal by default")
    parser.add_argument("--parallelism", type=int, default=1)
    options = parser.parse_args(arguments)
    word_count(options.input, options.output, options.parallelism)


if __name__ == "__main__":
    main()
