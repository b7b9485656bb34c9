"""What runs each kind of statement."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pyflinkx.sql.places import error_at
from pyflinkx.sql.tree import ddl
from pyflinkx.sql.tree import statements as tree
from pyflinkx.table.statements import altered, created, explained, inserted, settings, shown
from pyflinkx.table.table_result import TableResult

if TYPE_CHECKING:
    from pyflinkx.table.table_environment import TableEnvironment

Run = Callable[[Any, Any, str], TableResult]


def query(environment: TableEnvironment, statement: tree.QueryStatement, text: str) -> TableResult:
    """A query by itself."""
    return environment._executed(environment._binder(text).bind(statement.query))


def execute(environment: TableEnvironment, statement: tree.Execute, text: str) -> TableResult:
    """EXECUTE and a statement."""
    return run(environment, statement.statement, text)


RUNNERS: dict[type[Any], Run] = {
    tree.QueryStatement: query,
    tree.Execute: execute,
    tree.Insert: inserted.insert,
    tree.StatementSet: inserted.statement_set,
    tree.BeginStatementSet: inserted.begin,
    tree.EndStatementSet: inserted.end,
    tree.Truncate: inserted.truncate,
    tree.Explain: explained.explain,
    tree.Show: shown.show,
    tree.Describe: shown.describe,
    tree.Use: settings.use,
    tree.UseModules: settings.use_modules,
    tree.LoadModule: settings.load_module,
    tree.UnloadModule: settings.unload_module,
    tree.SetOption: settings.set_option,
    tree.ResetOption: settings.reset_option,
    tree.Jar: settings.jar,
    ddl.CreateTable: created.create_table,
    ddl.CreateView: created.create_view,
    ddl.CreateDatabase: created.create_database,
    ddl.CreateCatalog: created.create_catalog,
    ddl.CreateFunction: created.create_function,
    ddl.Drop: created.drop,
    ddl.Alter: altered.alter,
}


def run(environment: TableEnvironment, statement: tree.Statement, text: str) -> TableResult:
    """Run a statement.

    Raises:
        SqlError: this version does not run it, or something in it does not fit.
    """
    runner = RUNNERS.get(type(statement))
    if runner is None:
        raise error_at(
            text, *statement.span, f"{type(statement).__name__} is a statement that this version does not run"
        )
    if environment._open_set is not None and isinstance(statement, tree.Insert):
        environment._open_set.append(inserted.sinking_of(environment, statement, text))
        return TableResult()
    return runner(environment, statement, text)
