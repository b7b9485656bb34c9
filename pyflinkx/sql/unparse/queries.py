"""Writes queries."""

from __future__ import annotations

from pyflinkx.sql.tree import expressions as x
from pyflinkx.sql.tree import queries as q
from pyflinkx.sql.unparse.expressions import called, listed, order_by, partition_by
from pyflinkx.sql.unparse.text import clause, many, name, names, path, string, words, write


def hints(found: tuple[q.Hint, ...]) -> str | None:
    """Hints, if there are any."""
    return f"/*+ {many(found)} */" if found else None


@write.register
def _(node: q.HintOption) -> str:
    return f"{string(node.key)} = {write(node.value)}" if node.key is not None else write(node.value)


@write.register
def _(node: q.Hint) -> str:
    return f"{name(node.name)}({many(node.options)})" if node.options else name(node.name)


# ---- Queries


@write.register
def _(node: q.SelectItem) -> str:
    return words(write(node.expression), node.alias is not None and f"AS {name(node.alias)}")


def grouped(item: x.Expression) -> str:
    """A part of GROUP BY."""
    return "()" if item == x.Row(()) else write(item)


@write.register
def _(node: q.GroupingSets) -> str:
    return f"{node.kind} ({', '.join(map(grouped, node.items))})"


@write.register
def _(node: q.NamedWindow) -> str:
    return f"{name(node.name)} AS {write(node.window)}"


@write.register
def _(node: q.Select) -> str:
    group_by = None
    if node.group_by is not None:
        group_by = words("GROUP BY", node.group_quantifier, ", ".join(map(grouped, node.group_by)))
    return words(
        "SELECT",
        hints(node.hints),
        node.quantifier,
        many(node.items),
        clause("FROM", node.source),
        clause("WHERE", node.where),
        group_by,
        clause("HAVING", node.having),
        f"WINDOW {many(node.windows)}" if node.windows else None,
        clause("QUALIFY", node.qualify),
    )


def _row(row: tuple[x.Expression, ...]) -> str:
    text = listed(row)
    # (ROW(1, 2)) is the row 1, 2; so is what looks like it to those who read on.
    return f"ROW({text})" if text.startswith("ROW(") else f"({text})"


@write.register
def _(node: q.Values) -> str:
    return f"VALUES {', '.join(map(_row, node.rows))}"


@write.register
def _(node: q.TableQuery) -> str:
    return f"TABLE {write(node.name)}"


def operand(query: x.Query) -> str:
    """A query as an operand of a set operation, or below ORDER BY."""
    text = write(query)
    return f"({text})" if isinstance(query, (q.SetOperation, q.Ordered)) else text


@write.register
def _(node: q.SetOperation) -> str:
    return f" {node.operator}{' ALL' if node.all else ''} ".join(map(operand, node.inputs))


@write.register
def _(node: q.CommonTable) -> str:
    return words(name(node.name), (node.columns and names(node.columns)) or None, f"AS ({write(node.query)})")


@write.register
def _(node: q.Ordered) -> str:
    tables = words("WITH", node.recursive and "RECURSIVE", many(node.with_tables)) if node.with_tables else None
    body = operand(node.body) if isinstance(node.body, q.Ordered) else write(node.body)
    return words(
        tables,
        body,
        order_by(node.order_by),
        clause("LIMIT", node.limit),
        clause("OFFSET", node.offset),
    )


# ---- Sources


def single(source: q.Source, *others: type[q.Source]) -> str:
    """A source, with parentheses if it is a join, or of one of those classes."""
    text = write(source)
    return f"({text})" if isinstance(source, (q.Join, *others)) else text


@write.register
def _(node: q.Table) -> str:
    return words(write(node.name), hints(node.hints), clause("FOR SYSTEM_TIME AS OF", node.as_of))


@write.register
def _(node: q.Derived) -> str:
    return words(node.lateral and "LATERAL", f"({write(node.query)})")


@write.register
def _(node: q.TableFunction) -> str:
    return words(node.lateral and "LATERAL", f"TABLE({called(node.call, path(node.call.name.parts))})")


@write.register
def _(node: q.Unnest) -> str:
    return words(f"UNNEST({listed(node.arguments)})", node.ordinality and "WITH ORDINALITY")


@write.register
def _(node: q.Aliased) -> str:
    columns = names(node.columns) if node.columns else None
    return words(single(node.source, q.Aliased, q.Sampled), f"AS {name(node.name)}", columns)


@write.register
def _(node: q.Sampled) -> str:
    seed = None if node.seed is None else f"REPEATABLE ({node.seed})"
    return words(single(node.source, q.Sampled), "TABLESAMPLE", node.method, f"({write(node.argument)})", seed)


@write.register
def _(node: q.Join) -> str:
    left, right = write(node.left), single(node.right)
    if node.kind == "COMMA":
        return f"{left}, {right}"
    return words(
        left,
        node.natural and "NATURAL",
        node.kind,
        "JOIN",
        right,
        clause("MATCH_CONDITION", node.match),
        clause("ON", node.on),
        f"USING {names(node.using)}" if node.using else None,
    )


@write.register
def _(node: q.PivotItem) -> str:
    items = listed(node.items)
    if len(node.items) > 1:
        items = f"({items})"
    return words(items, node.alias is not None and f"AS {name(node.alias)}")


@write.register
def _(node: q.Pivot) -> str:
    columns = names(node.columns)
    source = single(node.source, q.Aliased, q.Sampled, q.Pivot)
    return f"{source} PIVOT ({many(node.aggregates)} FOR {columns} IN ({many(node.values)}))"


# ---- MATCH_RECOGNIZE


@write.register
def _(node: q.PatternVariable) -> str:
    return name(node.name)


def _part(pattern: q.Pattern, *others: type[q.Pattern]) -> str:
    text = write(pattern)
    return f"({text})" if isinstance(pattern, others) else text


@write.register
def _(node: q.PatternSequence) -> str:
    return " ".join(_part(item, q.PatternAlternation, q.PatternSequence) for item in node.items)


@write.register
def _(node: q.PatternAlternation) -> str:
    return " | ".join(_part(item, q.PatternAlternation) for item in node.items)


@write.register
def _(node: q.PatternRepeated) -> str:
    item = _part(node.item, q.PatternAlternation, q.PatternSequence, q.PatternRepeated)
    times = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((node.least, node.most))
    if times is None:
        times = f"{{{node.least},{'' if node.most is None else node.most}}}"
    # A space keeps a name apart from what follows it.
    return f"{item}{times}{'?' if node.reluctant else ''}"


@write.register
def _(node: q.PatternPermutation) -> str:
    return f"PERMUTE({', '.join(map(write, node.items))})"


@write.register
def _(node: q.PatternExclusion) -> str:
    return f"{{- {write(node.item)} -}}"


@write.register
def _(node: q.Skip) -> str:
    return words("AFTER MATCH SKIP", node.kind, node.variable is not None and name(node.variable))


@write.register
def _(node: q.PatternSubset) -> str:
    return f"{name(node.name)} = {names(node.variables)}"


@write.register
def _(node: q.Definition) -> str:
    return f"{name(node.name)} AS {write(node.condition)}"


@write.register
def _(node: q.MatchRecognize) -> str:
    rows = {"ONE": "ONE ROW PER MATCH", "ALL": "ALL ROWS PER MATCH", None: None}[node.rows_per_match]
    pattern = words(node.from_start and "^", write(node.pattern), node.to_end and "$")
    inner = words(
        partition_by(node.partition_by),
        order_by(node.order_by),
        f"MEASURES {many(node.measures)}" if node.measures else None,
        rows,
        clause("", node.skip),
        f"PATTERN ({pattern})",
        clause("WITHIN", node.within),
        f"SUBSET {many(node.subsets)}" if node.subsets else None,
        f"DEFINE {many(node.definitions)}",
    )
    source = single(node.source, q.MatchRecognize, q.Sampled, q.Pivot)
    if isinstance(node.source, q.Aliased) and node.source.columns:
        source = f"({source})"
    return f"{source} MATCH_RECOGNIZE ({inner})"
