"""What a stream does with columns: projections, tables, and how it becomes columnar or rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.expressions.expression import Expression
from pyflinkx.plan.stream import Stream

if TYPE_CHECKING:
    from pyflinkx.datastream.data_stream import DataStream
    from pyflinkx.datastream.stream_execution_environment import StreamExecutionEnvironment


class ColumnMethods:
    """The part of DataStream that knows columns; see ``pyflinkx.plan.columns``."""

    if TYPE_CHECKING:
        _environment: StreamExecutionEnvironment
        _value: Stream

    @property
    def _this(self) -> DataStream:
        """The stream that this is a part of."""
        return self  # type: ignore[return-value]

    # ---- columns ----

    def select(self, *columns: str | Expression, **named: Any) -> DataStream:
        """A columnar stream of just these columns, in this order.

        Args:
            columns: names, or expressions that have one: ``col("a")``, ``(col("a") + 1).alias("b")``.
            named: expressions or constants by the name of their column.

        Raises:
            GraphError: a column is not there, two have one name, or types do not fit; or this is a stream of rows whose
                type is not known.

        Example:
            >>> from pyflinkx.datastream import StreamExecutionEnvironment, col
            >>> env = StreamExecutionEnvironment.get_execution_environment()
            >>> numbers = env.from_numpy({"a": [1, 2, 3], "b": [4, 5, 6]})
            >>> numbers.filter(col("a") > 1).select("b", c=col("a") * 10).to_arrow().to_pylist()
            [{'b': 5, 'c': 20}, {'b': 6, 'c': 30}]
        """
        from pyflinkx.plan.selection import selection

        return self._environment._stream(selection(self._value, columns, named, "select()"))

    def with_columns(self, *columns: str | Expression, **named: Any) -> DataStream:
        """A columnar stream with more columns, or others in place of those of the same name; see ``select``."""
        from pyflinkx.plan.selection import extended

        return self._environment._stream(extended(self._value, columns, named))

    # ---- results ----

    def to_arrow(self, job_execution_name: str | None = None) -> Any:
        """Run the bounded program and hand this stream's records over as a pyarrow.Table.

        A columnar stream's batches become the table's chunks without a copy where the job runs in this process. Records
        of a stream of rows need a known type: a Row, tuple, NamedTuple or dataclass.

        Args:
            job_execution_name: the job's name.

        Raises:
            GraphError: nothing is known of the records' type, or it has no columns.
            MissingExtraError: pyarrow is not installed.

        Example:
            >>> from pyflinkx.datastream import StreamExecutionEnvironment
            >>> env = StreamExecutionEnvironment.get_execution_environment()
            >>> env.from_numpy({"key": [1, 2, 3]}).to_arrow().num_rows
            3
        """
        from pyflinkx.datastream.tables import arrow_table

        with self._environment._tracebacks():
            return arrow_table(self._this, job_execution_name)

    def to_pandas(self, job_execution_name: str | None = None) -> Any:
        """Run the bounded program and hand this stream's records over as a pandas.DataFrame; see ``to_arrow``."""
        from pyflinkx.datastream.tables import pandas_frame

        with self._environment._tracebacks():
            return pandas_frame(self._this, job_execution_name)

    def to_polars(self, job_execution_name: str | None = None) -> Any:
        """Run the bounded program and hand this stream's records over as a polars.DataFrame; see ``to_arrow``."""
        from pyflinkx.datastream.tables import polars_frame

        with self._environment._tracebacks():
            return polars_frame(self._this, job_execution_name)
