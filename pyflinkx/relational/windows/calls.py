"""Calls of window table functions: TUMBLE, HOP, CUMULATE and SESSION after FROM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pyflinkx.relational.nodes import Node
from pyflinkx.relational.windows.intervals import millis_of
from pyflinkx.relational.windows.spec import CUMULATE, HOP, SESSION, TUMBLE, WindowSpec
from pyflinkx.relational.windows.table import WindowTable
from pyflinkx.sql.places import error_at
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.types.data_type import PROCTIME, DataType, Family, Kind

if TYPE_CHECKING:
    from pyflinkx.relational.queries import QueryBinder

# The arguments of each function, in order; those after them may be left out.
ARGUMENTS = {
    TUMBLE: ("DATA", "TIMECOL", "SIZE", "OFFSET"),
    HOP: ("DATA", "TIMECOL", "SLIDE", "SIZE", "OFFSET"),
    CUMULATE: ("DATA", "TIMECOL", "STEP", "SIZE", "OFFSET"),
    SESSION: ("DATA", "TIMECOL", "GAP"),
}
USAGE = {
    TUMBLE: "TUMBLE(TABLE data, DESCRIPTOR(time column), size [, offset])",
    HOP: "HOP(TABLE data, DESCRIPTOR(time column), slide, size [, offset])",
    CUMULATE: "CUMULATE(TABLE data, DESCRIPTOR(time column), step, size [, offset])",
    SESSION: "SESSION(TABLE data [PARTITION BY columns], DESCRIPTOR(time column), gap)",
}


def is_window_call(call: tree.Call) -> bool:
    """Whether it is a window table function's."""
    return len(call.name.parts) == 1 and call.name.parts[0].upper() in ARGUMENTS


def window_table(binder: QueryBinder, call: tree.Call) -> Node:
    """The rows of a table with their windows.

    Args:
        binder: of the query.
        call: of the function.

    Raises:
        SqlError: the arguments do not fit.
    """
    name = call.name.parts[0].upper()
    given = arguments_of(binder.text, call, name)
    data, column = given["DATA"], given["TIMECOL"]
    if isinstance(data, tree.Subquery):
        data = tree.TableArgument(data.query, span=data.span)
    if not isinstance(data, tree.TableArgument):
        raise error_at(binder.text, *data.span, f"the first argument is a table: {USAGE[name]}")
    if not isinstance(column, tree.Descriptor) or len(column.columns) != 1:
        raise error_at(binder.text, *column.span, f"the time is DESCRIPTOR(column): {USAGE[name]}")
    node = binder.table(data.source) if isinstance(data.source, tree.Name) else binder.bind(data.source)
    if data.order_by or (data.partition_by and name != SESSION):
        raise error_at(binder.text, *data.span, f"{name} takes the table without PARTITION BY and ORDER BY")
    time = position(binder, node, column.columns[0].name)
    durations = {
        each: millis_of(given[each], binder.text, f"the {each.lower()} of {name}")
        for each in ("SIZE", "GAP", "SLIDE", "STEP", "OFFSET")
        if each in given
    }
    spec = spec_of(
        name,
        time,
        node.columns[time][1],
        durations["GAP"] if name == SESSION else durations["SIZE"],
        durations.get("SLIDE", durations.get("STEP", 0)),
        durations.get("OFFSET", 0),
        tuple(position(binder, node, each) for each in data.partition_by),
    )
    fault = time_fault(node, time) or spec.fault()
    if fault is not None:
        raise error_at(binder.text, *call.span, fault)
    return WindowTable(node, spec)


def spec_of(
    kind: str, time: int, of: DataType, size: int, step: int = 0, offset: int = 0, partition: Sequence[int] = ()
) -> WindowSpec:
    """The windows over a column of a type."""
    return WindowSpec(
        kind, time, of.time == PROCTIME, of.kind is Kind.TIMESTAMP_LTZ, size, step, offset, tuple(partition)
    )


def time_fault(node: Node, time: int) -> str | None:
    """Why a column is no time of windows; None if it is one."""
    name, kind = node.columns[time]
    return None if kind.family(Family.TIME_STAMP) else f"the time of windows is a TIMESTAMP, and {name} is {kind}"


def arguments_of(text: str, call: tree.Call, name: str) -> dict[str, tree.Expression]:
    """The arguments by their names.

    Raises:
        SqlError: there are too many, too few, or one of a name that is not known.
    """
    names = ARGUMENTS[name]
    given: dict[str, Any] = {}
    for place, argument in enumerate(call.arguments):
        if isinstance(argument, tree.NamedArgument):
            key, value = argument.name.upper(), argument.value
        else:
            key, value = (names[place] if place < len(names) else ""), argument
        if key not in names or key in given:
            raise error_at(text, *argument.span, f"there is no such argument: {USAGE[name]}")
        given[key] = value
    missing = [each for each in names if each not in given and each != "OFFSET"]
    if missing:
        raise error_at(text, *call.span, f"{', '.join(missing)} is missing: {USAGE[name]}")
    return given


def position(binder: QueryBinder, node: Node, name: tree.Expression) -> int:
    """The position of a column.

    Raises:
        SqlError: there is none of that name.
    """
    if not isinstance(name, tree.Name):
        raise error_at(binder.text, *name.span, "a column's name is expected here")
    names = [each for each, _ in node.columns]
    if name.parts[-1] not in names:
        raise error_at(binder.text, *name.span, f"there is no column {name.parts[-1]}; there are {', '.join(names)}")
    return names.index(name.parts[-1])
