"""What may follow in a statement that is being typed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from pyflinkx.errors import PyflinkxError
from pyflinkx.sql.lexer import NAMES, QUOTED, WRONG, Tokens, unquoted
from pyflinkx.sql.words import NOT_RESERVED, RESERVED
from pyflinkx.table.table_environment import TableEnvironment

# What a table stands behind.
BEFORE_TABLES = frozenset({"FROM", "JOIN", "INTO", "TABLE", "DESCRIBE", "DESC", "OVERWRITE", "UPDATE"})
WORDS = sorted(word for word in RESERVED | NOT_RESERVED if len(word) > 1)


class Completion:
    """Suggests names of tables, columns and functions, and words of the language.

    Args:
        environment: which tables and functions there are.
    """

    def __init__(self, environment: TableEnvironment) -> None:
        self.environment = environment

    def candidates(self, text: str) -> Iterator[tuple[str, int]]:
        """What could stand at the end of a text.

        Args:
            text: the statement up to the cursor.

        Yields:
            What to write, and how many characters at the text's end it takes the place of.
        """
        tokens = Tokens(text)
        if WRONG in tokens.kinds:
            return  # within a string or a comment
        touching = len(tokens.kinds) > 1 and tokens.ends[-2] == len(text)
        last = len(tokens.kinds) - 2
        typed = ""
        if touching and (tokens.kinds[last] in NAMES or tokens.kinds[last].isalpha()):
            typed = tokens.image(last)
            last -= 1
        before = tokens.kinds[last] if last >= 0 else ""
        if before == ".":
            owner = _name(tokens, last - 1)
            yield from self._of(self._columns_of(owner, tokens), typed)
            return
        if before in BEFORE_TABLES:
            yield from self._of(self._tables(), typed)
            return
        if not typed:
            return
        yield from self._of(sorted(set(self._columns(tokens))), typed)
        yield from self._of(self._tables(), typed)
        yield from self._of(sorted(self.environment.list_functions()), typed, typed.isupper())
        yield from self._of(WORDS, typed, not typed.islower())

    def _of(self, names: list[str], typed: str, upper: bool | None = None) -> Iterator[tuple[str, int]]:
        for name in names:
            if name.upper().startswith(typed.upper()) and name != typed:
                yield (name if upper is None else name.upper() if upper else name.lower()), len(typed)

    def _tables(self) -> list[str]:
        return sorted({*self.environment.list_tables(), *self.environment.list_views()})

    def _columns(self, tokens: Tokens) -> Iterator[str]:
        """Of all tables that the text names."""
        known = set(self._tables())
        for index, kind in enumerate(tokens.kinds[:-1]):
            if kind in NAMES and (name := _name(tokens, index)) in known:
                yield from self._columns_of_table(name)

    def _columns_of(self, owner: str, tokens: Tokens) -> list[str]:
        """Of a table, or of the one that has a name in this text."""
        known = set(self._tables())
        if owner not in known:
            for index in range(1, len(tokens.kinds) - 1):
                named = tokens.kinds[index] in NAMES and _name(tokens, index) == owner
                place = index - 2 if tokens.kinds[index - 1] == "AS" else index - 1
                if named and place >= 0 and _name(tokens, place) in known:
                    return self._columns_of_table(_name(tokens, place))
            return []
        return self._columns_of_table(owner)

    def _columns_of_table(self, name: str) -> list[str]:
        with contextlib.suppress(PyflinkxError):
            return list(self.environment.from_path(f"`{name}`").get_schema().get_field_names())
        return []


def _name(tokens: Tokens, index: int) -> str:
    image = tokens.image(index) if index >= 0 else ""
    return unquoted(image) if index >= 0 and tokens.kinds[index] == QUOTED else image
