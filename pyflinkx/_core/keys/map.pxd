cimport cython
from cpython.ref cimport PyObject
from libc.stdint cimport int32_t, int64_t

from pyflinkx._core.keys.snapshots cimport Snapshots
from pyflinkx._core.memory.budget cimport default_budget
from pyflinkx._core.pfx.memory cimport pfx_budget_charge, pfx_budget_refund
from pyflinkx._core.status cimport check


cdef enum:
    FEW = 8  # entries that are looked through one by one


# Slots, and room for entries, of a map that is to have at least so many.
cdef inline Py_ssize_t slots_for(Py_ssize_t least) noexcept:
    cdef Py_ssize_t slots = 16
    if least <= FEW:
        return 0
    while slots * 2 // 3 < least:
        slots *= 2
    return slots


cdef inline Py_ssize_t room_for(Py_ssize_t least) noexcept:
    return slots_for(least) * 2 // 3 if least > FEW else FEW if least > 4 else 4


cdef struct Entry:
    Py_hash_t hash
    PyObject *key    # of a hole NULL, or what snapshots still want
    PyObject *value  # of a hole NULL


# What a map held when a snapshot began, to be gone through once while the map goes on changing.
@cython.final
cdef class FrozenMap:
    cdef KeyMap map
    cdef int64_t number
    cdef Py_ssize_t at        # the next entry
    cdef Py_ssize_t stop      # those that came later
    cdef PyObject **saved     # the values of entries that have changed; NULL where none has
    # The entry that `advance` has found.
    cdef object key
    cdef object value

    cdef bint wants(self, Py_ssize_t at) noexcept
    cdef int keep(self, Py_ssize_t at, object value) except -1
    # Go to the next entry; False, and the end, where there is none.
    cdef int advance(self) except -1
    cdef int close(self) except -1
    cdef int free(self) noexcept


@cython.final
cdef class KeyMap:
    cdef Entry *entries
    cdef int32_t *slots       # places in `entries` by hash; NULL while there are few
    cdef size_t mask          # slots but one
    cdef Py_ssize_t used      # entries and holes
    cdef Py_ssize_t room
    cdef Py_ssize_t count
    cdef int64_t moves        # how often entries were given other places
    cdef bint linked          # whether there was anything that could lead back here
    cdef Snapshots snapshots
    cdef int64_t seen         # what `snapshots.current` was when it was looked at
    cdef Py_ssize_t wanted    # entries from here on are of no snapshot
    cdef list frozen
    cdef int64_t charged      # bytes of both arrays, to the process's budget

    # The place of a key with this hash; -1 when there is none.
    cdef Py_ssize_t place(self, object key, Py_hash_t hash) except -2
    cdef int put(self, object key, Py_hash_t hash, object value) except -1
    # Add an entry; False where there is one under that key.
    cdef int add(self, object key, Py_hash_t hash, object value) except -1
    cdef object remove(self, object key, Py_hash_t hash, object default)
    # Remove the entry, if there is one; nobody wants to have its value.
    cdef int discard(self, object key, Py_hash_t hash) except -1
    cpdef object get(self, object key, object default=*)
    cpdef object pop(self, object key, object default=*)

    # The value at that place is about to be handed out, to be changed perhaps.
    cdef int protect(self, Py_ssize_t at) except -1
    # What it held when the snapshot with that number began; None where it is as it was.
    cdef FrozenMap frozen_at(self, int64_t number)

    # The value under a key with this hash, borrowed; NULL without an error when there is none.
    cdef inline PyObject *find(self, object key, Py_hash_t hash) except? NULL:
        cdef Py_ssize_t at = self.place(key, hash)
        if at < 0:
            return NULL
        if at < self.wanted or self.seen != self.snapshots.current:
            self.protect(at)
        return self.entries[at].value

    # Both arrays are to have room for so much: before they are given more, and after they were given less.
    cdef inline int charge(self, Py_ssize_t room, Py_ssize_t slots) except -1:
        cdef int64_t wanted = <int64_t> room * sizeof(Entry) + <int64_t> slots * sizeof(int32_t)
        if wanted > self.charged:
            check(pfx_budget_charge(&default_budget.budget, wanted - self.charged))
        else:
            pfx_budget_refund(&default_budget.budget, self.charged - wanted)
        self.charged = wanted
        return 0

    cdef Py_ssize_t place_among_few(self, object key, Py_hash_t hash) except -2
    cdef int is_same(self, Py_ssize_t at, object key) except -1
    cdef int append(self, object key, Py_hash_t hash, object value) except -1
    cdef int take_out(self, Py_ssize_t at) except -1
    cdef int adopt(self, object value) except -1
    cdef int make_room(self) except -1
    cdef int resize(self, Py_ssize_t least) except -1
    cdef int rebuild(self, Py_ssize_t least) except -1
    cdef int index(self, Py_ssize_t slots) except -1
    cdef int look(self) except -1
    cdef int save(self, Py_ssize_t at) except -1
    cdef int drop_all(self) except -1
