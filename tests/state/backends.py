"""State backends for tests that go for each of them."""

from collections import deque

from pyflinkx.state import KeyedStateBackend, StateBackend
from pyflinkx.state.rocksdb import RocksDBSettings, RocksDBStateBackend

HEAP, ROCKSDB, LITTLE = "heap", "rocksdb", "rocksdb with hardly a cache"
KINDS = [HEAP, ROCKSDB, LITTLE]
# More databases than a test has at a time.
MANY = 24


def state_backend(kind):
    """A backend; with hardly a cache nothing stays an object for long."""
    if kind == HEAP:
        return StateBackend()
    backend = RocksDBStateBackend(RocksDBSettings(memory=4 << 20))
    if kind == LITTLE:
        backend.memory.objects = 1000
    return backend


class Chosen:
    """The backend that the tests of a module go for at the moment."""

    def __init__(self, kind):
        self.kind = kind
        self.backend = state_backend(kind)
        self.made = deque()

    def keyed(self, **options):
        """The keyed state of an operator."""
        made = KeyedStateBackend(backend=self.backend, **options)
        self.made.append(made)
        if len(self.made) > MANY:
            self.made.popleft().close()
        return made

    def close(self):
        for made in self.made:
            made.close()


chosen = Chosen(HEAP)


def keyed_backend(**options):
    """The keyed state of an operator, in the chosen backend."""
    return chosen.keyed(**options)


def contents(table):
    """What a table holds: namespace to key to value."""
    found = {}
    context = table.context
    current = context.key
    for namespace, context.key in table.entries():
        found.setdefault(namespace, {})[context.key] = table.get(namespace)
    context.key = current
    return found
