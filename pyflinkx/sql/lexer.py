"""A text as tokens."""

from __future__ import annotations

import re

from pyflinkx.sql.words import NOT_RESERVED, RESERVED

# Kinds of tokens, as they read well after "expected". Words and signs are their own kind: "SELECT", "<=".
NAME = "a name"
QUOTED = "a quoted name"
NUMBER = "a number"
STRING = "a string"
BINARY = "a binary string"
UNICODE = "a string with unicode escapes"
ESCAPED = "a string with escapes"
CHARSET = "a string with a character set"
END = "the end of the text"
HINT = "/*+"
# What no token begins with; the parser says so when it comes to one.
WRONG = "a character without a meaning"

_LETTERS = (
    r"A-Za-z_$\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff\u0100-\u1fff\u3040-\u318f\u3300-\u337f\u3400-\u3d2d"
    r"\u4e00-\u9fff\uf900-\ufaff"
)
_QUOTE = r"'[^']*(?:''[^']*)*'"
_TOKEN = re.compile(
    rf"""
    (?:[ \t\n\r\f]+|--[^\n\r]*|//[^\n\r]*|/\*(?!\+)[^*]*\*+(?:[^/*][^*]*\*+)*/)+ # skipped
    |([xX]{_QUOTE})                                   # 1
    |([uU]&{_QUOTE})                                  # 2
    |([eE]'[^'\\]*(?:(?:\\.|'')[^'\\]*)*')             # 3
    |((?:[nN]|_[A-Za-z0-9][A-Za-z0-9:._-]*){_QUOTE})  # 4
    |([{_LETTERS}][{_LETTERS}0-9]*)                   # 5
    |([0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?) # 6
    |({_QUOTE})                                       # 7
    |(`[^`\n\r]*(?:``[^`\n\r]*)*`)                    # 8
    |(/\*(?!\+))                                       # 9: a comment without an end
    |(/\*\+|\*/|<=|>=|<>|!=|\|\||=>|->|<<|[()\[\]{{}},;.=<>+\-*/%?:|^&$]) # 10
    |(.)                                              # 11
    """,
    re.VERBOSE | re.DOTALL,
)
_KINDS = ["", BINARY, UNICODE, ESCAPED, CHARSET, NAME, NUMBER, STRING, QUOTED, WRONG, "", WRONG]
_WORD, _SIGN = 5, 10
# A $ by itself is a sign, though names may have it.
_WORDS = {word: word for word in RESERVED | NOT_RESERVED | {"$"}}

# What may stand for a name.
NAMES = frozenset({NAME, QUOTED, *NOT_RESERVED})

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
_PLAIN_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Tokens:
    """The tokens of a text; the last one is its end.

    Attributes:
        text: the text.
        kinds: the kind of each token.
        starts: where each begins.
        ends: where each ends.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.kinds: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        kinds, starts, ends = self.kinds, self.starts, self.ends
        words, by_group = _WORDS, _KINDS
        for match in _TOKEN.finditer(text):
            group = match.lastindex
            if group is None:
                continue
            kind = by_group[group]
            if group == _WORD:
                word = match.group()
                if word.isascii():
                    kind = words.get(word.upper(), NAME)
            elif group == _SIGN:
                kind = match.group()
            kinds.append(kind)
            starts.append(match.start())
            ends.append(match.end())
        kinds.append(END)
        starts.append(len(text))
        ends.append(len(text))

    def image(self, index: int) -> str:
        """A token as it is written."""
        return self.text[self.starts[index] : self.ends[index]]


def unquoted(image: str) -> str:
    """What a string or a name between quotes says.

    Example:
        >>> unquoted("'it''s'"), unquoted("`a``b`")
        ("it's", 'a`b')
    """
    quote = image[0]
    return image[1:-1].replace(quote * 2, quote)


def unescaped(image: str) -> str:
    """What ``E'...'`` says, in the manner of C.

    Raises:
        ValueError: an escape names no character.
    """

    def sign(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] in "uUx" and len(code) > 1:
            return chr(int(code[1:], 16))
        if code[0] in "01234567":
            return chr(int(code, 8))
        return _PLAIN_ESCAPES.get(code, code)

    return _ESCAPE.sub(sign, image[2:-1].replace("''", "'"))


def with_unicode(value: str, escape: str) -> str:
    """What ``U&'...'`` says: four hexadecimal digits follow the escape, or six after a ``+``.

    Raises:
        ValueError: what follows an escape names no character.
    """
    one = re.escape(escape)
    pattern = re.compile(rf"{one}(?:({one})|([0-9a-fA-F]{{4}})|\+([0-9a-fA-F]{{6}})|(.?))", re.DOTALL)

    def sign(match: re.Match[str]) -> str:
        if match[1]:
            return escape
        if match[4] is not None:
            raise ValueError(f"{escape!r} is followed by neither four hexadecimal digits, nor a + and six")
        return chr(int(match[2] or match[3], 16))

    # Characters above U+FFFF may also be written as two halves.
    return pattern.sub(sign, value).encode("utf-16", "surrogatepass").decode("utf-16")
