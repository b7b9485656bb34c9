"""Tables whose rows have a time, for tests, and a slow model of the watermarks behind their rows."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from pyflinkx.relational.windows.watermark import watermarked
from pyflinkx.sql.parser import parse_expression
from pyflinkx.table import DataTypes, EnvironmentSettings, TableEnvironment
from pyflinkx.table.table import Table
from pyflinkx.table.types import LocalZonedTimestampType

EPOCH = datetime(1970, 1, 1)
INTERVAL = 200


def at(millis):
    """A time so many milliseconds after 1970."""
    return EPOCH + timedelta(milliseconds=millis)


def millis(time):
    return round((time - EPOCH) / timedelta(milliseconds=1))


def environment(streaming=True):
    settings = EnvironmentSettings.in_streaming_mode() if streaming else EnvironmentSettings.in_batch_mode()
    made = TableEnvironment.create(settings)
    made.get_config().set("table.local-time-zone", "UTC")
    return made


def view(tables, rows, delay=0, name="t", time=None):
    """A view of rows (key, value, time in ms), the time being that of the rows.

    Args:
        tables: the environment.
        rows: the rows.
        delay: of the watermark (ms).
        name: of the view.
        time: the type of the column; TIMESTAMP(3) by default.
    """
    fields = [("k", DataTypes.STRING()), ("v", DataTypes.INT()), ("ts", time or DataTypes.TIMESTAMP(3))]
    kind = DataTypes.ROW([DataTypes.FIELD(field, of) for field, of in fields])
    zone = timezone.utc if isinstance(time, LocalZonedTimestampType) else None
    table = tables.from_elements([(key, value, at(stamp).replace(tzinfo=zone)) for key, value, stamp in rows], kind)
    expression = f"ts - INTERVAL '{delay / 1000:f}' SECOND"
    node = watermarked(table._node, "ts", parse_expression(expression), expression)
    tables.create_temporary_view(name, Table(node, tables))


def results(tables, query):
    """The rows of a query, with their kinds where they are no inserts."""
    with tables.execute_sql(query).collect() as rows:
        return [tuple(row) if row.get_row_kind().value == 0 else (str(row.get_row_kind()), *row) for row in rows]


class Watermarks:
    """What the watermark is before each row, if it goes on by more than 200 ms between two of them."""

    def __init__(self, delay):
        self.delay = delay
        self.largest = self.sent = 0

    @property
    def time(self):
        return self.sent or -(2**63)

    def after(self, stamp):
        self.largest = max(self.largest, stamp - self.delay)
        if self.largest - self.sent > INTERVAL:
            self.sent = self.largest
