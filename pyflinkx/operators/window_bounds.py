"""The bounds of native windows as timestamps of the column that their time comes from."""

from __future__ import annotations

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.schema import Field, Schema

BOUNDS = ("window_start", "window_end")
# How many of each unit are in a millisecond. Windows are of whole milliseconds, which seconds and days cannot tell.
UNITS = {"tsm": 1, "tsu": 1_000, "tsn": 1_000_000}


class WindowBounds:
    """Makes timestamps of bounds in milliseconds.

    Args:
        schema: of the results, whose bounds are int64.
        time: Arrow's format of the column of the time, such as ``"tsu:UTC"``; None, or that of neither timestamps nor
            dates, to leave the bounds as they are.

    Attributes:
        schema: of what comes out.

    Example:
        >>> bounds = Schema([Field("window_start", "l", False), Field("window_end", "l", False)])
        >>> [field.format for field in WindowBounds(bounds, "tsu:UTC").schema]
        ['tsu:UTC', 'tsu:UTC']
    """

    def __init__(self, schema: Schema, time: str | None) -> None:
        self.format = time_of_bounds(time)
        if self.format is None:
            self.schema = schema
            return
        self.schema = Schema(
            [Field(field.name, self.format, False) if field.name in BOUNDS else field for field in schema],
            schema.metadata,
        )

    def timed(self, batch: ColumnBatch) -> ColumnBatch:
        """Results with their bounds as timestamps.

        Raises:
            OverflowError: a bound lies outside the range of the unit.
        """
        if self.format is None:
            return batch
        columns = [
            self.converted(column, field) if field.name in BOUNDS else column
            for column, field in zip(batch.columns, self.schema, strict=True)
        ]
        return ColumnBatch(self.schema, columns, batch.length, batch.timestamps, batch.kinds)

    def converted(self, column: Column, field: Field) -> Column:
        """One bound of each window."""
        import numpy

        millis = numpy.asarray(column)
        factor = UNITS[field.format[:3]]
        if factor > 1:
            largest = (2**63 - 1) // factor
            if len(millis) and not -largest <= int(millis.min()) <= int(millis.max()) <= largest:
                raise OverflowError(f"{field.name} lies outside the range of {field.type_name} in {field.format}")
            millis = millis * factor
        return Column(field, column.length, [None, millis])


def time_of_bounds(time: str | None) -> str | None:
    """The format of the bounds of windows over a column of that format; None for milliseconds as numbers."""
    if time is None:
        return None
    if time in ("tdD", "tdm"):
        return "tsm:"
    unit, colon, zone = time.partition(":")
    if not unit.startswith("ts"):
        return None
    return f"{unit if unit in UNITS else 'tsm'}{colon}{zone}"
