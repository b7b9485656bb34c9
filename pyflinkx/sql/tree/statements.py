"""Statements but for those that define objects: changes of data, sets of statements, questions, commands."""

from __future__ import annotations

from dataclasses import dataclass

from pyflinkx.sql.tree.base import Node
from pyflinkx.sql.tree.expressions import Call, Expression, Name, Query
from pyflinkx.sql.tree.queries import Hint


@dataclass(frozen=True, slots=True)
class Statement(Node):
    """What ends at a semicolon."""


@dataclass(frozen=True, slots=True)
class QueryStatement(Statement):
    """A query by itself."""

    query: Query


@dataclass(frozen=True, slots=True)
class PartitionValue(Node):
    """``name = literal`` of PARTITION; in ANALYZE the value may be left out."""

    name: str
    value: Expression | None = None


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Assignment(Node):
    """``column = value``."""

    column: Name
    value: Expression


@dataclass(frozen=True, slots=True)
class Update(Statement):
    """``UPDATE t SET ... WHERE ...``."""

    target: Name
    assignments: tuple[Assignment, ...]
    where: Expression | None = None
    alias: str | None = None
    hints: tuple[Hint, ...] = ()


@dataclass(frozen=True, slots=True)
class Delete(Statement):
    """``DELETE FROM t WHERE ...``."""

    target: Name
    where: Expression | None = None
    alias: str | None = None
    hints: tuple[Hint, ...] = ()


@dataclass(frozen=True, slots=True)
class Truncate(Statement):
    """``TRUNCATE TABLE t``."""

    target: Name


@dataclass(frozen=True, slots=True)
class StatementSet(Statement):
    """``STATEMENT SET BEGIN insert; ... END``."""

    inserts: tuple[Insert, ...]


@dataclass(frozen=True, slots=True)
class BeginStatementSet(Statement):
    """``BEGIN STATEMENT SET``: the inserts that follow wait for END."""


@dataclass(frozen=True, slots=True)
class EndStatementSet(Statement):
    """``END``."""


@dataclass(frozen=True, slots=True)
class Execute(Statement):
    """``EXECUTE`` and a query, an insert or a statement set."""

    statement: Statement


@dataclass(frozen=True, slots=True)
class CompilePlan(Statement):
    """``COMPILE PLAN 'file' FOR ...``, perhaps executed at once."""

    path: str
    statement: Statement
    if_not_exists: bool = False
    execute: bool = False


@dataclass(frozen=True, slots=True)
class ExecutePlan(Statement):
    """``EXECUTE PLAN 'file'``."""

    path: str


@dataclass(frozen=True, slots=True)
class CallProcedure(Statement):
    """``CALL procedure(...)``."""

    call: Call


@dataclass(frozen=True, slots=True)
class Explain(Statement):
    """``EXPLAIN [details] statement``."""

    statement: Statement
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Describe(Statement):
    """``DESCRIBE [kind] [EXTENDED] name``.

    Args:
        kind: ``TABLE``, ``CATALOG``, ``DATABASE``, ``FUNCTION``, ``MODEL``, ``CONNECTION`` or ``JOB``.
        name: of a job the one part is its id.
    """

    kind: str
    name: Name
    extended: bool = False


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Use(Statement):
    """``USE db`` or ``USE CATALOG name``; the kind is ``DATABASE`` or ``CATALOG``."""

    kind: str
    name: Name


@dataclass(frozen=True, slots=True)
class UseModules(Statement):
    """``USE MODULES a, b``."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LoadModule(Statement):
    """``LOAD MODULE name [WITH (...)]``."""

    name: str
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class UnloadModule(Statement):
    """``UNLOAD MODULE name``."""

    name: str


@dataclass(frozen=True, slots=True)
class SetOption(Statement):
    """``SET 'key' = 'value'``; without a key all options are asked for."""

    key: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class ResetOption(Statement):
    """``RESET 'key'``; without a key all options."""

    key: str | None = None


@dataclass(frozen=True, slots=True)
class Jar(Statement):
    """``ADD JAR 'path'`` or ``REMOVE JAR 'path'``."""

    action: str
    path: str


@dataclass(frozen=True, slots=True)
class Analyze(Statement):
    """``ANALYZE TABLE t COMPUTE STATISTICS``; ``columns`` is None where no columns are asked for, empty for all."""

    target: Name
    partition: tuple[PartitionValue, ...] = ()
    columns: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class StopJob(Statement):
    """``STOP JOB 'id' [WITH SAVEPOINT] [WITH DRAIN]``."""

    job: str
    savepoint: bool = False
    drain: bool = False


@dataclass(frozen=True, slots=True)
class Command(Statement):
    """What only a client understands: ``QUIT``, ``EXIT``, ``CLEAR`` or ``HELP``."""

    name: str
