"""Writes expressions and types."""

from __future__ import annotations

from pyflinkx.sql import precedence as p
from pyflinkx.sql.parse_functions import BARE, FUNCTIONS, SPECIAL
from pyflinkx.sql.tree import expressions as x
from pyflinkx.sql.tree import types as t
from pyflinkx.sql.tree.base import Node
from pyflinkx.sql.unparse.text import clause, many, name, path, quoted, string, words, write

# What needs no parentheses anywhere.
WHOLE = 1000
JSON_CONSTRUCTORS = frozenset({"JSON_OBJECT", "JSON_ARRAY", "JSON_OBJECTAGG", "JSON_ARRAYAGG"})


def power(node: Node) -> int:
    """How strongly the operator of an expression binds."""
    if isinstance(node, x.Operation):
        operator = node.operator
        return p.BINARY.get(operator) or p.WORDY[operator.removesuffix(" DISTINCT")]
    if isinstance(node, x.Prefix):
        return p.NOT if node.operator == "NOT" else p.SIGN
    if isinstance(node, (x.Is, x.FormatJson)):
        return p.POSTFIX
    if isinstance(node, (x.Between, x.Like, x.In)):
        return p.PREDICATE
    if isinstance(node, x.Quantified):
        return p.COMPARISON
    if isinstance(node, (x.Item, x.Field)):
        return p.ACCESS
    return 0 if isinstance(node, x.Lambda) else WHOLE


def at_least(node: Node, least: int) -> str:
    """An operand, with parentheses if its operator binds less strongly than that."""
    text = write(node)
    return text if power(node) >= least else f"({text})"


def listed(items: tuple[x.Expression, ...]) -> str:
    """Expressions with commas between them."""
    return ", ".join(map(write, items))


def order_by(items: tuple[x.OrderItem, ...]) -> str | None:
    """ORDER BY, if there is one."""
    return f"ORDER BY {many(items)}" if items else None


def partition_by(items: tuple[x.Expression, ...]) -> str | None:
    """PARTITION BY, if there is one."""
    return f"PARTITION BY {listed(items)}" if items else None


# ---- Types


@write.register
def _(node: t.IntervalUnit) -> str:
    precision = "" if node.precision is None else f"({node.precision})"
    fraction = "" if node.fraction is None else f"({node.fraction})"
    if node.end:
        return f"{node.start}{precision} TO {node.end}{fraction}"
    if node.fraction is not None:
        precision = f"({node.precision}, {node.fraction})"
    return node.start + precision


@write.register
def _(node: t.TypeField) -> str:
    return words(name(node.name), write(node.type), None if node.comment is None else string(node.comment))


@write.register
def _(node: t.TypeName) -> str:
    if node.path:
        text = ".".join(map(quoted, node.path))
    elif node.name == "ROW":
        text = f"ROW<{many(node.fields)}>"
    elif node.name == "STRUCTURED":
        text = f"STRUCTURED<{', '.join([string(node.texts[0]), *map(write, node.fields)])}>"
    elif node.texts:
        text = f"{node.name}({', '.join(map(string, node.texts))})"
    elif node.children:
        text = f"{node.name}<{many(node.children)}>"
    elif node.unit:
        text = f"INTERVAL {write(node.unit)}"
    else:
        arguments = f"({', '.join(map(str, node.arguments))})" if node.arguments else ""
        first, space, zone = node.name.partition(" WITH ")
        text = f"{first}{arguments}{space}{zone}"
    return text if node.nullable is None else f"{text} NULL" if node.nullable else f"{text} NOT NULL"


# ---- Names and literals


@write.register
def _(node: x.Name) -> str:
    return path(node.parts)


@write.register
def _(node: x.Star) -> str:
    return f"{write(node.qualifier)}.*" if node.qualifier else "*"


@write.register
def _(node: x.Null) -> str:
    return "NULL"


@write.register
def _(node: x.Boolean) -> str:
    return "UNKNOWN" if node.value is None else str(node.value).upper()


@write.register
def _(node: x.Number) -> str:
    return node.text


@write.register
def _(node: x.String) -> str:
    return f"_{node.charset}{string(node.value)}" if node.charset else string(node.value)


@write.register
def _(node: x.Bytes) -> str:
    return f"X'{node.value.hex().upper()}'"


@write.register
def _(node: x.Temporal) -> str:
    kind, local, _ = node.kind.partition("_LTZ")
    return words(kind, local and "WITH LOCAL TIME ZONE", string(node.value))


@write.register
def _(node: x.Interval) -> str:
    value = write(node.value)
    if not isinstance(node.value, (x.String, x.Number, x.Name)):
        value = f"({value})"
    return words("INTERVAL", node.negative and "-", value, write(node.unit))


@write.register
def _(node: x.Parameter) -> str:
    return "?"


@write.register
def _(node: x.Symbol) -> str:
    return node.name


# ---- Operators


@write.register
def _(node: x.Prefix) -> str:
    operand = at_least(node.operand, p.NOT if node.operator == "NOT" else p.SIGN)
    if node.operator in "+-":
        # Two of them would begin a comment.
        return f"{node.operator} {operand}" if operand[0] in "+-" else node.operator + operand
    return f"{node.operator} {operand}"


@write.register
def _(node: x.Operation) -> str:
    own = power(node)
    first, *others = node.operands
    return f" {node.operator} ".join([at_least(first, own), *(at_least(other, own + 1) for other in others)])


def _not(negated: bool) -> str | None:
    return "NOT" if negated else None


@write.register
def _(node: x.Is) -> str:
    return words(at_least(node.operand, p.POSTFIX), "IS", _not(node.negated), node.what)


@write.register
def _(node: x.FormatJson) -> str:
    return words(at_least(node.operand, p.POSTFIX), "FORMAT JSON", node.encoding and f"ENCODING {node.encoding}")


@write.register
def _(node: x.Between) -> str:
    bounds = f"{at_least(node.low, p.PREDICATE + 1)} AND {at_least(node.high, p.PREDICATE + 1)}"
    symmetric = "SYMMETRIC" if node.symmetric else None
    return words(at_least(node.operand, p.PREDICATE), _not(node.negated), "BETWEEN", symmetric, bounds)


@write.register
def _(node: x.Like) -> str:
    escape = f"ESCAPE {at_least(node.escape, p.ACCESS)}" if node.escape else None
    pattern = at_least(node.pattern, p.PREDICATE + 1)
    return words(at_least(node.operand, p.PREDICATE), _not(node.negated), node.operator, pattern, escape)


def candidates(found: x.Query | tuple[x.Expression, ...]) -> str:
    """What IN and ANY choose from."""
    return f"({listed(found) if isinstance(found, tuple) else write(found)})"


@write.register
def _(node: x.In) -> str:
    return words(at_least(node.operand, p.PREDICATE), _not(node.negated), "IN", candidates(node.candidates))


@write.register
def _(node: x.Quantified) -> str:
    operand = at_least(node.operand, p.COMPARISON)
    return f"{operand} {node.operator} {node.quantifier} {candidates(node.candidates)}"


@write.register
def _(node: x.Exists) -> str:
    return f"EXISTS ({write(node.query)})"


@write.register
def _(node: x.Subquery) -> str:
    return f"({write(node.query)})"


@write.register
def _(node: x.When) -> str:
    return f"WHEN {listed(node.conditions)} THEN {write(node.result)}"


@write.register
def _(node: x.Case) -> str:
    operand = clause("", node.operand)
    otherwise = clause("ELSE", node.otherwise)
    return words("CASE", operand, *map(write, node.branches), otherwise, "END")


@write.register
def _(node: x.Cast) -> str:
    return f"{'TRY_' if node.safe else ''}CAST({write(node.operand)} AS {write(node.type)})"


@write.register
def _(node: x.Difference) -> str:
    return f"({at_least(node.left, p.SUM)} - {at_least(node.right, p.SUM + 1)}) {write(node.unit)}"


# ---- Constructors and access


@write.register
def _(node: x.Row) -> str:
    return f"ROW({listed(node.items)})"


@write.register(x.Array)
@write.register(x.Map)
@write.register(x.Multiset)
def _(node: x.Array | x.Map | x.Multiset) -> str:
    return f"{type(node).__name__.upper()}[{listed(node.items)}]"


@write.register
def _(node: x.Collected) -> str:
    return f"{node.kind}({write(node.query)})"


@write.register
def _(node: x.Item) -> str:
    return f"{at_least(node.collection, p.ACCESS)}[{write(node.index)}]"


@write.register
def _(node: x.Field) -> str:
    operand = at_least(node.operand, p.ACCESS)
    if isinstance(node.operand, (x.Name, x.Number)):
        operand = f"({operand})"
    return f"{operand}.{'*' if node.name == '*' else name(node.name)}"


# ---- Functions


@write.register
def _(node: x.OrderItem) -> str:
    nulls = None if node.nulls_first is None else f"NULLS {'FIRST' if node.nulls_first else 'LAST'}"
    return words(write(node.expression), node.descending and "DESC", nulls)


@write.register
def _(node: x.Bound) -> str:
    if node.kind == "CURRENT ROW":
        return node.kind
    return f"{write(node.offset) if node.offset else 'UNBOUNDED'} {node.kind}"


@write.register
def _(node: x.Frame) -> str:
    bounds = f"BETWEEN {write(node.start)} AND {write(node.end)}" if node.end else write(node.start)
    return words(node.unit, bounds, node.exclude and f"EXCLUDE {node.exclude}")


@write.register
def _(node: x.Window) -> str:
    base = None if node.base is None else name(node.base)
    parts = words(base, partition_by(node.partition_by), order_by(node.order_by), clause("", node.frame))
    return f"({parts})"


@write.register
def _(node: x.Call) -> str:
    parts = node.name.parts
    single = parts[0] if len(parts) == 1 else ""
    if single.upper() in BARE and node == x.Call(node.name):
        return single
    if single in SPECIAL:
        return called(node, single, _special(single, node.arguments))
    plain = single.upper() in FUNCTIONS or single in JSON_CONSTRUCTORS
    return called(node, single if plain else path(parts) if single.upper() not in SPECIAL else quoted(single))


def called(node: x.Call, head: str, arguments: str | None = None) -> str:
    """A call of what is named that."""
    if arguments is None:
        nulls = node.on_null and f"{node.on_null} ON NULL"
        separator = clause("SEPARATOR", node.separator)
        arguments = words(node.quantifier, listed(node.arguments), order_by(node.order_by), nulls, separator)
    over = node.over if node.over is None else name(node.over) if isinstance(node.over, str) else write(node.over)
    return words(
        f"{head}({arguments})",
        f"WITHIN GROUP ({order_by(node.within_group)})" if node.within_group else None,
        f"FILTER (WHERE {write(node.filter)})" if node.filter else None,
        node.nulls and f"{node.nulls} NULLS",
        over and f"OVER {over}",
    )


def _special(function: str, arguments: tuple[x.Expression, ...]) -> str:
    """The arguments of a function with a syntax of its own."""
    if function == "TRIM":
        side, characters, text = map(write, arguments)
        return f"{side} {characters} FROM {text}"
    if function == "EXTRACT":
        return " FROM ".join(map(write, arguments))
    if function == "POSITION":
        part, *others = arguments
        return f"{at_least(part, p.PREDICATE + 1)} IN {' FROM '.join(map(write, others))}"
    if function == "OVERLAY":
        return "".join(
            f"{word}{write(a)}" for word, a in zip(("", " PLACING ", " FROM ", " FOR "), arguments, strict=False)
        )
    if function in ("FLOOR", "CEIL", "CEILING") and isinstance(arguments[-1], x.Symbol):
        # An interval would take the TO for its own.
        value, unit = arguments
        text = write(value) if isinstance(value, (x.Name, x.Call)) else f"({write(value)})"
        return f"{text} TO {write(unit)}"
    if function in ("CONVERT", "TRANSLATE") and isinstance(arguments[-1], x.Symbol):
        return " USING ".join(map(write, arguments))
    return listed(arguments)


@write.register
def _(node: x.NamedArgument) -> str:
    return f"{name(node.name)} => {write(node.value)}"


@write.register
def _(node: x.Default) -> str:
    return "DEFAULT"


@write.register
def _(node: x.Lambda) -> str:
    return f"({', '.join(map(name, node.parameters))}) -> {write(node.body)}"


@write.register
def _(node: x.DescribedColumn) -> str:
    return words(write(node.name), clause("", node.type))


@write.register
def _(node: x.Descriptor) -> str:
    return f"DESCRIPTOR({many(node.columns)})"


@write.register
def _(node: x.TableArgument) -> str:
    source = f"TABLE {write(node.source)}" if isinstance(node.source, x.Name) else f"({write(node.source)})"
    partition = f"PARTITION BY ({listed(node.partition_by)})" if node.partition_by else None
    order = f"ORDER BY ({many(node.order_by)})" if node.order_by else None
    return words(source, partition, order)


@write.register
def _(node: x.ModelArgument) -> str:
    return f"MODEL {write(node.name)}"


# ---- JSON


@write.register
def _(node: x.JsonEntry) -> str:
    return f"KEY {write(node.key)} VALUE {write(node.value)}"


@write.register
def _(node: x.JsonBehavior) -> str:
    return words(node.kind, clause("", node.default))


@write.register
def _(node: x.JsonPath) -> str:
    passing = ", ".join(f"{write(value.value)} AS {name(value.name)}" for value in node.passing)
    return (
        words(
            f"{node.function}({write(node.document)}, {write(node.path)}",
            passing and f"PASSING {passing}",
            clause("RETURNING", node.returning),
            node.wrapper and f"{node.wrapper} WRAPPER",
            f"{write(node.on_empty)} ON EMPTY" if node.on_empty else None,
            f"{write(node.on_error)} ON ERROR" if node.on_error else None,
        )
        + ")"
    )
