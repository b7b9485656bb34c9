"""What a table environment knows of catalogs: tables, views, databases and modules by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.errors import GraphError, SqlError
from pyflinkx.relational.catalog import CatalogError, Catalogs, Path, close_to
from pyflinkx.relational.registry import FUNCTIONS
from pyflinkx.relational.tables.definition import TableDefinition, ViewDefinition
from pyflinkx.sql.parser import parse_path
from pyflinkx.table.table import Table
from pyflinkx.table.table_descriptor import TableDescriptor

if TYPE_CHECKING:
    from pyflinkx.table.catalog import Catalog, CatalogDescriptor
    from pyflinkx.table.module import Module, ModuleEntry


class CatalogMethods:
    """The part of TableEnvironment that names objects."""

    if TYPE_CHECKING:
        _catalogs: Catalogs
        _modules: list[tuple[str, bool]]

    def _path(self, path: str) -> Path:
        return self._catalogs.path(parse_path(path).parts)

    def _hint(self, path: Path) -> str:
        """A hint at a table of a name like this one."""
        return close_to(path.name, self._catalogs.names(path.catalog, path.database))

    # ---- catalogs and databases ----

    def create_catalog(self, catalog_name: str, catalog_descriptor: CatalogDescriptor) -> None:
        """Make a catalog of its options.

        Args:
            catalog_name: its name.
            catalog_descriptor: its options, of which ``type`` says what it is: ``generic_in_memory``.

        Raises:
            SqlError: there is one of that name, or none of that type.
        """
        from pyflinkx.sql.tree.base import Node
        from pyflinkx.table.statements.created import catalog_of

        options = catalog_descriptor._configuration.to_dict()
        made = catalog_of(catalog_name, options, catalog_descriptor._comment, Node(), catalog_name)
        self._catalogs.add(catalog_name, made)

    def register_catalog(self, catalog_name: str, catalog: Catalog) -> None:
        """Give a catalog a name.

        Raises:
            SqlError: there is one of that name.
        """
        self._catalogs.add(catalog_name, catalog._catalog)

    def get_catalog(self, catalog_name: str) -> Catalog:
        """A catalog.

        Raises:
            SqlError: there is none.
        """
        from pyflinkx.table.catalog import Catalog

        return Catalog(self._catalogs.named(catalog_name))

    def get_current_catalog(self) -> str:
        """The catalog that names without one are in."""
        return self._catalogs.catalog

    def get_current_database(self) -> str:
        """The database that names without one are in."""
        return self._catalogs.current_database

    def use_catalog(self, catalog_name: str) -> None:
        """Names without a catalog are in this one from now on, and in its default database.

        Raises:
            SqlError: there is none.
        """
        self._catalogs.use_catalog(catalog_name)

    def use_database(self, database_name: str) -> None:
        """Names without a database are in this one of the current catalog from now on.

        Raises:
            SqlError: there is none.
        """
        self._catalogs.use_database(self._catalogs.catalog, database_name)

    def list_catalogs(self) -> list[str]:
        """The names of the catalogs."""
        return sorted(self._catalogs.catalogs)

    def list_databases(self) -> list[str]:
        """The names of the current catalog's databases."""
        names: list[str] = self._catalogs.named(self._catalogs.catalog).database_names()
        return names

    # ---- tables and views ----

    def create_table(
        self,
        path: str,
        descriptor: TableDescriptor,
        ignoreIfExists: bool | None = False,  # the name that PyFlink has
    ) -> None:
        """Keep a table.

        Args:
            path: its name, perhaps with catalog and database before it.
            descriptor: connector, options and schema.
            ignoreIfExists: whether it is no error that there is one.

        Raises:
            SqlError: there is one.
        """
        self._create(path, descriptor, bool(ignoreIfExists), False)

    def create_temporary_table(
        self,
        path: str,
        descriptor: TableDescriptor,
        ignoreIfExists: bool | None = False,  # the name that PyFlink has
    ) -> None:
        """Keep a table that is gone with the environment, and comes before another of its name; as ``create_table``."""
        self._create(path, descriptor, bool(ignoreIfExists), True)

    def _create(self, path: str, descriptor: TableDescriptor, if_not_exists: bool, temporary: bool) -> None:
        if not isinstance(descriptor, TableDescriptor):
            raise GraphError(f"create_table() takes a TableDescriptor, not {descriptor!r:.100}")
        place = self._path(path)
        try:
            self._catalogs.create(place, descriptor._definition(), if_not_exists, temporary)
        except CatalogError as error:
            what = "Temporary table" if temporary else "Could not execute CreateTable in path"
            end = " already exists" if temporary else ""
            name = f"'{place.quoted()}'" if temporary else place.quoted()
            raise CatalogError(f"{what} {name}{end}: {error}") from None

    def drop_table(self, table_path: str, ignore_if_not_exists: bool | None = True) -> bool:
        """Take a table away; False where there was none.

        Raises:
            SqlError: there is none and that is not to be ignored, or a temporary one is before it.
        """
        return self._catalogs.drop(self._path(table_path), TableDefinition, bool(ignore_if_not_exists))

    def drop_temporary_table(self, table_path: str) -> bool:
        """Take a temporary table away; False where there was none."""
        return self._catalogs.drop(self._path(table_path), TableDefinition, True, True)

    def create_view(self, view_path: str, table: Table, ignore_if_exists: bool | None = False) -> None:
        """Give a table that was made of SQL a name that stays in the catalog.

        Args:
            view_path: the name.
            table: the table.
            ignore_if_exists: whether it is no error that there is one.

        Raises:
            SqlError: there is one.
        """
        definition = ViewDefinition(table._node.columns, table._node)
        self._catalogs.create(self._path(view_path), definition, bool(ignore_if_exists))

    def drop_view(self, view_path: str, ignore_if_not_exists: bool | None = True) -> bool:
        """Take a view away; False where there was none.

        Raises:
            SqlError: there is none and that is not to be ignored, or a temporary one is before it.
        """
        return self._catalogs.drop(self._path(view_path), ViewDefinition, bool(ignore_if_not_exists))

    def drop_temporary_view(self, view_path: str) -> bool:
        """Take a temporary view away; False where there was none."""
        return self._catalogs.drop(self._path(view_path), ViewDefinition, True, True)

    def list_tables(self) -> list[str]:
        """The names of the tables and views in the current database, temporary ones too."""
        return self._catalogs.known_names()

    def list_views(self) -> list[str]:
        """The names of the views in the current database, temporary ones too."""
        return self._catalogs.of_kind(ViewDefinition, self._catalogs.catalog, self._catalogs.current_database)

    def list_materialized_tables(self) -> list[str]:
        """The names of materialized tables, which there are none of."""
        return []

    def list_temporary_tables(self) -> list[str]:
        """The names of the temporary tables in the current database."""
        return self._temporary(TableDefinition)

    def list_temporary_views(self) -> list[str]:
        """The names of the temporary views in the current database."""
        return self._temporary(ViewDefinition)

    def _temporary(self, kind: type[Any]) -> list[str]:
        place = (self._catalogs.catalog, self._catalogs.current_database)
        return sorted(
            path.name
            for path, found in self._catalogs.temporary.items()
            if path[:2] == place and isinstance(found, kind)
        )

    # ---- modules and functions ----

    def _function_names(self) -> list[str]:
        """The names of the user's functions."""
        raise NotImplementedError

    def list_functions(self) -> list[str]:
        """The names of all functions, in small letters."""
        built_in = {name.lower() for name in FUNCTIONS if name[0].isalpha() and " " not in name}
        return sorted({*(built_in if ("core", True) in self._modules else ()), *self._function_names()})

    def load_module(self, module_name: str, module: Module) -> None:
        """Load the module of built-in functions again, after it was unloaded.

        Raises:
            SqlError: it is loaded, or there is no such module.
        """
        if any(name == module_name for name, _ in self._modules):
            raise SqlError(f"A module with name '{module_name}' already exists")
        if module_name != "core":
            raise SqlError(f"there is no module '{module_name}'; there is 'core'")
        self._modules.append((module_name, True))

    def unload_module(self, module_name: str) -> None:
        """Unload a module, whose functions are not there then.

        Raises:
            SqlError: there is none of that name.
        """
        if all(name != module_name for name, _ in self._modules):
            raise SqlError(f"No module with name '{module_name}' exists")
        self._modules[:] = [entry for entry in self._modules if entry[0] != module_name]

    def use_modules(self, *module_names: str) -> None:
        """Look functions up in these modules, in this order.

        Raises:
            SqlError: a module is not loaded, or named twice.
        """
        for name in module_names:
            if module_names.count(name) > 1:
                raise SqlError(f"Module '{name}' appears more than once")
            if all(known != name for known, _ in self._modules):
                raise SqlError(f"No module with name '{name}' exists")
        rest = [(name, False) for name, _ in self._modules if name not in module_names]
        self._modules[:] = [*((name, True) for name in module_names), *rest]

    def list_modules(self) -> list[str]:
        """The modules that functions are looked up in."""
        return [name for name, used in self._modules if used]

    def list_full_modules(self) -> list[ModuleEntry]:
        """All modules that are loaded, and whether they are used."""
        from pyflinkx.table.module import ModuleEntry

        return [ModuleEntry(name, used) for name, used in self._modules]
