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
    from pyflinkx.table.grouped_table import GroupedTable
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
    from pyflinkx.table.udf import (
        AggregateFunction,
        AsyncScalarFunction,
        FunctionContext,
        ScalarFunction,
        TableAggregateFunction,
        TableFunction,
    )
    from pyflinkx.table.window import GroupWindow, Over, OverWindow, Session, Slide, Tumble
    from pyflinkx.table.windowed_tables import GroupWindowedTable, OverWindowedTable, WindowGroupedTable

__all__ = [
    "AggregateFunction",
    "AsyncScalarFunction",
    "ChangelogMode",
    "DataTypes",
    "EnvironmentSettings",
    "ExplainDetail",
    "Expression",
    "FormatDescriptor",
    "FunctionContext",
    "GroupWindow",
    "GroupWindowedTable",
    "GroupedTable",
    "Module",
    "ModuleEntry",
    "Over",
    "OverWindow",
    "OverWindowedTable",
    "ResultKind",
    "Row",
    "RowKind",
    "ScalarFunction",
    "Schema",
    "Session",
    "Slide",
    "SqlDialect",
    "StatementSet",
    "StreamTableEnvironment",
    "Table",
    "TableAggregateFunction",
    "TableConfig",
    "TableDescriptor",
    "TableEnvironment",
    "TableFunction",
    "TablePipeline",
    "TableResult",
    "TableSchema",
    "Tumble",
    "WindowGroupedTable",
]

if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
