"""Functions of a table environment."""

from __future__ import annotations

import importlib
from typing import Any, NoReturn

from pyflinkx.config.configuration import Configuration
from pyflinkx.errors import GraphError, SqlError
from pyflinkx.relational.registry import FUNCTIONS
from pyflinkx.relational.session import Session
from pyflinkx.relational.user.definition import UserFunction
from pyflinkx.sql.parser import parse_path
from pyflinkx.sql.places import error_at
from pyflinkx.sql.tree.ddl import CreateFunction, Drop
from pyflinkx.table.table_config import LOCAL_TIME_ZONE

NO_JAVA = "functions of Java's do not run here: write it in Python, as udf(), udtf() or udaf()"


class FunctionMethods:
    """Methods of a table environment that make functions known, and what queries need to know of its surroundings."""

    _env: Any
    # By their names in small letters: functions of the system, and those of a catalog's database.
    _system: dict[str, UserFunction]
    _functions: dict[str, UserFunction]

    def create_temporary_function(self, path: str, function: Any) -> None:
        """Give a function a name in SQL.

        Args:
            path: the name, perhaps with catalog and database before it.
            function: what ``udf()``, ``udtf()``, ``udaf()`` or ``udtaf()`` made, or an object of a function's class.

        Raises:
            GraphError: it is no function, or the name is taken.

        Example:
            >>> from pyflinkx.table import EnvironmentSettings, TableEnvironment
            >>> from pyflinkx.table.udf import udf
            >>> environment = TableEnvironment.create(EnvironmentSettings.in_batch_mode())
            >>> environment.create_temporary_function("twice", udf(lambda n: 2 * n, result_type="BIGINT"))
            >>> list(environment.sql_query("SELECT twice(3)").execute().collect())
            [<Row(6)>]
        """
        from pyflinkx.table.udf import definition_of

        name = self._function_name(path)
        if name in self._functions:
            raise GraphError(f"there is a function {path} already: drop_temporary_function({path!r}) takes it away")
        self._functions[name] = definition_of(function)

    def create_temporary_system_function(self, name: str, function: Any) -> None:
        """Give a function a name in SQL that goes before those of built-in functions and of catalogs.

        Args:
            name: the name.
            function: see ``create_temporary_function()``.

        Raises:
            GraphError: it is no function, or the name is taken.
        """
        from pyflinkx.table.udf import definition_of

        if name.lower() in self._system:
            raise GraphError(
                f"there is a function {name} already: drop_temporary_system_function({name!r}) takes it away"
            )
        self._system[name.lower()] = definition_of(function)

    def drop_temporary_function(self, path: str) -> bool:
        """Take a function away; False where there was none."""
        return self._functions.pop(self._function_name(path), None) is not None

    def drop_temporary_system_function(self, name: str) -> bool:
        """Take a function of the system away; False where there was none."""
        return self._system.pop(name.lower(), None) is not None

    def drop_function(self, path: str) -> bool:
        """Take a function away; False where there was none."""
        return self.drop_temporary_function(path)

    def register_function(self, name: str, function: Any) -> None:
        """See ``create_temporary_system_function()``; a function of that name is replaced."""
        self.drop_temporary_system_function(name)
        self.create_temporary_system_function(name, function)

    def list_user_defined_functions(self) -> list[str]:
        """The names of the user's functions."""
        return self._function_names()

    def _function_names(self) -> list[str]:
        return sorted({*self._functions, *self._system})

    def create_java_temporary_function(self, path: str, function_class_name: str) -> NoReturn:
        """Not here.

        Raises:
            GraphError: always.
        """
        raise GraphError(f"{function_class_name}: {NO_JAVA}")

    def create_java_temporary_system_function(self, name: str, function_class_name: str) -> NoReturn:
        """Not here.

        Raises:
            GraphError: always.
        """
        raise GraphError(f"{function_class_name}: {NO_JAVA}")

    def create_java_function(
        self, path: str, function_class_name: str, ignore_if_exists: bool | None = None
    ) -> NoReturn:
        """Not here.

        Raises:
            GraphError: always.
        """
        raise GraphError(f"{function_class_name}: {NO_JAVA}")

    def _function_name(self, path: str) -> str:
        return parse_path(path).parts[-1].lower()

    def _create_function(self, statement: CreateFunction, text: str) -> None:
        """CREATE FUNCTION ... LANGUAGE PYTHON.

        Raises:
            SqlError: it is in another language, the name is taken, or there is no such function.
        """
        if (statement.language or "JAVA").upper() != "PYTHON":
            raise error_at(text, *statement.span, f"{NO_JAVA}, and say LANGUAGE PYTHON")
        name = statement.name.parts[-1].lower()
        known = self._system if statement.system else self._functions
        if name in known:
            if statement.if_not_exists:
                return
            raise error_at(text, *statement.name.span, f"there is a function {name} already")
        try:
            known[name] = imported(statement.class_name)
        except (ImportError, AttributeError, GraphError, TypeError) as error:
            raise error_at(text, *statement.span, f"{statement.class_name!r}: {error}") from error

    def _drop_function(self, statement: Drop, text: str) -> None:
        """DROP FUNCTION.

        Raises:
            SqlError: there is none of that name.
        """
        name = statement.name.parts[-1].lower()
        if self._functions.pop(name, None) is None and self._system.pop(name, None) is None and not statement.if_exists:
            raise error_at(text, *statement.name.span, f"there is no function {name}")

    def _find_function(self, path: tuple[str, ...]) -> UserFunction | None:
        """The user's function of a name; built-in ones go before those of a catalog."""
        name = path[-1].lower()
        if len(path) == 1:
            if name in self._system:
                return self._system[name]
            if name.upper() in FUNCTIONS:
                return None
        return self._functions.get(name)

    def _session(self) -> Session:
        """What queries need to know."""
        return Session(
            local_zone(self._env._configuration),
            self._find_function,
            self.list_user_defined_functions(),
            lambda path: self._functions.get(path[-1].lower()),
        )


def local_zone(options: Configuration) -> str:
    """The local time zone of an environment, which is by default the machine's.

    Raises:
        SqlError: there is none of that name.
    """
    from pyflinkx.relational.faults import ValueFault
    from pyflinkx.relational.zones import machine_zone, zone_of

    name = str(options.to_dict().get(LOCAL_TIME_ZONE, "default"))
    if name == "default":
        return machine_zone()
    try:
        zone_of(name)
    except ValueFault as fault:
        raise SqlError(f"{LOCAL_TIME_ZONE}: {fault}") from None
    return name


def imported(path: str) -> UserFunction:
    """The function that a path such as ``package.module.function`` says; a class is made first.

    Raises:
        ImportError, AttributeError: there is none.
        GraphError: it is no function.
    """
    from pyflinkx.table.udf import definition_of

    module, _, name = path.rpartition(".")
    if not module:
        raise ImportError("a function's name is that of its module and its own, such as 'package.module.function'")
    found = getattr(importlib.import_module(module), name)
    return definition_of(found() if isinstance(found, type) else found)
