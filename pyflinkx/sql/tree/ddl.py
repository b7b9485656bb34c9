"""Statements that define, change and remove objects."""

from __future__ import annotations

from pyflinkx.sql.tree.base import Node
from pyflinkx.sql.tree.expressions import Expression, Name, Query
from pyflinkx.sql.tree.statements import PartitionValue, Statement
from pyflinkx.sql.tree.types import TypeName

Options = tuple[tuple[str, str], ...]


# ---- The parts of a table


class Constraint(Node):
    """``[CONSTRAINT name] PRIMARY KEY (columns) [[NOT] ENFORCED]``, or UNIQUE.

    Args:
        kind: ``PRIMARY KEY`` or ``UNIQUE``.
        columns: empty at a column, which it is about then.
        enforced: None where nothing is said.
    """

    kind: str
    columns: tuple[str, ...] = ()
    name: str | None = None
    enforced: bool | None = None


class Column(Node):
    """A column of a table; the name has several parts only in ALTER TABLE, for a field of a row."""

    name: Name


class PhysicalColumn(Column):
    """``name type [constraint] [COMMENT '...']``."""

    type: TypeName
    constraint: Constraint | None = None
    comment: str | None = None


class MetadataColumn(Column):
    """``name type METADATA [FROM 'key'] [VIRTUAL]``."""

    type: TypeName
    key: str | None = None
    virtual: bool = False
    comment: str | None = None


class ComputedColumn(Column):
    """``name AS expression``."""

    expression: Expression
    comment: str | None = None


class Watermark(Node):
    """``WATERMARK FOR column AS expression``."""

    column: Name
    expression: Expression


class Distribution(Node):
    """``BY [HASH|RANGE] (columns) INTO n BUCKETS``."""

    kind: str | None = None
    columns: tuple[str, ...] = ()
    buckets: int | None = None


class LikeOption(Node):
    """``INCLUDING ALL`` and so on."""

    strategy: str
    feature: str


class TableLike(Node):
    """``LIKE table (options)``."""

    table: Name
    options: tuple[LikeOption, ...] = ()


# ---- CREATE


class CreateTable(Statement):
    """``CREATE [TEMPORARY] TABLE``, with AS also ``[CREATE OR] REPLACE TABLE``.

    Args:
        columns: those without a type are ``Column``: they give the order of what AS selects.
        replace: ``CREATE OR REPLACE`` or ``REPLACE``.
        query: after AS.
    """

    name: Name
    columns: tuple[Column, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    watermark: Watermark | None = None
    comment: str | None = None
    distribution: Distribution | None = None
    partitioned_by: tuple[str, ...] = ()
    connection: Name | None = None
    options: Options = ()
    like: TableLike | None = None
    query: Query | None = None
    temporary: bool = False
    if_not_exists: bool = False
    replace: str | None = None


class StartMode(Node):
    """``START_MODE = FROM_NOW (INTERVAL ...)`` and so on."""

    kind: str
    argument: Expression | None = None


class CreateMaterializedTable(Statement):
    """``CREATE [OR ALTER] MATERIALIZED TABLE``."""

    name: Name
    query: Query
    columns: tuple[Column, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    watermark: Watermark | None = None
    comment: str | None = None
    distribution: Distribution | None = None
    partitioned_by: tuple[str, ...] = ()
    options: Options = ()
    start_mode: StartMode | None = None
    freshness: Expression | None = None
    refresh_mode: str | None = None
    or_alter: bool = False


class CreateView(Statement):
    """``CREATE [OR REPLACE] [TEMPORARY] VIEW``."""

    name: Name
    query: Query
    columns: tuple[str, ...] = ()
    comment: str | None = None
    temporary: bool = False
    if_not_exists: bool = False
    replace: bool = False


class CreateCatalog(Statement):
    """``CREATE CATALOG``."""

    name: Name
    options: Options = ()
    comment: str | None = None
    if_not_exists: bool = False


class CreateDatabase(Statement):
    """``CREATE DATABASE``."""

    name: Name
    options: Options = ()
    comment: str | None = None
    if_not_exists: bool = False


class CreateConnection(Statement):
    """``CREATE [TEMPORARY [SYSTEM]] CONNECTION``."""

    name: Name
    options: Options = ()
    comment: str | None = None
    temporary: bool = False
    system: bool = False
    if_not_exists: bool = False


class CreateFunction(Statement):
    """``CREATE [TEMPORARY [SYSTEM]] FUNCTION name AS 'class' [LANGUAGE ...] [USING JAR '...'] [WITH (...)]``.

    Args:
        resources: kind (``JAR`` or ``ARTIFACT``) and path of each.
    """

    name: Name
    class_name: str
    language: str | None = None
    resources: tuple[tuple[str, str], ...] = ()
    options: Options = ()
    temporary: bool = False
    system: bool = False
    if_not_exists: bool = False


class CreateModel(Statement):
    """``CREATE [TEMPORARY] MODEL``."""

    name: Name
    inputs: tuple[Column, ...] = ()
    outputs: tuple[Column, ...] = ()
    comment: str | None = None
    options: Options = ()
    query: Query | None = None
    temporary: bool = False
    if_not_exists: bool = False


# ---- DROP


class Drop(Statement):
    """``DROP kind [IF EXISTS] name [RESTRICT|CASCADE]``.

    Args:
        kind: ``TABLE``, ``VIEW``, ``MATERIALIZED TABLE``, ``DATABASE``, ``CATALOG``, ``FUNCTION``, ``MODEL`` or
            ``CONNECTION``.
        cascade: of a database; None where nothing is said.
    """

    kind: str
    name: Name
    temporary: bool = False
    system: bool = False
    if_exists: bool = False
    cascade: bool | None = None


# ---- ALTER


class Change(Node):
    """What ALTER does."""


class Alter(Statement):
    """``ALTER kind [IF EXISTS] name change``; the kinds are those of ``Drop``."""

    kind: str
    name: Name
    change: Change
    if_exists: bool = False
    temporary: bool = False
    system: bool = False


class Rename(Change):
    """``RENAME TO name``."""

    to: Name


class RenameColumn(Change):
    """``RENAME column TO name``."""

    column: Name
    to: Name


class SetOptions(Change):
    """``SET (...)``."""

    options: Options


class ResetOptions(Change):
    """``RESET (...)``."""

    keys: tuple[str, ...]


class SetComment(Change):
    """``COMMENT '...'`` of a catalog."""

    comment: str


class PlacedColumn(Node):
    """A column, ``FIRST`` or ``AFTER`` another."""

    column: Column
    first: bool = False
    after: Name | None = None


class ChangeSchema(Change):
    """``ADD`` or ``MODIFY`` columns, constraints, a watermark or a distribution.

    Args:
        action: ``ADD`` or ``MODIFY``.
    """

    action: str
    columns: tuple[PlacedColumn, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    watermark: Watermark | None = None
    distribution: Distribution | None = None


class DropColumns(Change):
    """``DROP column`` or ``DROP (columns)``."""

    columns: tuple[Name, ...]


class DropPart(Change):
    """``DROP PRIMARY KEY``, ``WATERMARK``, ``DISTRIBUTION``, or ``CONSTRAINT name``."""

    part: str
    name: str | None = None


class Partition(Node):
    """``PARTITION (...) [WITH (...)]``."""

    values: tuple[PartitionValue, ...]
    options: Options = ()


class AddPartitions(Change):
    """``ADD [IF NOT EXISTS] PARTITION (...) ...``."""

    partitions: tuple[Partition, ...]
    if_not_exists: bool = False


class DropPartitions(Change):
    """``DROP [IF EXISTS] PARTITION (...), ...``."""

    partitions: tuple[Partition, ...]
    if_exists: bool = False


class SetQuery(Change):
    """``AS query`` of a view or materialized table."""

    query: Query


class SetClass(Change):
    """``AS 'class' [LANGUAGE ...]`` of a function."""

    class_name: str
    language: str | None = None


class Suspend(Change):
    """``SUSPEND`` of a materialized table."""


class Resume(Change):
    """``RESUME [WITH (...)]``."""

    options: Options = ()


class Refresh(Change):
    """``REFRESH [PARTITION (...)]``."""

    partition: tuple[PartitionValue, ...] = ()


class SetFreshness(Change):
    """``SET FRESHNESS = INTERVAL ...``."""

    freshness: Expression


class SetRefreshMode(Change):
    """``SET REFRESH_MODE = FULL`` or ``CONTINUOUS``."""

    mode: str
