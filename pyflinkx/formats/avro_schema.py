"""Avro schemas, and the types of columns that values of them have."""

from __future__ import annotations

import importlib
import json
from typing import Any

from pyflinkx.errors import ConfigurationError, MissingExtraError
from pyflinkx.types.data_type import (
    BIGINT,
    BOOLEAN,
    BYTES,
    DATE,
    DOUBLE,
    FLOAT,
    INT,
    NULL,
    STRING,
    DataType,
    Family,
    Kind,
    row_type,
)

PLAIN = {
    "null": NULL,
    "boolean": BOOLEAN,
    "int": INT,
    "long": BIGINT,
    "float": FLOAT,
    "double": DOUBLE,
    "bytes": BYTES,
    "string": STRING,
    "enum": STRING,
}
LOGICAL = {
    ("int", "date"): DATE,
    ("int", "time-millis"): DataType(Kind.TIME, 3),
    ("long", "time-micros"): DataType(Kind.TIME, 6),
    ("long", "local-timestamp-millis"): DataType(Kind.TIMESTAMP, 3),
    ("long", "local-timestamp-micros"): DataType(Kind.TIMESTAMP, 6),
}
INSTANTS = {"timestamp-millis": 3, "timestamp-micros": 6}
NUMBERS = {Kind.TINYINT: "int", Kind.SMALLINT: "int", Kind.INT: "int", Kind.BIGINT: "long", Kind.DOUBLE: "double"}
NUMBERS |= {Kind.FLOAT: "float", Kind.BOOLEAN: "boolean", Kind.NULL: "null"}
NUMBERS |= {Kind.UNSIGNED_TINYINT: "int", Kind.UNSIGNED_SMALLINT: "int", Kind.UNSIGNED_INT: "long"}
# Digits of decimals, when a fixed size of bytes holds them.
NAMED = ("record", "error", "enum", "fixed")


def fastavro_module(name: str = "fastavro") -> Any:
    """fastavro, or a module of it.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError("Avro needs fastavro: pip install 'pyflinkx[avro]'") from error


class AvroSchema:
    """A schema, made by ``parse_string`` or ``parse_file``.

    Example:
        >>> schema = AvroSchema.parse_string(
        ...     '{"type": "record", "name": "Trip", "fields": [{"name": "id", "type": "long"}]}'
        ... )
        >>> schema
        AvroSchema('Trip')
    """

    def __init__(self, json_schema: str) -> None:
        self.text = json_schema
        try:
            self.tree = json.loads(json_schema)
        except (TypeError, ValueError) as error:
            raise ConfigurationError(f"an Avro schema is a str of JSON: {error}") from error
        library = fastavro_module()
        try:
            self.parsed = library.parse_schema(self.tree)
        except Exception as error:  # fastavro raises what there is
            raise ConfigurationError(f"this is no Avro schema: {type(error).__name__}: {error}") from error

    @staticmethod
    def parse_string(json_schema: str) -> AvroSchema:
        """The schema that a text of JSON is.

        Raises:
            ConfigurationError: it is none.
            MissingExtraError: fastavro is not installed.
        """
        return AvroSchema(json_schema)

    @staticmethod
    def parse_file(file_path: str) -> AvroSchema:
        """The schema that is in a file.

        Raises:
            ConfigurationError: there is none.
            MissingExtraError: fastavro is not installed.
        """
        try:
            with open(file_path, encoding="utf-8") as file:
                return AvroSchema(file.read())
        except (OSError, UnicodeError) as error:
            raise ConfigurationError(f"{file_path}: cannot be read: {error}") from error

    @staticmethod
    def of_type(kind: DataType, legacy: bool = False) -> AvroSchema:
        """The schema of values of a type.

        Args:
            kind: a row of fields.
            legacy: whether times without a zone are written as instants, as Flink does by default.

        Raises:
            ConfigurationError: Avro has nothing for a type.
        """
        return AvroSchema(json.dumps(avro_of(kind.with_nullable(False), "record", legacy)))

    def data_type(self, legacy: bool = False) -> DataType:
        """The type of what is written with the schema.

        Args:
            legacy: whether instants are read as times without a zone, as Flink does by default.

        Raises:
            ConfigurationError: no column is for it: a union of several types, a record within itself.
        """
        return SchemaTypes(legacy).data_type(self.tree, "")

    @property
    def name(self) -> str:
        """Of the record; of others what they are."""
        return str(self.tree.get("name", self.tree["type"]) if isinstance(self.tree, dict) else self.tree)

    def __repr__(self) -> str:
        return f"AvroSchema({self.name!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AvroSchema) and self.tree == other.tree

    def __hash__(self) -> int:
        return hash(self.text)

    def __reduce__(self) -> Any:
        return AvroSchema, (self.text,)


class SchemaTypes:
    """Finds the types of schemas, which may name those before them.

    Args:
        legacy: as for ``AvroSchema.data_type``.
    """

    def __init__(self, legacy: bool) -> None:
        self.legacy = legacy
        self.known: dict[str, DataType | None] = {}  # by full name; None within it

    def data_type(self, schema: Any, path: str, space: str = "") -> DataType:
        """The type of a schema's values.

        Args:
            schema: of JSON.
            path: of the field, for errors.
            space: in which names are looked for.
        """
        if isinstance(schema, list):
            return self._union(schema, path, space)
        if isinstance(schema, str):
            if schema in PLAIN:
                return PLAIN[schema].with_nullable(schema == "null")
            return self._named(schema, path, space)
        kind = schema["type"]
        if not isinstance(kind, str):
            return self.data_type(kind, path, space)
        if kind in NAMED:
            space = full_name(schema, space).rpartition(".")[0]
        found = self._of_kind(kind, schema, path, space).with_nullable(kind == "null")
        if kind in NAMED:
            self.known[full_name(schema, space)] = found
        return found

    def _of_kind(self, kind: str, schema: Any, path: str, space: str) -> DataType:
        logical = schema.get("logicalType")
        if logical == "decimal" and kind in ("bytes", "fixed") and schema["precision"] <= 38:
            return DataType(Kind.DECIMAL, schema["precision"], schema.get("scale", 0))
        if kind == "long" and logical in INSTANTS:
            return DataType(Kind.TIMESTAMP if self.legacy else Kind.TIMESTAMP_LTZ, INSTANTS[logical])
        if (kind, logical) in LOGICAL:
            return LOGICAL[kind, logical]
        if kind in ("record", "error"):
            self.known[full_name(schema, space)] = None
            return row_type(
                (field["name"], self.data_type(field["type"], f"{path}.{field['name']}".lstrip("."), space))
                for field in schema["fields"]
            )
        if kind == "fixed":
            return DataType(Kind.BINARY, schema["size"])
        if kind == "array":
            return DataType(Kind.ARRAY, children=(self.data_type(schema["items"], f"{path}[]", space),))
        if kind == "map":
            values = self.data_type(schema["values"], f"{path}{{}}", space)
            return DataType(Kind.MAP, children=(STRING.not_null(), values))
        return PLAIN[kind] if kind in PLAIN else self._named(kind, path, space)

    def _named(self, name: str, path: str, space: str) -> DataType:
        for full in (f"{space}.{name}" if space else name, name):
            if full in self.known:
                found = self.known[full]
                if found is None:
                    raise ConfigurationError(f"field {path!r}: {name} is within itself, which no column can be")
                return found
        raise ConfigurationError(f"field {path!r}: there is no type {name!r}")

    def _union(self, schema: list[Any], path: str, space: str) -> DataType:
        others = [one for one in schema if one != "null"]
        if not others:
            return NULL
        if len(others) > 1:
            raise ConfigurationError(
                f"field {path!r} is a union of several types, which no column can be: read generic records"
            )
        return self.data_type(others[0], path, space).with_nullable("null" in schema)


def full_name(schema: Any, space: str) -> str:
    """The name of a schema with its namespace."""
    name: str = schema["name"]
    space = schema.get("namespace", space)
    return name if "." in name or not space else f"{space}.{name}"


def avro_of(kind: DataType, name: str, legacy: bool) -> Any:
    """The schema of a type's values.

    Args:
        kind: the type.
        name: of the record or fixed, should it be one.
        legacy: as for ``AvroSchema.of_type``.

    Raises:
        ConfigurationError: Avro has nothing for it.
    """
    schema = _avro_of(kind, name, legacy)
    return ["null", schema] if kind.nullable and schema != "null" else schema


def _avro_of(kind: DataType, name: str, legacy: bool) -> Any:
    if kind.kind in NUMBERS:
        return NUMBERS[kind.kind]
    if kind.family(Family.CHARACTER_STRING):
        return "string"
    if kind.kind is Kind.VARBINARY:
        return "bytes"
    if kind.kind is Kind.BINARY:
        return {"type": "fixed", "name": name, "size": kind.precision}
    if kind.kind is Kind.DECIMAL and kind.python is None and 0 <= (kind.scale or 0) <= (kind.precision or 0):
        return {"type": "bytes", "logicalType": "decimal", "precision": kind.precision, "scale": kind.scale}
    if kind.kind is Kind.DATE:
        return {"type": "int", "logicalType": "date"}
    digits = kind.precision or 0
    if kind.kind is Kind.TIME and digits <= 6:
        millis = digits <= 3
        return {"type": "int" if millis else "long", "logicalType": f"time-{'millis' if millis else 'micros'}"}
    if kind.kind in (Kind.TIMESTAMP, Kind.TIMESTAMP_LTZ) and digits <= 6:
        local = "local-" if kind.kind is Kind.TIMESTAMP and not legacy else ""
        return {"type": "long", "logicalType": f"{local}timestamp-{'millis' if digits <= 3 else 'micros'}"}
    if kind.kind is Kind.ARRAY:
        return {"type": "array", "items": avro_of(kind.children[0], f"{name}_item", legacy)}
    if kind.kind is Kind.MAP and kind.children[0].family(Family.CHARACTER_STRING):
        return {"type": "map", "values": avro_of(kind.children[1], f"{name}_value", legacy)}
    if kind.kind is Kind.ROW:
        fields = [
            {"name": field, "type": avro_of(child, f"{name}_{field}", legacy)}
            | ({"default": None} if child.nullable else {})
            for field, child in zip(kind.names, kind.children, strict=True)
        ]
        return {"type": "record", "name": name, "fields": fields}
    raise ConfigurationError(f"{name.removeprefix('record_')!r}: Avro has nothing for {kind}")
