"""How strongly operators bind: the parser and the unparser agree on it."""

from __future__ import annotations

OR = 22
AND = 24
NOT = 26
# a IS NULL, a FORMAT JSON
POSTFIX = 28
COMPARISON = 30
# a IN (...), a BETWEEN ..., a LIKE ...
PREDICATE = 32
SUM = 40
BITS = 50
PRODUCT = 60
ZONE = 70
SIGN = 80
ACCESS = 100

# Operators with an operand on both sides, by their one token.
BINARY = {
    "OR": OR,
    "AND": AND,
    **dict.fromkeys(("=", "<>", "<", ">", "<=", ">=", "!="), COMPARISON),
    "<<": PREDICATE,
    **dict.fromkeys(("+", "-"), SUM),
    **dict.fromkeys(("^", "&"), BITS),
    **dict.fromkeys(("*", "/", "%", "||"), PRODUCT),
}
COMPARISONS = frozenset({"=", "<>", "<", ">", "<=", ">=", "!="})
# Those of several tokens, or that are words.
WORDY = {
    "IS DISTINCT FROM": COMPARISON,
    "IS NOT DISTINCT FROM": COMPARISON,
    "MEMBER OF": COMPARISON,
    "SUBMULTISET OF": COMPARISON,
    "NOT SUBMULTISET OF": COMPARISON,
    **dict.fromkeys(("OVERLAPS", "CONTAINS", "EQUALS", "PRECEDES", "SUCCEEDS"), COMPARISON),
    "IMMEDIATELY PRECEDES": COMPARISON,
    "IMMEDIATELY SUCCEEDS": COMPARISON,
    "MULTISET UNION": 14,
    "MULTISET EXCEPT": 14,
    "MULTISET INTERSECT": 18,
    "AT TIME ZONE": ZONE,
}
# Operators of which several in a row are one operation.
CHAINED = frozenset({"OR", "AND", "+", "-", "*", "/", "%", "||"})
