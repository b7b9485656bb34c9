"""Which kinds of rows a stream of changes has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyflinkx.names.asking import offering
from pyflinkx.types.changes import INSERT_ONLY, RETRACT, Changes, upsert

__all__ = ["ChangelogMode"]


class ChangelogMode:
    """The kinds of rows of a stream; made by one of the static methods.

    Args:
        changes: as the engine has them.
    """

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def __repr__(self) -> str:
        return f"ChangelogMode({self._changes})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ChangelogMode) and self._changes == other._changes

    def __hash__(self) -> int:
        return hash(self._changes)

    @staticmethod
    def insert_only() -> ChangelogMode:
        """Inserts."""
        return ChangelogMode(INSERT_ONLY)

    @staticmethod
    def upsert() -> ChangelogMode:
        """Updates as the row after, and deletes, by the primary key."""
        return ChangelogMode(upsert())

    @staticmethod
    def all() -> ChangelogMode:
        """Inserts, deletes, and updates as the row before and the row after."""
        return ChangelogMode(RETRACT)


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
