"""Several INSERTs as one job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyflinkx.errors import GraphError
from pyflinkx.names.asking import Answering, answers, offering
from pyflinkx.relational.tables.writing import Sinking
from pyflinkx.sql.parser import parse_statement
from pyflinkx.sql.places import error_at
from pyflinkx.sql.tree.statements import Insert
from pyflinkx.table.explain_detail import ExplainDetail
from pyflinkx.table.statements.explained import plan_text
from pyflinkx.table.statements.inserted import ended, run_insert, sinking_of
from pyflinkx.table.table import Table
from pyflinkx.table.table_descriptor import TableDescriptor
from pyflinkx.table.table_pipeline import TablePipeline
from pyflinkx.table.table_result import TableResult

if TYPE_CHECKING:
    from pyflinkx.table.table_environment import TableEnvironment

__all__ = ["StatementSet"]


@answers("table.statement_set.StatementSet")
class StatementSet(metaclass=Answering):
    """INSERTs that run as one job, which reads each table once; made by ``create_statement_set()``."""

    def __init__(self, environment: TableEnvironment) -> None:
        self._t_env = environment
        self._sinkings: list[Sinking] = []

    def add(self, table_pipeline: TablePipeline) -> StatementSet:
        """Add what ``Table.insert_into`` gave."""
        if not isinstance(table_pipeline, TablePipeline):
            raise GraphError(f"add() takes what insert_into() gives, not {table_pipeline!r:.100}")
        self._sinkings.append(table_pipeline._sinking)
        return self

    def add_insert_sql(self, stmt: str) -> StatementSet:
        """Add an INSERT.

        Raises:
            SqlError: it is none, or something in it does not fit.
        """
        statement = parse_statement(stmt)
        if not isinstance(statement, Insert):
            raise error_at(stmt, *statement.span, f"add_insert_sql() takes an INSERT, not {type(statement).__name__}")
        self._sinkings.append(sinking_of(self._t_env, statement, stmt))
        return self

    def add_insert(
        self, target_path_or_descriptor: str | TableDescriptor, table: Table, overwrite: bool = False
    ) -> StatementSet:
        """Add a table whose rows go to another one.

        Args:
            target_path_or_descriptor: the name of the other one, or what describes it.
            table: the rows.
            overwrite: whether what is there goes.
        """
        self._sinkings.append(self._t_env._target(target_path_or_descriptor, table._node, overwrite))
        return self

    def attach_as_datastream(self) -> None:
        """Make the INSERTs a part of the program, which ``StreamExecutionEnvironment.execute()`` runs."""
        for end in ended(self._t_env, self._taken()).ends:
            self._t_env._env._program.add(end)

    def explain(self, *extra_details: ExplainDetail) -> str:
        """The plan as text."""
        return plan_text(self._t_env, self._sinkings, extra_details)  # type: ignore[arg-type]

    def print_explain(self, *extra_details: ExplainDetail) -> None:
        """Print the plan."""
        print(self.explain(*extra_details))

    def execute(self) -> TableResult:
        """Run the INSERTs as one job in the background, and begin anew.

        Raises:
            GraphError: there are none.
        """
        return run_insert(self._t_env, self._taken())

    def _taken(self) -> list[Sinking]:
        if not self._sinkings:
            raise GraphError("the statement set is empty: add_insert() or add_insert_sql() adds to it")
        taken, self._sinkings = self._sinkings, []
        return taken


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
