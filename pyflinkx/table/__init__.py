"""The Table API and SQL."""

from typing import TYPE_CHECKING

from pyflinkx.common.types import Row, RowKind
from pyflinkx.names.asking import offering
from pyflinkx.table.types import DataTypes

if TYPE_CHECKING:
    from pyflinkx.table.changelog_mode import ChangelogMode
    from pyflinkx.table.environment_settings import EnvironmentSettings
    from pyflinkx.table.explain_detail import ExplainDetail
    from pyflinkx.table.expression import Expression
    from pyflinkx.table.module import Module, ModuleEntry
    from pyflinkx.table.result_kind import ResultKind
    from pyflinkx.table.schema import Schema
    from pyflinkx.table.sql_dialect import SqlDialect
    from pyflinkx.table.statement_set import StatementSet
    from pyflinkx.table.table import Table
    from pyflinkx.table.table_config import TableConfig
    from pyflinkx.table.table_descriptor import FormatDescriptor, TableDescriptor
    from pyflinkx.table.table_environment import StreamTableEnvironment, TableEnvironment
    from pyflinkx.table.table_pipeline import TablePipeline
    from pyflinkx.table.table_result import TableResult
    from pyflinkx.table.table_schema import TableSchema

__all__ = [
    "ChangelogMode",
    "DataTypes",
    "EnvironmentSettings",
    "ExplainDetail",
    "Expression",
    "FormatDescriptor",
    "Module",
    "ModuleEntry",
    "ResultKind",
    "Row",
    "RowKind",
    "Schema",
    "SqlDialect",
    "StatementSet",
    "StreamTableEnvironment",
    "Table",
    "TableConfig",
    "TableDescriptor",
    "TableEnvironment",
    "TablePipeline",
    "TableResult",
    "TableSchema",
]

if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
