"""Types as they are written."""

from __future__ import annotations

from pyflinkx.sql.tree.base import Node


class IntervalUnit(Node):
    """The unit of an interval.

    Args:
        start: ``YEAR``, ``QUARTER``, ``MONTH``, ``WEEK``, ``DAY``, ``HOUR``, ``MINUTE`` or ``SECOND``.
        precision: how many digits the value of that unit has.
        end: the last unit of a range, such as ``SECOND`` of ``DAY TO SECOND``.
        fraction: how many digits the fraction of a second has.
    """

    start: str
    precision: int | None = None
    end: str | None = None
    fraction: int | None = None


class TypeField(Node):
    """A field of a row or of a structured type."""

    name: str
    type: TypeName
    comment: str | None = None


class TypeName(Node):
    """A type.

    Args:
        name: its name; of several that mean the same, one: ``INT``, ``DECIMAL``, ``VARCHAR``, ``TIMESTAMP_LTZ``, ...
            The name of a type of the user's own is ``""``.
        arguments: length, or precision and scale.
        children: the element of an array or multiset, key and value of a map.
        fields: of a row, or of a structured type.
        nullable: False after NOT NULL, True after NULL, None where neither is said.
        unit: of an interval.
        texts: the class of a structured type; class and serializer of a RAW one.
        path: the name of a type of the user's own.
    """

    name: str
    arguments: tuple[int, ...] = ()
    children: tuple[TypeName, ...] = ()
    fields: tuple[TypeField, ...] = ()
    nullable: bool | None = None
    unit: IntervalUnit | None = None
    texts: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
