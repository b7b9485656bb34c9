"""What a stream does with columns: projections, tables, and how it becomes columnar or rows."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from pyflinkx.errors import GraphError
from pyflinkx.expressions.expression import Expression
from pyflinkx.plan.stream import Stream

if TYPE_CHECKING:
    from pyflinkx.datastream.data_stream import DataStream
    from pyflinkx.datastream.shown import Records, StreamSchema
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

    @property
    def schema(self) -> StreamSchema | None:
        """The types of the records' fields by name; None where they have no named fields, or nothing is known of them.

        Example:
            >>> from pyflinkx.datastream import StreamExecutionEnvironment
            >>> env = StreamExecutionEnvironment.get_execution_environment()
            >>> {name: str(kind) for name, kind in env.from_numpy({"a": [1, 2], "b": [0.5, 1.5]}).schema.items()}
            {'a': 'BIGINT', 'b': 'DOUBLE'}
        """
        from pyflinkx.datastream.shown import schema_of_stream

        return schema_of_stream(self._value)

    def head(self, n: int = 5) -> Records:
        """The first records, in a list that a notebook shows as a table.

        A job runs what they need, and ends as soon as they are there. The program stays as it is: all that is in it,
        also this stream, is still to be executed.

        Args:
            n: the most records.

        Raises:
            GraphError: it is no number of records.

        Example:
            >>> from pyflinkx.datastream import StreamExecutionEnvironment
            >>> env = StreamExecutionEnvironment.get_execution_environment()
            >>> env.from_collection(range(1000)).map(lambda x: x * 10).head(3)
            [0, 10, 20]
        """
        from pyflinkx.datastream.shown import Records, schema_of_stream

        if not isinstance(n, int) or isinstance(n, bool) or n < 0:
            raise GraphError(f"head() takes a number of records, not {n!r}")
        if n == 0:
            return Records(names=self.schema)
        with self._environment._tracebacks():
            with self._environment._collect(self._this, None, peek=True) as records:
                found = list(itertools.islice(records, n))
            return Records(found, schema_of_stream(self._value))

    def to_arrow(self, job_execution_name: str | None = None) -> Any:
        """Run what this bounded stream needs and hand its records over as a pyarrow.Table.

        Sinks and other streams of the program are left for the next ``execute()``.

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
        """Run what this bounded stream needs and hand its records over as a pandas.DataFrame; see ``to_arrow``."""
        from pyflinkx.datastream.tables import pandas_frame

        with self._environment._tracebacks():
            return pandas_frame(self._this, job_execution_name)

    def to_polars(self, job_execution_name: str | None = None) -> Any:
        """Run what this bounded stream needs and hand its records over as a polars.DataFrame; see ``to_arrow``."""
        from pyflinkx.datastream.tables import polars_frame

        with self._environment._tracebacks():
            return polars_frame(self._this, job_execution_name)
