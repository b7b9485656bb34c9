"""Tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.sql.lexer import END, NAME, NUMBER, QUOTED, STRING, WRONG, Tokens, unescaped, unquoted, with_unicode
from pyflinkx.sql.words import NOT_RESERVED, RESERVED


def kinds(text):
    return Tokens(text).kinds


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [END]),
        ("Select sELECT", ["SELECT", "SELECT", END]),
        ("a_1 $x x$ größe 名前", [NAME] * 5 + [END]),
        ("1 1.5 1. .5 1e5 1.5E-3", [NUMBER] * 6 + [END]),
        ("1x", [NUMBER, NAME, END]),
        ("x.y", [NAME, ".", NAME, END]),
        ("'a''b' `a``b`", [STRING, QUOTED, END]),
        ("<= >= <> != || => -> << ^ & $ ?", ["<=", ">=", "<>", "!=", "||", "=>", "->", "<<", "^", "&", "$", "?", END]),
        ("x>>y", [NAME, ">", ">", NAME, END]),
        ("x--b\ny", [NAME, NAME, END]),
        ("x//b\ry", [NAME, NAME, END]),
        ("x/**/y/***/z/* * / */w", [NAME] * 4 + [END]),
        ("/*+ x */", ["/*+", NAME, "*/", END]),
        ("/* +a */", [END]),
        ("x - -y", [NAME, "-", "-", NAME, END]),
        ('"x"', [WRONG, NAME, WRONG, END]),
        ("\u017fELECT", [NAME, END]),
    ],
)
def test_kinds(text, found):
    assert kinds(text) == found


def test_reserved_words_are_flinks():
    for word in (
        "SELECT",
        "DATE",
        "VALUE",
        "WATERMARK",
        "TIMESTAMP_LTZ",
        "STATEMENT",
        "COMMENT",
        "YEAR",
        "ROW",
        "BYTES",
    ):
        assert word in RESERVED
    for word in (
        "NAME",
        "KEY",
        "TYPE",
        "METADATA",
        "DATA",
        "MAP",
        "TUMBLE",
        "SESSION",
        "IF",
        "MODEL",
        "PARTITIONS",
        "ZONE",
    ):
        assert word in NOT_RESERVED
    assert not RESERVED & NOT_RESERVED


@given(st.text(max_size=40))
def test_any_text_becomes_tokens_that_cover_it(text):
    tokens = Tokens(text)
    assert tokens.kinds[-1] == END
    at = 0
    for start, end in zip(tokens.starts, tokens.ends, strict=True):
        assert at <= start <= end
        at = end
    assert at == len(text)


@given(st.text(max_size=20))
def test_quoted_text_comes_back(value):
    image = "'" + value.replace("'", "''") + "'"
    assert kinds(image) == [STRING, END]
    assert unquoted(image) == value


def test_escapes():
    assert unescaped(r"E'\b\f\n\r\t\\\x41\101\u00e4\U0001F600\q'") == "\b\f\n\r\t\\AAä\U0001f600q"
    assert with_unicode("a!0062!+000063!!", "!") == "abc!"
    with pytest.raises(ValueError, match="followed by neither"):
        with_unicode("!00", "!")
    with pytest.raises(UnicodeDecodeError):
        with_unicode("!d800", "!")
