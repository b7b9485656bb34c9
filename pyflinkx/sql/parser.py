"""Text to syntax trees."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import TypeVar

from pyflinkx.errors import SqlError
from pyflinkx.sql.cursor import MAX_DEPTH, Refusal
from pyflinkx.sql.lexer import END, NAMES, STRING, WRONG, Tokens
from pyflinkx.sql.parse_statements import COMMANDS, ENDED, STATEMENTS, StatementParser
from pyflinkx.sql.places import error_at
from pyflinkx.sql.tree.expressions import Expression, Name, Query
from pyflinkx.sql.tree.statements import QueryStatement, Statement
from pyflinkx.sql.tree.types import TypeName
from pyflinkx.sql.words import RESERVED

T = TypeVar("T")

# How many expected tokens an error names.
NAMED = 8
# Looked for, and hardly ever what is missing.
_NOISE = frozenset({"/*+", "STREAM", ".", "=>", "->", "MINUS"})
# What follows a column more often than a word that was not meant as one.
_AFTER_COLUMN = frozenset(
    {",", ".", ")", "=", "<>", "<", ">", "<=", ">=", "+", "-", "/", "FROM", "AS", "IS", "IN", "AND"}
)
_WRONG = {
    "'": "a string that begins here is not closed",
    "`": "a name that begins here is not closed on its line",
    '"': "Flink's SQL has no double quotes: names stand in back quotes, strings in single quotes",
    "/*": "a comment that begins here is not closed",
}


def parse(text: str) -> tuple[Statement, ...]:
    """The statements of a text, with semicolons between them.

    Raises:
        SqlError: it is no SQL of Flink's.

    Example:
        >>> [type(statement).__name__ for statement in parse("USE db; SELECT 1")]
        ['Use', 'QueryStatement']
    """
    return _read(text, StatementParser.statements)


def parse_statement(text: str) -> Statement:
    """The one statement of a text; a semicolon may end it.

    Raises:
        SqlError: it is no SQL of Flink's, or not one statement.
    """
    return _read(text, _one_statement)


def parse_query(text: str) -> Query:
    """A query.

    Raises:
        SqlError: it is none.
    """
    return _read(text, _one_query)


def parse_expression(text: str) -> Expression:
    """An expression.

    Raises:
        SqlError: it is none.

    Example:
        >>> parse_expression("a + 1")
        Operation(operator='+', operands=(Name(parts=('a',)), Number(text='1')))
    """
    return _read(text, _whole(StatementParser.expression))


def parse_type(text: str) -> TypeName:
    """A type.

    Raises:
        SqlError: it is none.
    """
    return _read(text, _whole(StatementParser.type))


def parse_path(text: str) -> Name:
    """The path of an object, such as ``catalog.db.t``: words that are reserved need no quotes.

    Raises:
        SqlError: it is none, or has more than three parts.
    """
    return _read(text, _path)


def _one_statement(parser: StatementParser) -> Statement:
    statement = parser.statement()
    while parser.accept(";"):
        pass
    if not parser.at(END):
        one = parser.kinds[parser.i - 1] == ";"
        parser.refuse(ENDED, "this takes one statement, and another one follows" if one else None)
    return statement


def _one_query(parser: StatementParser) -> Query:
    at = parser.i
    statement = _one_statement(parser)
    if not isinstance(statement, QueryStatement):
        parser.refuse("a query", index=at)
    return statement.query


def _whole(read: Callable[[StatementParser], T]) -> Callable[[StatementParser], T]:
    def whole(parser: StatementParser) -> T:
        found = read(parser)
        parser.expect(END)
        return found

    return whole


def _path(parser: StatementParser) -> Name:
    start = parser.starts[0]
    parts = []
    while True:
        if parser.kinds[parser.i] in RESERVED:
            parts.append(parser.tokens.image(parser.i))
            parser.i += 1
        else:
            parts.append(parser.name())
        if len(parts) == 3 or not parser.accept("."):
            break
    parser.expect(END)
    return Name(tuple(parts), span=parser.span(start))


# ---- Errors


class _Watching(StatementParser):
    """Reads as ``StatementParser`` does, and keeps what it looked for where."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__(tokens)
        self.looked_for: dict[int, dict[str, None]] = {}

    def _look(self, kind: str) -> None:
        self.looked_for.setdefault(self.i, {})[kind] = None

    def at(self, kind: str) -> bool:
        self._look(kind)
        return super().at(kind)

    def accept(self, kind: str) -> bool:
        self._look(kind)
        return super().accept(kind)


def _read(text: str, read: Callable[[StatementParser], T]) -> T:
    tokens = Tokens(text)
    try:
        return read(StatementParser(tokens))
    except (Refusal, RecursionError):
        pass
    # Once more, to say what was looked for.
    watching = _Watching(tokens)
    try:
        return read(watching)
    except Refusal as refusal:
        error = _error(watching, refusal)
    except RecursionError:
        place = min(watching.i, len(tokens.kinds) - 1)
        error = _error(watching, Refusal(place, message=f"nested too deeply, or called too deeply; limit {MAX_DEPTH}"))
    raise error


def _error(parser: _Watching, refusal: Refusal) -> SqlError:
    tokens, index = parser.tokens, refusal.index
    start, end = tokens.starts[index], tokens.ends[index]
    image = tokens.image(index)
    if tokens.kinds[index] == WRONG and image in _WRONG:
        return error_at(tokens.text, start, end, _WRONG[image])
    if refusal.message:
        return error_at(tokens.text, start, end, refusal.message)
    looked_for = [kind for kind in parser.looked_for.get(index, ()) if kind not in _NOISE]
    expected = [refusal.expected] if refusal.expected else []
    if refusal.expected in (None, ENDED):
        # The end of a statement has two forms, and one name is enough.
        ends = (";", END) if refusal.expected else ()
        expected += [_shown(kind) for kind in looked_for if kind not in ends]
    if refusal.expected == "a statement":
        looked_for = [*STATEMENTS, *COMMANDS]
    message = f"found {_found(tokens, index)}"
    if expected:
        more = len(expected) > NAMED
        message += f", expected {_any_of(expected[:NAMED], more)}"
    hint = _misspelt(parser, index, looked_for)
    if hint:
        message += f"; {hint}"
    elif _is_meant_as_name(tokens, index, refusal.expected):
        message += f"; {image.upper()} is reserved: as a name it is written `{image}`"
    return error_at(tokens.text, start, end, message)


def _is_meant_as_name(tokens: Tokens, index: int, expected: str | None) -> bool:
    if tokens.kinds[index] not in RESERVED:
        return False
    return expected == "a name" or (expected == "an expression" and tokens.kinds[index + 1] in _AFTER_COLUMN)


def _found(tokens: Tokens, index: int) -> str:
    kind, image = tokens.kinds[index], tokens.image(index)
    if kind == END:
        return END
    if kind in NAMES:
        return f"the name {image}"
    if kind == STRING:
        return f"the string {image if len(image) <= 40 else image[:36] + '...' + image[-1]}"
    return kind if kind in RESERVED else repr(image)


def _shown(kind: str) -> str:
    return repr(kind) if not kind[0].isalpha() else kind


def _any_of(expected: list[str], more: bool) -> str:
    if more:
        return f"{', '.join(expected)}, ..."
    return " or ".join([", ".join(expected[:-1]), expected[-1]] if len(expected) > 1 else expected)


def _misspelt(parser: _Watching, index: int, looked_for: list[str]) -> str | None:
    """A word that the token, or the one before it, may have been meant to be.

    ``SELECT a FORM t`` is refused at ``t``, since FORM is a name for ``a``.
    """
    before = list(parser.looked_for.get(index - 1, ()))
    for at, words in ((index, looked_for), (index - 1, [*looked_for, *before])):
        if at < 0 or parser.kinds[at] not in NAMES:
            continue
        word = parser.tokens.image(at).upper()
        known = [kind for kind in words if kind.isupper() and kind not in (word, "AS")]
        close = difflib.get_close_matches(word, known, 1, 0.7)
        if close:
            return f"did you mean {close[0]}{'' if at == index else f' instead of {parser.tokens.image(at)}'}?"
    return None
