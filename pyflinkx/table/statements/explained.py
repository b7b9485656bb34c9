"""EXPLAIN: plans as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyflinkx.relational.nodes import Node, explained
from pyflinkx.relational.tables.writing import Sinking
from pyflinkx.sql.places import error_at
from pyflinkx.sql.tree import statements as tree
from pyflinkx.table.execution import plan_of, translation
from pyflinkx.table.statements.inserted import ended, sinking_of
from pyflinkx.table.table_result import TableResult
from pyflinkx.types.changes import INSERT_ONLY, RETRACT
from pyflinkx.types.data_type import STRING

if TYPE_CHECKING:
    from pyflinkx.table.table_environment import TableEnvironment

CHANGES = "CHANGELOG_MODE"
JSON = "JSON_EXECUTION_PLAN"
LETTERS = {INSERT_ONLY.kind: "I", RETRACT.kind: "I,UB,UA,D", "upsert": "I,UA,D", "carried": "I,UB,UA,D"}


def explain(environment: TableEnvironment, statement: tree.Explain, text: str) -> TableResult:
    """EXPLAIN."""
    plan = statement_plan(environment, statement.statement, text, statement.details)
    return TableResult._of_rows((("result", STRING),), [(plan,)])


def statement_plan(environment: TableEnvironment, statement: tree.Statement, text: str, details: Sequence[str]) -> str:
    """The plan of a statement."""
    if isinstance(statement, tree.Execute):
        statement = statement.statement
    if isinstance(statement, tree.QueryStatement):
        return plan_text(environment, [environment._binder(text).bind(statement.query)], details)
    if isinstance(statement, tree.Insert):
        return plan_text(environment, [sinking_of(environment, statement, text)], details)
    if isinstance(statement, tree.StatementSet):
        sinkings = [sinking_of(environment, each, text) for each in statement.inserts]
        return plan_text(environment, sinkings, details)
    raise error_at(text, *statement.span, f"EXPLAIN takes a query or INSERT, not {type(statement).__name__}")


def lines(plan: Node | Sinking, changes: bool) -> str:
    """A plan as text, a line for each node."""
    if isinstance(plan, Sinking):
        below = lines(plan.node, changes)
        return "\n".join([plan.describe(), *(f"  {line}" for line in below.split("\n"))])
    if not changes:
        return explained(plan)
    return marked(plan, 0)


def marked(node: Node, depth: int) -> str:
    """A plan as text, with the kinds of rows of each node."""
    own = f"{'  ' * depth}{node.describe()}, changelogMode=[{LETTERS[node.changes.kind]}]"
    return "\n".join([own, *(marked(before, depth + 1) for before in node.inputs)])


def plan_text(environment: TableEnvironment, plans: Sequence[Node | Sinking], details: Sequence[str] = ()) -> str:
    """Plans under Flink's headings.

    Args:
        environment: whose they are.
        plans: queries, or what goes to tables.
        details: what is to be shown beside them.
    """
    names = {getattr(detail, "name", detail) for detail in details}
    logical = "\n\n".join(lines(plan, False) for plan in plans)
    physical = "\n\n".join(lines(plan, CHANGES in names) for plan in plans)
    text = (
        f"== Abstract Syntax Tree ==\n{logical}\n\n== Optimized Physical Plan ==\n{physical}\n\n"
        f"== Optimized Execution Plan ==\n{logical}\n"
    )
    if JSON in names:
        text += f"\n== Physical Execution Plan ==\n{job_plan(environment, plans)}\n"
    return text


def job_plan(environment: TableEnvironment, plans: Sequence[Node | Sinking]) -> str:
    """The operators of a job as JSON."""
    sinkings = [plan for plan in plans if isinstance(plan, Sinking)]
    if sinkings:
        ends = ended(environment, sinkings).ends
    else:
        translated = translation(environment._env, environment._is_streaming)
        ends = [translated.stream(plan).origin for plan in plans if isinstance(plan, Node)]
    made: str = plan_of(ends, environment._env).to_json()
    return made
