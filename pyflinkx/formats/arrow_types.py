"""Columns of a file as those that are asked for: by name, cast only where nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx.errors import SourceError, TypeInformationError

# More digits than these are in no column here.
MAX_DIGITS = 38


def plain_type(kind: Any) -> Any:
    """An Arrow type without dictionaries, extensions and layouts that columns here have not; of the same values."""
    import pyarrow as pa

    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return plain_type(kind.storage_type)
    if types.is_dictionary(kind):
        return plain_type(kind.value_type)
    if types.is_float16(kind):
        return pa.float32()
    if types.is_decimal(kind) and not types.is_decimal128(kind) and kind.precision <= MAX_DIGITS:
        return pa.decimal128(kind.precision, kind.scale)
    if types.is_map(kind):
        return pa.map_(plain_field(kind.key_field), plain_field(kind.item_field))
    if types.is_struct(kind):
        return pa.struct([plain_field(kind.field(index)) for index in range(kind.num_fields)])
    if types.is_large_list(kind):
        return pa.large_list(plain_field(kind.value_field))
    if hasattr(kind, "value_field"):  # of a fixed size, or a view
        return pa.list_(plain_field(kind.value_field))
    return kind


def plain_field(field: Any) -> Any:
    """A field of such a type."""
    return field.with_type(plain_type(field.type))


def schema_of_file(path: str, schema: Any) -> Schema:
    """The columns of a file.

    Raises:
        SourceError: it has none, two of one name, or one of a type that is not supported.
    """
    import pyarrow as pa

    names = schema.names
    repeated = sorted({name for name in names if names.count(name) > 1})
    if not names or repeated:
        raise SourceError(
            f"{path}: has more than one column {repeated[0]!r}" if repeated else f"{path}: has no columns"
        )
    plain = pa.schema([plain_field(field) for field in schema])
    try:
        return ColumnBatch.from_arrow(pa.RecordBatch.from_pylist([], plain)).schema
    except TypeInformationError as error:
        raise SourceError(f"{path}: {error}") from error


class Fitting:
    """How the columns of one file become those that are asked for.

    Args:
        path: of the file.
        found: its Arrow schema.
        wanted: the Arrow schema that is asked for.
        missing: ``"null"`` for columns of nulls where the file has none of the name, or ``"error"``.
        case: whether names must be the same in upper and lower case, too.

    Raises:
        SourceError: a column is missing, or of a type whose values the wanted one may not hold.
    """

    def __init__(self, path: str, found: Any, wanted: Any, missing: str, case: bool) -> None:
        self.path = path
        self.wanted = wanted
        self.names: list[str] = []  # of the file's columns that are read
        self.places: list[int | None] = []  # of each wanted column among these
        by_name = found_names(path, found, wanted.names, case)
        for field in wanted:
            name = by_name.get(field.name if case else field.name.lower())
            if name is None:
                if missing == "error" or not field.nullable:
                    raise SourceError(
                        f"{path}: has no column {field.name!r}; it has {', '.join(map(repr, found.names[:50]))}"
                    )
                self.places.append(None)
                continue
            kind = found.field(name).type
            if not fits(kind, field.type):
                raise SourceError(f"{path}: column {name!r} is of type {kind}, which does not fit {field.type}")
            self.places.append(len(self.names))
            self.names.append(name)
        self.same = self.places == list(range(len(self.names))) and all(
            found.field(name).type.equals(field.type) and (field.nullable or not found.field(name).nullable)
            for name, field in zip(self.names, wanted, strict=True)
        )

    def fitted(self, batch: Any) -> ColumnBatch:
        """Columns that were read as those that are asked for.

        Args:
            batch: of pyarrow, with the columns ``names``.

        Raises:
            SourceError: a value does not fit, or is missing where none may be.
        """
        import pyarrow as pa

        if self.same:
            columns = batch.columns
        else:
            columns = [
                pa.nulls(batch.num_rows, field.type) if place is None else self._cast(batch.column(place), field)
                for place, field in zip(self.places, self.wanted, strict=True)
            ]
        return ColumnBatch.from_arrow(pa.RecordBatch.from_arrays(columns, schema=self.wanted))

    def _cast(self, column: Any, field: Any) -> Any:
        import pyarrow as pa

        if not field.nullable and column.null_count:
            raise SourceError(f"{self.path}: column {field.name!r} has nulls, but its type is NOT NULL")
        if column.type.equals(field.type):
            return column
        try:
            if isinstance(column, pa.ExtensionArray):
                column = column.storage
            if "list_view" in str(column.type):  # whose casts of slices are wrong
                return pa.array(column.to_pylist(), field.type)
            return column.cast(field.type)
        except (pa.ArrowException, ValueError) as error:
            raise SourceError(f"{self.path}: column {field.name!r}: {error}") from error


def found_names(path: str, found: Any, wanted: Sequence[str], case: bool) -> dict[str, str]:
    """The names of a file's columns by how they are looked up."""
    names: dict[str, str] = {}
    asked = set(wanted) if case else {name.lower() for name in wanted}
    for name in found.names:
        key = name if case else name.lower()
        if key in asked and key in names:
            raise SourceError(f"{path}: has two columns {key!r}: {names[key]!r} and {name!r}")
        names[key] = name
    return names


def fits(found: Any, wanted: Any) -> bool:
    """Whether values of one type may be read as another: those of the same kind, which a cast then checks one by one.

    A number is no text, a time no number, and a fraction none of the whole numbers.
    """
    import pyarrow as pa

    types = pa.types
    found = plain_type(found)
    if found.equals(wanted) or types.is_null(found):
        return True
    if types.is_struct(wanted):
        return types.is_struct(found) and _structs_fit(found, wanted)
    if types.is_map(wanted):
        return types.is_map(found) and fits(found.key_type, wanted.key_type) and fits(found.item_type, wanted.item_type)
    if types.is_list(wanted) or types.is_large_list(wanted):
        return hasattr(found, "value_type") and not types.is_map(found) and fits(found.value_type, wanted.value_type)
    for kinds in (
        (types.is_integer,),
        (types.is_string, types.is_large_string, types.is_string_view),
        (types.is_binary, types.is_large_binary, types.is_binary_view, types.is_fixed_size_binary),
        (types.is_timestamp,),
        (types.is_time,),
        (types.is_date,),
        (types.is_duration,),
    ):
        if any(check(wanted) for check in kinds):
            return any(check(found) for check in kinds) and _zones_fit(found, wanted)
    if types.is_floating(wanted):
        return types.is_floating(found) and found.bit_width <= wanted.bit_width
    if types.is_decimal(wanted):
        return types.is_decimal(found) or types.is_integer(found)
    return False


def _zones_fit(found: Any, wanted: Any) -> bool:
    # Instants are read as times without a zone in UTC, as Flink does; the other way a zone would be guessed.
    return getattr(wanted, "tz", None) is None or found.tz is not None


def _structs_fit(found: Any, wanted: Any) -> bool:
    parts = {found.field(index).name: found.field(index) for index in range(found.num_fields)}
    return all(
        field.name in parts and fits(parts[field.name].type, field.type)
        for field in (wanted.field(index) for index in range(wanted.num_fields))
    )
