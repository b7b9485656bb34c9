"""Calls of TO_CHANGELOG and FROM_CHANGELOG after FROM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.relational.changelogs.nodes import KINDS, FromChangelog, ToChangelog
from pyflinkx.relational.nodes import Node
from pyflinkx.relational.windows.calls import position
from pyflinkx.sql.places import error_at
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.types.changes import INSERT_ONLY
from pyflinkx.types.data_type import Family

if TYPE_CHECKING:
    from pyflinkx.relational.queries import QueryBinder

TO, FROM = "TO_CHANGELOG", "FROM_CHANGELOG"
ARGUMENTS = {
    TO: ("INPUT", "OP", "OP_MAPPING", "PRODUCES_FULL_DELETES"),
    FROM: ("INPUT", "OP", "OP_MAPPING", "ERROR_HANDLING"),
}
USAGE = {
    TO: "TO_CHANGELOG(input => TABLE t [PARTITION BY columns] [, op => DESCRIPTOR(column)] [, op_mapping => MAP[kinds, "
    "code, ...]] [, produces_full_deletes => TRUE])",
    FROM: "FROM_CHANGELOG(input => TABLE t [PARTITION BY columns] [, op => DESCRIPTOR(column)] [, op_mapping => "
    "MAP[codes, kind, ...]] [, error_handling => 'FAIL'])",
}
OP = "op"
# Key, value and where the key is written.
Pairs = list[tuple[str, str, tree.Expression]]


def is_changelog_call(call: tree.Call) -> bool:
    """Whether it is one of these functions."""
    return len(call.name.parts) == 1 and call.name.parts[0].upper() in ARGUMENTS


def changelog_table(binder: QueryBinder, call: tree.Call) -> Node:
    """The rows of one of these functions.

    Raises:
        SqlError: the arguments do not fit.
    """
    name = call.name.parts[0].upper()
    given = arguments_of(binder.text, call, name)
    data = given["INPUT"]
    if not isinstance(data, tree.TableArgument):
        raise error_at(binder.text, *data.span, f"input is a table: {USAGE[name]}")
    node = binder.table(data.source) if isinstance(data.source, tree.Name) else binder.bind(data.source)
    partition = tuple(position(binder, node, each) for each in data.partition_by)
    column = OP
    if "OP" in given:
        described = given["OP"]
        if not isinstance(described, tree.Descriptor) or len(described.columns) != 1:
            raise error_at(binder.text, *described.span, f"op is DESCRIPTOR(column), of one column: {USAGE[name]}")
        column = described.columns[0].name.parts[-1]
    pairs = mapping(binder.text, given.get("OP_MAPPING"), name)
    return (to_changelog if name == TO else from_changelog)(binder, call, node, partition, column, pairs, given)


def arguments_of(text: str, call: tree.Call, name: str) -> dict[str, tree.Expression]:
    """The arguments by their names."""
    names = ARGUMENTS[name]
    given: dict[str, tree.Expression] = {}
    for place, argument in enumerate(call.arguments):
        if isinstance(argument, tree.NamedArgument):
            key, value = argument.name.upper(), argument.value
        else:
            key, value = (names[place] if place < len(names) else ""), argument
        if key not in names or key in given:
            raise error_at(text, *argument.span, f"there is no such argument: {USAGE[name]}")
        if not isinstance(value, tree.Default):
            given[key] = value
    if "INPUT" not in given:
        raise error_at(text, *call.span, f"input is missing: {USAGE[name]}")
    return given


def mapping(text: str, given: tree.Expression | None, name: str) -> Pairs | None:
    """The pairs of op_mapping, each key by itself, and where it is written; None for none."""
    if given is None:
        return None
    if not isinstance(given, tree.Map) or not all(isinstance(item, tree.String) for item in given.items):
        raise error_at(text, *given.span, f"op_mapping is a MAP of texts: {USAGE[name]}")
    texts = [item for item in given.items if isinstance(item, tree.String)]
    pairs: Pairs = []
    for key, value in zip(texts[::2], texts[1::2], strict=True):
        pairs += [(part.strip(), value.value, key) for part in key.value.split(",")]
    seen: set[str] = set()
    for key_text, _, place in pairs:
        if key_text in seen:
            raise error_at(text, *place.span, f"op_mapping says twice what {key_text} is")
        seen.add(key_text)
    return pairs


def kind_of(text: str, name: str, place: tree.Expression) -> int:
    """The kind of a name."""
    if name not in KINDS:
        raise error_at(text, *place.span, f"there is no kind {name} of rows; there are {', '.join(KINDS)}")
    return KINDS.index(name)


def constant(text: str, given: tree.Expression, values: dict[Any, Any], what: str) -> Any:
    """What a constant argument says."""
    value = getattr(given, "value", None)
    key = value.upper() if isinstance(value, str) else value
    if key not in values:
        raise error_at(text, *given.span, f"{what} is {' or '.join(map(str, values))}")
    return values[key]


def to_changelog(
    binder: QueryBinder,
    call: tree.Call,
    node: Node,
    partition: tuple[int, ...],
    column: str,
    pairs: Pairs | None,
    given: dict[str, tree.Expression],
) -> Node:
    """The rows of TO_CHANGELOG."""
    if column in [name for name, _ in node.columns]:
        raise error_at(binder.text, *call.span, f"the table has a column {column}: op => DESCRIPTOR(...) names another")
    codes: list[str | None] = list(KINDS)
    if pairs is not None:
        codes = [None] * len(KINDS)
        for kind, code, place in pairs:
            codes[kind_of(binder.text, kind, place)] = code
    kept = None
    full = given.get("PRODUCES_FULL_DELETES")
    if full is not None and not constant(binder.text, full, {True: True, False: False}, "produces_full_deletes"):
        key = frozenset(partition) if partition else next(iter(node.unique), None)
        kept = None if key is None else tuple(sorted(key))
    return ToChangelog(node, column, tuple(codes), partition, kept)


def from_changelog(
    binder: QueryBinder,
    call: tree.Call,
    node: Node,
    partition: tuple[int, ...],
    column: str,
    pairs: Pairs | None,
    given: dict[str, tree.Expression],
) -> Node:
    """The rows of FROM_CHANGELOG."""
    if node.changes != INSERT_ONLY:
        raise error_at(
            binder.text, *call.span, f"{FROM} takes a table of inserts, and {node.describe()} gives {node.changes}"
        )
    op = position(binder, node, tree.Name((column,), span=call.span))
    if not node.columns[op][1].family(Family.CHARACTER_STRING):
        raise error_at(binder.text, *call.span, f"op is a column of text, and {column} is {node.columns[op][1]}")
    codes = [(kind, place) for place, kind in enumerate(KINDS)]
    if pairs is not None:
        codes = [(code, kind_of(binder.text, kind, place)) for code, kind, place in pairs]
        kinds = {kind for _, kind in codes}
        if 2 in kinds and 1 not in kinds and not partition:
            raise error_at(
                binder.text, *call.span, "updates without the row before need PARTITION BY the columns that they are by"
            )
    handling = given.get("ERROR_HANDLING")
    skips = handling is not None and constant(binder.text, handling, {"SKIP": True, "FAIL": False}, "error_handling")
    return FromChangelog(node, op, tuple(codes), partition, skips)
