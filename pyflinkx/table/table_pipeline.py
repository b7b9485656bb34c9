"""A table whose rows go to another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyflinkx.names.asking import Answering, answers, offering
from pyflinkx.relational.catalog import Path
from pyflinkx.relational.tables.writing import Sinking
from pyflinkx.table.explain_detail import ExplainDetail
from pyflinkx.table.statements.explained import plan_text
from pyflinkx.table.statements.inserted import run_insert
from pyflinkx.table.table_result import TableResult

if TYPE_CHECKING:
    from pyflinkx.table.catalog import ObjectIdentifier
    from pyflinkx.table.table_environment import TableEnvironment

__all__ = ["TablePipeline"]


@answers("table.table_pipeline.TablePipeline")
class TablePipeline(metaclass=Answering):
    """Rows on their way to a table; made by ``Table.insert_into``.

    Args:
        environment: whose it is.
        sinking: the plan.
        path: of the table; None where it has no name.
    """

    def __init__(self, environment: TableEnvironment, sinking: Sinking, path: Path | None) -> None:
        self._t_env = environment
        self._sinking = sinking
        self._place = path

    def execute(self) -> TableResult:
        """Run it as a job in the background."""
        return run_insert(self._t_env, [self._sinking])

    def explain(self, *extra_details: ExplainDetail) -> str:
        """The plan as text."""
        return plan_text(self._t_env, [self._sinking], extra_details)  # type: ignore[arg-type]

    def print_explain(self, *extra_details: ExplainDetail) -> None:
        """Print the plan."""
        print(self.explain(*extra_details))

    def get_sink_identifier(self) -> ObjectIdentifier | None:
        """The name of the table; None where it has none."""
        from pyflinkx.table.catalog import ObjectIdentifier

        return None if self._place is None else ObjectIdentifier.of(*self._place)


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
