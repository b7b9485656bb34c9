"""Windows of the Table API: groups of rows by their time, and the rows around each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.errors import GraphError
from pyflinkx.names.asking import offering
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.table.expression import Expression

__all__ = ["GroupWindow", "Over", "OverWindow", "Session", "Slide", "Tumble"]

UNBOUNDED = ("UNBOUNDED_ROW", "UNBOUNDED_RANGE")
CURRENT = ("CURRENT_ROW", "CURRENT_RANGE")


def duration(value: Any, what: str) -> tree.Expression:
    """The interval of a window.

    Raises:
        GraphError: it is none.
    """
    if isinstance(value, Expression) and not isinstance(value._node, tree.Number):
        return value._node
    if isinstance(value, Expression):
        raise GraphError(
            f"{what}: windows of a number of rows are not in this version; take an interval, lit(5).minutes"
        )
    raise GraphError(f"{what} is an interval such as lit(5).minutes, not {value!r}")


def column(value: Any, what: str) -> tree.Expression:
    """A column or another expression.

    Raises:
        GraphError: it is none.
    """
    if not isinstance(value, Expression):
        raise GraphError(f"{what} is an expression such as col('rowtime'), not {value!r}")
    return value._node


def name_of(alias: Any) -> str:
    """The name of a window.

    Raises:
        GraphError: it is none.
    """
    if isinstance(alias, Expression) and isinstance(alias._node, tree.Name):
        return alias._node.parts[-1]
    if isinstance(alias, str):
        return alias
    raise GraphError(f"alias() takes the name of a window, not {alias!r}")


class GroupWindow:
    """Windows by the time of rows, with a name; made by ``Tumble``, ``Slide`` and ``Session``.

    Args:
        function: as it is called in GROUP BY of SQL.
        arguments: of it: the time, then durations.
        alias: the name.
    """

    def __init__(self, function: str, arguments: tuple[tree.Expression, ...], alias: str) -> None:
        self._function = function
        self._arguments = arguments
        self._alias = alias


class _OnTime:
    """Windows over a time, which want a name."""

    def __init__(self, function: str, arguments: tuple[tree.Expression, ...]) -> None:
        self._function = function
        self._arguments = arguments

    def alias(self, alias: str) -> GroupWindow:
        """Give the windows a name, by which ``group_by()`` and ``select()`` know them.

        Args:
            alias: the name.
        """
        return GroupWindow(self._function, self._arguments, name_of(alias))


class TumbleWithSizeOnTime(_OnTime):
    """Tumbling windows over a time."""


class SlideWithSizeAndSlideOnTime(_OnTime):
    """Sliding windows over a time."""


class SessionWithGapOnTime(_OnTime):
    """Sessions over a time."""


class Tumble:
    """Windows of a size, one after the other.

    Example:
        >>> from pyflinkx.table.expressions import col, lit
        >>> window = Tumble.over(lit(10).minutes).on(col("rowtime")).alias("w")
    """

    @classmethod
    def over(cls, size: Expression) -> TumbleWithSize:
        """Windows of that size.

        Args:
            size: an interval.
        """
        return TumbleWithSize(size)


class TumbleWithSize:
    """Tumbling windows, which want a time.

    Args:
        size: an interval.
    """

    def __init__(self, size: Expression) -> None:
        self._size = duration(size, "the size of Tumble")

    def on(self, time_field: Expression) -> TumbleWithSizeOnTime:
        """By that time of rows; in batch any timestamp."""
        return TumbleWithSizeOnTime("TUMBLE", (column(time_field, "on()"), self._size))


class Slide:
    """Windows of a size that begin at equal distances.

    Example:
        >>> from pyflinkx.table.expressions import col, lit
        >>> window = Slide.over(lit(10).minutes).every(lit(5).minutes).on(col("rowtime")).alias("w")
    """

    @classmethod
    def over(cls, size: Expression) -> SlideWithSize:
        """Windows of that size.

        Args:
            size: an interval.
        """
        return SlideWithSize(size)


class SlideWithSize:
    """Sliding windows, which want a distance.

    Args:
        size: an interval.
    """

    def __init__(self, size: Expression) -> None:
        self._size = duration(size, "the size of Slide")

    def every(self, slide: Expression) -> SlideWithSizeAndSlide:
        """A window begins that much after the one before."""
        return SlideWithSizeAndSlide(self._size, duration(slide, "every()"))


class SlideWithSizeAndSlide:
    """Sliding windows, which want a time."""

    def __init__(self, size: tree.Expression, slide: tree.Expression) -> None:
        self._size, self._slide = size, slide

    def on(self, time_field: Expression) -> SlideWithSizeAndSlideOnTime:
        """By that time of rows; in batch any timestamp."""
        return SlideWithSizeAndSlideOnTime("HOP", (column(time_field, "on()"), self._slide, self._size))


class Session:
    """Windows that end where no row comes for some time.

    Example:
        >>> from pyflinkx.table.expressions import col, lit
        >>> window = Session.with_gap(lit(10).minutes).on(col("rowtime")).alias("w")
    """

    @classmethod
    def with_gap(cls, gap: Expression) -> SessionWithGap:
        """Rows that are that far apart are in different windows.

        Args:
            gap: an interval.
        """
        return SessionWithGap(gap)


class SessionWithGap:
    """Sessions, which want a time.

    Args:
        gap: an interval.
    """

    def __init__(self, gap: Expression) -> None:
        self._gap = duration(gap, "the gap of Session")

    def on(self, time_field: Expression) -> SessionWithGapOnTime:
        """By that time of rows; in batch any timestamp."""
        return SessionWithGapOnTime("SESSION", (column(time_field, "on()"), self._gap))


class OverWindow:
    """The rows around each row, with a name; made by ``Over``.

    Args:
        window: as SQL has it.
        alias: the name.
    """

    def __init__(self, window: tree.Window, alias: str) -> None:
        self._window = window
        self._alias = alias


class Over:
    """Rows of a partition in an order, of which those around each row count.

    Example:
        >>> from pyflinkx.table.expressions import UNBOUNDED_RANGE, col
        >>> window = Over.partition_by(col("a")).order_by(col("rowtime")).preceding(UNBOUNDED_RANGE).alias("w")
    """

    @classmethod
    def order_by(cls, order_by: Expression) -> OverWindowPartitionedOrdered:
        """All rows in an order.

        Args:
            order_by: in a stream the time of rows.
        """
        return OverWindowPartitionedOrdered((), order_by)

    @classmethod
    def partition_by(cls, *partition_by: Expression) -> OverWindowPartitioned:
        """The rows of equal values each."""
        return OverWindowPartitioned(tuple(column(each, "partition_by()") for each in partition_by))


class OverWindowPartitioned:
    """Rows of a partition, which want an order."""

    def __init__(self, partition_by: tuple[tree.Expression, ...]) -> None:
        self._partition = partition_by

    def order_by(self, order_by: Expression) -> OverWindowPartitionedOrdered:
        """In an order; in a stream by the time of rows."""
        return OverWindowPartitionedOrdered(self._partition, order_by)


class OverWindowPartitionedOrdered:
    """Rows of a partition in an order."""

    def __init__(self, partition_by: tuple[tree.Expression, ...], order_by: Expression) -> None:
        self._partition = partition_by
        self._order = ordered(order_by)

    def alias(self, alias: str) -> OverWindow:
        """All rows up to each row and its equals, under a name."""
        return OverWindow(tree.Window(None, self._partition, (self._order,)), name_of(alias))

    def preceding(self, preceding: Expression) -> OverWindowPartitionedOrderedPreceding:
        """Rows before each row that count.

        Args:
            preceding: an interval, ``row_interval(3)``, UNBOUNDED_ROW or UNBOUNDED_RANGE.
        """
        return OverWindowPartitionedOrderedPreceding(self._partition, self._order, preceding)


class OverWindowPartitionedOrderedPreceding:
    """Rows of a partition in an order, and how many before each row count."""

    def __init__(
        self, partition_by: tuple[tree.Expression, ...], order_by: tree.OrderItem, preceding: Expression
    ) -> None:
        self._partition = partition_by
        self._order = order_by
        self._unit, self._start = bound(preceding, "PRECEDING")
        self._end: tree.Bound | None = None

    def following(self, following: Expression) -> OverWindowPartitionedOrderedPreceding:
        """Rows after each row that count.

        Args:
            following: an interval, ``row_interval(3)``, CURRENT_ROW, CURRENT_RANGE, UNBOUNDED_ROW or UNBOUNDED_RANGE.
        """
        unit, self._end = bound(following, "FOLLOWING")
        if unit != self._unit:
            raise GraphError(f"following() is of {unit}, and preceding() of {self._unit}")
        return self

    def alias(self, alias: str) -> OverWindow:
        """Give the window a name, by which ``over()`` knows it."""
        end = self._end or tree.Bound("CURRENT ROW")
        frame = tree.Frame(self._unit, self._start, end)
        return OverWindow(tree.Window(None, self._partition, (self._order,), frame), name_of(alias))


def ordered(order_by: Expression) -> tree.OrderItem:
    """A column that rows are in order of: ``col('a')``, ``col('a').asc`` or ``col('a').desc``."""
    node = column(order_by, "order_by()")
    item = getattr(order_by, "_order", None)
    return item if isinstance(item, tree.OrderItem) else tree.OrderItem(node)


def bound(given: Any, direction: str) -> tuple[str, tree.Bound]:
    """Whether an end of a frame is of rows or of values, and where it is."""
    word = None
    if isinstance(given, Expression) and isinstance(given._node, tree.Symbol):
        word = given._node.name
    elif isinstance(given, Expression) and isinstance(given._node, tree.Name):
        word = given._node.parts[-1].upper()
    elif isinstance(given, str):
        word = given.upper()
    if word in UNBOUNDED or word in CURRENT:
        unit = "ROWS" if word.endswith("ROW") else "RANGE"
        return unit, tree.Bound("CURRENT ROW") if word in CURRENT else tree.Bound(direction)
    if not isinstance(given, Expression) or word is not None:
        raise GraphError(f"{direction.lower()}() takes an interval, row_interval(3), or UNBOUNDED_ROW, not {given!r}")
    unit = "ROWS" if isinstance(given._node, tree.Number) else "RANGE"
    return unit, tree.Bound(direction, given._node)


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
