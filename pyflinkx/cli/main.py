"""The command ``pyflinkx``."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import runpy
import sys
import traceback
from collections.abc import Sequence
from types import TracebackType

import pyflinkx
from pyflinkx._core.interrupts import TERMINATED, Terminated
from pyflinkx.cli import savepoints, sql
from pyflinkx.cli.options import add_configuration, add_restoring
from pyflinkx.cli.shell import run_shell
from pyflinkx.config.dynamic import with_dynamic_properties, with_file_properties
from pyflinkx.errors import JobExecutionError, PyflinkxError
from pyflinkx.graph.unexecuted import UNEXECUTED
from pyflinkx.runtime.drivers.termination import program_ends_on_sigterm
from pyflinkx.runtime.tracebacks import link, owned


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: without the program's name; by default those of the process.

    Returns:
        0 on success, 1 when the program failed, 2 for unusable arguments, 130 after an interrupt, 143 after SIGTERM.
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
    add_options(run_parser, progress=os.environ.get("PYFLINKX_PROGRESS") or "auto")
    add_restoring(run_parser)
    run_parser.add_argument("program", help="path of the program")
    run_parser.add_argument("arguments", nargs=argparse.REMAINDER, help="the program's own arguments")
    shell_parser = commands.add_parser(
        "shell",
        help="an interactive Python with an environment at hand",
        description="An interactive Python (IPython if installed) in which s_env is a StreamExecutionEnvironment.",
    )
    add_options(shell_parser, progress="off")
    sql_parser = sql.add_parser(commands)
    add_options(sql_parser, progress="off")
    add_restoring(sql_parser)
    savepoints.add_parser(commands)
    return parser


def add_options(parser: argparse.ArgumentParser, progress: str) -> None:
    """What every command that runs jobs takes."""
    add_configuration(parser)
    parser.add_argument("-p", "--parallelism", type=int, help="the default parallelism")
    parser.add_argument(
        "--progress",
        choices=["auto", "on", "off", "notebook"],
        default=progress,
        help=f"show progress while a job runs ({progress})",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="log what happens")


def run(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """Run a command with the options in force."""
    properties = given_properties(parser, options)
    if options.command == "run" and not os.path.isfile(options.program):
        print(f"pyflinkx run: no such program: {options.program}", file=sys.stderr)
        return 2
    logging.basicConfig(
        level=logging.INFO if getattr(options, "verbose", False) else logging.WARNING,
        format="%(asctime)s %(levelname)s %(message)s",
    )
    try:
        with contextlib.ExitStack() as stack:
            if options.config is not None:
                stack.enter_context(with_file_properties(options.config))
            stack.enter_context(with_dynamic_properties(properties))
            if options.command == "shell":
                shell()
            elif options.command == "sql":
                sql.sql(options)
            elif options.command == "savepoint":
                savepoints.savepoint(options)
            else:
                stack.enter_context(program_ends_on_sigterm())
                run_program(options.program, options.arguments)
    except KeyboardInterrupt:
        UNEXECUTED.forget()
        print("interrupted", file=sys.stderr)
        return 130
    except Terminated:
        UNEXECUTED.forget()
        print("terminated", file=sys.stderr)
        return TERMINATED
    except Exception as error:
        if not isinstance(error, PyflinkxError) and options.command != "run":
            raise
        UNEXECUTED.forget()
        report(error, options.program if options.command == "run" else None)
        return 1
    return 0


def given_properties(parser: argparse.ArgumentParser, options: argparse.Namespace) -> dict[str, str]:
    """The configuration that the options come to."""
    properties = {} if options.command == "savepoint" else properties_of_jobs(parser, options)
    for text in options.properties:
        key, separator, value = text.partition("=")
        if not separator or not key:
            parser.error(f"-D takes key=value, not {text!r}")
        properties[key] = value
    return properties


def properties_of_jobs(parser: argparse.ArgumentParser, options: argparse.Namespace) -> dict[str, str]:
    """The configuration that the options for jobs come to."""
    properties = {"pyflinkx.progress": options.progress}
    if options.parallelism is not None:
        if options.parallelism < 1:
            parser.error(f"--parallelism must be at least 1, not {options.parallelism}")
        properties["parallelism.default"] = str(options.parallelism)
    if options.command in ("run", "sql"):
        if options.savepoint is not None:
            properties["execution.state-recovery.path"] = options.savepoint
        if options.allow_non_restored:
            properties["execution.state-recovery.ignore-unclaimed-state"] = "true"
        if options.claim_mode is not None:
            properties["execution.state-recovery.claim-mode"] = options.claim_mode.upper()
    return properties


def run_program(program: str, arguments: Sequence[str]) -> None:
    """``pyflinkx run``: the program runs as ``__main__``."""
    saved_arguments, saved_path = sys.argv, list(sys.path)
    sys.argv = [program, *arguments]
    sys.path.insert(0, os.path.dirname(os.path.abspath(program)))
    try:
        runpy.run_path(program, run_name="__main__")
    finally:
        sys.argv, sys.path[:] = saved_arguments, saved_path


def shell() -> None:
    """``pyflinkx shell``; modules of the current folder can be imported, as in Python's own."""
    saved_path = list(sys.path)
    sys.path.insert(0, os.getcwd())
    try:
        run_shell()
    finally:
        sys.path[:] = saved_path


def report(error: Exception, program: str | None) -> None:
    """Print a failure: the traceback of the user's exception where there is one, then what pyflinkx says of it.

    Args:
        error: the failure.
        program: path of the user's program; the frames before it, which run it, are left out.
    """
    if not isinstance(error, PyflinkxError):
        error.__traceback__ = entries_from(program, error.__traceback__)
        traceback.print_exception(error)
        return
    if error.shows_all_frames:
        traceback.print_exception(error)
        return
    if error.__cause__ is not None and not isinstance(error.__cause__, PyflinkxError):
        traceback.print_exception(error.__cause__)
        print(file=sys.stderr)
    elif not isinstance(error, JobExecutionError):  # which names the line itself
        shown = link([entry for entry, ours in owned(entries_from(program, error.__traceback__)) if not ours])
        if shown is not None:
            print("Traceback (most recent call last):", file=sys.stderr)
            traceback.print_tb(shown)
    print(f"{type(error).__name__}: {error}", file=sys.stderr)
    for note in getattr(error, "__notes__", ()):
        print(note, file=sys.stderr)


def entries_from(program: str | None, entry: TracebackType | None) -> TracebackType | None:
    """The part of a traceback that begins in the user's program; None where that had not begun."""
    while entry is not None and entry.tb_frame.f_code.co_filename != program:
        entry = entry.tb_next
    return entry


if __name__ == "__main__":
    sys.exit(main())
