"""The Table API and SQL."""

from typing import TYPE_CHECKING

from pyflinkx.common.types import Row, RowKind
from pyflinkx.names.asking import offering
from pyflinkx.table.types import DataTypes

if TYPE_CHECKING:
    from pyflinkx.table.environment_settings import EnvironmentSettings
    from pyflinkx.table.expression import Expression
    from pyflinkx.table.grouped_table import GroupedTable
    from pyflinkx.table.result_kind import ResultKind
    from pyflinkx.table.table import Table
    from pyflinkx.table.table_config import TableConfig
    from pyflinkx.table.table_environment import StreamTableEnvironment, TableEnvironment
    from pyflinkx.table.table_result import TableResult
    from pyflinkx.table.udf import (
        AggregateFunction,
        AsyncScalarFunction,
        FunctionContext,
        ScalarFunction,
        TableAggregateFunction,
        TableFunction,
    )

__all__ = [
    "AggregateFunction",
    "AsyncScalarFunction",
    "DataTypes",
    "EnvironmentSettings",
    "Expression",
    "FunctionContext",
    "GroupedTable",
    "ResultKind",
    "Row",
    "RowKind",
    "ScalarFunction",
    "StreamTableEnvironment",
    "Table",
    "TableAggregateFunction",
    "TableConfig",
    "TableEnvironment",
    "TableFunction",
    "TableResult",
]

if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
