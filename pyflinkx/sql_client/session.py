"""Statements run one after the other, and their results written."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from pyflinkx.common.job_client import JobClient
from pyflinkx.errors import ConfigurationError, PyflinkxError, SqlError
from pyflinkx.sql.parser import parse_statement
from pyflinkx.sql.tree.statements import Command, QueryStatement, SetOption, Show, StopJob
from pyflinkx.sql_client import FORMATS
from pyflinkx.sql_client.rows import write_csv, write_json
from pyflinkx.sql_client.splitting import statements
from pyflinkx.table.table_environment import TableEnvironment
from pyflinkx.table.table_result import TableResult

RESULT_MODE = "sql-client.execution.result-mode"
MAX_ROWS = "sql-client.execution.max-table-result.rows"
HELP = """\
A statement ends with a semicolon and may take several lines.

  SELECT ...; INSERT INTO ...; CREATE TABLE ...; EXPLAIN ...;   SQL of Flink's
  SHOW TABLES; SHOW FUNCTIONS; DESCRIBE t; USE db;              what there is
  SET; SET 'key' = 'value'; RESET 'key';                        options
  SHOW JOBS; STOP JOB 'id' [WITH SAVEPOINT] [WITH DRAIN];       jobs of this session
  HELP; CLEAR; QUIT;

SET 'sql-client.execution.result-mode' = 'table' keeps a result as a table that changes while its query runs; 'tableau'
and 'changelog' print its changes, 'csv' and 'json' write them as lines. Ctrl-C ends a query."""


class Quit(Exception):
    """The user has had enough."""


class Session:
    """What a client's statements have in common.

    Args:
        environment: whose statements they are.
        write: takes a line of the output.
        form: how results are written, one of FORMATS; ``SET`` changes it.
        waits: whether an INSERT is waited for, as where nobody types the next statement.
    """

    def __init__(
        self,
        environment: TableEnvironment,
        write: Callable[[str], Any] = print,
        form: str = "tableau",
        waits: bool = True,
    ) -> None:
        self.environment = environment
        self.write = write
        self.form = form
        self.waits = waits
        self.jobs: dict[str, tuple[str, Any]] = {}

    def run(self, text: str) -> None:
        """Run the statements of a script; the first that fails ends it.

        Raises:
            PyflinkxError: a statement is wrong, or its job has failed.
            Quit: the script says so.
        """
        for statement in statements(text):
            self.execute(statement)

    def execute(self, text: str) -> None:
        """Run one statement.

        Raises:
            PyflinkxError: it is wrong, or its job has failed.
            Quit: it says so.
        """
        statement = parse_statement(text)
        if isinstance(statement, Command):
            self.command(statement.name)
        elif isinstance(statement, Show) and statement.kind == "JOBS":
            self.show_jobs()
        elif isinstance(statement, StopJob):
            self.stop_job(statement)
        elif isinstance(statement, SetOption) and statement.key == RESULT_MODE:
            self.set_form(statement.value)
        else:
            result = self.environment.execute_sql(text)
            if isinstance(statement, QueryStatement):
                self.show(result)
            elif (client := result.get_job_client()) is not None:
                self.submitted(result, client, text)
            else:
                result.print()

    # ---- what only a client understands ----

    def command(self, name: str) -> None:
        """QUIT, EXIT, CLEAR or HELP."""
        if name in ("QUIT", "EXIT"):
            raise Quit
        self.write("\x1b[H\x1b[2J" if name == "CLEAR" else HELP)

    def set_form(self, form: str | None) -> None:
        """How results are written from now on.

        Raises:
            ConfigurationError: there is no such form.
        """
        if form is None or form.lower() not in FORMATS:
            raise ConfigurationError(f"{RESULT_MODE} is one of {', '.join(FORMATS)}, not {form}")
        self.form = form.lower()
        self.write("OK")

    def submitted(self, result: TableResult, client: JobClient, text: str) -> None:
        """Say which job writes, and wait for it where nobody else would."""
        job = str(client.get_job_id())
        self.jobs[job] = (" ".join(text.split()), client)
        self.write(f"Job ID: {job}")
        if self.waits:
            result.wait()
            self.write("Done")

    def show_jobs(self) -> None:
        """The jobs that this session has begun, and how they are."""
        if not self.jobs:
            self.write("Empty set")
        for job, (text, client) in self.jobs.items():
            shown = text if len(text) <= 60 else f"{text[:57]}..."
            self.write(f"{job}  {client.get_job_status().result().name:10}  {shown}")

    def stop_job(self, statement: StopJob) -> None:
        """STOP JOB.

        Raises:
            SqlError: this session has begun no such job.
        """
        if statement.job not in self.jobs:
            raise SqlError(f"no job {statement.job} was begun here: SHOW JOBS names those that were")
        client = self.jobs[statement.job][1]
        if statement.savepoint:
            self.write(f"Savepoint: {client.stop_with_savepoint(statement.drain, None).result()}")
        else:
            client.cancel().result()
            self.write("OK")

    # ---- results ----

    def show(self, result: TableResult) -> None:
        """Write the rows of a query."""
        if self.form == "table" and sys.stdout.isatty():
            from pyflinkx.sql_client.live import show_live

            show_live(result, int(self.environment.get_config().get(MAX_ROWS, "1000000")))
            return
        if self.form in ("csv", "json"):
            names = result.get_resolved_schema().get_column_names()
            kinds = self.environment._is_streaming
            with result.collect() as rows:
                (write_csv if self.form == "csv" else write_json)(rows, names, kinds, self.write)
            return
        result.print()


def told(error: BaseException) -> str:
    """An error as a user reads it."""
    return str(error) if isinstance(error, PyflinkxError) else f"{type(error).__name__}: {error}"
