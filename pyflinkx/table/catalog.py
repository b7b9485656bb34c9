"""Catalogs with PyFlink's names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import total_ordering
from typing import TYPE_CHECKING, Any

from pyflinkx.common.configuration import Configuration
from pyflinkx.errors import SqlError
from pyflinkx.names.asking import Answering, answers, offering
from pyflinkx.relational.catalog import CatalogError, Database, MemoryCatalog, close_to
from pyflinkx.relational.tables.definition import Column as ColumnDefinition
from pyflinkx.relational.tables.definition import TableDefinition, ViewDefinition
from pyflinkx.table.data_types import logical_of
from pyflinkx.table.resolved_schema import (
    Column,
    ComputedColumn,
    Constraint,
    MetadataColumn,
    PhysicalColumn,
    ResolvedSchema,
    UniqueConstraint,
    WatermarkSpec,
)
from pyflinkx.table.schema import Schema, schema_of
from pyflinkx.table.table_schema import TableSchema
from pyflinkx.types.data_type import quoted

__all__ = [
    "Catalog",
    "CatalogBaseTable",
    "CatalogDatabase",
    "CatalogDescriptor",
    "CatalogFunction",
    "Column",
    "ComputedColumn",
    "Constraint",
    "MetadataColumn",
    "ObjectIdentifier",
    "ObjectPath",
    "PhysicalColumn",
    "ResolvedSchema",
    "UniqueConstraint",
    "WatermarkSpec",
]


@total_ordering
class ObjectPath:
    """The name of an object in a database of some catalog.

    Args:
        database_name: the database.
        object_name: the object.
    """

    def __init__(self, database_name: str, object_name: str) -> None:
        self._database = database_name
        self._name = object_name

    def __str__(self) -> str:
        return self.get_full_name()

    def __repr__(self) -> str:
        return f"ObjectPath({self._database!r}, {self._name!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ObjectPath) and vars(self) == vars(other)

    def __lt__(self, other: ObjectPath) -> bool:
        return self.get_full_name() < other.get_full_name()

    def __hash__(self) -> int:
        return hash((self._database, self._name))

    def get_database_name(self) -> str:
        """The database."""
        return self._database

    def get_object_name(self) -> str:
        """The object."""
        return self._name

    def get_full_name(self) -> str:
        """Both, with a point between them."""
        return f"{self._database}.{self._name}"

    def compare_to(self, other: ObjectPath) -> int:
        """Below, at or above 0 as the full name comes before, is or comes after the other one."""
        return (self.get_full_name() > other.get_full_name()) - (self.get_full_name() < other.get_full_name())

    @staticmethod
    def from_string(full_name: str) -> ObjectPath:
        """The path of a full name.

        Raises:
            ValueError: it has not one point.
        """
        parts = full_name.split(".")
        if len(parts) != 2 or not all(parts):
            raise ValueError(f"a full name is 'database.object', not {full_name!r}")
        return ObjectPath(*parts)


class ObjectIdentifier:
    """The whole name of an object.

    Args:
        catalog_name: the catalog.
        database_name: the database.
        object_name: the object.
    """

    def __init__(self, catalog_name: str, database_name: str, object_name: str) -> None:
        self._parts = (catalog_name, database_name, object_name)

    @staticmethod
    def of(catalog_name: str, database_name: str, object_name: str) -> ObjectIdentifier:
        """The name of an object."""
        return ObjectIdentifier(catalog_name, database_name, object_name)

    def get_catalog_name(self) -> str:
        """The catalog."""
        return self._parts[0]

    def get_database_name(self) -> str:
        """The database."""
        return self._parts[1]

    def get_object_name(self) -> str:
        """The object."""
        return self._parts[2]

    def to_object_path(self) -> ObjectPath:
        """The name within the catalog."""
        return ObjectPath(*self._parts[1:])

    def to_list(self) -> list[str]:
        """The parts."""
        return list(self._parts)

    def as_serializable_string(self) -> str:
        """The name as SQL has it, quoted."""
        return ".".join(map(quoted, self._parts))

    def as_summary_string(self) -> str:
        """The name for people."""
        return ".".join(self._parts)

    def __str__(self) -> str:
        return self.as_serializable_string()

    def __repr__(self) -> str:
        return f"ObjectIdentifier{self._parts}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ObjectIdentifier) and self._parts == other._parts

    def __hash__(self) -> int:
        return hash(self._parts)


class CatalogDatabase:
    """A database: options and a comment; made by ``create_instance()``."""

    def __init__(self, properties: Mapping[str, str], comment: str | None) -> None:
        self._properties = dict(properties)
        self._comment = comment

    @staticmethod
    def create_instance(properties: dict[str, str], comment: str | None = None) -> CatalogDatabase:
        """A database that is to be made."""
        return CatalogDatabase(properties, comment)

    def get_properties(self) -> dict[str, str]:
        """The options."""
        return dict(self._properties)

    def get_comment(self) -> str:
        """What it says to people."""
        return self._comment or ""

    def copy(self) -> CatalogDatabase:
        """The same again."""
        return CatalogDatabase(self._properties, self._comment)

    def get_description(self) -> str | None:
        """The comment."""
        return self._comment

    def get_detailed_description(self) -> str | None:
        """The comment."""
        return self._comment


class CatalogBaseTable:
    """A table or view as a catalog keeps it; made by ``create_table()`` or ``create_view()``."""

    def __init__(self, definition: TableDefinition | ViewDefinition) -> None:
        self._definition = definition

    @staticmethod
    def create_table(
        schema: TableSchema | Schema,
        partition_keys: Sequence[str] = (),
        properties: Mapping[str, str] | None = None,
        comment: str | None = None,
    ) -> CatalogBaseTable:
        """A table that is to be made."""
        if isinstance(schema, Schema):
            base = schema._definition()
        else:
            pairs = zip(schema.get_field_names(), schema.get_field_data_types(), strict=True)
            base = TableDefinition(tuple(ColumnDefinition(name, logical_of(kind)) for name, kind in pairs))
        definition = TableDefinition(
            base.columns, base.watermark, base.primary_key, tuple(partition_keys), dict(properties or {}), comment
        )
        return CatalogBaseTable(definition)

    @staticmethod
    def create_view(
        original_query: str,
        expanded_query: str,
        schema: TableSchema,
        properties: dict[str, str],
        comment: str | None = None,
    ) -> CatalogBaseTable:
        """A view that is to be made, of a query in SQL."""
        pairs = zip(schema.get_field_names(), schema.get_field_data_types(), strict=True)
        columns = tuple((name, logical_of(kind)) for name, kind in pairs)
        return CatalogBaseTable(ViewDefinition(columns, None, expanded_query, comment))

    def get_options(self) -> dict[str, str]:
        """The options; of a view none."""
        return dict(self._definition.options) if isinstance(self._definition, TableDefinition) else {}

    def get_unresolved_schema(self) -> Schema:
        """The columns."""
        definition = self._definition
        if isinstance(definition, ViewDefinition):
            definition = TableDefinition(tuple(ColumnDefinition(name, kind) for name, kind in definition.columns))
        return schema_of(definition)

    def get_comment(self) -> str:
        """What it says to people."""
        return self._definition.comment or ""

    def copy(self) -> CatalogBaseTable:
        """The same again."""
        return CatalogBaseTable(self._definition)

    def get_description(self) -> str | None:
        """The comment."""
        return self._definition.comment

    def get_detailed_description(self) -> str | None:
        """The comment."""
        return self._definition.comment


class CatalogFunction:
    """A function as a catalog keeps it; made by ``create_instance()``."""

    def __init__(self, class_name: str, language: str) -> None:
        self._class_name = class_name
        self._language = language

    @staticmethod
    def create_instance(class_name: str, function_language: str = "Python") -> CatalogFunction:
        """A function that is to be made."""
        return CatalogFunction(class_name, function_language)

    def get_class_name(self) -> str:
        """Module and name."""
        return self._class_name

    def copy(self) -> CatalogFunction:
        """The same again."""
        return CatalogFunction(self._class_name, self._language)

    def get_description(self) -> str | None:
        """None."""
        return None

    def get_detailed_description(self) -> str | None:
        """None."""
        return None

    def get_function_language(self) -> str:
        """The language that it is written in."""
        return self._language

    def get_options(self) -> dict[str, str]:
        """None that it has."""
        return {}


class CatalogDescriptor:
    """A catalog that is to be made; by ``of()``."""

    def __init__(self, name: str, configuration: Configuration, comment: str | None) -> None:
        self._name = name
        self._configuration = configuration
        self._comment = comment

    @staticmethod
    def of(catalog_name: str, configuration: Configuration, comment: str | None = None) -> CatalogDescriptor:
        """A catalog.

        Args:
            catalog_name: its name.
            configuration: its options, of which ``type`` says what it is.
            comment: for people.
        """
        return CatalogDescriptor(catalog_name, configuration, comment)


@answers("table.catalog.Catalog")
class Catalog(metaclass=Answering):
    """A catalog: databases, and tables, views and functions in them.

    Args:
        catalog: what keeps them; by default one in memory.
    """

    def __init__(self, catalog: Any = None) -> None:
        self._catalog = MemoryCatalog() if catalog is None else catalog

    # ---- databases ----

    def get_default_database(self) -> str:
        """The database that names without one are in."""
        name: str = self._catalog.default_database
        return name

    def list_databases(self) -> list[str]:
        """The names of the databases."""
        names: list[str] = self._catalog.database_names()
        return names

    def _database(self, name: str) -> Database:
        found: Database | None = self._catalog.database(name)
        if found is None:
            raise CatalogError(f"there is no database {name}{close_to(name, self.list_databases())}")
        return found

    def get_database(self, database_name: str) -> CatalogDatabase:
        """A database.

        Raises:
            SqlError: there is none.
        """
        found = self._database(database_name)
        return CatalogDatabase(found.options, found.comment)

    def database_exists(self, database_name: str) -> bool:
        """Whether there is a database of that name."""
        return self._catalog.database(database_name) is not None

    def create_database(self, name: str, database: CatalogDatabase, ignore_if_exists: bool) -> None:
        """Make a database.

        Raises:
            SqlError: there is one.
        """
        if self.database_exists(name):
            if ignore_if_exists:
                return
            raise CatalogError(f"there is a database {name} already")
        self._catalog.create_database(name, Database(database.get_properties(), database._comment))

    def drop_database(self, name: str, ignore_if_exists: bool) -> None:
        """Take a database away, which is empty.

        Raises:
            SqlError: there is none, or it is not empty.
        """
        if not self.database_exists(name) and ignore_if_exists:
            return
        self._database(name)
        if self._catalog.table_names(name):
            raise CatalogError(f"the database {name} is not empty")
        self._catalog.drop_database(name)

    def alter_database(self, name: str, new_database: CatalogDatabase, ignore_if_not_exists: bool) -> None:
        """Change options and comment of a database.

        Raises:
            SqlError: there is none.
        """
        if not self.database_exists(name) and ignore_if_not_exists:
            return
        found = self._database(name)
        found.options, found.comment = new_database.get_properties(), new_database._comment

    # ---- tables and views ----

    def list_tables(self, database_name: str) -> list[str]:
        """The names of the tables and views of a database."""
        self._database(database_name)
        names: list[str] = self._catalog.table_names(database_name)
        return names

    def list_views(self, database_name: str) -> list[str]:
        """The names of the views of a database."""
        names = self.list_tables(database_name)
        return [name for name in names if isinstance(self._catalog.table(database_name, name), ViewDefinition)]

    def list_materialized_tables(self, database_name: str) -> list[str]:
        """None that there are."""
        self._database(database_name)
        return []

    def get_table(self, table_path: ObjectPath) -> CatalogBaseTable:
        """A table or view.

        Raises:
            SqlError: there is none.
        """
        found = self._catalog.table(table_path.get_database_name(), table_path.get_object_name())
        if found is None:
            raise CatalogError(f"there is no table {table_path}")
        return CatalogBaseTable(found)

    def table_exists(self, table_path: ObjectPath) -> bool:
        """Whether there is a table or view of that name."""
        return self._catalog.table(table_path.get_database_name(), table_path.get_object_name()) is not None

    def drop_table(self, table_path: ObjectPath, ignore_if_not_exists: bool) -> None:
        """Take a table or view away.

        Raises:
            SqlError: there is none.
        """
        if not self.table_exists(table_path) and ignore_if_not_exists:
            return
        self.get_table(table_path)
        self._catalog.drop_table(table_path.get_database_name(), table_path.get_object_name())

    def rename_table(self, table_path: ObjectPath, new_table_name: str, ignore_if_not_exists: bool) -> None:
        """Give a table or view another name.

        Raises:
            SqlError: there is none, or one of the new name.
        """
        if not self.table_exists(table_path) and ignore_if_not_exists:
            return
        self.get_table(table_path)
        database = table_path.get_database_name()
        if self._catalog.table(database, new_table_name) is not None:
            raise CatalogError(f"there is a table {database}.{new_table_name} already")
        self._catalog.rename_table(database, table_path.get_object_name(), new_table_name)

    def create_table(self, table_path: ObjectPath, table: CatalogBaseTable, ignore_if_exists: bool) -> None:
        """Make a table or view.

        Raises:
            SqlError: there is one, or no such database.
        """
        self._database(table_path.get_database_name())
        if self.table_exists(table_path):
            if ignore_if_exists:
                return
            raise CatalogError(f"there is a table {table_path} already")
        self._put(table_path, table)

    def alter_table(self, table_path: ObjectPath, new_table: CatalogBaseTable, ignore_if_not_exists: bool) -> None:
        """Put another table or view in the place of one.

        Raises:
            SqlError: there is none.
        """
        if not self.table_exists(table_path) and ignore_if_not_exists:
            return
        self.get_table(table_path)
        self._put(table_path, new_table)

    def _put(self, path: ObjectPath, table: CatalogBaseTable) -> None:
        if not isinstance(table, CatalogBaseTable):
            raise SqlError(f"a catalog keeps what CatalogBaseTable makes, not {table!r:.100}")
        self._catalog.put_table(path.get_database_name(), path.get_object_name(), table._definition)

    # ---- functions ----

    def _functions(self, database: str) -> dict[str, Any]:
        return self._database(database).functions

    def list_functions(self, database_name: str) -> list[str]:
        """The names of the functions of a database."""
        return sorted(self._functions(database_name))

    def list_procedures(self, database_name: str) -> list[str]:
        """None that there are."""
        self._database(database_name)
        return []

    def get_function(self, function_path: ObjectPath) -> CatalogFunction:
        """A function.

        Raises:
            SqlError: there is none.
        """
        found = self._functions(function_path.get_database_name()).get(function_path.get_object_name())
        if found is None:
            raise CatalogError(f"there is no function {function_path}")
        function: CatalogFunction = found
        return function

    def function_exists(self, function_path: ObjectPath) -> bool:
        """Whether there is a function of that name."""
        database = self._catalog.database(function_path.get_database_name())
        return database is not None and function_path.get_object_name() in database.functions

    def create_function(self, function_path: ObjectPath, function: CatalogFunction, ignore_if_exists: bool) -> None:
        """Keep a function.

        Raises:
            SqlError: there is one.
        """
        if self.function_exists(function_path):
            if ignore_if_exists:
                return
            raise CatalogError(f"there is a function {function_path} already")
        self._functions(function_path.get_database_name())[function_path.get_object_name()] = function

    def alter_function(
        self, function_path: ObjectPath, new_function: CatalogFunction, ignore_if_not_exists: bool
    ) -> None:
        """Put another function in the place of one.

        Raises:
            SqlError: there is none.
        """
        if not self.function_exists(function_path) and ignore_if_not_exists:
            return
        self.get_function(function_path)
        self._functions(function_path.get_database_name())[function_path.get_object_name()] = new_function

    def drop_function(self, function_path: ObjectPath, ignore_if_not_exists: bool) -> None:
        """Take a function away.

        Raises:
            SqlError: there is none.
        """
        if not self.function_exists(function_path) and ignore_if_not_exists:
            return
        self.get_function(function_path)
        del self._functions(function_path.get_database_name())[function_path.get_object_name()]


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
