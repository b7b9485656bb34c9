"""What a statement gave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from pyflinkx.common.types import Row
from pyflinkx.errors import WaitTimeoutError
from pyflinkx.names.asking import Answering, answers, offering
from pyflinkx.relational.nodes import Columns
from pyflinkx.table.result_kind import ResultKind
from pyflinkx.table.tableau import print_rows, print_shown
from pyflinkx.types.data_type import BIGINT, STRING

if TYPE_CHECKING:
    from pyflinkx.common.job_client import JobClient
    from pyflinkx.table.resolved_schema import ResolvedSchema
    from pyflinkx.table.table_schema import TableSchema

__all__ = ["TableResult"]


@answers("table.table_result.TableResult")
class TableResult(metaclass=Answering):
    """The rows of a query, whose job runs on as they are read; or just that a statement was done.

    Args:
        columns: of the rows; None where there are none.
        start: begins the job, once, and gives its rows.
        streaming: whether it is the result of a stream.
        client: of a job that runs in the background.
        shown: what SHOW and DESCRIBE print: nulls as nothing, and columns as wide as they need.
    """

    def __init__(
        self,
        columns: Columns | None = None,
        start: Callable[[], Any] | None = None,
        streaming: bool = True,
        client: JobClient | None = None,
        shown: bool = False,
    ) -> None:
        self._columns = columns
        self._rows: Any = None if start is None else start()
        self._first: list[Row] = []
        self._streaming = streaming
        self._client = client
        self._shown = shown

    @staticmethod
    def _of_rows(columns: Columns, rows: Iterable[Sequence[Any]]) -> TableResult:
        """What is known at once."""
        made = [Row(*row) for row in rows]
        return TableResult(columns, lambda: CloseableIterator(iter(made), lambda: None), False, shown=True)

    @staticmethod
    def _of_job(sinks: Sequence[str], client: JobClient) -> TableResult:
        """A job that writes: of each table -1, as nobody counts rows."""
        columns = tuple((name, BIGINT) for name in sinks)
        rows = iter([Row(*[-1] * len(columns))])
        return TableResult(columns, lambda: JobRows(rows, client), False, client)

    def get_job_client(self) -> JobClient | None:
        """The hold on the job; None of what runs none, and of a query, whose job runs in the calling thread."""
        return self._client

    def get_result_kind(self) -> ResultKind:
        """Whether there are rows."""
        return ResultKind.SUCCESS if self._columns is None else ResultKind.SUCCESS_WITH_CONTENT

    def get_resolved_schema(self) -> ResolvedSchema:
        """Name and type of each column."""
        from pyflinkx.table.resolved_schema import ResolvedSchema

        columns = (("result", STRING),) if self._columns is None else self._columns
        return ResolvedSchema._of_columns(columns)

    def get_table_schema(self) -> TableSchema:
        """Name and type of each column, as a TableSchema."""
        from pyflinkx.table.table_schema import TableSchema

        schema = self.get_resolved_schema()
        return TableSchema(schema.get_column_names(), schema.get_column_data_types())

    def wait(self, timeout_ms: int | None = None) -> None:
        """Wait until the job has ended, or its first row is there.

        Args:
            timeout_ms: how long at most, of a job that writes. Of a query it is not looked at, as its job runs in the
                calling thread.

        Raises:
            WaitTimeoutError: the job still runs.
            JobExecutionError: it has failed.
        """
        if self._client is not None:
            waited(self._client, timeout_ms)
        elif self._rows is not None and not self._first:
            self._first = list(islice(self._rows, 1))

    def collect(self) -> CloseableIterator:
        """The rows, with their kinds, as the job gives them; of a statement that gives none the row OK."""
        if self._columns is None:
            return CloseableIterator(iter([Row("OK")]), lambda: None)
        return CloseableIterator(map(unnamed, chain(self._first, self._rows)), self._rows.close)

    def print(self) -> None:
        """Print the rows as a table, or OK.

        Example:
            >>> from pyflinkx.table import EnvironmentSettings, TableEnvironment
            >>> environment = TableEnvironment.create(EnvironmentSettings.in_batch_mode())
            >>> environment.execute_sql("SELECT 1 + 1 AS two").print()
            +-----+
            | two |
            +-----+
            |   2 |
            +-----+
            1 row in set
        """
        if self._columns is None:
            print("OK")
            return
        with self.collect() as rows:
            if self._shown:
                print_shown(rows, self._columns, lambda line: print(line, flush=True))
            else:
                print_rows(rows, self._columns, self._streaming, lambda line: print(line, flush=True))


def waited(client: JobClient, timeout_ms: int | None) -> None:
    """Wait until a job has ended.

    Raises:
        WaitTimeoutError: it still runs.
        JobExecutionError: it has failed.
    """
    try:
        client.get_job_execution_result().result(None if timeout_ms is None else timeout_ms / 1000)
    except FutureTimeoutError:
        raise WaitTimeoutError(f"the job {client.get_job_id()} still runs after {timeout_ms} ms") from None


class JobRows:
    """The row of a job that writes, once it has ended; closing it leaves the job alone."""

    def __init__(self, rows: Iterator[Row], client: JobClient) -> None:
        self._rows = rows
        self._client = client

    def __iter__(self) -> JobRows:
        return self

    def __next__(self) -> Row:
        row = next(self._rows)
        waited(self._client, None)
        return row

    def close(self) -> None:
        """Nothing: the job goes on."""


def unnamed(row: Row) -> Row:
    """A row without names of fields, as PyFlink's results have none."""
    made = Row(*row)
    made.set_row_kind(row.get_row_kind())
    return made


class CloseableIterator:
    """Rows of a job; closing it cancels the job."""

    def __init__(self, rows: Iterator[Row], close: Callable[[], None]) -> None:
        self._rows = rows
        self._close = close

    def __iter__(self) -> CloseableIterator:
        return self

    def __next__(self) -> Row:
        return next(self._rows)

    def next(self) -> Row:
        """The next row; StopIteration after the last."""
        return next(self._rows)

    def close(self) -> None:
        """Cancel the job, if it still runs."""
        self._close()

    def __enter__(self) -> CloseableIterator:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
