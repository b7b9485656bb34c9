"""A system with transactions that outlives whatever happens to the job."""

from collections.abc import Iterable
from dataclasses import dataclass, field

Result = tuple[int, int, int]


class LostTransaction(AssertionError):
    """Somebody commits what is neither prepared nor committed: those results are lost."""


@dataclass
class Target:
    """Prepared transactions, and what has been committed."""

    prepared: dict[str, tuple[Result, ...]] = field(default_factory=dict)
    committed: dict[str, tuple[Result, ...]] = field(default_factory=dict)

    def prepare(self, name: str, results: Iterable[Result]) -> None:
        assert name not in self.prepared, name
        assert name not in self.committed, name
        self.prepared[name] = tuple(results)

    def commit(self, name: str) -> None:
        if name in self.committed:
            return
        if name not in self.prepared:
            raise LostTransaction(name)
        self.committed[name] = self.prepared.pop(name)

    def abort_all_but(self, names: Iterable[str]) -> None:
        kept = set(names)
        for name in [name for name in self.prepared if name not in kept]:
            del self.prepared[name]

    def results(self) -> list[Result]:
        return sorted(result for results in self.committed.values() for result in results)
