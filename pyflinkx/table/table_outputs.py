"""What a table does with its rows: other tables, other libraries, plans as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.relational.nodes import Node
from pyflinkx.relational.tables.definition import ViewDefinition

if TYPE_CHECKING:
    from pyflinkx.table.explain_detail import ExplainDetail
    from pyflinkx.table.resolved_schema import ResolvedSchema
    from pyflinkx.table.table_descriptor import TableDescriptor
    from pyflinkx.table.table_environment import TableEnvironment
    from pyflinkx.table.table_pipeline import TablePipeline
    from pyflinkx.table.table_result import TableResult
    from pyflinkx.table.table_schema import TableSchema


class TableOutputs:
    """The part of Table that has to do with where its rows go."""

    if TYPE_CHECKING:
        _node: Node
        _t_env: TableEnvironment

        def execute(self) -> TableResult: ...

    _registered: str | None = None

    def __str__(self) -> str:
        """A name for the table in a text of SQL."""
        if self._registered is None:
            environment = self._t_env
            environment._made += 1
            self._registered = f"UnnamedTable${environment._made}"
            path = environment._catalogs.path((self._registered,))
            environment._catalogs.temporary[path] = ViewDefinition(self._node.columns, self._node)
        return self._registered

    def execute_insert(self, table_path_or_descriptor: str | TableDescriptor, overwrite: bool = False) -> TableResult:
        """Run the query as a job in the background whose rows go to another table.

        Args:
            table_path_or_descriptor: the name of the other table, or what describes it.
            overwrite: whether what is there goes.

        Raises:
            SqlError: there is no such table, or the rows do not fit it.
        """
        return self.insert_into(table_path_or_descriptor, overwrite).execute()

    def insert_into(self, table_path_or_descriptor: str | TableDescriptor, overwrite: bool = False) -> TablePipeline:
        """The rows on their way to another table, to be run or added to a statement set; see ``execute_insert``."""
        from pyflinkx.sql.parser import parse_path
        from pyflinkx.table.table_pipeline import TablePipeline

        environment = self._t_env
        sinking = environment._target(table_path_or_descriptor, self._node, overwrite)
        named = isinstance(table_path_or_descriptor, str)
        path = environment._catalogs.path(parse_path(table_path_or_descriptor).parts) if named else None  # type: ignore[arg-type]
        return TablePipeline(environment, sinking, path)

    def explain(self, *extra_details: ExplainDetail) -> str:
        """The plan as text."""
        from pyflinkx.table.statements.explained import plan_text

        return plan_text(self._t_env, [self._node], extra_details)  # type: ignore[arg-type]

    def print_explain(self, *extra_details: ExplainDetail) -> None:
        """Print the plan."""
        print(self.explain(*extra_details))

    def get_resolved_schema(self) -> ResolvedSchema:
        """Name and type of each column."""
        from pyflinkx.table.resolved_schema import ResolvedSchema

        return ResolvedSchema._of_columns(self._node.columns)

    def get_schema(self) -> TableSchema:
        """Name and type of each column, as a TableSchema."""
        from pyflinkx.table.table_schema import TableSchema

        schema = self.get_resolved_schema()
        return TableSchema(schema.get_column_names(), schema.get_column_data_types())

    def print_schema(self) -> None:
        """Print name and type of each column."""
        print(self.get_resolved_schema())

    # ---- other libraries ----

    def to_arrow(self) -> Any:
        """Run the query and hand its rows over as a pyarrow.Table: those that are there in the end.

        Raises:
            MissingExtraError: pyarrow is not installed.
        """
        from pyflinkx.table.tables_of_others import arrow_of

        return arrow_of(self._t_env, self._node, "to_arrow()")

    def to_pandas(self) -> Any:
        """Run the query and hand its rows over as a pandas.DataFrame: those that are there in the end."""
        from pyflinkx.table.tables_of_others import pandas_of

        return pandas_of(self._t_env, self._node)

    def to_polars(self) -> Any:
        """Run the query and hand its rows over as a polars.DataFrame: those that are there in the end."""
        from pyflinkx.datastream.tables import imported
        from pyflinkx.table.tables_of_others import arrow_of

        polars = imported("polars", "polars", "to_polars()")
        return polars.DataFrame(arrow_of(self._t_env, self._node, "to_polars()"))
