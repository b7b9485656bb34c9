"""SET, RESET, USE, and what is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyflinkx.relational.tables.definition import text as literal
from pyflinkx.sql.places import error_at
from pyflinkx.sql.tree import statements as tree
from pyflinkx.table.table_result import TableResult
from pyflinkx.types.data_type import STRING

if TYPE_CHECKING:
    from pyflinkx.table.table_environment import TableEnvironment


def set_option(environment: TableEnvironment, statement: tree.SetOption, text: str) -> TableResult:
    """SET."""
    configuration = environment._env._configuration
    if statement.key is None:
        options = sorted(configuration.to_dict().items())
        rows = [(f"{literal(key)} = {literal(str(value))}",) for key, value in options]
        return TableResult._of_rows((("result", STRING),), rows)
    configuration.set_string(statement.key, statement.value or "")
    return TableResult()


def reset_option(environment: TableEnvironment, statement: tree.ResetOption, text: str) -> TableResult:
    """RESET."""
    configuration = environment._env._configuration
    keys = list(configuration.to_dict()) if statement.key is None else [statement.key]
    for key in keys:
        configuration.remove_config(key)
        before = environment._settings.get_configuration().to_dict()
        if key in before:
            configuration.set_string(key, str(before[key]))
    return TableResult()


def use(environment: TableEnvironment, statement: tree.Use, text: str) -> TableResult:
    """USE and USE CATALOG."""
    catalogs = environment._catalogs
    try:
        if statement.kind == "CATALOG":
            catalogs.use_catalog(statement.name.parts[-1])
        else:
            catalogs.use_database(*catalogs.place(statement.name.parts))
    except ValueError as error:
        raise error_at(text, *statement.name.span, str(error)) from None
    return TableResult()


def use_modules(environment: TableEnvironment, statement: tree.UseModules, text: str) -> TableResult:
    """USE MODULES."""
    environment.use_modules(*statement.names)
    return TableResult()


def unload_module(environment: TableEnvironment, statement: tree.UnloadModule, text: str) -> TableResult:
    """UNLOAD MODULE."""
    environment.unload_module(statement.name)
    return TableResult()


def load_module(environment: TableEnvironment, statement: tree.LoadModule, text: str) -> TableResult:
    """LOAD MODULE."""
    from pyflinkx.table.module import Module

    if statement.name != "core":
        raise error_at(text, *statement.span, f"there is no module '{statement.name}'; there is 'core'")
    environment.load_module(statement.name, Module())
    return TableResult()


def jar(environment: TableEnvironment, statement: tree.Jar, text: str) -> TableResult:
    """ADD JAR."""
    raise error_at(text, *statement.span, "there is no JVM here that a JAR could be added to: connectors are built in")
