"""``pyflinkx sql``: its grammar, and what it runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from pyflinkx.errors import ConfigurationError
from pyflinkx.sql_client.prompt import run_prompt
from pyflinkx.sql_client.session import Quit, Session
from pyflinkx.table.environment_settings import EnvironmentSettings
from pyflinkx.table.table_environment import TableEnvironment


def run_client(
    scripts: Sequence[str] = (),
    inits: Sequence[str] = (),
    texts: Sequence[str] = (),
    form: str = "tableau",
) -> None:
    """Run statements: of init scripts, then of scripts and texts, or else of whoever sits at the terminal.

    Args:
        scripts: paths of scripts.
        inits: paths of scripts that come before all others.
        texts: statements.
        form: how results are written, one of FORMATS.

    Raises:
        PyflinkxError: a statement is wrong, or its job has failed.
    """
    environment = TableEnvironment.create(EnvironmentSettings.new_instance().build())
    interactive = not scripts and not texts and sys.stdin.isatty()
    session = Session(environment, lambda line: print(line, flush=True), form, waits=not interactive)
    try:
        for path in [*inits, *scripts]:
            session.run(read(path))
        for text in texts:
            session.run(text)
        if interactive:
            run_prompt(session)
        elif not scripts and not texts:
            session.run(sys.stdin.read())
    except Quit:
        pass


def read(path: str) -> str:
    """The text of a script.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the script {path} cannot be read: {error}") from error
