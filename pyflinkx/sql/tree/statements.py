"""Statements but for those that define objects: changes of data, sets of statements, questions, commands."""

from __future__ import annotations

from pyflinkx.sql.tree.base import Node
from pyflinkx.sql.tree.expressions import Call, Expression, Name, Query
from pyflinkx.sql.tree.queries import Hint


class Statement(Node):
    """What ends at a semicolon."""


class QueryStatement(Statement):
    """A query by itself."""

    query: Query


class PartitionValue(Node):
    """``name = literal`` of PARTITION; in ANALYZE the value may be left out."""

    name: str
    value: Expression | None = None


class Insert(Statement):
    """``INSERT INTO`` or ``INSERT OVERWRITE``.

    Args:
        on_conflict: ``ERROR``, ``NOTHING`` or ``DEDUPLICATE`` of ON CONFLICT DO.
        upsert: whether it says UPSERT.
    """

    target: Name
    query: Query
    columns: tuple[Name, ...] = ()
    partition: tuple[PartitionValue, ...] = ()
    overwrite: bool = False
    hints: tuple[Hint, ...] = ()
    on_conflict: str | None = None
    upsert: bool = False


class Assignment(Node):
    """``column = value``."""

    column: Name
    value: Expression


class Update(Statement):
    """``UPDATE t SET ... WHERE ...``."""

    target: Name
    assignments: tuple[Assignment, ...]
    where: Expression | None = None
    alias: str | None = None
    hints: tuple[Hint, ...] = ()


class Delete(Statement):
    """``DELETE FROM t WHERE ...``."""

    target: Name
    where: Expression | None = None
    alias: str | None = None
    hints: tuple[Hint, ...] = ()


class Truncate(Statement):
    """``TRUNCATE TABLE t``."""

    target: Name


class StatementSet(Statement):
    """``STATEMENT SET BEGIN insert; ... END``."""

    inserts: tuple[Insert, ...]


class BeginStatementSet(Statement):
    """``BEGIN STATEMENT SET``: the inserts that follow wait for END."""


class EndStatementSet(Statement):
    """``END``."""


class Execute(Statement):
    """``EXECUTE`` and a query, an insert or a statement set."""

    statement: Statement


class CompilePlan(Statement):
    """``COMPILE PLAN 'file' FOR ...``, perhaps executed at once."""

    path: str
    statement: Statement
    if_not_exists: bool = False
    execute: bool = False


class ExecutePlan(Statement):
    """``EXECUTE PLAN 'file'``."""

    path: str


class CallProcedure(Statement):
    """``CALL procedure(...)``."""

    call: Call


class Explain(Statement):
    """``EXPLAIN [details] statement``."""

    statement: Statement
    details: tuple[str, ...] = ()


class Describe(Statement):
    """``DESCRIBE [kind] [EXTENDED] name``.

    Args:
        kind: ``TABLE``, ``CATALOG``, ``DATABASE``, ``FUNCTION``, ``MODEL``, ``CONNECTION`` or ``JOB``.
        name: of a job the one part is its id.
    """

    kind: str
    name: Name
    extended: bool = False


class Show(Statement):
    """``SHOW kind [FROM name] [[NOT] LIKE 'pattern']``.

    Args:
        kind: ``TABLES``, ``CREATE TABLE``, ``CURRENT CATALOG``, ``USER FUNCTIONS``, ``FULL MODULES`` and so on.
        name: the object of SHOW CREATE, COLUMNS and PARTITIONS, the place after FROM.
        preposition: ``FROM`` or ``IN`` before the name.
        pattern: what names have to be like.
        operator: ``LIKE`` or ``ILIKE``.
        partition: of SHOW PARTITIONS.
    """

    kind: str
    name: Name | None = None
    preposition: str | None = None
    pattern: str | None = None
    operator: str = "LIKE"
    negated: bool = False
    partition: tuple[PartitionValue, ...] = ()


class Use(Statement):
    """``USE db`` or ``USE CATALOG name``; the kind is ``DATABASE`` or ``CATALOG``."""

    kind: str
    name: Name


class UseModules(Statement):
    """``USE MODULES a, b``."""

    names: tuple[str, ...]


class LoadModule(Statement):
    """``LOAD MODULE name [WITH (...)]``."""

    name: str
    options: tuple[tuple[str, str], ...] = ()


class UnloadModule(Statement):
    """``UNLOAD MODULE name``."""

    name: str


class SetOption(Statement):
    """``SET 'key' = 'value'``; without a key all options are asked for."""

    key: str | None = None
    value: str | None = None


class ResetOption(Statement):
    """``RESET 'key'``; without a key all options."""

    key: str | None = None


class Jar(Statement):
    """``ADD JAR 'path'`` or ``REMOVE JAR 'path'``."""

    action: str
    path: str


class Analyze(Statement):
    """``ANALYZE TABLE t COMPUTE STATISTICS``; ``columns`` is None where no columns are asked for, empty for all."""

    target: Name
    partition: tuple[PartitionValue, ...] = ()
    columns: tuple[str, ...] | None = None


class StopJob(Statement):
    """``STOP JOB 'id' [WITH SAVEPOINT] [WITH DRAIN]``."""

    job: str
    savepoint: bool = False
    drain: bool = False


class Command(Statement):
    """What only a client understands: ``QUIT``, ``EXIT``, ``CLEAR`` or ``HELP``."""

    name: str
