"""Texts in other forms, random numbers, and patterns: values worked out by hand from Flink's documentation."""

import pytest

from pyflinkx.errors import SqlError
from pyflinkx.relational.queries import bound_query
from tests.relational.queries import run, value


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("DECODE(ENCODE('中国', 'UTF-16LE'), 'UTF-16LE')", "中国"),
        ("ENCODE('a', 'UTF-16')", b"\xfe\xff\0a"),
        ("IS_VALID_UTF8(X'E282')", False),
        ("MAKE_VALID_UTF8(X'C0AF')", "��"),
        ("MAKE_VALID_UTF8(X'EDA080')", "�"),
        ("MAKE_VALID_UTF8(X'61E28262')", "a�b"),
        ("URL_ENCODE('https://a.b/?x=1 2')", "https%3A%2F%2Fa.b%2F%3Fx%3D1+2"),
        ("URL_DECODE('a%20b+c')", "a b c"),
        ("URL_DECODE('%zz')", None),
        ("PARSE_URL('http://u:p@facebook.com:80/path/p1.php?query=1&k=v#Ref1', 'HOST')", "facebook.com"),
        ("PARSE_URL('http://facebook.com/path/p1.php?query=1&k=v', 'QUERY', 'k')", "v"),
        ("PARSE_URL('http://facebook.com/path?query=1', 'FILE')", "/path?query=1"),
        ("PARSE_URL('http://user:pass@host:1/', 'USERINFO')", "user:pass"),
        ("PARSE_URL('no url', 'HOST')", None),
        ("INET_ATON('127.1')", 2130706433),
        ("INET_ATON('1.2.3.')", None),
        ("INET_NTOA(3232235777)", "192.168.1.1"),
        ("INET_NTOA(-1)", None),
        ("PRINTF('%s is %d, %.2f %%', 'x', 3, 2.5e0)", "x is 3, 2.50 %"),
        ("PRINTF('%2$s %1$s', 'a', 'b')", "b a"),
        ("PRINTF('%d', 'a')", None),
        ("HASH_CODE('a')", 97),
        ("RAND(10)", 0.7304302967434272),
        ("RAND_INTEGER(3, 10)", 4),
        ("CHAR_LENGTH(UUID())", 36),
        ("UUID() <> UUID()", True),
        ("'aXb' SIMILAR TO 'a[XY]b'", True),
        ("'abab' SIMILAR TO '(ab)+'", True),
        ("'a1' SIMILAR TO 'a[[:DIGIT:]]'", True),
        ("'abc' SIMILAR TO 'a%'", True),
        ("'ab' NOT SIMILAR TO 'a_'", False),
        ("'a%' SIMILAR TO 'a!%' ESCAPE '!'", True),
        ("'ab' SIMILAR TO 'a!%' ESCAPE '!'", False),
        ("REGEXP_EXTRACT_ALL('100-200, 300-400', '(\\d+)-(\\d+)')", ["100", "300"]),
        ("REGEXP_EXTRACT_ALL('ab', '(a)', 2)", None),
        ("REGEXP_REPLACE('a', '(' || '', 'X')", None),
        ("TYPEOF(ARRAY[1])", "ARRAY<INT NOT NULL> NOT NULL"),
        ("ELT(2, X'01', X'02')", b"\x02"),
        ("'test' LIKE '' ESCAPE ''", False),
    ],
)
def test_values(expression, result):
    assert value(expression) == result


def test_random_numbers_are_others_in_each_row():
    rows = run("SELECT RAND(), UUID(), RAND_INTEGER(1000000000) FROM t", {"a": "INT"}, [(n,) for n in range(50)])
    assert all(len(set(column)) > 45 for column in zip(*rows, strict=True))
    assert all(0 <= row[0] < 1 for row in rows)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("REGEXP_REPLACE('a', '(', 'X')", r"REGEXP_REPLACE: '\(' is no regular expression"),
        ("ELT(-1, 'a')", "ELT: the texts count from 1, and this is -1"),
        ("IS_VALID_UTF8(1)", "IS_VALID_UTF8 does not take INT"),
    ],
)
def test_what_is_refused(expression, said):
    with pytest.raises(SqlError, match=said):
        bound_query(f"SELECT {expression}", {})
