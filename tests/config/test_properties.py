r"""Java's property files, held against the documentation of java.util.Properties.load and by round trips."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.config.properties import format_properties, parse_properties


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        # From the documentation.
        ("Truth = Beauty\n", {"Truth": "Beauty"}),
        ("       Truth:Beauty\n", {"Truth": "Beauty"}),
        ("Truth                  :Beauty", {"Truth": "Beauty"}),
        (
            "fruits                           apple, banana, pear, \\\n"
            "                                 cantaloupe, watermelon, \\\n"
            "                                 kiwi, mango",
            {"fruits": "apple, banana, pear, cantaloupe, watermelon, kiwi, mango"},
        ),
        ("cheeses\n", {"cheeses": ""}),
        ("\\:\\=", {":=": ""}),
        # Its rules, one by one.
        ("# a=1\n  ! b=2\n\n \t\nc=3", {"c": "3"}),
        ("a=1\r\nb=2\rc=3", {"a": "1", "b": "2", "c": "3"}),
        ("a = = 1", {"a": "= 1"}),
        ("a  1 2 ", {"a": "1 2 "}),
        ("a=b\\\\\nc=d", {"a": "b\\", "c": "d"}),
        ("a=b\\\\\\\n  c=d", {"a": "b\\c=d"}),
        ("a=\\\n# no comment", {"a": "# no comment"}),
        ("k\\ e\\:y=v\\tw\\q\\u00e9", {"k e:y": "v\twqé"}),
        ("a=\\uD83D\\uDE00", {"a": "\U0001f600"}),
        ("a=1\na=2", {"a": "2"}),
        ("a\u00a0b=c", {"a\u00a0b": "c"}),
        ("a=b\\", {"a": "b"}),
        ("", {}),
    ],
)
def test_rules(text, pairs):
    assert parse_properties(text) == pairs


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]))
    )
)
def test_what_is_written_is_read_again(pairs):
    text = format_properties(pairs)
    assert text.isascii()
    expected = dict(pairs)
    if expected.get("") == "":
        expected.pop("", None)  # an empty line but for the "="
        assert {key: value for key, value in parse_properties(text).items() if key} == expected
    else:
        assert parse_properties(text) == expected


def test_a_broken_escape():
    with pytest.raises(ValueError, match="four hexadecimal digits"):
        parse_properties("a=\\u12")
