"""A dict for keys that come from outside, which can be read as it was while it changes."""
cimport cython
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.object cimport Py_EQ, PyObject_RichCompareBool
from cpython.ref cimport Py_DECREF, Py_INCREF, Py_XDECREF
from libc.stdint cimport INT32_MAX
from libc.string cimport memset

from pyflinkx._core.python cimport pfx_traverse_also, pfx_may_link, pfx_visit
from pyflinkx._core.keys.canonical cimport check_key
from pyflinkx._core.keys.hash cimport hash_of
from pyflinkx._core.keys.snapshots cimport Snapshots
from pyflinkx._core.records.copier cimport is_atom

from pyflinkx.errors import KeyTypeError

cdef enum:
    EMPTY = -1     # a slot that had no entry yet
    DELETED = -2   # one whose entry is gone
    KEPT = 64      # entries whose room is not given back

cdef enum What:
    KEYS
    VALUES
    ITEMS


cdef Snapshots no_snapshots = Snapshots()  # of maps that are in no state


cdef class FrozenMap:
    def __cinit__(self, KeyMap map not None, int64_t number):
        self.map = map
        self.number = number
        self.stop = map.used

    def __dealloc__(self):
        self.free()

    cdef int free(self) noexcept:
        cdef PyObject **saved = self.saved
        cdef Py_ssize_t at
        self.saved = NULL
        if saved != NULL:
            for at in range(self.at, self.stop):
                Py_XDECREF(saved[at])
            PyMem_Free(saved)
        return 0

    cdef bint wants(self, Py_ssize_t at) noexcept:
        return self.at <= at < self.stop and (self.saved == NULL or self.saved[at] == NULL)

    cdef int keep(self, Py_ssize_t at, object value) except -1:
        if self.saved == NULL:
            # Zeros that nobody has touched take no memory.
            self.saved = <PyObject **> PyMem_Calloc(self.stop, sizeof(PyObject *))
            if self.saved == NULL:
                raise MemoryError
        Py_INCREF(value)
        self.saved[at] = <PyObject *> value
        return 0

    cdef int advance(self) except -1:
        cdef Entry *entry
        cdef PyObject *saved
        while self.at < self.stop:
            entry = &self.map.entries[self.at]
            saved = NULL if self.saved == NULL else self.saved[self.at]
            if saved != NULL:
                self.key = <object> entry.key
                self.value = <object> saved
                self.saved[self.at] = NULL
                self.at += 1
                Py_DECREF(<object> saved)
                return True
            self.at += 1
            if entry.value != NULL:
                self.key = <object> entry.key
                self.value = <object> entry.value
                return True
        self.close()
        return False

    cdef int close(self) except -1:
        """Let the map forget about it."""
        cdef KeyMap map = self.map
        cdef FrozenMap other
        self.key = self.value = None
        if map.frozen is not None and self in map.frozen:
            map.frozen.remove(self)
            map.wanted = 0
            for other in map.frozen:
                map.wanted = max(map.wanted, other.stop)
        self.free()
        self.at = self.stop
        return 0


# ---- the map ----


cdef class KeyMap:
    """Keys to values, in order of insertion, as in a dict, but hashed so that nobody can choose keys that meet.

    Keys count as equal as they do in a dict. Memory is given back when most entries have gone. The iterators are like
    those of a dict, which must not grow or shrink meanwhile.

    A table of open addressing over an array of entries, as a dict is; an entry has its place in the array until the map
    is made anew, which waits for snapshots. So a snapshot is a place up to which it has come: what lies behind, and is
    about to change, is kept for it.

    Args:
        items: pairs of keys and values.
        snapshots: of the state that the map is a part of; None for none.

    Example:
        >>> ages = KeyMap([("a", 1), ("b", 2)])
        >>> ages["c"] = 3
        >>> ages.pop("b"), ages.get("b", 0), list(ages)
        (2, 0, ['a', 'c'])
    """

    def __cinit__(self, items=(), Snapshots snapshots=None):
        self.snapshots = no_snapshots if snapshots is None else snapshots
        self.seen = self.snapshots.current
        for key, value in items:
            self[key] = value

    def __dealloc__(self):
        self.drop_all()

    # ---- finding ----

    cdef Py_ssize_t place(self, object key, Py_hash_t hash) except -2:
        cdef Entry *entry
        cdef size_t at, rest
        cdef int32_t found
        cdef int same
        if self.slots == NULL:
            return self.place_among_few(key, hash)
        at = <size_t> hash & self.mask
        rest = <size_t> hash
        while True:
            found = self.slots[at]
            if found >= 0:
                entry = &self.entries[found]
                if entry.key == <PyObject *> key:
                    return found
                if entry.hash == hash:
                    same = self.is_same(found, key)
                    if same == 1:
                        return found
                    if same == 2:
                        return self.place(key, hash)
            elif found == EMPTY:
                return -1
            # All bits of the hash have their say, and all slots have their turn.
            rest >>= 5
            at = (at * 5 + rest + 1) & self.mask

    cdef Py_ssize_t place_among_few(self, object key, Py_hash_t hash) except -2:
        cdef Py_ssize_t at
        cdef int same
        for at in range(self.used):
            if self.entries[at].hash == hash and self.entries[at].value != NULL:
                same = 1 if self.entries[at].key == <PyObject *> key else self.is_same(at, key)
                if same == 1:
                    return at
                if same == 2:
                    return self.place(key, hash)
        return -1

    cdef int is_same(self, Py_ssize_t at, object key) except -1:
        """Whether the key there equals another; 2 where what compares them has changed the map."""
        cdef Entry entry = self.entries[at]
        cdef int64_t moves = self.moves
        cdef Py_ssize_t used = self.used
        cdef bint same
        known = <object> entry.key
        same = PyObject_RichCompareBool(known, key, Py_EQ)
        if moves != self.moves or used != self.used or self.entries[at].key != <PyObject *> known:
            return 2
        return same

    # ---- changing ----

    cdef int put(self, object key, Py_hash_t hash, object value) except -1:
        cdef Py_ssize_t at = self.place(key, hash)
        cdef PyObject *old
        if at < 0:
            return self.append(key, hash, value)
        if at < self.wanted or self.seen != self.snapshots.current:
            self.save(at)
        if not self.linked and pfx_may_link(value):
            self.linked = True
        self.adopt(value)
        old = self.entries[at].value
        Py_INCREF(value)
        self.entries[at].value = <PyObject *> value
        Py_DECREF(<object> old)
        return 0

    cdef int add(self, object key, Py_hash_t hash, object value) except -1:
        if self.place(key, hash) >= 0:
            return False
        self.append(key, hash, value)
        return True

    cdef int adopt(self, object value) except -1:
        """A map that is a value is of the same state."""
        if type(value) is KeyMap and (<KeyMap> value).snapshots is no_snapshots:
            (<KeyMap> value).snapshots = self.snapshots
            (<KeyMap> value).seen = self.snapshots.current
        return 0

    cdef int append(self, object key, Py_hash_t hash, object value) except -1:
        cdef Entry *entry
        cdef size_t at, rest
        if self.seen != self.snapshots.current:
            self.look()
        if self.used == self.room:
            self.make_room()
        if not self.linked and (pfx_may_link(value) or pfx_may_link(key)):
            self.linked = True
        self.adopt(value)
        entry = &self.entries[self.used]
        entry.hash = hash
        Py_INCREF(key)
        Py_INCREF(value)
        entry.key = <PyObject *> key
        entry.value = <PyObject *> value
        if self.slots != NULL:
            at = <size_t> hash & self.mask
            rest = <size_t> hash
            while self.slots[at] >= 0:
                rest >>= 5
                at = (at * 5 + rest + 1) & self.mask
            self.slots[at] = <int32_t> self.used
        self.used += 1
        self.count += 1
        return 0

    cdef object remove(self, object key, Py_hash_t hash, object default):
        cdef Py_ssize_t at = self.place(key, hash)
        if at < 0:
            return default
        if at < self.wanted or self.seen != self.snapshots.current:
            self.protect(at)
            if self.entries[at].value == NULL:  # copying it has removed it
                return default
        value = <object> self.entries[at].value
        self.take_out(at)
        return value

    cdef int discard(self, object key, Py_hash_t hash) except -1:
        cdef Py_ssize_t at = self.place(key, hash)
        if at >= 0:
            self.take_out(at)
        return 0

    cdef int take_out(self, Py_ssize_t at) except -1:
        """Make a hole of an entry."""
        cdef Entry *entry
        cdef PyObject *key
        cdef PyObject *value
        cdef size_t slot, rest
        if at < self.wanted or self.seen != self.snapshots.current:
            self.save(at)
        entry = &self.entries[at]
        key, value = entry.key, entry.value
        if self.slots != NULL:
            slot = <size_t> entry.hash & self.mask
            rest = <size_t> entry.hash
            while self.slots[slot] != at:
                rest >>= 5
                slot = (slot * 5 + rest + 1) & self.mask
            self.slots[slot] = DELETED
        entry.value = NULL
        if at >= self.wanted:
            entry.key = NULL
        self.count -= 1
        if self.wanted == 0 and self.room > KEPT and self.count < self.room // 8:
            self.rebuild(2 * self.count)
        if at >= self.wanted:
            Py_DECREF(<object> key)
        Py_DECREF(<object> value)
        return 0

    cdef int make_room(self) except -1:
        """For one more entry."""
        if self.used >= INT32_MAX - 1:
            raise MemoryError(f"a map of {self.used} keys is as large as it can be")
        if self.wanted == 0 and self.count < self.used - self.used // 4:
            return self.rebuild(self.count + self.count // 2)
        return self.resize(max(2 * self.room, 4))

    cdef int rebuild(self, Py_ssize_t least) except -1:
        """Give the entries places without holes, and make room for so many."""
        cdef Entry *entries = self.entries
        cdef Py_ssize_t at, kept = 0
        cdef list keys = []  # nobody's code runs before all is in order
        least = max(least, self.count + 1, 4)
        if room_for(least) > self.room:
            self.charge(room_for(least), slots_for(least))  # while nothing has moved
        for at in range(self.used):
            if entries[at].value != NULL:
                if kept != at:
                    entries[kept] = entries[at]
                kept += 1
            elif entries[at].key != NULL:
                keys.append(<object> entries[at].key)
                Py_DECREF(<object> entries[at].key)
        self.used = kept
        self.moves += 1
        return self.resize(least)

    cdef int resize(self, Py_ssize_t least) except -1:
        """Make room for so many entries, or some more, and index all."""
        cdef Py_ssize_t slots = slots_for(least), room = room_for(least)
        cdef void *entries
        self.charge(room, slots)
        entries = PyMem_Realloc(self.entries, room * sizeof(Entry))
        if entries == NULL:
            raise MemoryError
        self.entries = <Entry *> entries
        self.room = room
        return self.index(slots)

    cdef int index(self, Py_ssize_t slots) except -1:
        cdef int32_t *made = NULL
        cdef size_t slot, rest, mask = slots - 1
        cdef Py_ssize_t at
        if slots:
            made = <int32_t *> PyMem_Malloc(slots * sizeof(int32_t))
            if made == NULL:
                raise MemoryError
            memset(made, EMPTY, slots * sizeof(int32_t))
            for at in range(self.used):
                if self.entries[at].value != NULL:
                    slot = <size_t> self.entries[at].hash & mask
                    rest = <size_t> self.entries[at].hash
                    while made[slot] >= 0:
                        rest >>= 5
                        slot = (slot * 5 + rest + 1) & mask
                    made[slot] = <int32_t> at
        PyMem_Free(self.slots)
        self.slots = made
        self.mask = mask
        return 0

    cdef int drop_all(self) except -1:
        """Forget all entries."""
        cdef Entry *entries = self.entries
        cdef Py_ssize_t at, used = self.used
        self.entries = NULL
        PyMem_Free(self.slots)
        self.slots = NULL
        self.used = self.room = self.count = 0
        self.moves += 1
        for at in range(used):
            Py_XDECREF(entries[at].key)
            Py_XDECREF(entries[at].value)
        PyMem_Free(entries)
        return self.charge(0, 0)

    # ---- snapshots ----

    cdef int look(self) except -1:
        """See which snapshots have begun or ended; it is as it was when they did."""
        cdef FrozenMap frozen
        cdef int64_t number
        if self.seen == self.snapshots.current:
            return 0
        for frozen in list(self.frozen or ()):
            if frozen.number not in self.snapshots.active:
                frozen.close()
        for number in self.snapshots.active:
            if number > self.seen and self.used:
                if self.frozen is None:
                    self.frozen = []
                self.frozen.append(FrozenMap(self, number))
                self.wanted = self.used
        self.seen = self.snapshots.current
        return 0

    cdef int protect(self, Py_ssize_t at) except -1:
        cdef FrozenMap frozen
        self.look()
        if at >= self.wanted or self.snapshots.copier is None:
            return 0
        value = <object> self.entries[at].value
        # A map of the same state protects what it holds by itself.
        if is_atom(value) or (type(value) is KeyMap and (<KeyMap> value).snapshots is self.snapshots):
            return 0
        for frozen in self.frozen:
            if frozen.wants(at):
                break
        else:
            return 0
        copy = self.snapshots.copier.copy(value)
        if copy is not value:
            for frozen in list(self.frozen):  # those that still want it: code of the value's may have run
                if frozen.wants(at) and self.entries[at].value == <PyObject *> value:
                    frozen.keep(at, copy)
        return 0

    cdef int save(self, Py_ssize_t at) except -1:
        """The value at that place is about to go."""
        cdef FrozenMap frozen
        self.look()
        if at < self.wanted:
            for frozen in self.frozen:
                if frozen.wants(at):
                    frozen.keep(at, <object> self.entries[at].value)
        return 0

    cdef FrozenMap frozen_at(self, int64_t number):
        cdef FrozenMap frozen
        for frozen in self.frozen or ():
            if frozen.number == number:
                return frozen
        return None

    # ---- as a dict ----

    cpdef object get(self, object key, object default=None):
        """The value under ``key``, ``default`` when there is none."""
        cdef PyObject *found = self.find(key, hash_of(key))
        return default if found == NULL else <object> found

    cpdef object pop(self, object key, object default=None):
        """Remove the entry under ``key`` and return its value, ``default`` when there is none."""
        return self.remove(key, hash_of(key), default)

    def setdefault(self, key, default):
        """The value under ``key``, which is ``default`` from now on when there is none."""
        cdef Py_hash_t hash = hash_of(key)
        cdef PyObject *found = self.find(key, hash)
        if found != NULL:
            return <object> found
        self.put(key, hash, default)
        return default

    def clear(self):
        """Remove all entries."""
        cdef Py_ssize_t at
        self.look()
        if self.wanted == 0:
            self.drop_all()
            return
        for at in range(self.used):
            if self.entries[at].value != NULL:
                self.take_out(at)

    def items(self):
        """Pairs of keys and values."""
        return new_iterator(self, ITEMS)

    def keys(self):
        """The keys."""
        return new_iterator(self, KEYS)

    def values(self):
        """The values."""
        return new_iterator(self, VALUES)

    def __reduce__(self):
        # Hashes are those of another process there.
        return restored_map, (list(self.items()),)

    def __sizeof__(self):
        return (
            sizeof(KeyMap) + self.room * sizeof(Entry)
            + (0 if self.slots == NULL else (<Py_ssize_t> self.mask + 1) * sizeof(int32_t))
        )

    def __len__(self):
        return self.count

    def __contains__(self, key):
        return self.place(key, hash_of(key)) >= 0

    def __iter__(self):
        return new_iterator(self, KEYS)

    def __getitem__(self, key):
        cdef PyObject *found = self.find(key, hash_of(key))
        if found == NULL:
            raise KeyError(key)
        return <object> found

    def __setitem__(self, key, value):
        self.put(key, hash_of(key), value)

    def __delitem__(self, key):
        cdef Py_hash_t hash = hash_of(key)
        cdef Py_ssize_t at = self.place(key, hash)
        if at < 0:
            raise KeyError(key)
        self.take_out(at)

    def __repr__(self):
        return f"KeyMap({list(self.items())!r})"


@cython.final
@cython.internal
cdef class MapIterator:
    cdef KeyMap map
    cdef What what
    cdef Py_ssize_t at
    cdef Py_ssize_t count
    cdef int64_t moves

    def __iter__(self):
        return self

    def __length_hint__(self):
        return 0 if self.map is None else self.count

    def __next__(self):
        cdef KeyMap map = self.map
        cdef Py_ssize_t at
        if map is None:
            raise StopIteration
        if map.count != self.count or map.moves != self.moves:
            self.map = None
            raise RuntimeError("a map was changed while it was gone through")
        while self.at < map.used:
            at = self.at
            self.at += 1
            if map.entries[at].value == NULL:
                continue
            if self.what == KEYS:
                return <object> map.entries[at].key
            if at < map.wanted or map.seen != map.snapshots.current:
                map.protect(at)
                if map.entries[at].value == NULL:
                    continue
            if self.what == VALUES:
                return <object> map.entries[at].value
            return <object> map.entries[at].key, <object> map.entries[at].value
        self.map = None
        raise StopIteration


cdef MapIterator new_iterator(KeyMap map, What what):
    cdef MapIterator made = MapIterator.__new__(MapIterator)
    made.map = map
    made.what = what
    made.count = map.count
    made.moves = map.moves
    return made


def restored_map(items):
    """A map that was pickled: lists that are keys are ordinary ones until they are keys again."""
    cdef KeyMap made = KeyMap()
    for key, value in items:
        try:
            key = check_key(key)
        except KeyTypeError:  # no key of a stream, but one of a map
            pass
        made[key] = value
    return made


# ---- for the garbage collector, which Cython tells of attributes only ----


cdef int visit_entries(PyObject *map, pfx_visit visit, void *argument) noexcept:
    """Visit what a map of such objects leads to. A map of atoms alone, of which there may be millions, is passed by."""
    cdef Entry *entries = (<KeyMap> map).entries
    cdef Py_ssize_t at
    cdef int result
    if not (<KeyMap> map).linked:
        return 0
    for at in range((<KeyMap> map).used):
        if entries[at].key != NULL:
            result = visit(entries[at].key, argument)
            if result:
                return result
        if entries[at].value != NULL:
            result = visit(entries[at].value, argument)
            if result:
                return result
    return 0


cdef int clear_entries(PyObject *map) noexcept:
    try:
        (<KeyMap> map).drop_all()
    except BaseException:
        return 0
    return 0


pfx_traverse_also(KeyMap, visit_entries, clear_entries)
