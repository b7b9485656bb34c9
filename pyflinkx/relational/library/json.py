"""Functions of JSON."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pyflinkx.formats.java_text import java_double
from pyflinkx.relational.bound import Apply, Constant
from pyflinkx.relational.faults import ValueFault
from pyflinkx.relational.json_path import PathFault, moded, path_of
from pyflinkx.relational.json_text import parsed, quoted, writer_of, written
from pyflinkx.relational.registry import Signature, register, taking, under, valued
from pyflinkx.relational.values import Run, by_value
from pyflinkx.types.data_type import BOOLEAN, INT, STRING, DataType, Family, Kind

under("JSON")

# What is written as it is into an object or an array.
RAW = ("JSON_OBJECT", "JSON_ARRAY", "JSON")


def bound_elsewhere(types: Sequence[DataType]) -> Signature | None:
    """These are bound by ``binding.json``."""
    raise AssertionError("made by the binder")


def is_scalar(value: Any) -> bool:
    return not isinstance(value, (list, dict))


# ---- IS JSON


def test_of(what: str, negated: bool) -> Any:
    def test(text: str) -> bool:
        try:
            value = parsed(text)
        except ValueFault:
            return negated
        found = {
            "VALUE": True,
            "SCALAR": is_scalar(value),
            "ARRAY": isinstance(value, list),
            "OBJECT": isinstance(value, dict),
        }[what]
        return found != negated

    return test


for _what in ("VALUE", "SCALAR", "ARRAY", "OBJECT"):
    for _word in ("", "NOT "):
        _name = f"IS {_word}JSON {_what}"
        register(_name, f"text {_name}", taking("text", BOOLEAN), valued(test_of(_what, bool(_word))))


# ---- paths


def options_of(apply: Apply) -> list[str]:
    """What the call says of missing values, errors and wrappers."""
    last = apply.operands[-1]
    assert isinstance(last, Constant)
    return str(last.value).split("|")


def looked_up(document: str, path: str) -> tuple[str, Any, bool]:
    """The mode, what the path leads to, and whether that failed."""
    mode, body = moded(path)
    reading = path_of(body)
    try:
        value = parsed(document)
    except ValueFault:
        return mode, None, True
    try:
        return mode, reading.read(value), False
    except PathFault:
        return mode, None, mode == "strict"


def json_exists(apply: Apply, runs: Sequence[Run]) -> Run:
    on_error = options_of(apply)[0]

    def exists(document: str, path: str, *rest: Any) -> bool | None:
        _, value, failed = looked_up(document, path)
        if not failed:
            return value is not None
        if on_error == "ERROR":
            raise ValueFault(f"JSON_EXISTS: the path {path!r:.100} leads nowhere, or {document!r:.100} is no JSON")
        return {"TRUE": True, "FALSE": False}.get(on_error)

    return by_value(exists, apply.type, runs, apply)


def as_type(value: Any, kind: DataType) -> Any:
    """A scalar of JSON as a value of SQL.

    Raises:
        ValueFault: it is none of that type.
    """
    if kind.family(Family.CHARACTER_STRING):
        if isinstance(value, bool):
            return "true" if value else "false"
        return java_double(value) if isinstance(value, float) else str(value)
    try:
        if kind.kind is Kind.BOOLEAN:
            if isinstance(value, bool):
                return value
            if isinstance(value, str) and value.lower() in ("true", "false"):
                return value.lower() == "true"
        elif kind.family(Family.INTEGER) and not isinstance(value, bool):
            found = int(value)
            bits = {Kind.TINYINT: 7, Kind.SMALLINT: 15, Kind.INT: 31}.get(kind.kind, 63)
            if -(1 << bits) <= found < 1 << bits:
                return found
        elif kind.family(Family.APPROXIMATE_NUMERIC) and not isinstance(value, bool):
            return float(value)
        elif kind.kind is Kind.DECIMAL and not isinstance(value, bool):
            from pyflinkx.relational.arithmetic import fitted

            return fitted(Decimal(str(value)), kind)
    except (ValueError, ArithmeticError):
        pass
    raise ValueFault(f"{value!r:.100} in JSON is no {kind.with_nullable(True)}")


def json_value(apply: Apply, runs: Sequence[Run]) -> Run:
    on_empty, on_error = options_of(apply)
    kind = apply.type

    def value_of(document: str | None, path: str | None, empty: Any, error: Any, options: Any) -> Any:
        if document is None or path is None:
            return None
        mode, value, failed = looked_up(document, path)
        reason = "the path leads nowhere"
        if not failed:
            if value is None or (mode == "lax" and not is_scalar(value)):
                if on_empty == "ERROR":
                    raise ValueFault(f"JSON_VALUE: there is nothing at {path!r:.100}")
                return empty
            if is_scalar(value):
                try:
                    return as_type(value, kind)
                except ValueFault as fault:
                    reason = str(fault)
            else:
                reason = "there is an object or an array"
        if on_error == "ERROR":
            raise ValueFault(f"JSON_VALUE of {path!r:.100}: {reason}, or {document!r:.100} is no JSON")
        return error

    return by_value(value_of, kind, runs, apply, False)


def json_query(apply: Apply, runs: Sequence[Run]) -> Run:
    on_empty, on_error, wrapper = options_of(apply)
    array = apply.type.kind is Kind.ARRAY

    def given(behavior: str, message: str) -> Any:
        if behavior == "ERROR":
            raise ValueFault(f"JSON_QUERY: {message}")
        if behavior == "EMPTY ARRAY":
            return [] if array else "[]"
        return "{}" if behavior == "EMPTY OBJECT" and not array else None

    def query(document: str, path: str, options: Any) -> Any:
        mode, value, failed = looked_up(document, path)
        if failed:
            return given(on_error, f"the path {path!r:.100} leads nowhere, or {document!r:.100} is no JSON")
        if value is not None and (
            wrapper == "WITH UNCONDITIONAL" or (wrapper == "WITH CONDITIONAL" and is_scalar(value))
        ):
            value = [value]
        if value is None or (mode == "lax" and is_scalar(value)):
            return given(on_empty, f"there is no object or array at {path!r:.100}")
        if is_scalar(value):
            return given(on_error, f"there is neither an object nor an array at {path!r:.100}")
        if not array:
            return written(value)
        if not isinstance(value, list):
            return given(on_error, f"there is no array at {path!r:.100}")
        child = apply.type.children[0]
        try:
            return [None if each is None else element_of(each, child) for each in value]
        except ValueFault as fault:
            return given(on_error, str(fault))

    return by_value(query, apply.type, runs, apply)


def element_of(value: Any, kind: DataType) -> Any:
    return as_type(value, kind) if is_scalar(value) else written(value)


register("JSON_EXISTS", "JSON_EXISTS(json, path [... ON ERROR])", bound_elsewhere, json_exists)
register("JSON_VALUE", "JSON_VALUE(json, path [RETURNING type] [...])", bound_elsewhere, json_value)
register("JSON_QUERY", "JSON_QUERY(json, path [RETURNING type] [...])", bound_elsewhere, json_query)


# ---- what is written as JSON


def writers(operands: Sequence[Any]) -> list[Any]:
    """What writes each operand."""
    return [
        (lambda value: value) if isinstance(each, Apply) and each.function in RAW else writer_of(each.type)
        for each in operands
    ]


def json_object(apply: Apply, runs: Sequence[Run]) -> Run:
    absent = options_of(apply)[0] == "ABSENT"
    write = writers(apply.operands[1:-1:2])

    def made(*items: Any) -> str:
        found: dict[str, str] = {}
        for key, value, one in zip(items[:-1:2], items[1:-1:2], write, strict=True):
            if key is None:
                raise ValueFault("a key of JSON_OBJECT is null")
            if value is None:
                if not absent:
                    found[key] = "null"
            else:
                found[key] = one(value)
        return "{" + ",".join(f"{quoted(key)}:{found[key]}" for key in sorted(found)) + "}"

    return by_value(made, apply.type, runs, apply, False)


def json_array(apply: Apply, runs: Sequence[Run]) -> Run:
    absent = options_of(apply)[0] == "ABSENT"
    write = writers(apply.operands[:-1])

    def made(*items: Any) -> str:
        parts = [
            "null" if value is None else one(value)
            for value, one in zip(items[:-1], write, strict=True)
            if value is not None or not absent
        ]
        return f"[{','.join(parts)}]"

    return by_value(made, apply.type, runs, apply, False)


register("JSON_OBJECT", "JSON_OBJECT([KEY] key VALUE value, ...)", bound_elsewhere, json_object)
register("JSON_ARRAY", "JSON_ARRAY(value, ...)", bound_elsewhere, json_array)


def raw_json(text: str) -> str | None:
    """JSON(text) in an object or array: the text, in the form that all of it has; nothing of an empty one."""
    return written(parsed(text)) if text.strip() else None


register("JSON", "JSON(text) as a value of JSON_OBJECT or JSON_ARRAY", taking("text", STRING, True), valued(raw_json))


def json_string(apply: Apply, runs: Sequence[Run]) -> Run:
    operand = apply.operands[0]
    if isinstance(operand, Apply) and operand.function in RAW:
        return runs[0]
    return by_value(writer_of(operand.type), apply.type, runs, apply)


register("JSON_STRING", "JSON_STRING(value)", taking("any", STRING), json_string)


def at_path(document: str, path: str | None) -> tuple[bool, Any]:
    """Whether a path leads to just one value of a document, and that."""
    try:
        value = parsed(document)
        if path is None:
            return True, value
        values = path_of(path).found(value)
    except ValueFault:
        return False, None
    return len(values) == 1, values[0] if values else None


TYPES = {dict: "object", list: "array", bool: "boolean", str: "string", int: "number", float: "number"}


def json_type(document: str, path: str | None = None) -> str | None:
    there, value = at_path(document, path)
    return None if not there else "null" if value is None else TYPES[type(value)]


def json_length(document: str, path: str | None = None) -> int | None:
    there, value = at_path(document, path)
    return None if not there else 1 if is_scalar(value) else len(value)


register("JSON_TYPE", "JSON_TYPE(json[, path])", taking("text text?", STRING, True), valued(json_type))
register("JSON_LENGTH", "JSON_LENGTH(json[, path])", taking("text text?", INT, True), valued(json_length))


# ---- quotes


def json_quote(text: str) -> str:
    """As text of JSON in letters of ASCII; a stroke is escaped, too."""
    made = []
    for sign in quoted(text)[1:-1].replace("/", "\\/"):
        if sign > "~":
            units = sign.encode("utf-16-be")
            made += [f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2)]
        else:
            made.append(sign)
    return f'"{"".join(made)}"'


ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.)|$)", re.DOTALL)
MEANT = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def json_unquote(text: str) -> str:
    """Without the quotes around it and the escapes in it; any other text stays as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text

    def meant(found: re.Match[str]) -> str:
        if found[1]:
            return chr(int(found[1], 16))
        return MEANT[found[2]]

    try:
        plain = ESCAPE.sub(meant, text[1:-1])
        return plain.encode("utf-16", "surrogatepass").decode("utf-16")
    except (KeyError, UnicodeDecodeError):
        return text


register("JSON_QUOTE", "JSON_QUOTE(text)", taking("text", STRING), valued(json_quote))
register("JSON_UNQUOTE", "JSON_UNQUOTE(text)", taking("text", STRING), valued(json_unquote))
