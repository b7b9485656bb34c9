"""What a statement gave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from pyflinkx.common.types import Row
from pyflinkx.names.asking import Answering, answers, offering
from pyflinkx.relational.nodes import Columns
from pyflinkx.table.result_kind import ResultKind
from pyflinkx.table.tableau import print_rows

__all__ = ["TableResult"]


@answers("table.table_result.TableResult")
class TableResult(metaclass=Answering):
    """The rows of a query, whose job runs on as they are read; or just that a statement was done.

    Args:
        columns: of the rows; None where there are none.
        start: begins the job, once, and gives its rows.
        streaming: whether it is the result of a stream.
    """

    def __init__(
        self, columns: Columns | None = None, start: Callable[[], Any] | None = None, streaming: bool = True
    ) -> None:
        self._columns = columns
        self._rows: Any = None if start is None else start()
        self._first: list[Row] = []
        self._streaming = streaming

    def get_result_kind(self) -> ResultKind:
        """Whether there are rows."""
        return ResultKind.SUCCESS if self._columns is None else ResultKind.SUCCESS_WITH_CONTENT

    def wait(self, timeout_ms: int | None = None) -> None:
        """Wait until the first row is there, or the job has ended without one.

        Args:
            timeout_ms: not looked at, as the job runs in the calling thread.
        """
        if self._rows is not None and not self._first:
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
            print_rows(rows, self._columns, self._streaming, lambda line: print(line, flush=True))


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
