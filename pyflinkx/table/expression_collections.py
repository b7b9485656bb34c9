"""Arrays, maps and rows in expressions of the Table API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.sql.tree import expressions as tree
from pyflinkx.table.arguments import given
from pyflinkx.table.expression_methods import Methods

if TYPE_CHECKING:
    from pyflinkx.table.expression import Expression


class CollectionMethods(Methods):
    """Methods of expressions that are arrays, maps or rows."""

    @property
    def cardinality(self) -> Expression:
        """How many elements."""
        return self._call("CARDINALITY")

    @property
    def element(self) -> Expression:
        """The only element."""
        return self._call("ELEMENT")

    def array_append(self, addition: Any) -> Expression:
        """With another element at the end."""
        return self._call("ARRAY_APPEND", addition)

    def array_contains(self, needle: Any) -> Expression:
        """Whether an element is there."""
        return self._call("ARRAY_CONTAINS", needle)

    def array_distinct(self) -> Expression:
        """Equal elements once."""
        return self._call("ARRAY_DISTINCT")

    def array_position(self, needle: Any) -> Expression:
        """Where an element is, the first place being 1."""
        return self._call("ARRAY_POSITION", needle)

    def array_prepend(self, addition: Any) -> Expression:
        """With another element at the beginning."""
        return self._call("ARRAY_PREPEND", addition)

    def array_remove(self, needle: Any) -> Expression:
        """Without an element."""
        return self._call("ARRAY_REMOVE", needle)

    def array_reverse(self) -> Expression:
        """Backwards."""
        return self._call("ARRAY_REVERSE")

    def array_slice(self, start_offset: Any, end_offset: Any = None) -> Expression:
        """From one position to another, both counted from 1, or from the end where negative."""
        return self._call("ARRAY_SLICE", start_offset, *given(end_offset))

    def array_sort(self, ascending_order: Any = None, null_first: Any = None) -> Expression:
        """In order."""
        return self._call("ARRAY_SORT", *given(ascending_order, null_first))

    def array_union(self, array: Any) -> Expression:
        """The elements of both, equal ones once."""
        return self._call("ARRAY_UNION", array)

    def array_concat(self, *arrays: Any) -> Expression:
        """The elements of all."""
        return self._call("ARRAY_CONCAT", *arrays)

    def array_max(self) -> Expression:
        """The greatest element."""
        return self._call("ARRAY_MAX")

    def array_join(self, delimiter: Any, null_replacement: Any = None) -> Expression:
        """The texts with a separator between."""
        return self._call("ARRAY_JOIN", delimiter, *given(null_replacement))

    def array_min(self) -> Expression:
        """The least element."""
        return self._call("ARRAY_MIN")

    def array_except(self, array: Any) -> Expression:
        """The elements that another has not, equal ones once."""
        return self._call("ARRAY_EXCEPT", array)

    def array_intersect(self, array: Any) -> Expression:
        """The elements that another has, too, equal ones once."""
        return self._call("ARRAY_INTERSECT", array)

    @property
    def map_keys(self) -> Expression:
        """The keys."""
        return self._call("MAP_KEYS")

    def map_union(self, *maps: Any) -> Expression:
        """The entries of all; of one key those of the last."""
        return self._call("MAP_UNION", *maps)

    @property
    def map_values(self) -> Expression:
        """The values."""
        return self._call("MAP_VALUES")

    @property
    def map_entries(self) -> Expression:
        """The entries as rows of key and value."""
        return self._call("MAP_ENTRIES")

    def get(self, name_or_index: Any) -> Expression:
        """A field of a row, by its name or its position from 0."""
        if isinstance(name_or_index, str):
            return self._made(tree.Item(self._node, tree.String(name_or_index)))
        return self._made(tree.Item(self._node, tree.Number(str(name_or_index + 1))))

    def at(self, index: Any) -> Expression:
        """An element of an array, the first being 1, or the value of a key of a map."""
        return self._made(tree.Item(self._node, self._node_of(index)))

    @property
    def flatten(self) -> Expression:
        """All fields of a row, as columns of their own."""
        return self._made(tree.Field(self._node, "*"))
