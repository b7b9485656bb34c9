"""Reads types."""

from __future__ import annotations

from pyflinkx.sql.cursor import Cursor
from pyflinkx.sql.lexer import NUMBER, STRING
from pyflinkx.sql.tree.types import IntervalUnit, TypeField, TypeName

# Types without anything after their name.
PLAIN = {
    "BOOLEAN": "BOOLEAN",
    "STRING": "STRING",
    "BYTES": "BYTES",
    "TINYINT": "TINYINT",
    "SMALLINT": "SMALLINT",
    "INT": "INT",
    "INTEGER": "INT",
    "BIGINT": "BIGINT",
    "FLOAT": "FLOAT",
    "REAL": "FLOAT",
    "DATE": "DATE",
    "NULL": "NULL",
    "VARIANT": "VARIANT",
    "BITMAP": "BITMAP",
    "UUID": "UUID",
    "ANY": "ANY",
    "GEOMETRY": "GEOMETRY",
}
UNSIGNED = {"TINYINT", "SMALLINT", "INT", "BIGINT"}
DECIMALS = ("DECIMAL", "DEC", "NUMERIC")
# Units of intervals; those with an S are read as those without one.
UNITS = {
    **{unit: unit for unit in ("YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND")},
    **{f"{unit}S": unit for unit in ("YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND")},
}
RANGES = {"YEAR": ("MONTH",), "DAY": ("HOUR", "MINUTE", "SECOND"), "HOUR": ("MINUTE", "SECOND"), "MINUTE": ("SECOND",)}


class TypeParser(Cursor):
    """Types, and the units of intervals."""

    def type(self, nulls: bool = True) -> TypeName:
        """Reads a type with NULL or NOT NULL after it, unless those mean something else there."""
        start = self.starts[self.i]
        began = self.depth
        self.deeper(2)
        found = self.type_without_nulls()
        while True:
            nullable = self._nullable() if nulls else None
            if nullable is not None:
                found = _nullable(found, nullable, self.span(start))
            collection = self.accept_any("ARRAY", "MULTISET")
            if collection is None:
                break
            found = TypeName(collection, children=(found,), span=self.span(start))
            self.deeper(2)
        self.depth = began
        return found

    def _nullable(self) -> bool | None:
        return True if self.accept("NULL") else False if self.accept_all("NOT", "NULL") else None

    def type_without_nulls(self) -> TypeName:
        """Reads a type up to what follows its name and its arguments."""
        start = self.starts[self.i]
        kind = self.kinds[self.i]
        if kind in PLAIN and not self.follows("."):
            self.i += 1
            name = PLAIN[kind]
            if name in UNSIGNED and self.accept("UNSIGNED"):
                name += " UNSIGNED"
            return TypeName(name, span=self.span(start))
        if self.accept("DOUBLE"):
            self.accept("PRECISION")
            return TypeName("DOUBLE", span=self.span(start))
        if self.accept_any("CHAR", "CHARACTER"):
            name = "VARCHAR" if self.accept("VARYING") else "CHAR"
            return self._with_length(name, start)
        if self.accept("BINARY"):
            name = "VARBINARY" if self.accept("VARYING") else "BINARY"
            return self._with_length(name, start)
        if varying := self.accept_any("VARCHAR", "VARBINARY"):
            return self._with_length(varying, start)
        if self.accept_any(*DECIMALS):
            arguments: tuple[int, ...] = ()
            if self.accept("("):
                precision = self.integer()
                arguments = (precision, self.signed_integer()) if self.accept(",") else (precision,)
                self.expect(")")
            return TypeName("DECIMAL", arguments, span=self.span(start))
        if self.accept_any("TIME", "TIMESTAMP", "TIMESTAMP_LTZ"):
            return self._time(self.kinds[self.i - 1], start)
        if self.accept("INTERVAL"):
            return TypeName("INTERVAL", unit=self.interval_unit(), span=self.span(start))
        return self._constructed(start)

    def _constructed(self, start: int) -> TypeName:
        collection = self.accept_any("ARRAY", "MULTISET")
        if collection:
            self.expect("<")
            children: tuple[TypeName, ...] = (self.type(),)
            self.expect(">")
            return TypeName(collection, children=children, span=self.span(start))
        if self.at("MAP") and self.follows("<"):
            self.i += 2
            key = self.type()
            self.expect(",")
            children = (key, self.type())
            self.expect(">")
            return TypeName("MAP", children=children, span=self.span(start))
        if self.accept("ROW"):
            fields: tuple[TypeField, ...] = ()
            if self.accept("<>"):
                pass
            elif self.accept("<"):
                fields = () if self.at(">") else self.list(self.type_field)
                self.expect(">")
            else:
                self.expect("(")
                fields = () if self.at(")") else self.list(self.type_field)
                self.expect(")")
            return TypeName("ROW", fields=fields, span=self.span(start))
        if self.accept("RAW"):
            self.expect("(")
            first = self.string()
            self.expect(",")
            texts: tuple[str, ...] = (first, self.string())
            self.expect(")")
            return TypeName("RAW", texts=texts, span=self.span(start))
        if self.accept("STRUCTURED"):
            self.expect("<")
            texts = (self.string(),)
            fields = self.list(self.type_field) if self.accept(",") else ()
            self.expect(">")
            return TypeName("STRUCTURED", texts=texts, fields=fields, span=self.span(start))
        if self.at_name():
            return TypeName("", path=self.path().parts, span=self.span(start))
        self.refuse("a data type")

    def type_field(self) -> TypeField:
        """Reads a field of a row."""
        start = self.starts[self.i]
        name, type_ = self.name(), self.type()
        comment = self.string() if self.at(STRING) else None
        return TypeField(name, type_, comment, span=self.span(start))

    def _with_length(self, name: str, start: int) -> TypeName:
        arguments: tuple[int, ...] = ()
        if self.accept("("):
            arguments = (self.integer(),)
            self.expect(")")
        if self.accept_all("CHARACTER", "SET"):
            self.name()
        return TypeName(name, arguments, span=self.span(start))

    def _time(self, name: str, start: int) -> TypeName:
        arguments: tuple[int, ...] = ()
        if self.accept("("):
            arguments = (self.integer(),)
            self.expect(")")
        if name != "TIMESTAMP_LTZ" and not self.accept_all("WITHOUT", "TIME", "ZONE"):
            if self.accept_all("WITH", "LOCAL", "TIME", "ZONE"):
                name = "TIMESTAMP_LTZ" if name == "TIMESTAMP" else "TIME WITH LOCAL TIME ZONE"
            elif self.accept_all("WITH", "TIME", "ZONE"):
                name += " WITH TIME ZONE"
        return TypeName(name, arguments, span=self.span(start))

    # ---- Numbers and units

    def integer(self) -> int:
        """Reads a whole number without a sign."""
        if not self.at(NUMBER) or not self.tokens.image(self.i).isdigit():
            self.refuse("a whole number")
        self.i += 1
        return int(self.tokens.image(self.i - 1))

    def signed_integer(self) -> int:
        """Reads a whole number."""
        sign = -1 if self.accept("-") else 1
        self.accept("+")
        return sign * self.integer()

    def at_unit(self) -> bool:
        """Whether the next token is a unit of an interval."""
        return self.kinds[self.i] in UNITS

    def interval_unit(self) -> IntervalUnit:
        """Reads ``DAY(2) TO SECOND(3)``."""
        if not self.at_unit():
            self.refuse("a unit of time such as DAY")
        begin = self.starts[self.i]
        start = UNITS[self.kinds[self.i]]
        self.i += 1
        precision = fraction = end = None
        if self.accept("("):
            precision = self.integer()
            if start == "SECOND" and self.accept(","):
                fraction = self.integer()
            self.expect(")")
        ends = RANGES.get(start, ())
        # FLOOR(... TO unit) may follow as well.
        if self.at("TO") and UNITS.get(self.kinds[self.i + 1]) in ends:
            end = UNITS[self.kinds[self.i + 1]]
            self.i += 2
            if end == "SECOND" and self.accept("("):
                fraction = self.integer()
                self.expect(")")
        return IntervalUnit(start, precision, end, fraction, span=self.span(begin))


def _nullable(found: TypeName, nullable: bool, span: tuple[int, int]) -> TypeName:
    return TypeName(
        found.name,
        found.arguments,
        found.children,
        found.fields,
        nullable,
        found.unit,
        found.texts,
        found.path,
        span=span,
    )
