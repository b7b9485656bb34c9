"""A result as a table that changes while its query runs."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from pyflinkx.errors import MissingExtraError
from pyflinkx.sql_client.view import View
from pyflinkx.table.tableau import printed

if TYPE_CHECKING:
    from pyflinkx.table.table_result import TableResult

# Seconds between two looks of the user's at the table, at least.
REFRESH = 0.25
# Lines of the screen that are not rows: borders, names, and what is said below.
FRAME = 6


def show_live(result: TableResult, limit: int) -> None:
    """Keep a result's rows on the screen while the query runs; what is left in the end is shown page by page.

    Args:
        result: of a query.
        limit: how many rows are kept.

    Raises:
        MissingExtraError: ``rich`` is not installed.
    """
    try:
        from rich.console import Console
        from rich.live import Live
    except ImportError as error:
        raise MissingExtraError("results as live tables need rich: pip install 'pyflinkx[cli]'") from error
    console = Console()
    view = View(limit)
    columns = result._columns or ()
    names, kinds = [name for name, _ in columns], [kind for _, kind in columns]
    note = ""
    with result.collect() as rows, Live(console=console, screen=True, auto_refresh=False) as live:
        due = 0.0
        try:
            for row in rows:
                view.apply(row)
                if time.monotonic() >= due:
                    live.update(table_of(view, names, kinds, console.height - FRAME), refresh=True)
                    due = time.monotonic() + REFRESH
        except KeyboardInterrupt:
            note = ", as the query was ended by Ctrl-C"
    with console.pager() if len(view) > console.height - FRAME else contextlib.nullcontext():
        console.print(table_of(view, names, kinds, len(view)))
        console.print(f"{len(view)} rows of {view.changes} changes{note}")


def table_of(view: View, names: list[str], kinds: list[Any], most: int) -> Any:
    """The newest rows that there is room for, with those above them counted."""
    from rich.table import Table

    table = Table(*names)
    hidden = max(len(view) - max(most, 1), 0)
    for place, values in enumerate(view):
        if place >= hidden:
            table.add_row(*(printed(value, kind) for value, kind in zip(values, kinds, strict=True)))
    if hidden:
        table.title = f"{hidden} rows above"
    return table
