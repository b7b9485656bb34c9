"""Text in expressions of the Table API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.sql.tree import expressions as tree
from pyflinkx.table.arguments import given
from pyflinkx.table.expression_methods import Methods

if TYPE_CHECKING:
    from pyflinkx.table.expression import Expression


class TextMethods(Methods):
    """Methods of expressions that are text."""

    def concat(self, other: Any) -> Expression:
        """This text and another after it."""
        return self._call("CONCAT", other)

    def substring(self, begin_index: Any, length: Any = None) -> Expression:
        """From a character on, the first being 1; all, or so many."""
        return self._call("SUBSTRING", begin_index, *given(length))

    def substr(self, begin_index: Any, length: Any = None) -> Expression:
        """See ``substring()``."""
        return self._call("SUBSTR", begin_index, *given(length))

    def replace(self, search: Any = None, replacement: Any = None) -> Expression:
        """With another text in all places of one."""
        return self._call("REPLACE", search, replacement)

    def translate(self, from_str: Any, to_str: Any) -> Expression:
        """With other characters for some."""
        return self._call("TRANSLATE", from_str, to_str)

    @property
    def char_length(self) -> Expression:
        """How many characters."""
        return self._call("CHAR_LENGTH")

    @property
    def upper_case(self) -> Expression:
        """In capital letters."""
        return self._call("UPPER")

    @property
    def lower_case(self) -> Expression:
        """In small letters."""
        return self._call("LOWER")

    @property
    def init_cap(self) -> Expression:
        """Each word with a capital letter."""
        return self._call("INITCAP")

    def lpad(self, length: Any, pad: Any) -> Expression:
        """Filled up to a length at its beginning."""
        return self._call("LPAD", length, pad)

    def rpad(self, length: Any, pad: Any) -> Expression:
        """Filled up to a length at its end."""
        return self._call("RPAD", length, pad)

    def regexp(self, regex: Any) -> Expression:
        """Whether some part is like a regular expression."""
        return self._call("REGEXP", regex)

    def regexp_count(self, regex: Any) -> Expression:
        """How many parts are like a regular expression."""
        return self._call("REGEXP_COUNT", regex)

    def regexp_replace(self, regex: Any, replacement: Any) -> Expression:
        """With another text for the parts that are like a regular expression."""
        return self._call("REGEXP_REPLACE", regex, replacement)

    def regexp_extract(self, regex: Any, extract_index: Any = None) -> Expression:
        """The first part that is like a regular expression, or a group of it."""
        return self._call("REGEXP_EXTRACT", regex, *given(extract_index))

    def regexp_extract_all(self, regex: Any, extract_index: Any = None) -> Expression:
        """A group of all parts that are like a regular expression."""
        return self._call("REGEXP_EXTRACT_ALL", regex, *given(extract_index))

    def regexp_instr(self, regex: Any) -> Expression:
        """Where the first part begins that is like a regular expression."""
        return self._call("REGEXP_INSTR", regex)

    def regexp_substr(self, regex: Any) -> Expression:
        """The first part that is like a regular expression."""
        return self._call("REGEXP_SUBSTR", regex)

    @property
    def from_base64(self) -> Expression:
        """The text that is written in base 64."""
        return self._call("FROM_BASE64")

    @property
    def to_base64(self) -> Expression:
        """Written in base 64."""
        return self._call("TO_BASE64")

    @property
    def ascii(self) -> Expression:
        """The number of the first character."""
        return self._call("ASCII")

    def decode(self, charset: Any) -> Expression:
        """The text of bytes in a character set."""
        return self._call("DECODE", charset)

    def encode(self, charset: Any) -> Expression:
        """The bytes of the text in a character set."""
        return self._call("ENCODE", charset)

    def left(self, length: Any) -> Expression:
        """The first characters."""
        return self._call("LEFT", length)

    def right(self, length: Any) -> Expression:
        """The last characters."""
        return self._call("RIGHT", length)

    def instr(self, s: Any) -> Expression:
        """Where a text begins in this one; 0 for nowhere."""
        return self._call("INSTR", s)

    def url_decode(self) -> Expression:
        """The text that is written for a URL."""
        return self._call("URL_DECODE")

    def url_encode(self) -> Expression:
        """Written for a URL."""
        return self._call("URL_ENCODE")

    def inet_aton(self) -> Expression:
        """The number of an address."""
        return self._call("INET_ATON")

    def parse_url(self, part_to_extract: Any, key: Any = None) -> Expression:
        """A part of a URL, such as HOST."""
        return self._call("PARSE_URL", part_to_extract, *given(key))

    def printf(self, *obj: Any) -> Expression:
        """The values in the places that this format says."""
        return self._call("PRINTF", *obj)

    def ltrim(self, trim_str: Any = None) -> Expression:
        """Without spaces, or other characters, at its beginning."""
        return self._call("LTRIM", *given(trim_str))

    def rtrim(self, trim_str: Any = None) -> Expression:
        """Without spaces, or other characters, at its end."""
        return self._call("RTRIM", *given(trim_str))

    def btrim(self, trim_str: Any = None) -> Expression:
        """Without spaces, or other characters, at both ends."""
        return self._call("BTRIM", *given(trim_str))

    def repeat(self, n: Any) -> Expression:
        """So many times."""
        return self._call("REPEAT", n)

    @property
    def reverse(self) -> Expression:
        """Backwards."""
        return self._call("REVERSE")

    def split(self, delimiter: Any) -> Expression:
        """The parts between separators, as an array."""
        return self._call("SPLIT", delimiter)

    def split_index(self, separator: Any, index: Any) -> Expression:
        """The part at a position, the first being 0."""
        return self._call("SPLIT_INDEX", separator, index)

    def str_to_map(self, list_delimiter: Any = None, key_value_delimiter: Any = None) -> Expression:
        """Pairs of keys and values as a map."""
        return self._call("STR_TO_MAP", *given(list_delimiter, key_value_delimiter))

    def elt(self, expr: Any, *exprs: Any) -> Expression:
        """The text at this position, the first being 1."""
        return self._call("ELT", expr, *exprs)

    def starts_with(self, start_expr: Any) -> Expression:
        """Whether it begins with a text."""
        return self._call("STARTSWITH", start_expr)

    def ends_with(self, end_expr: Any) -> Expression:
        """Whether it ends with a text."""
        return self._call("ENDSWITH", end_expr)

    @property
    def md5(self) -> Expression:
        """The MD5 hash, in digits to the base 16."""
        return self._call("MD5")

    @property
    def sha1(self) -> Expression:
        """The SHA-1 hash, in digits to the base 16."""
        return self._call("SHA1")

    @property
    def sha224(self) -> Expression:
        """The SHA-224 hash, in digits to the base 16."""
        return self._call("SHA224")

    @property
    def sha256(self) -> Expression:
        """The SHA-256 hash, in digits to the base 16."""
        return self._call("SHA256")

    @property
    def sha384(self) -> Expression:
        """The SHA-384 hash, in digits to the base 16."""
        return self._call("SHA384")

    @property
    def sha512(self) -> Expression:
        """The SHA-512 hash, in digits to the base 16."""
        return self._call("SHA512")

    def sha2(self, hash_length: Any) -> Expression:
        """The SHA-2 hash of so many bits, in digits to the base 16."""
        return self._call("SHA2", hash_length)

    @property
    def to_date(self) -> Expression:
        """The date that is written."""
        return self._call("TO_DATE")

    @property
    def to_time(self) -> Expression:
        """The time of day that is written."""
        return self._call("TO_TIME")

    @property
    def to_timestamp(self) -> Expression:
        """The timestamp that is written."""
        return self._call("TO_TIMESTAMP")

    def json_quote(self) -> Expression:
        """As text of JSON."""
        return self._call("JSON_QUOTE")

    def json_unquote(self) -> Expression:
        """What a text of JSON says."""
        return self._call("JSON_UNQUOTE")

    def like(self, pattern: Any = None, escape: Any = None) -> Expression:
        """Whether it is like a pattern of ``%`` and ``_``."""
        return self._like("LIKE", pattern, escape)

    def similar(self, pattern: Any = None) -> Expression:
        """Whether it is like a pattern of SQL's SIMILAR TO."""
        return self._like("SIMILAR TO", pattern, None)

    def _like(self, operator: str, pattern: Any, escape: Any) -> Expression:
        character = None if escape is None else self._node_of(escape)
        return self._made(tree.Like(self._node, self._node_of(pattern), character, operator))

    def trim_leading(self, character: Any = None) -> Expression:
        """Without spaces, or another character, at its beginning."""
        return self._trim("LEADING", character)

    def trim_trailing(self, character: Any = None) -> Expression:
        """Without spaces, or another character, at its end."""
        return self._trim("TRAILING", character)

    def trim(self, character: Any = None) -> Expression:
        """Without spaces, or another character, at both ends."""
        return self._trim("BOTH", character)

    def _trim(self, where: str, character: Any) -> Expression:
        characters = self._node_of(" " if character is None else character)
        return self._made(tree.Call(tree.Name(("TRIM",)), (tree.Symbol(where), characters, self._node)))

    def position(self, haystack: Any = None) -> Expression:
        """Where it begins in another text; 0 for nowhere."""
        return self._call("POSITION", haystack)

    def locate(self, s: Any, pos: Any = None) -> Expression:
        """Where it begins in another text, from a position on; 0 for nowhere."""
        return self._call("LOCATE", s, *given(pos))

    def overlay(self, new_string: Any, starting: Any, length: Any = None) -> Expression:
        """With another text in the place of some characters."""
        return self._call("OVERLAY", new_string, starting, *given(length))
