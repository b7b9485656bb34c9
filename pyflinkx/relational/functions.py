"""The functions that there are, with their signatures and kernels."""

from __future__ import annotations

import base64
import binascii
import decimal
import hashlib
import math
import string
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from pyflinkx.expressions.vectors import Frame, Vector
from pyflinkx.relational import arithmetic, casts, intervals, logic, patterns, text
from pyflinkx.relational.bound import Apply, Bound, Constant
from pyflinkx.relational.faults import ValueFault
from pyflinkx.relational.registry import Kernel, Resolve, Signature, any_nullable, register, taking, under, valued
from pyflinkx.relational.values import Run
from pyflinkx.types.data_type import (
    BOOLEAN,
    BYTES,
    DOUBLE,
    INT,
    MAX_DECIMAL,
    STRING,
    DataType,
    Family,
    Kind,
)
from pyflinkx.types.data_type_rules import common_type, decimal_result

TEXT = Family.CHARACTER_STRING


def comparable(types: Sequence[DataType]) -> tuple[DataType, ...] | None:
    """The types in which two values are compared: one for both; text is read as what it is compared with."""
    first, second = types
    common = common_type(types)
    if common is None:
        for one, other in ((first, second), (second, first)):
            if one.family(TEXT) and (other.family(Family.NUMERIC | Family.DATE_TIME) or other.kind is Kind.BOOLEAN):
                common = other
    if common is None or common.kind is Kind.RAW:
        return None
    return tuple(common.with_nullable(kind.nullable) for kind in types)


def compared(types: Sequence[DataType]) -> Signature | None:
    if len(types) != 2:
        return None
    found = comparable(types)
    if found is None:
        return None
    read = any(one.family(TEXT) and not other.family(TEXT) for one, other in zip(types, found, strict=True))
    return Signature(found, BOOLEAN.with_nullable(read or any_nullable(types)))


def never_null(resolve: Resolve) -> Resolve:
    def resolved(types: Sequence[DataType]) -> Signature | None:
        found = resolve(types)
        return None if found is None else found._replace(result=found.result.not_null())

    return resolved


def listed(types: Sequence[DataType]) -> Signature | None:
    """IN: one type for all."""
    common = common_type(types)
    if common is None:
        common = next((kind for kind in types if not kind.family(TEXT) and kind.kind is not Kind.NULL), None)
        if common is None or any(comparable((common, kind)) is None for kind in types):
            return None
    return Signature(
        tuple(common.with_nullable(kind.nullable) for kind in types), BOOLEAN.with_nullable(any_nullable(types))
    )


def calculated(sign: str) -> Resolve:
    """The result of an operation of two numbers, to which they are brought, but for decimals."""

    def resolve(types: Sequence[DataType]) -> Signature | None:
        if len(types) != 2:
            return None
        if any(kind.family(Family.INTERVAL | Family.DATE_TIME) for kind in types):
            return intervals.calculated(sign, *types)
        known = [kind for kind in types if kind.kind is not Kind.NULL]
        if not all(kind.family(Family.NUMERIC) for kind in known):
            return None
        first, second = (kind if kind.kind is not Kind.NULL else (known or [INT])[0] for kind in types)
        nullable = any_nullable(types)
        if Kind.DECIMAL in (first.kind, second.kind) and not any(
            kind.family(Family.APPROXIMATE_NUMERIC) for kind in (first, second)
        ):
            result = decimal_result(sign, first, second)
            wanted = tuple(as_decimal(kind) for kind in (first, second))
            return Signature(wanted, result.with_nullable(nullable))
        common = common_type((first, second))
        if common is None:
            return None
        return Signature((common, common), common.with_nullable(nullable))

    return resolve


def as_decimal(kind: DataType) -> DataType:
    digits = {Kind.TINYINT: 3, Kind.SMALLINT: 5, Kind.INT: 10, Kind.BIGINT: 19}
    return kind if kind.kind is Kind.DECIMAL else DataType(Kind.DECIMAL, digits[kind.kind], 0, nullable=kind.nullable)


def connected(types: Sequence[DataType]) -> Signature | None:
    if not all(kind.kind in (Kind.BOOLEAN, Kind.NULL) for kind in types):
        return None
    return Signature(tuple(BOOLEAN for _ in types), BOOLEAN.with_nullable(any_nullable(types)))


def chosen(types: Sequence[DataType]) -> Signature | None:
    """CASE: conditions and results in turns, then what else there is."""
    results = [*types[1:-1:2], types[-1]]
    common = common_type(results)
    if common is None or not all(kind.kind in (Kind.BOOLEAN, Kind.NULL) for kind in types[:-1:2]):
        return None
    parameters = [BOOLEAN if place % 2 == 0 and place < len(types) - 1 else common for place in range(len(types))]
    return Signature(tuple(parameters), common)


def first_there(types: Sequence[DataType]) -> Signature | None:
    """COALESCE."""
    common = common_type(types) if types else None
    if common is None:
        return None
    nullable = all(kind.nullable for kind in types)
    return Signature((common.with_nullable(True),) * len(types), common.with_nullable(nullable))


def same_type(types: Sequence[DataType]) -> Signature | None:
    """GREATEST and LEAST."""
    common = common_type(types) if types else None
    if common is None or common.family(Family.CONSTRUCTED):
        return None
    return Signature((common,) * len(types), common)


def negatable(types: Sequence[DataType]) -> Signature | None:
    if len(types) == 1 and types[0].family(Family.INTERVAL):
        return Signature((types[0],), types[0])
    return one_number(types)


def one_number(types: Sequence[DataType]) -> Signature | None:
    if len(types) != 1 or not (types[0].family(Family.NUMERIC) or types[0].kind is Kind.NULL):
        return None
    kind = INT if types[0].kind is Kind.NULL else types[0]
    return Signature((kind,), kind)


def whole_number(types: Sequence[DataType]) -> Signature | None:
    """FLOOR and CEIL: of decimals one without digits after the point."""
    found = one_number(types)
    if found is not None and found.result.kind is Kind.DECIMAL:
        return found._replace(result=replace(found.result, scale=0))
    return found


def rounded(types: Sequence[DataType]) -> Signature | None:
    """ROUND and TRUNCATE."""
    if len(types) not in (1, 2) or not types[0].family(Family.NUMERIC):
        return None
    if len(types) == 2 and not (types[1].family(Family.INTEGER) or types[1].kind is Kind.NULL):
        return None
    result = types[0].with_nullable(any_nullable(types))
    if result.kind is Kind.DECIMAL and len(types) == 1:
        result = with_digits(result, 0)
    return Signature((types[0], INT)[: len(types)], result)


def with_digits(kind: DataType, digits: int) -> DataType:
    """A decimal that is rounded to so many digits after the point."""
    before, scale = (kind.precision or 0) - (kind.scale or 0), kind.scale or 0
    if digits >= scale:
        return kind
    return replace(kind, precision=min(before + 1 + max(digits, 0), MAX_DECIMAL), scale=max(digits, 0))


def with_known_digits(signature: Signature, operands: Sequence[Bound]) -> Signature:
    """ROUND and TRUNCATE to digits that the text says."""
    known = operands[1] if len(operands) == 2 else None
    if signature.result.kind is not Kind.DECIMAL or not isinstance(known, Constant) or known.value is None:
        return signature
    return signature._replace(result=with_digits(signature.result, known.value))


def joined(types: Sequence[DataType]) -> Signature | None:
    """``||``: of text and of bytes, as long as both."""
    known = [kind for kind in types if kind.kind is not Kind.NULL]
    if not known or not all(kind.family(TEXT) for kind in known):
        return None
    result = STRING
    if len(known) == len(types):
        length = min(sum(kind.precision or 0 for kind in types), STRING.precision or 0)
        fixed = all(kind.kind is Kind.CHAR for kind in types)
        result = DataType(Kind.CHAR if fixed else Kind.VARCHAR, length)
    parameters = tuple(STRING if kind.kind is Kind.NULL else kind for kind in types)
    return Signature(parameters, result.with_nullable(any_nullable(types)))


def converted(types: Sequence[DataType]) -> Signature | None:
    raise AssertionError("casts are bound by the binder")


# ---- operators

under("Operators")


def ordered(types: Sequence[DataType]) -> Signature | None:
    """``<`` and its relatives: not of maps and rows."""
    found = compared(types)
    return None if found is None or found.parameters[0].family(Family.CONSTRUCTED) else found


for _sign in logic.COMPARISONS:
    register(_sign, f"a {_sign} b", compared if _sign in ("=", "<>") else ordered, logic.comparison)
for _name in ("IS DISTINCT FROM", "IS NOT DISTINCT FROM"):
    register(_name, f"a {_name} b", never_null(compared), logic.distinct)
for _sign in arithmetic.NUMPY_NAMES:
    register(_sign, f"a {_sign} b", calculated(_sign), intervals.operation)
register("AND", "a AND b", connected, logic.connective)
register("OR", "a OR b", connected, logic.connective)
register("NOT", "NOT a", connected, logic.negation)
for _name in ("IS NULL", "IS NOT NULL"):
    register(_name, f"a {_name}", taking("any", BOOLEAN, False), logic.test)
for _name in ("IS TRUE", "IS NOT TRUE", "IS FALSE", "IS NOT FALSE"):
    register(_name, f"a {_name}", taking("condition", BOOLEAN, False), logic.test)
register("NEGATIVE", "-a", negatable, arithmetic.negated)
register("CASE", "CASE WHEN condition THEN value ... END", chosen, logic.case)
register("IN", "a IN (values)", listed, logic.membership)
register("LIKE", "a LIKE pattern", taking("text text text?", BOOLEAN), valued(text.like))
register("ILIKE", "a ILIKE pattern", taking("text text text?", BOOLEAN), valued(text.ilike))
register("||", "a || b", joined, valued(lambda *parts: "".join(parts)))
register("CAST", "CAST(a AS type)", converted, casts.cast)
register("TRY_CAST", "TRY_CAST(a AS type)", converted, casts.cast)

# ---- conditions

under("Conditions")

register("COALESCE", "COALESCE(a, ...)", first_there, logic.coalesce)
register("IFNULL", "IFNULL(a, b)", lambda types: first_there(types) if len(types) == 2 else None, logic.coalesce)
register("IF", "IF(condition, a, b)", lambda types: chosen(types) if len(types) == 3 else None, logic.case)
register("GREATEST", "GREATEST(a, ...)", same_type, arithmetic.extreme(True))
register("LEAST", "LEAST(a, ...)", same_type, arithmetic.extreme(False))

# ---- numbers

under("Numbers")

register(
    "MOD", "MOD(a, b)", calculated("%"), lambda apply, runs: arithmetic.operation(replace(apply, function="%"), runs)
)
register("ABS", "ABS(number)", one_number, arithmetic.absolute)
register("FLOOR", "FLOOR(number)", whole_number, arithmetic.rounding("floor", decimal.ROUND_FLOOR))
register("CEIL", "CEIL(number)", whole_number, arithmetic.rounding("ceil", decimal.ROUND_CEILING), "CEILING")
register(
    "ROUND", "ROUND(number[, digits])", rounded, arithmetic.by_digits(decimal.ROUND_HALF_UP), refine=with_known_digits
)
register(
    "TRUNCATE",
    "TRUNCATE(number[, digits])",
    rounded,
    arithmetic.by_digits(decimal.ROUND_DOWN),
    refine=with_known_digits,
)
register("SIGN", "SIGN(number)", one_number, arithmetic.sign)


def real(name: str) -> Callable[[float], float]:
    """A function of math, which is NaN or infinite where Java's is."""
    function = getattr(math, name)

    def calculate(value: float) -> float:
        try:
            return float(function(value))
        except OverflowError:
            return math.copysign(math.inf, value) if name == "sinh" else math.inf
        except ValueError:
            return math.nan

    return calculate


for _name in ["sqrt", "exp", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "degrees", "radians"]:
    register(_name.upper(), f"{_name.upper()}(number)", taking("double", DOUBLE), valued(real(_name)))


def power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf if base > 0 or exponent % 2 == 0 else -math.inf
    except ValueError:
        return math.nan if base else math.inf


def cotangent(value: float) -> float:
    tangent = math.tan(value)
    return 1.0 / tangent if tangent else math.inf


def constant(value: float) -> Kernel:
    def kernel(apply: Apply, runs: Sequence[Run]) -> Run:
        def run(frame: Frame) -> Vector:
            return Vector(frame.numpy.float64(value))

        return run

    return kernel


register("POWER", "POWER(base, exponent)", taking("double double", DOUBLE), valued(power))
register("COT", "COT(number)", taking("double", DOUBLE), valued(cotangent))
register("ATAN2", "ATAN2(y, x)", taking("double double", DOUBLE), valued(math.atan2))
register("LN", "LN(number)", taking("double", DOUBLE), valued(arithmetic.logarithm))
register("LOG", "LOG([base, ]number)", taking("double double?", DOUBLE), valued(arithmetic.base_logarithm))
register("LOG2", "LOG2(number)", taking("double", DOUBLE), valued(lambda x: arithmetic.logarithm(x) / math.log(2)))
register(
    "LOG10",
    "LOG10(number)",
    taking("double", DOUBLE),
    valued(lambda x: math.log10(x) if x > 0 else arithmetic.logarithm(x)),
)
register("PI", "PI()", taking("", DOUBLE, False), constant(math.pi))
register("E", "E()", taking("", DOUBLE, False), constant(math.e))

# ---- text

under("Text")


def text_function(name: str, usage: str, parameters: str, function: Callable[..., Any], *others: str) -> None:
    register(name, usage, taking(parameters, STRING), valued(function), *others)


text_function("UPPER", "UPPER(text)", "text", str.upper, "UCASE")
text_function("LOWER", "LOWER(text)", "text", str.lower, "LCASE")
register("CHAR_LENGTH", "CHAR_LENGTH(text)", taking("text", INT), valued(len), "CHARACTER_LENGTH", "LENGTH")
text_function("SUBSTRING", "SUBSTRING(text, begin[, length])", "text int int?", text.substring, "SUBSTR")
text_function("LEFT", "LEFT(text, length)", "text int", text.left)
text_function("RIGHT", "RIGHT(text, length)", "text int", text.right)
register("POSITION", "POSITION(part IN text)", taking("text text int?", INT), valued(text.position), "LOCATE")
register("INSTR", "INSTR(text, part[, begin[, nth]])", taking("text text int? int?", INT), valued(text.instr))
text_function("TRIM", "TRIM([BOTH|LEADING|TRAILING] [characters FROM] text)", "text text text", text.trim)
text_function("LTRIM", "LTRIM(text[, characters])", "text text?", text.ltrim)
text_function("RTRIM", "RTRIM(text[, characters])", "text text?", text.rtrim)
text_function("BTRIM", "BTRIM(text[, characters])", "text text?", text.btrim)
register("LPAD", "LPAD(text, length, pad)", taking("text int text", STRING, True), valued(text.lpad))
register("RPAD", "RPAD(text, length, pad)", taking("text int text", STRING, True), valued(text.rpad))
text_function("REPEAT", "REPEAT(text, times)", "text int", text.repeat)
text_function("REVERSE", "REVERSE(text)", "text", text.reverse)
text_function("REPLACE", "REPLACE(text, old, new)", "text text text", text.replace)
text_function("INITCAP", "INITCAP(text)", "text", text.initcap)
text_function("OVERLAY", "OVERLAY(text PLACING new FROM begin [FOR length])", "text text int int?", text.overlay)
text_function("CONCAT", "CONCAT(text, ...)", "text*", lambda *parts: "".join(parts))
register(
    "CONCAT_WS", "CONCAT_WS(separator, text, ...)", taking("text text*", STRING, True), valued(text.concat_ws, False)
)
register("ASCII", "ASCII(text)", taking("text", INT), valued(text.ascii_code))
text_function("CHR", "CHR(number)", "int", text.character)
register("STARTSWITH", "STARTSWITH(text, part)", taking("string string", BOOLEAN), valued(text.starts_with))
register("ENDSWITH", "ENDSWITH(text, part)", taking("string string", BOOLEAN), valued(text.ends_with))
register(
    "TRANSLATE",
    "TRANSLATE(text, old, new)",
    taking("text text text", STRING),
    valued(lambda value, old, new: None if value is None else text.translate_or_same(value, old, new), False),
)


def elt_parameters(types: Sequence[DataType]) -> Signature | None:
    """ELT: texts, or bytes."""
    found = taking("int text text*", STRING, True)(types)
    return found or taking("int bytes bytes*", BYTES, True)(types)


def known_index(signature: Signature, operands: Sequence[Bound]) -> Signature | None:
    """ELT: an index that the text says is not negative."""
    index = operands[0]
    if isinstance(index, Constant) and isinstance(index.value, int) and index.value < 0:
        raise ValueFault(f"the texts count from 1, and this is {index.value}")
    return signature


register("ELT", "ELT(index from 1, text, ...)", elt_parameters, valued(text.elt, False), refine=known_index)
for _name in ("IS_ALPHA", "IS_DIGIT", "IS_DECIMAL"):
    register(_name, f"{_name}(text)", taking("text", BOOLEAN, False), valued(getattr(text, _name.lower()), False))


def split_parameters(types: Sequence[DataType]) -> Signature | None:
    found = taking("text text int", STRING, True)(types)
    return found or taking("text int int", STRING, True)(types)


register("SPLIT_INDEX", "SPLIT_INDEX(text, separator, index)", split_parameters, valued(text.split_index))


def as_data(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def from_base64(value: str | bytes) -> str:
    try:
        return base64.b64decode(value, validate=True).decode("utf-8", "replace")
    except binascii.Error as error:
        raise ValueFault(f"{value!r:.100} is no base64: {error}") from None


text_function("TO_BASE64", "TO_BASE64(text)", "string", lambda value: base64.b64encode(as_data(value)).decode())
text_function("FROM_BASE64", "FROM_BASE64(text)", "string", from_base64)


def hexadecimal(value: Any) -> str:
    """Of a whole number in 64 bits, of text by its bytes."""
    return f"{value & (2**64 - 1):X}" if isinstance(value, int) else value.encode().hex().upper()


def hex_parameters(types: Sequence[DataType]) -> Signature | None:
    return taking("int", STRING)(types) or taking("text", STRING)(types)


register("HEX", "HEX(number or text)", hex_parameters, valued(hexadecimal))
register("BIN", "BIN(number)", taking("int", STRING), valued(lambda value: f"{value & (2**64 - 1):b}"))

under("Hashes")
for _name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512"):

    def _digest(value: str | bytes, algorithm: str = _name) -> str:
        return hashlib.new(algorithm, as_data(value)).hexdigest()

    text_function(_name.upper(), f"{_name.upper()}(text)", "string", _digest)


def sha2(value: str | bytes, bits: int) -> str:
    if bits not in (224, 256, 384, 512):
        raise ValueFault(f"SHA2 has 224, 256, 384 or 512 bits, not {bits}")
    return hashlib.new(f"sha{bits}", as_data(value)).hexdigest()


text_function("SHA2", "SHA2(text, bits)", "string int", sha2)


under("Text")


def unhex(value: str) -> bytes | None:
    """Bytes of their digits; a digit alone at the beginning is the byte 0, as in Flink; null of what are no digits."""
    if not all(sign in string.hexdigits for sign in value):
        return None
    alone = len(value) % 2
    return b"\0" * alone + bytes.fromhex(value[alone:])


register("UNHEX", "UNHEX(text)", taking("text", BYTES, True), valued(unhex))

# ---- regular expressions

under("Regular expressions")

register("REGEXP", "REGEXP(text, pattern)", taking("text text", BOOLEAN), valued(patterns.matches))
register("RLIKE", "text RLIKE pattern", taking("text text", BOOLEAN), valued(patterns.similar))


def known_pattern(signature: Signature, operands: Sequence[Bound]) -> Signature | None:
    """A pattern that the text says is one."""
    pattern = operands[1]
    if isinstance(pattern, Constant) and isinstance(pattern.value, str):
        patterns.compiled(pattern.value)
    return signature


register(
    "REGEXP_REPLACE",
    "REGEXP_REPLACE(text, regular expression, new)",
    taking("text text text", STRING, True),
    valued(patterns.replaced),
    refine=known_pattern,
)
register(
    "REGEXP_EXTRACT",
    "REGEXP_EXTRACT(text, pattern[, group])",
    taking("text text int?", STRING, True),
    valued(patterns.extracted),
)
register("REGEXP_COUNT", "REGEXP_COUNT(text, pattern)", taking("text text", INT, True), valued(patterns.counted))
register("REGEXP_INSTR", "REGEXP_INSTR(text, pattern)", taking("text text", INT, True), valued(patterns.placed))
register("REGEXP_SUBSTR", "REGEXP_SUBSTR(text, pattern)", taking("text text", STRING, True), valued(patterns.first))
