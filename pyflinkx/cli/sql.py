"""``pyflinkx sql``: its grammar; the client itself is ``pyflinkx.sql_client``."""

from __future__ import annotations

import argparse
from typing import Any

from pyflinkx.sql_client import FORMATS


def add_parser(commands: Any) -> argparse.ArgumentParser:
    """The grammar of ``pyflinkx sql``."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "sql",
        help="run statements of SQL: from a terminal, a script or the command line",
        description="Run statements of SQL. Without -f and -e they come from the terminal, or from the input.",
    )
    parser.add_argument("-i", "--init", action="append", default=[], metavar="path", help="a script that comes first")
    parser.add_argument("-f", "--file", action="append", default=[], metavar="path", help="a script to run")
    parser.add_argument("-e", "--execute", action="append", default=[], metavar="statements", help="what to run")
    parser.add_argument("--format", choices=FORMATS, default="tableau", help="how results are written (tableau)")
    return parser


def sql(options: argparse.Namespace) -> None:
    """Run ``pyflinkx sql``.

    Raises:
        PyflinkxError: a statement is wrong, or its job has failed.
    """
    from pyflinkx.sql_client.main import run_client  # slow to import: it brings the API of tables

    run_client(options.file, options.init, options.execute, options.format)
