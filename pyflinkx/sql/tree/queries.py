"""Queries, and what they read from."""

from __future__ import annotations

from pyflinkx.sql.tree.base import Node
from pyflinkx.sql.tree.expressions import Call, Expression, Name, Number, OrderItem, Parameter, Query, String, Window


class HintOption(Node):
    """What a hint is told: ``'key' = 'value'``, or a value."""

    value: Expression
    key: str | None = None


class Hint(Node):
    """A hint of ``/*+ ... */``."""

    name: str
    options: tuple[HintOption, ...] = ()


# ---- Queries


class SelectItem(Node):
    """An expression, ``*`` or ``t.*``, and the name that it gets."""

    expression: Expression
    alias: str | None = None


class GroupingSets(Expression):
    """``GROUPING SETS (...)``, ``ROLLUP (...)`` or ``CUBE (...)``; an empty set is an empty ``Row``."""

    kind: str
    items: tuple[Expression, ...]


class NamedWindow(Node):
    """``name AS (...)`` of the clause WINDOW."""

    name: str
    window: Window


class Select(Query):
    """``SELECT``; what has no FROM gives one row.

    Args:
        items: what is selected.
        source: after FROM.
        quantifier: ``DISTINCT`` or ``ALL``.
        group_by: None where there is no GROUP BY.
        group_quantifier: ``DISTINCT`` or ``ALL`` after GROUP BY.
    """

    items: tuple[SelectItem, ...]
    source: Source | None = None
    quantifier: str | None = None
    where: Expression | None = None
    group_by: tuple[Expression, ...] | None = None
    group_quantifier: str | None = None
    having: Expression | None = None
    windows: tuple[NamedWindow, ...] = ()
    qualify: Expression | None = None
    hints: tuple[Hint, ...] = ()


class Values(Query):
    """``VALUES (1, 'a'), (2, 'b')``."""

    rows: tuple[tuple[Expression, ...], ...]


class TableQuery(Query):
    """``TABLE t`` as a query."""

    name: Name


class SetOperation(Query):
    """``UNION``, ``INTERSECT`` or ``EXCEPT`` (MINUS) of two queries or more, taken from left to right."""

    operator: str
    all: bool
    inputs: tuple[Query, ...]


class CommonTable(Node):
    """``name [(columns)] AS (query)`` of the clause WITH."""

    name: str
    columns: tuple[str, ...]
    query: Query


class Ordered(Query):
    """A query with what stands around it: WITH before it, ORDER BY, OFFSET and LIMIT (FETCH) after it."""

    body: Query
    with_tables: tuple[CommonTable, ...] = ()
    recursive: bool = False
    order_by: tuple[OrderItem, ...] = ()
    offset: Number | Parameter | None = None
    limit: Number | Parameter | None = None


# ---- What queries read from


class Source(Node):
    """What FROM names."""


class Table(Source):
    """A table or view by its name, perhaps as of a time (FOR SYSTEM_TIME AS OF)."""

    name: Name
    hints: tuple[Hint, ...] = ()
    as_of: Expression | None = None


class Derived(Source):
    """``[LATERAL] (query)``."""

    query: Query
    lateral: bool = False


class TableFunction(Source):
    """``[LATERAL] TABLE(f(...))``, or just ``f(...)``."""

    call: Call
    lateral: bool = False


class Unnest(Source):
    """``UNNEST(...) [WITH ORDINALITY]``."""

    arguments: tuple[Expression, ...]
    ordinality: bool = False


class Aliased(Source):
    """``source AS name [(columns)]``."""

    source: Source
    name: str
    columns: tuple[str, ...] = ()


class Sampled(Source):
    """``TABLESAMPLE BERNOULLI (percent) [REPEATABLE (seed)]``, or ``SYSTEM``; SUBSTITUTE has a name."""

    source: Source
    method: str
    argument: Number | String
    seed: int | None = None


class Join(Source):
    """Two sources.

    Args:
        kind: ``INNER``, ``LEFT``, ``RIGHT``, ``FULL``, ``CROSS``, ``COMMA``, ``ASOF`` or ``LEFT ASOF``.
        match: the MATCH_CONDITION of an ASOF join.
    """

    kind: str
    left: Source
    right: Source
    on: Expression | None = None
    using: tuple[str, ...] = ()
    natural: bool = False
    match: Expression | None = None


class PivotItem(Node):
    """A part of PIVOT or UNPIVOT: an aggregate or a value, and its name."""

    items: tuple[Expression, ...]
    alias: str | None = None


class Pivot(Source):
    """``PIVOT (aggregates FOR columns IN (values))``."""

    source: Source
    aggregates: tuple[PivotItem, ...]
    columns: tuple[str, ...]
    values: tuple[PivotItem, ...]


# ---- MATCH_RECOGNIZE


class Pattern(Node):
    """A part of the pattern."""


class PatternVariable(Pattern):
    """A row that a variable stands for."""

    name: str


class PatternSequence(Pattern):
    """One after the other."""

    items: tuple[Pattern, ...]


class PatternAlternation(Pattern):
    """``A | B``."""

    items: tuple[Pattern, ...]


class PatternRepeated(Pattern):
    """``A*``, ``A+``, ``A?``, ``A{2,3}``; without a most, as often as it can be.

    Args:
        reluctant: as rarely as it can be: ``A*?``.
    """

    item: Pattern
    least: int
    most: int | None
    reluctant: bool = False


class PatternPermutation(Pattern):
    """``PERMUTE(A, B)``."""

    items: tuple[Pattern, ...]


class PatternExclusion(Pattern):
    """``{- A -}``."""

    item: Pattern


class Skip(Node):
    """``AFTER MATCH SKIP``: ``PAST LAST ROW``, ``TO NEXT ROW``, ``TO FIRST``, ``TO LAST`` or ``TO`` with a variable."""

    kind: str
    variable: str | None = None


class PatternSubset(Node):
    """``S = (A, B)``."""

    name: str
    variables: tuple[str, ...]


class Definition(Node):
    """``A AS condition``."""

    name: str
    condition: Expression


class MatchRecognize(Source):
    """``MATCH_RECOGNIZE (...)``.

    Args:
        rows_per_match: ``ONE`` or ``ALL``.
        from_start: whether the pattern begins with ``^``.
        to_end: whether it ends with ``$``.
    """

    source: Source
    pattern: Pattern
    definitions: tuple[Definition, ...]
    partition_by: tuple[Expression, ...] = ()
    order_by: tuple[OrderItem, ...] = ()
    measures: tuple[SelectItem, ...] = ()
    rows_per_match: str | None = None
    skip: Skip | None = None
    within: Expression | None = None
    subsets: tuple[PatternSubset, ...] = ()
    from_start: bool = False
    to_end: bool = False
