"""Short names for the nodes that tests of trees are full of."""

from pyflinkx.sql.tree import expressions as x
from pyflinkx.sql.tree import queries as q
from pyflinkx.sql.tree.types import IntervalUnit


def n(path: str) -> x.Name:
    return x.Name(tuple(path.split(".")))


def num(text: object) -> x.Number:
    return x.Number(str(text))


def s(value: str) -> x.String:
    return x.String(value)


def op(operator: str, *operands: x.Expression) -> x.Operation:
    return x.Operation(operator, operands)


def call(name: str, *arguments: x.Expression, **more: object) -> x.Call:
    return x.Call(n(name), arguments, **more)


def select(*items: x.Expression, **more: object) -> q.Select:
    return q.Select(tuple(q.SelectItem(item) for item in items), **more)


def interval(value: str, unit: str, **more: object) -> x.Interval:
    return x.Interval(s(value), IntervalUnit(unit), **more)


def table(path: str, alias: str | None = None) -> q.Source:
    found = q.Table(n(path))
    return found if alias is None else q.Aliased(found, alias)


a, b, c, d = map(n, "abcd")
t, u = table("t"), table("u")
one, two, three = num(1), num(2), num(3)
star = x.Star()
