"""The client: sessions, what completes a name, a terminal, the command."""

import json
import os
import subprocess
import sys

import pytest

from pyflinkx.errors import ConfigurationError, SqlError
from pyflinkx.sql_client.completion import Completion
from pyflinkx.sql_client.prompt import coloured
from pyflinkx.sql_client.session import HELP, Quit, Session
from pyflinkx.table import EnvironmentSettings, TableEnvironment


@pytest.fixture
def session(capsys):
    environment = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    environment.get_config().set("pyflinkx.workers", "inline")
    return Session(environment, print)


def test_statements_run_in_turn(session, capsys):
    session.run("CREATE TEMPORARY VIEW v AS VALUES ('a', 1), ('b', 2); SELECT * FROM v;")
    shown = capsys.readouterr().out
    assert shown.startswith("OK\n")
    assert "| +I |                              b |           2 |" in shown


def test_json_lines(session, capsys):
    session.run("SET 'sql-client.execution.result-mode' = 'json'; SELECT 1 AS n, 'x' AS name")
    assert capsys.readouterr().out.splitlines() == ["OK", '{"op": "+I", "n": 1, "name": "x"}']


def test_csv_lines(session, capsys):
    session.form = "csv"
    session.run("VALUES (1, 'x,y')")
    assert capsys.readouterr().out.splitlines() == ["op,EXPR$0,EXPR$1", '+I,1,"x,y"']


def test_an_unknown_form(session):
    with pytest.raises(ConfigurationError, match="tableau, table"):
        session.run("SET 'sql-client.execution.result-mode' = 'xml'")


def test_a_script_ends_at_its_first_error(session, capsys):
    with pytest.raises(SqlError, match="line 2"):
        session.run("SELECT 1;\nSELECT a;\nSELECT 2;")
    assert "2 |" not in capsys.readouterr().out.replace("|           1 |", "")


def test_words_of_clients(session, capsys):
    session.run("HELP;")
    assert capsys.readouterr().out.strip() == HELP
    with pytest.raises(Quit):
        session.run("quit;")


JOB = """
CREATE TABLE numbers (n INT) WITH ('connector' = 'datagen', 'number-of-rows' = '3', 'fields.n.kind' = 'sequence',
    'fields.n.start' = '1', 'fields.n.end' = '3');
CREATE TABLE nowhere (n INT) WITH ('connector' = 'blackhole');
INSERT INTO nowhere SELECT n FROM numbers;
SHOW JOBS;
"""


def test_jobs(session, capsys):
    session.run(JOB)
    lines = capsys.readouterr().out.splitlines()
    job = lines[2].removeprefix("Job ID: ")
    assert lines[3] == "Done"
    assert lines[4].split()[:2] == [job, "FINISHED"]
    with pytest.raises(SqlError, match="SHOW JOBS"):
        session.run("STOP JOB 'another'")


# ---- completion ----


def candidates(session, text):
    return [name for name, _ in Completion(session.environment).candidates(text)]


def test_completion(session):
    session.run("CREATE TEMPORARY VIEW visits AS SELECT 1 AS person, 'x' AS page")
    assert candidates(session, "SELECT * FROM ") == ["visits"]
    assert candidates(session, "SELECT * FROM vi") == ["visits"]
    assert candidates(session, "SELECT v. FROM visits AS v"[:9]) == []
    assert candidates(session, "SELECT * FROM visits AS v WHERE v.") == ["person", "page"]
    assert candidates(session, "SELECT * FROM visits WHERE visits.pa") == ["page"]
    assert candidates(session, "SELECT * FROM visits WHERE per")[0] == "person"
    assert "SELECT" in candidates(session, "SEL")
    assert "select" in candidates(session, "sel")
    assert candidates(session, "SELECT 'vi") == []


# ---- a terminal ----


def test_colours_leave_the_text_as_it_is():
    text = "SELECT 'a\nb' -- why\n, `x` FROM t /* no end"
    assert "\n".join("".join(part for _, part in line) for line in coloured(text)) == text


# In a process of its own: prompt_toolkit takes what goes wrong in anybody's event loop for its own.
TERMINAL = """
from prompt_toolkit import PromptSession
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from pyflinkx.sql_client import prompt
from pyflinkx.sql_client.session import Session
from pyflinkx.table import EnvironmentSettings, TableEnvironment

environment = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
environment.get_config().set("pyflinkx.workers", "inline")
session = Session(environment, print)
with create_pipe_input() as keys:
    # A statement over two lines, a wrong one, and the end.
    keys.send_text("SELECT 1\\r AS uno;\\rSELECT nothing;\\rquit\\r")
    made = prompt.prompt_session(PromptSession, session, input=keys, output=DummyOutput())
    prompt.reader = lambda session: made.prompt
    prompt.run_prompt(session)
"""


def test_a_terminal(tmp_path):
    pytest.importorskip("prompt_toolkit", reason="pip install 'pyflinkx[cli]'")
    history = tmp_path / "history"
    done = subprocess.run(
        [sys.executable, "-c", TERMINAL],
        env={**os.environ, "PYFLINKX_SQL_HISTORY": str(history)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "|         uno |" in done.stdout
    assert "nothing" in done.stderr
    assert "SELECT 1" in history.read_text()


# ---- the command ----


def run(*arguments, text=""):
    command = [sys.executable, "-m", "pyflinkx", "sql", "-D", "pyflinkx.workers=inline", *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=120)


def test_the_command(tmp_path):
    init, script = tmp_path / "init.sql", tmp_path / "script.sql"
    init.write_text("CREATE TEMPORARY VIEW v AS VALUES (1), (2);")
    script.write_text("SELECT * FROM v;")
    done = run("-i", str(init), "-f", str(script), "-e", "SELECT 3 AS EXPR$0", "--format", "json")
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line != "OK"]
    assert [json.loads(line)["EXPR$0"] for line in lines] == [1, 2, 3]


def test_the_command_reads_its_input_and_says_what_is_wrong():
    done = run(text="SELECT 1;\nSELEC 2;")
    assert done.returncode == 1
    assert "1 row in set" in done.stdout
    assert "line 2" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_script_that_is_not_there():
    done = run("-f", "no/such.sql")
    assert done.returncode == 1
    assert "no/such.sql" in done.stderr
