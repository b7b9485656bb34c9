"""A place among tokens, and the steps that every rule takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, TypeVar

from pyflinkx.sql.lexer import END, NAMES, QUOTED, STRING, Tokens, unquoted
from pyflinkx.sql.tree.base import Span
from pyflinkx.sql.tree.expressions import Name

# How deep expressions may stand in one another; a query counts for several. What reads trees recurses as well, so this
# has to leave room within Python's own limit.
MAX_DEPTH = 150

T = TypeVar("T")


class Refusal(Exception):
    """The tokens are no statement.

    Args:
        index: the token that does not fit.
        expected: what would have been right, besides the kinds that were looked for.
        message: what is wrong, where that says more.
    """

    def __init__(self, index: int, expected: str | None = None, message: str | None = None) -> None:
        self.index = index
        self.expected = expected
        self.message = message


class Cursor:
    """Reads tokens from left to right, and never goes back by more than it has looked ahead."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.kinds = tokens.kinds
        self.starts = tokens.starts
        self.i = 0
        self.depth = 0

    # ---- Looking

    def at(self, kind: str) -> bool:
        """Whether the next token is of that kind."""
        return self.kinds[self.i] == kind

    def at_name(self) -> bool:
        """Whether the next token may be a name."""
        return self.kinds[self.i] in NAMES

    def follows(self, kind: str, by: int = 1) -> bool:
        """Whether the token after so many others is of that kind."""
        return self.i + by < len(self.kinds) and self.kinds[self.i + by] == kind

    def span(self, start: int) -> Span:
        """From a character to the end of what was read last."""
        return start, self.tokens.ends[self.i - 1]

    # ---- Reading

    def accept(self, kind: str) -> bool:
        """Reads a token if it is of that kind."""
        if self.kinds[self.i] == kind:
            self.i += 1
            return True
        return False

    def accept_all(self, *kinds: str) -> bool:
        """Reads several tokens if they are of those kinds, else none."""
        if self.at(kinds[0]) and all(self.follows(kind, by) for by, kind in enumerate(kinds)):
            self.i += len(kinds)
            return True
        return False

    def accept_by(self, kind: str) -> bool:
        """Reads a token of that kind, and BY, which has to follow it."""
        if not self.accept(kind):
            return False
        self.expect("BY")
        return True

    def accept_any(self, *kinds: str) -> str | None:
        """Reads a token if it is of one of those kinds, and says which."""
        for kind in kinds:
            if self.accept(kind):
                return kind
        return None

    def expect(self, *kinds: str) -> None:
        """Reads tokens that have to be there."""
        for kind in kinds:
            if not self.accept(kind):
                self.refuse()

    def expect_any(self, *kinds: str) -> str:
        """Reads a token of one of those kinds, and says which."""
        return self.accept_any(*kinds) or self.refuse()

    def name(self) -> str:
        """Reads a name of one part."""
        if not self.at_name():
            self.refuse("a name")
        image = self.tokens.image(self.i)
        quoted = self.kinds[self.i] == QUOTED
        self.i += 1
        if quoted and len(image) == 2:
            self.i -= 1
            self.refuse(message="a name has at least one character")
        return unquoted(image) if quoted else image

    def path(self) -> Name:
        """Reads a name of one part or more."""
        start = self.starts[self.i]
        parts = [self.name()]
        while self.accept("."):
            parts.append(self.name())
        return Name(tuple(parts), span=self.span(start))

    def string(self) -> str:
        """Reads a string between quotes."""
        if not self.accept(STRING):
            self.refuse()
        return unquoted(self.tokens.image(self.i - 1))

    def list(self, item: Callable[[], T]) -> tuple[T, ...]:
        """Reads items with commas between them."""
        items = [item()]
        while self.accept(","):
            items.append(item())
        return tuple(items)

    def parenthesized(self, item: Callable[[], T]) -> tuple[T, ...]:
        """Reads items between parentheses."""
        self.expect("(")
        items = self.list(item)
        self.expect(")")
        return items

    # ---- Refusing

    def deeper(self, levels: int = 1) -> None:
        """Counts levels of nesting; the caller takes them off again."""
        self.depth += levels
        if self.depth > MAX_DEPTH:
            self.refuse(message=f"nested too deeply: there may be {MAX_DEPTH} levels, of which a query takes a few")

    def refuse(self, expected: str | None = None, message: str | None = None, index: int | None = None) -> NoReturn:
        """Says that the next token, or another one, does not fit."""
        raise Refusal(self.i if index is None else index, expected, message)

    @property
    def at_end(self) -> bool:
        """Whether all was read."""
        return self.kinds[self.i] == END
