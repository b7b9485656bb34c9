"""The command ``pyflinkx``."""

from __future__ import annotations

import argparse
import logging
import os
import runpy
import sys
import traceback
from collections.abc import Sequence

import pyflinkx
from pyflinkx.config.dynamic import with_dynamic_properties
from pyflinkx.errors import PyflinkxError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: without the program's name; by default those of the process.

    Returns:
        0 on success, 1 when the program failed, 2 for unusable arguments, 130 after an interrupt.
    """
    parser = make_parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return 2
    return run(parser, options)


def make_parser() -> argparse.ArgumentParser:
    """The grammar of the command line."""
    parser = argparse.ArgumentParser(prog="pyflinkx", description="Stateful stream processing for Python.")
    parser.add_argument("--version", action="version", version=f"pyflinkx {pyflinkx.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    run_parser = commands.add_parser(
        "run",
        help="run a program",
        description="Run a Python program that builds and executes a job. Options of the program follow its name.",
    )
    run_parser.add_argument(
        "-D", dest="properties", metavar="key=value", action="append", default=[], help="set a configuration option"
    )
    run_parser.add_argument("-p", "--parallelism", type=int, help="the default parallelism")
    run_parser.add_argument(
        "--progress", choices=["auto", "on", "off"], default="auto", help="show progress while a job runs (auto)"
    )
    run_parser.add_argument("-v", "--verbose", action="store_true", help="log what happens")
    run_parser.add_argument("program", help="path of the program")
    run_parser.add_argument("arguments", nargs=argparse.REMAINDER, help="the program's own arguments")
    return parser


def run(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """``pyflinkx run``: the program runs as ``__main__``, with the options in force."""
    properties = {"pyflinkx.progress": options.progress}
    if options.parallelism is not None:
        if options.parallelism < 1:
            parser.error(f"--parallelism must be at least 1, not {options.parallelism}")
        properties["parallelism.default"] = str(options.parallelism)
    for text in options.properties:
        key, separator, value = text.partition("=")
        if not separator or not key:
            parser.error(f"-D takes key=value, not {text!r}")
        properties[key] = value
    if not os.path.isfile(options.program):
        print(f"pyflinkx run: no such program: {options.program}", file=sys.stderr)
        return 2
    logging.basicConfig(
        level=logging.INFO if options.verbose else logging.WARNING, format="%(asctime)s %(levelname)s %(message)s"
    )
    saved_arguments, saved_path = sys.argv, list(sys.path)
    sys.argv = [options.program, *options.arguments]
    sys.path.insert(0, os.path.dirname(os.path.abspath(options.program)))
    try:
        with with_dynamic_properties(properties):
            runpy.run_path(options.program, run_name="__main__")
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except PyflinkxError as error:
        report(error)
        return 1
    finally:
        sys.argv, sys.path[:] = saved_arguments, saved_path
    return 0


def report(error: PyflinkxError) -> None:
    """Print a failure: the traceback of the user's exception where there is one, then what pyflinkx says of it."""
    if error.__cause__ is not None and not isinstance(error.__cause__, PyflinkxError):
        traceback.print_exception(error.__cause__)
        print(file=sys.stderr)
    print(f"{type(error).__name__}: {error}", file=sys.stderr)
    for note in getattr(error, "__notes__", ()):
        print(note, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
