"""Texts in other forms: bytes, addresses of the internet, formats."""

from __future__ import annotations

import codecs
import ipaddress
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote_plus, unquote_plus, urlsplit

from pyflinkx.formats.java_text import java_double
from pyflinkx.relational.bound import Apply
from pyflinkx.relational.casts import text_of
from pyflinkx.relational.faults import ValueFault
from pyflinkx.relational.registry import Signature, any_nullable, register, taking, under, valued
from pyflinkx.relational.values import Run, by_value
from pyflinkx.types.data_type import BIGINT, BOOLEAN, BYTES, INT, STRING, DataType, Family, Kind

under("Text in other forms")

CHARSETS = {"utf-16": "utf-16-be", "utf16": "utf-16-be"}


def charset_of(name: str) -> str:
    """Python's name of a character set.

    Raises:
        ValueFault: there is none.
    """
    try:
        codecs.lookup(name)
    except LookupError:
        raise ValueFault(f"there is no character set {name!r:.100}") from None
    return name


def encoded(text: str, name: str) -> bytes:
    if name.lower() in CHARSETS:  # Java writes the order of bytes first
        return b"\xfe\xff" + text.encode("utf-16-be")
    return text.encode(charset_of(name), "replace")


def decoded(data: bytes, name: str) -> str:
    return bytes(data).decode(charset_of(name), "replace")


def decoded_parameters(types: Sequence[DataType]) -> Signature | None:
    if len(types) != 2 or not (
        types[0].family(Family.BINARY_STRING | Family.CHARACTER_STRING) or types[0].kind is Kind.NULL
    ):
        return None
    texts = taking("text", STRING)(types[1:])
    first = BYTES.with_nullable(types[0].nullable)
    return texts and Signature((first, *texts.parameters), STRING.with_nullable(any_nullable(types)))


register("ENCODE", "ENCODE(text, character set)", taking("text text", BYTES), valued(encoded))
register("DECODE", "DECODE(bytes, character set)", decoded_parameters, valued(decoded))


def is_valid_utf8(data: bytes) -> bool:
    try:
        bytes(data).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def replaced_utf8(data: bytes) -> str:
    """Text of bytes, with a mark for what is none, as many as Java writes."""
    text, rest = "", bytes(data)
    while True:
        try:
            return text + rest.decode("utf-8")
        except UnicodeDecodeError as error:
            text += rest[: error.start].decode("utf-8") + "�"
            end = error.end
            if rest[error.start : error.start + 1] == b"\xed":  # half of a pair: one mark for its three bytes
                while end < error.start + 3 and rest[end : end + 1] and 0x80 <= rest[end] < 0xC0:
                    end += 1
            rest = rest[end:]


def one_binary(result: DataType) -> Any:
    def resolve(types: Sequence[DataType]) -> Signature | None:
        if len(types) != 1 or not (types[0].family(Family.BINARY_STRING) or types[0].kind is Kind.NULL):
            return None
        return Signature((BYTES.with_nullable(types[0].nullable),), result.with_nullable(types[0].nullable))

    return resolve


register("IS_VALID_UTF8", "IS_VALID_UTF8(bytes)", one_binary(BOOLEAN), valued(is_valid_utf8))
register("MAKE_VALID_UTF8", "MAKE_VALID_UTF8(bytes)", one_binary(STRING), valued(replaced_utf8))


# ---- the internet


def url_decoded(text: str) -> str | None:
    """Null where a percent sign is before no two digits, or the bytes are no text."""
    if re.search(r"%(?![0-9a-fA-F]{2})", text):
        return None
    return unquote_plus(text, errors="replace")


def url_encoded(text: str) -> str:
    return quote_plus(text, safe="*-._").replace("~", "%7E")


register("URL_DECODE", "URL_DECODE(text)", taking("text", STRING, True), valued(url_decoded))
register("URL_ENCODE", "URL_ENCODE(text)", taking("text", STRING), valued(url_encoded))


def url_part(text: str, part: str, key: str | None = None) -> str | None:
    """PARSE_URL: HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY or USERINFO of an address."""
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        return None
    if not url.scheme or ("://" not in text and url.scheme not in ("file", "mailto", "jar")):
        return None
    query = url.query if "?" in text.split("#")[0] else None
    if key is not None:
        if part != "QUERY" or query is None:
            return None
        found = re.search(rf"(?:^|&){re.escape(key)}=([^&]*)", query)
        return found[1] if found else None
    authority = url.netloc
    if part == "HOST":
        return (
            authority.rpartition("@")[2].partition(":")[0]
            if not authority.rpartition("@")[2].startswith("[")
            else f"[{url.hostname}]"
        )
    found_part: dict[str, str | None] = {
        "PATH": url.path,
        "QUERY": query,
        "REF": url.fragment if "#" in text else None,
        "PROTOCOL": url.scheme,
        "FILE": url.path + (f"?{query}" if query is not None else ""),
        "AUTHORITY": authority,
        "USERINFO": authority.rpartition("@")[0] or None,
    }
    return found_part.get(part)


register("PARSE_URL", "PARSE_URL(url, part[, key])", taking("text text text?", STRING, True), valued(url_part))


def inet_number(text: str) -> int | None:
    """INET_ATON: an address of four parts, or fewer, of which the last one fills the rest."""
    parts = text.split(".")
    if not 1 <= len(parts) <= 4 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    numbers = list(map(int, parts))
    if any(number > 255 for number in numbers):
        return None
    *first, last = numbers
    found = 0
    for place in range(3):
        found = found << 8 | (first[place] if place < len(first) else 0)
    return found << 8 | last


def inet_text(number: int) -> str | None:
    return str(ipaddress.IPv4Address(number)) if 0 <= number < 1 << 32 else None


register("INET_ATON", "INET_ATON(text)", taking("text", BIGINT, True), valued(inet_number))
register("INET_NTOA", "INET_NTOA(number)", taking("int", STRING, True), valued(inet_text))


# ---- formats and parts


def string_map(text: str, pair: str = ",", between: str = "=") -> dict[str, str | None]:
    """STR_TO_MAP: pairs of keys and values; both separators are regular expressions."""
    found: dict[str, str | None] = {}
    try:
        for part in re.split(pair, text):
            key, *value = re.split(between, part, maxsplit=1)
            found[key] = value[0] if value else None
    except re.error as error:
        raise ValueFault(f"a separator of STR_TO_MAP is no regular expression: {error}") from None
    return found


TEXT_MAP = DataType(Kind.MAP, children=(STRING, STRING))
register(
    "STR_TO_MAP",
    "STR_TO_MAP(text[, between pairs[, between key and value]])",
    taking("text text? text?", TEXT_MAP),
    valued(string_map),
)

DIRECTIVE = re.compile(r"%(?:(\d+)\$)?([-#+ 0,(]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])")


def printed(apply: Apply, runs: Sequence[Run]) -> Run:
    """PRINTF: a format as Java has them."""
    texts = [text_of(operand.type) if operand.type.kind is not Kind.NULL else str for operand in apply.operands[1:]]

    def fill(pattern: str | None, *values: Any) -> str | None:
        if pattern is None:
            return None
        following = iter(range(len(values)))

        def one(found: Any) -> str:
            number, flags, width, digits, letter = found.groups()
            if letter in "%n":
                return "%" if letter == "%" else "\n"
            place = int(number) - 1 if number else next(following, len(values))
            if place >= len(values):
                raise LookupError(found[0])
            value = values[place]
            return directive(value, texts[place], flags, width, digits, letter)

        try:
            return DIRECTIVE.sub(one, pattern)
        except (LookupError, TypeError, ValueError):
            return None

    return by_value(fill, apply.type, runs, apply, False)


def directive(value: Any, text: Any, flags: str, width: str | None, digits: str | None, letter: str) -> str:
    """A value by a directive of a format."""
    lower = letter.lower()
    if value is None:
        made = "null"
    elif lower == "s":
        made = "true" if value is True else "false" if value is False else text(value)
        made = made[: int(digits)] if digits else made
    elif lower == "d":
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError("no whole number")
        made = f"{value:{'+' if '+' in flags else ' ' if ' ' in flags else ''}{',' if ',' in flags else ''}d}"
    elif lower in "xo":
        made = f"{value & (2**64 - 1) if value < -(2**31) else value & (2**32 - 1) if value < 0 else value:{lower}}"
    elif lower == "c":
        made = chr(value) if isinstance(value, int) else value
    elif lower == "b":
        made = "true" if value is True else "false" if value is False else "true"
    elif lower in "feg":
        if isinstance(value, int):
            raise ValueError("no fraction")
        sign = "+" if "+" in flags else " " if " " in flags else ""
        made = f"{value:{sign}{',' if ',' in flags else ''}.{digits or 6}{lower}}"
    else:
        raise ValueError(f"no directive {letter}")
    made = made.upper() if letter.isupper() else made
    size = int(width or 0)
    if "-" in flags:
        return made.ljust(size)
    if "0" in flags and lower in "dfexo":
        return made.zfill(size)
    return made.rjust(size)


register("PRINTF", "PRINTF(format, value, ...)", taking("text any*", STRING, True), printed)


def hash_code(value: Any) -> int:
    """As Java's hashCode() of the value."""
    if isinstance(value, bool):
        return 1231 if value else 1237
    if isinstance(value, str):
        found = 0
        for unit in memoryview(value.encode("utf-16-le")).cast("H"):
            found = (found * 31 + unit) & 0xFFFFFFFF
    elif isinstance(value, int):
        found = (value ^ (value >> 32)) & 0xFFFFFFFF if not -(2**31) <= value < 2**31 else value & 0xFFFFFFFF
    else:
        return hash_code(java_double(value) if isinstance(value, float) else str(value))
    return found - (1 << 32) if found >= 1 << 31 else found


register("HASH_CODE", "HASH_CODE(value)", taking("any", INT), valued(hash_code))
