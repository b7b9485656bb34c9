"""JSON in expressions of the Table API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.sql.tree import expressions as tree
from pyflinkx.table.column_types import DataType, VarCharType
from pyflinkx.table.expression_methods import Methods
from pyflinkx.table.expression_words import (
    JsonExistsOnError,
    JsonQueryOnEmptyOrError,
    JsonQueryWrapper,
    JsonType,
    JsonValueOnEmptyOrError,
)
from pyflinkx.types.data_type import MAX_LENGTH

if TYPE_CHECKING:
    from pyflinkx.table.expression import Expression

TEXT = VarCharType(MAX_LENGTH)
WRAPPERS = {
    JsonQueryWrapper.WITHOUT_ARRAY: "WITHOUT",
    JsonQueryWrapper.CONDITIONAL_ARRAY: "WITH CONDITIONAL",
    JsonQueryWrapper.UNCONDITIONAL_ARRAY: "WITH UNCONDITIONAL",
}


class JsonMethods(Methods):
    """Methods of expressions that are text of JSON."""

    def is_json(self, json_type: JsonType | None = None) -> Expression:
        """Whether it is JSON, or JSON of that sort."""
        return self._made(tree.Is(self._node, f"JSON {(json_type or JsonType.VALUE).name}"))

    def json_exists(self, path: str, on_error: JsonExistsOnError | None = None) -> Expression:
        """Whether a path leads to something."""
        behavior = None if on_error is None else tree.JsonBehavior(on_error.name)
        return self._path("JSON_EXISTS", path, on_error=behavior)

    def json_value(
        self,
        path: str,
        returning_type: DataType = TEXT,
        on_empty: JsonValueOnEmptyOrError = JsonValueOnEmptyOrError.NULL,
        default_on_empty: Any = None,
        on_error: JsonValueOnEmptyOrError = JsonValueOnEmptyOrError.NULL,
        default_on_error: Any = None,
    ) -> Expression:
        """The text, number or truth value that a path leads to."""
        return self._path(
            "JSON_VALUE",
            path,
            returning=self._type_node(returning_type),
            on_empty=behavior_of(on_empty, self._node_of(default_on_empty)),
            on_error=behavior_of(on_error, self._node_of(default_on_error)),
        )

    def json_query(
        self,
        path: str,
        wrapping_behavior: JsonQueryWrapper = JsonQueryWrapper.WITHOUT_ARRAY,
        on_empty: JsonQueryOnEmptyOrError = JsonQueryOnEmptyOrError.NULL,
        on_error: JsonQueryOnEmptyOrError = JsonQueryOnEmptyOrError.NULL,
    ) -> Expression:
        """The object or array that a path leads to, as text."""
        return self._path(
            "JSON_QUERY",
            path,
            wrapper=WRAPPERS[wrapping_behavior],
            on_empty=tree.JsonBehavior(on_empty.name.replace("_", " ")),
            on_error=tree.JsonBehavior(on_error.name.replace("_", " ")),
        )

    def _path(self, function: str, path: str, **more: Any) -> Expression:
        return self._made(tree.JsonPath(function, self._node, self._node_of(path), **more))


def behavior_of(given: JsonValueOnEmptyOrError, default: tree.Expression) -> tree.JsonBehavior:
    """What is given where a path leads nowhere, or fails."""
    return tree.JsonBehavior(given.name, default if given is JsonValueOnEmptyOrError.DEFAULT else None)
