"""Which snapshots of a state are under way."""
from pyflinkx._core.records.copier cimport Copier


cdef class Snapshots:
    """The snapshots of a state that are under way, common to all the maps that hold it.

    To begin one costs the same whatever there is: each map finds out when it is touched the next time, and from then on
    keeps the values that change until the snapshot has been there.

    Args:
        copier: makes copies of values that are handed out while a snapshot still wants them, as they may be changed in
            place; None where values never change.
    """

    def __cinit__(self, Copier copier=None):
        self.copier = copier
        self.active = []

    def begin(self):
        """Begin a snapshot of what the maps hold now; its number."""
        self.current += 1
        self.active.append(self.current)
        return self.current

    def end(self, int64_t number):
        """Nobody wants any more of it."""
        if number in self.active:
            self.active.remove(number)
            self.current += 1
