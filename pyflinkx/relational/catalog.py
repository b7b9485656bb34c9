"""Catalogs: what tables, views and functions there are, by their paths."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

from pyflinkx.errors import SqlError
from pyflinkx.relational.tables.definition import TableDefinition, ViewDefinition
from pyflinkx.types.data_type import quoted

Definition = TableDefinition | ViewDefinition
T = TypeVar("T")


class CatalogError(SqlError):
    """An object is not there, or there is one already."""


class Path(NamedTuple):
    """Where an object is."""

    catalog: str
    database: str
    name: str

    def __str__(self) -> str:
        return ".".join(self)

    def quoted(self) -> str:
        """The path as SQL has it."""
        return ".".join(map(quoted, self))


@dataclass
class Database:
    """A database: its objects by name."""

    options: Mapping[str, str] = field(default_factory=dict)
    comment: str | None = None
    tables: dict[str, Definition] = field(default_factory=dict)
    functions: dict[str, Any] = field(default_factory=dict)
    models: dict[str, Any] = field(default_factory=dict)
    partitions: dict[str, list[Any]] = field(default_factory=dict)


class MemoryCatalog:
    """A catalog that is gone with the program.

    Args:
        default_database: the one that names without a database are in.
        options: what it was made with.
        comment: for people.
    """

    kind = "generic_in_memory"

    def __init__(
        self, default_database: str = "default", options: Mapping[str, str] | None = None, comment: str | None = None
    ) -> None:
        self.default_database = default_database
        self.options = {"type": self.kind} | dict(options or {})
        self.comment = comment
        self.databases: dict[str, Database] = {default_database: Database()}

    def database_names(self) -> list[str]:
        """The names of the databases."""
        return sorted(self.databases)

    def database(self, name: str) -> Database | None:
        """A database; None where there is none."""
        return self.databases.get(name)

    def table_names(self, database: str) -> list[str]:
        """The names of a database's tables and views."""
        return sorted(self.databases[database].tables)

    def table(self, database: str, name: str) -> Definition | None:
        """A table or view; None where there is none."""
        found = self.databases.get(database)
        return None if found is None else found.tables.get(name)

    def create_database(self, name: str, made: Database) -> None:
        """A new database."""
        self.databases[name] = made

    def drop_database(self, name: str) -> None:
        """Take a database away."""
        del self.databases[name]

    def put_table(self, database: str, name: str, definition: Definition) -> None:
        """A new table or view, or one in place of another."""
        self.databases[database].tables[name] = definition

    def drop_table(self, database: str, name: str) -> None:
        """Take a table or view away."""
        del self.databases[database].tables[name]
        self.databases[database].partitions.pop(name, None)

    def rename_table(self, database: str, name: str, new: str) -> None:
        """Give a table or view another name."""
        tables = self.databases[database].tables
        tables[new] = tables.pop(name)


class Catalogs:
    """The catalogs of a table environment, and what is temporary in them.

    Args:
        catalog: the name of the first catalog.
        database: the name of its database.
    """

    def __init__(self, catalog: str, database: str) -> None:
        self.catalogs: dict[str, Any] = {catalog: MemoryCatalog(database)}
        self.first = catalog
        self.catalog = catalog
        self.current_database = database
        self.temporary: dict[Path, Definition] = {}

    # ---- places

    def path(self, parts: tuple[str, ...]) -> Path:
        """The whole path of a name."""
        if len(parts) > 3:
            raise CatalogError(f"a path has a catalog, a database and a name, and {'.'.join(parts)} has more parts")
        places = (self.catalog, self.current_database)
        return Path(*places[: 3 - len(parts)], *parts)

    def place(self, parts: tuple[str, ...]) -> tuple[str, str]:
        """The catalog and the database of a name of a database."""
        if len(parts) > 2:
            raise CatalogError(f"a database has a catalog and a name, and {'.'.join(parts)} has more parts")
        return (self.catalog, parts[0]) if len(parts) == 1 else (parts[0], parts[1])

    def named(self, name: str) -> Any:
        """A catalog.

        Raises:
            CatalogError: there is none.
        """
        if name not in self.catalogs:
            raise CatalogError(f"there is no catalog {name}{close_to(name, self.catalogs)}")
        return self.catalogs[name]

    def database_of(self, catalog: str, database: str) -> Database:
        """A database.

        Raises:
            CatalogError: there is none.
        """
        found: Database | None = self.named(catalog).database(database)
        if found is None:
            known = self.named(catalog).database_names()
            raise CatalogError(f"there is no database {catalog}.{database}{close_to(database, known)}")
        return found

    def use_catalog(self, name: str) -> None:
        """Names without a catalog are in this one from now on."""
        catalog = self.named(name)
        self.catalog, self.current_database = name, catalog.default_database

    def use_database(self, catalog: str, database: str) -> None:
        """Names without a database are in this one from now on."""
        self.database_of(catalog, database)
        self.catalog, self.current_database = catalog, database

    def add(self, name: str, catalog: Any) -> None:
        """A new catalog."""
        if name in self.catalogs:
            raise CatalogError(f"there is a catalog {name} already")
        self.catalogs[name] = catalog

    def remove(self, name: str) -> None:
        """Take a catalog away."""
        self.named(name)
        if name == self.catalog:
            raise CatalogError(f"the catalog {name} is in use: USE CATALOG says another one first")
        del self.catalogs[name]

    # ---- tables and views

    def find(self, path: Path) -> Definition | None:
        """A table or view, a temporary one first; None where there is none."""
        found = self.temporary.get(path)
        if found is None and path.catalog in self.catalogs:
            found = self.catalogs[path.catalog].table(path.database, path.name)
        return found

    def get(self, path: Path, what: str = "table") -> Definition:
        """A table or view.

        Raises:
            CatalogError: there is none.
        """
        found = self.find(path)
        if found is None:
            raise CatalogError(
                f"there is no {what} {path}{close_to(path.name, self.names(path.catalog, path.database))}"
            )
        return found

    def names(self, catalog: str, database: str) -> list[str]:
        """The names of the tables and views in a database, temporary ones too."""
        names = {path.name for path in self.temporary if (path.catalog, path.database) == (catalog, database)}
        found = self.catalogs.get(catalog)
        if found is not None and found.database(database) is not None:
            names.update(found.table_names(database))
        return sorted(names)

    def known_names(self) -> list[str]:
        """What can be written as a name of a table here."""
        return self.names(self.catalog, self.current_database)

    def of_kind(self, kind: type[T], catalog: str, database: str) -> list[str]:
        """The names of the tables, or of the views."""
        return [
            name for name in self.names(catalog, database) if isinstance(self.find(Path(catalog, database, name)), kind)
        ]

    def create(self, path: Path, definition: Definition, if_not_exists: bool = False, temporary: bool = False) -> bool:
        """Keep a table or view.

        Args:
            path: its place.
            definition: of it.
            if_not_exists: whether it is no error that there is one.
            temporary: whether it is gone with the environment, and comes before another of its name.

        Returns:
            Whether it is new.

        Raises:
            CatalogError: there is one, or no such catalog or database.
        """
        there = path in self.temporary if temporary else self.permanent(path) is not None
        if there:
            if if_not_exists:
                return False
            what = described(self.temporary[path] if temporary else self.permanent(path))
            raise CatalogError(f"there is a {'temporary ' if temporary else ''}{what} {path} already")
        self.put(path, definition, temporary)
        return True

    def put(self, path: Path, definition: Definition, temporary: bool) -> None:
        """Keep a table or view, in place of one that there is."""
        if temporary:
            self.temporary[path] = definition
            return
        self.database_of(path.catalog, path.database)
        self.catalogs[path.catalog].put_table(path.database, path.name, definition)

    def permanent(self, path: Path) -> Definition | None:
        """A table or view that is not temporary; None where there is none."""
        catalog = self.catalogs.get(path.catalog)
        found: Definition | None = None if catalog is None else catalog.table(path.database, path.name)
        return found

    def drop(self, path: Path, kind: type[Any], if_exists: bool = False, temporary: bool = False) -> bool:
        """Take a table or view away.

        Args:
            path: its place.
            kind: TableDefinition or ViewDefinition.
            if_exists: whether it is no error that there is none.
            temporary: whether it is a temporary one.

        Returns:
            Whether there was one.

        Raises:
            CatalogError: there is none, or a temporary one is before it.
        """
        what = "table" if kind is TableDefinition else "view"
        found = self.temporary.get(path) if temporary else self.permanent(path)
        before = self.temporary.get(path)
        if not temporary and isinstance(before, kind):
            raise CatalogError(
                f"there is a temporary {what} {path}, which is in the way: DROP TEMPORARY {what.upper()} comes first"
            )
        if not isinstance(found, kind):
            if if_exists:
                return False
            which = f"temporary {what}" if temporary else what
            other = "" if found is None else f": it is a {described(found)}"
            hint = close_to(path.name, self.names(path.catalog, path.database)) if found is None else other
            raise CatalogError(f"there is no {which} {path}{hint}")
        if temporary:
            del self.temporary[path]
        else:
            self.catalogs[path.catalog].drop_table(path.database, path.name)
        return True

    def rename(self, path: Path, new: Path) -> None:
        """Give a table or view another name.

        Raises:
            CatalogError: there is none, it is temporary, or the name is taken or elsewhere.
        """
        if path in self.temporary:
            raise CatalogError(f"{path} is temporary, and keeps its name")
        self.get(path)
        if new[:2] != path[:2]:
            raise CatalogError(f"{path} stays in its database: {new} is in another one")
        if self.permanent(new) is not None:
            raise CatalogError(f"there is a {described(self.permanent(new))} {new} already")
        self.catalogs[path.catalog].rename_table(path.database, path.name, new.name)

    # ---- databases

    def create_database(self, catalog: str, name: str, made: Database, if_not_exists: bool) -> None:
        """A new database."""
        if self.named(catalog).database(name) is not None:
            if if_not_exists:
                return
            raise CatalogError(f"there is a database {catalog}.{name} already")
        self.named(catalog).create_database(name, made)

    def drop_database(self, catalog: str, name: str, if_exists: bool, cascade: bool) -> None:
        """Take a database away."""
        found = self.named(catalog).database(name)
        if found is None:
            if if_exists:
                return
            self.database_of(catalog, name)
        if (catalog, name) == (self.catalog, self.current_database):
            raise CatalogError(f"the database {catalog}.{name} is in use: USE says another one first")
        if not cascade and self.named(catalog).table_names(name):
            raise CatalogError(f"the database {catalog}.{name} is not empty: CASCADE drops what is in it, too")
        self.named(catalog).drop_database(name)

    def alter_database(self, catalog: str, name: str, options: Mapping[str, str]) -> None:
        """Set options of a database."""
        found = self.database_of(catalog, name)
        self.named(catalog).create_database(name, replace(found, options={**found.options, **options}))


def described(definition: Definition | None) -> str:
    """What a definition is of."""
    return "view" if isinstance(definition, ViewDefinition) else "table"


def close_to(name: str, known: Iterable[str]) -> str:
    """A hint at a name like this one, or at all that there are."""
    names = list(known)
    folded = {each.lower(): each for each in names}
    close = difflib.get_close_matches(name.lower(), folded, 1, 0.6)
    if close:
        return f"; did you mean {folded[close[0]]}?"
    return f"; there are {', '.join(names[:20])}" if names else ""
