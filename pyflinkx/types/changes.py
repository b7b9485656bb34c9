"""Which kinds of rows a stream has: inserts only, or updates and deletes too."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Changes:
    """The kinds of rows that go over an edge of the dataflow.

    Args:
        kind: "inserts", "retract" (updates are a row before and a row after), "upsert" (updates are the row after, by
            key), or "carried" (only the rows themselves say).
        keys: for "upsert", the names of the columns by which rows are replaced.
    """

    kind: str
    keys: tuple[str, ...] = ()

    @property
    def declared(self) -> bool:
        """Whether it is known that there are others than inserts."""
        return self.kind in ("retract", "upsert")

    def __str__(self) -> str:
        if self.kind == "upsert":
            return f"updates and deletes by key ({', '.join(self.keys)})" if self.keys else "updates and deletes by key"
        return {"inserts": "inserts only", "retract": "updates and deletes", "carried": "rows of any kind"}[self.kind]


INSERT_ONLY = Changes("inserts")
RETRACT = Changes("retract")
CARRIED = Changes("carried")


def upsert(*keys: str) -> Changes:
    """Updates as the row after, and deletes, by these columns."""
    return Changes("upsert", keys)
