"""State tables addressed by a current key, and the state handles that user functions hold.

A table is a KeyMap from key to value, for windows one such map per namespace (the window). A key without a value is in
no map, and a namespace without keys is not there either.
"""
from types import GenericAlias

cimport cython

from cpython.ref cimport PyObject

from pyflinkx._core.records.conformed cimport DeclaredShape
from pyflinkx._core.records.copier cimport Copier, is_atom
from pyflinkx._core.keys.hash cimport hash_of
from pyflinkx._core.keys.map cimport KeyMap
from pyflinkx._core.keys.snapshots cimport Snapshots

from pyflinkx.errors import WrongStateError


class _Marker:
    """A value that equals only itself and says its name."""

    def __init__(self, name):
        self._name = name

    def __repr__(self):
        return self._name

    def __reduce__(self):
        return self._name


cdef object absent = _Marker("ABSENT")
cdef object no_key = _Marker("NO_KEY")
ABSENT = absent
NO_KEY = no_key


@cython.final
cdef class KeyContext:
    """The key, and for windows the namespace, that the states of one operator currently stand at.

    An operator sets ``key`` before each call of a user function. ``namespace`` is the current window, None outside of
    windows; only handles that were made per window read it.
    """

    def __cinit__(self):
        self.key = no_key
        self.hashed = absent

    def __repr__(self):
        return f"KeyContext(key={self.key!r}, namespace={self.namespace!r})"


cdef class StateTable:
    """The values of one state, for every key and namespace, in memory.

    Reading and changing are told apart. What ``get`` gives is read, and stays as it is: it may be what is stored, a
    copy of it, or be shared with a snapshot. What ``edit`` gives may be changed in place, and is stored by ``put``;
    until then nobody knows whether the change is seen. A class derived from this one keeps its values elsewhere.

    Args:
        name: the descriptor's name.
        kind: the kind of state ("ValueState", ...), which fixes what a value is.
        context: where the current key is read from.

    Attributes:
        keys: key to value, for states that belong to a key alone.
        namespaces: namespace to (key to value), for states that belong to a key and a window.
        snapshots: of the table that are under way; see ``_core.keys.map``.
        copier: makes what handles store their own; None where it may be shared.
    """

    def __cinit__(self, str name not None, str kind not None, KeyContext context not None):
        self.name = name
        self.kind = kind
        self.context = context
        self.snapshots = Snapshots(Copier(name))
        self.keys = KeyMap((), self.snapshots)
        self.namespaces = KeyMap((), self.snapshots)

    def __len__(self):
        """How many values are stored."""
        return len(self.keys) + sum([len(values) for values in self.namespaces.values()])

    cdef object current_key(self):
        if self.context.key is no_key:
            raise WrongStateError(
                f"state {self.name!r} used where there is no current key: in open(), or on a stream that is not keyed"
            )
        return self.context.key

    cdef KeyMap values_in(self, object namespace):
        return self.keys if namespace is None else self.namespaces.get(namespace)

    cpdef object get(self, object namespace):
        """The value of the current key in ``namespace`` (None: no namespace) to be read, or ABSENT."""
        cdef object key = self.current_key()
        cdef KeyMap values = self.values_in(namespace)
        cdef PyObject *found
        if values is None:
            return absent
        found = values.find(key, self.context.key_hash())
        return absent if found == NULL else <object> found

    cpdef object edit(self, object namespace):
        """The same to be changed, and then to be ``put`` back."""
        return self.get(namespace)

    cpdef int put(self, object namespace, object value) except -1:
        """Set the value of the current key in ``namespace``."""
        cdef object key = self.current_key()
        cdef KeyMap values = self.values_in(namespace)
        if values is None:
            values = self.namespaces[namespace] = KeyMap((), self.snapshots)
        values.put(key, self.context.key_hash(), value)
        return 0

    cpdef object remove(self, object namespace):
        """Remove the value of the current key in ``namespace`` and return it, the caller's from now on, or ABSENT."""
        cdef object key = self.current_key()
        cdef KeyMap values = self.values_in(namespace)
        if values is None:
            return absent
        value = values.remove(key, self.context.key_hash(), absent)
        if namespace is not None and not len(values):
            self.namespaces.discard(namespace, hash_of(namespace))
        return value

    cpdef int discard(self, object namespace) except -1:
        """Remove the value of the current key in ``namespace``, if there is one; nobody wants to have it."""
        cdef object key
        cdef KeyMap values
        if type(self) is not StateTable:
            self.remove(namespace)
            return 0
        key = self.current_key()
        values = self.values_in(namespace)
        if values is not None:
            values.discard(key, self.context.key_hash())
            if namespace is not None and not len(values):
                self.namespaces.discard(namespace, hash_of(namespace))
        return 0

    cpdef bint holds(self, object namespace) except -1:
        """Whether the current key has a value in ``namespace``."""
        return self.get(namespace) is not absent

    # ---- parts of values: elements of lists, entries of maps ----

    cpdef int append(self, object namespace, object value) except -1:
        """Put an element behind the list of the current key, which nobody else changes."""
        values = self.edit(namespace)
        if values is absent:
            values = [value]
        else:
            (<list> values).append(value)
        self.put(namespace, values)
        return 0

    cpdef object entry(self, object namespace, object key):
        """The value under ``key`` in the map of the current key, or ABSENT."""
        entries = self.get(namespace)
        return absent if entries is absent else (<KeyMap> entries).get(key, absent)

    cpdef int put_entry(self, object namespace, object key, object value) except -1:
        """Set the value under ``key`` in the map of the current key."""
        entries = self.edit(namespace)
        if entries is absent:
            entries = KeyMap()
        (<KeyMap> entries)[key] = value
        self.put(namespace, entries)
        return 0

    cpdef int remove_entry(self, object namespace, object key) except -1:
        """Remove the entry under ``key`` from the map of the current key; a map without entries is no value."""
        entries = self.edit(namespace)
        if entries is absent or (<KeyMap> entries).pop(key, absent) is absent:
            return 0
        if len(<KeyMap> entries):
            self.put(namespace, entries)
        else:
            self.remove(namespace)
        return 0

    # ---- all keys ----

    def scan(self):
        """All (namespace, key), one after the other; values may be changed meanwhile, what is new may be missing."""
        return reversed(self.entries())

    def prefetch(self, list keys not None):
        """These keys are about to be asked for: a table whose values are elsewhere reads them at once."""

    def entries(self):
        """All (namespace, key), as a list: those without a namespace first, each part in order of insertion."""
        found = [(None, key) for key in self.keys]
        for namespace, values in self.namespaces.items():
            found += [(namespace, key) for key in (<KeyMap> values)]
        return found

    def clear(self):
        """Remove all values of all keys."""
        self.keys.clear()
        self.namespaces.clear()

    def take_all(self):
        """Remove all values without a namespace, and return them as a list in the order in which their keys came."""
        values = list(self.keys.values())
        self.keys.clear()
        return values

    def in_memory(self):
        """Whether ``keys`` and ``namespaces`` hold the values, for loops that go past the methods."""
        return True

    cpdef int merge(self, object target, object sources, object combine) except -1:
        """Move what the current key holds in the namespaces ``sources`` into ``target``.

        ``combine(a, b)`` makes one value of two; the sources are combined in their order, then the target with them.
        """
        cdef object merged = absent, value
        for source in sources:
            value = self.remove(source)
            if value is not absent:
                merged = value if merged is absent else combine(merged, value)
        if merged is absent:
            return 0
        value = self.edit(target)
        self.put(target, merged if value is absent else combine(value, merged))
        return 0


cdef class State:
    """A handle to one state of the current key.

    Args:
        table: where the values are.
        per_window: whether the state belongs to the current key and window, rather than to the key alone.
        function: what folds values in, for the kinds of state that do.

    Attributes:
        shape: of what is stored: a value, an element of a list, a value of a map; None where it may be any object.
    """

    __class_getitem__ = classmethod(GenericAlias)

    def __cinit__(self, StateTable table not None, bint per_window=False, function=None):
        self.table = table
        self.per_window = per_window
        self.direct = not per_window and type(table) is StateTable

    def __repr__(self):
        return f"{type(self).__name__}({self.table.name!r})"

    cpdef object current_namespace(self):
        """What the values of this handle belong to besides the key: the current window, or None."""
        if not self.per_window:
            return None
        if self.table.context.namespace is None:
            raise WrongStateError(f"window state {self.table.name!r} was used outside of a window")
        return self.table.context.namespace

    cpdef object own(self, object value):
        """The value as it is stored: in its declared shape, and what its giver may still change is copied."""
        if self.shape is not None:
            value = self.shape.of(value)
        return value if self.table.copier is None else self.table.copier.copy(value)

    cpdef object own_or_stored(self, object value, object stored):
        """The same, but no copy of the very object that is stored already, which its function may have changed."""
        if value is not stored:
            return self.own(value)
        return value if self.shape is None else self.shape.of(value)

    cpdef object folded(self, object value, object stored):
        """What a function has made of ``stored``, as it is stored.

        A list that it goes on to fill is not looked through at each of its values, which would be quadratic: what it
        has put there is looked at when the state is written.
        """
        if self.shape is None or value is stored and self.shape.grows:
            return value
        return self.shape.of(value)

    def clear(self):
        """Remove what is stored for the current key."""
        self.table.discard(self.current_namespace())


cdef class ValueState(State):
    """One value per key.

    Example:
        >>> context = KeyContext()
        >>> context.key = "a"
        >>> state = ValueState(StateTable("last", "ValueState", context))
        >>> state.update(3)
        >>> state.value()
        3
    """

    def value(self):
        """The value of the current key, None when there is none."""
        cdef KeyContext context = self.table.context
        cdef PyObject *found
        if self.direct and context.key is not no_key:
            found = self.table.keys.find(context.key, context.key_hash())
            return None if found == NULL else <object> found
        value = self.table.get(self.current_namespace())
        return None if value is absent else value

    def update(self, value):
        """Set the value of the current key; None removes it."""
        cdef KeyContext context = self.table.context
        if value is None:
            self.table.discard(self.current_namespace())
        elif self.direct and context.key is not no_key and is_atom(value):
            if self.shape is not None:
                value = self.shape.of(value)
            self.table.keys.put(context.key, context.key_hash(), value)
        else:
            namespace = self.current_namespace()
            if is_atom(value):
                if self.shape is not None:
                    value = self.shape.of(value)
            else:
                value = self.own_or_stored(value, self.table.get(namespace))
            self.table.put(namespace, value)


cdef class AppendingState(State):
    """A state that values are added to."""

    def get(self):
        """What the values come to."""
        raise NotImplementedError

    def add(self, value):
        """Add a value."""
        raise NotImplementedError


cdef class MergingState(AppendingState):
    """A state whose namespaces can be merged, as session windows need."""

    def combine(self, first, second):
        """Make one stored value of two; either may be changed and returned."""
        raise NotImplementedError

    def merge_namespaces(self, target, sources):
        """Move what the current key holds in the windows ``sources`` into the window ``target``."""
        self.table.merge(target, sources, self.combine)


cdef class ListState(MergingState):
    """A list of values per key."""

    def get(self):
        """The values of the current key as a list of the caller's own, empty when there are none."""
        values = self.table.get(self.current_namespace())
        return [] if values is absent else list(<list> values)

    def add(self, value):
        """Append a value."""
        self.append(self.own(value))

    cpdef int append(self, object value) except -1:
        """Append a value that nobody else changes."""
        return self.table.append(self.current_namespace(), value)

    def add_all(self, values):
        """Append several values."""
        for value in list(values):
            self.append(self.own(value))

    def update(self, values):
        """Replace the values by others."""
        values = list(values)
        if self.table.copier is not None or self.shape is not None:
            stored = self.table.get(self.current_namespace())
            values = self.owned(values, () if stored is absent else <list> stored)
        self.replace(values)

    cpdef list owned(self, list values, object stored):
        """The values as they are stored; those of ``stored`` are the state's own already."""
        known = {id(value) for value in stored}
        return [self.own_or_stored(value, value if id(value) in known else absent) for value in values]

    cpdef int replace(self, list values) except -1:
        """Replace the values by others that nobody else changes."""
        if values:
            self.table.put(self.current_namespace(), values)
        else:
            self.table.discard(self.current_namespace())
        return 0

    def __iter__(self):
        return iter(self.get())

    def combine(self, first, second):
        first.extend(second)
        return first


cdef class ReducingState(MergingState):
    """One value per key, into which added values are folded.

    Its function is called with the stored and the added value and returns the new one.
    """

    cdef object reduce

    def __cinit__(self, StateTable table, bint per_window=False, function=None):
        self.reduce = function

    def get(self):
        """The folded value of the current key, None when there is none."""
        value = self.table.get(self.current_namespace())
        return None if value is absent else value

    def add(self, value):
        """Fold a value in; None removes what is stored, as in Flink."""
        namespace = self.current_namespace()
        if value is None:
            self.table.discard(namespace)
            return
        value = self.own(value)
        stored = self.table.edit(namespace)
        self.table.put(namespace, value if stored is absent else self.folded(self.reduce(stored, value), stored))

    def combine(self, first, second):
        return self.folded(self.reduce(first, second), first)


cdef class AggregatingState(MergingState):
    """One accumulator per key, of an aggregate function.

    Its function has ``create_accumulator()``, ``add(value, accumulator)``, ``get_result(accumulator)`` and
    ``merge(a, b)``.
    """

    cdef object create_accumulator
    cdef object add_value
    cdef object get_result
    cdef object merge_accumulators

    def __cinit__(self, StateTable table, bint per_window=False, function=None):
        self.create_accumulator = function.create_accumulator
        self.add_value = function.add
        self.get_result = function.get_result
        self.merge_accumulators = function.merge

    def get(self):
        """The aggregate function's result for the current key, None when nothing was added."""
        accumulator = self.table.get(self.current_namespace())
        return None if accumulator is absent else self.get_result(accumulator)

    def add(self, value):
        """Add a value to the accumulator; None removes what is stored, as in Flink."""
        namespace = self.current_namespace()
        if value is None:
            self.table.discard(namespace)
            return
        stored = self.table.edit(namespace)
        accumulator = self.create_accumulator() if stored is absent else stored
        self.table.put(namespace, self.folded(self.add_value(self.own_input(value), accumulator), stored))

    cpdef object own_input(self, object value):
        """A value to be added, whose type nobody declares, as the accumulator may keep it."""
        return value if self.table.copier is None else self.table.copier.copy(value)

    def combine(self, first, second):
        return self.folded(self.merge_accumulators(first, second), first)


cdef class MapState(State):
    """A map per key.

    Attributes:
        key_shape: of the keys, also of those that are looked for; None where they may be any object.
    """

    cdef public DeclaredShape key_shape

    cpdef object shaped_key(self, object key):
        """The key as it is stored."""
        return key if self.key_shape is None else self.key_shape.of(key)

    def get(self, key):
        """The value under ``key``, None when there is none."""
        value = self.table.entry(self.current_namespace(), self.shaped_key(key))
        return None if value is absent else value

    def put(self, key, value):
        """Set the value under ``key``."""
        key = self.own_key(key)
        if is_atom(value):
            if self.shape is not None:
                value = self.shape.of(value)
        else:
            value = self.own_or_stored(value, self.table.entry(self.current_namespace(), key))
        self.set_entry(key, value)

    cpdef object own_key(self, object key):
        """The key as it is stored: in its declared shape, and nobody else's."""
        key = self.shaped_key(key)
        return key if self.table.copier is None else self.table.copier.copy(key)

    cpdef int set_entry(self, object key, object value) except -1:
        """Set the value under ``key``, both of which nobody else changes."""
        return self.table.put_entry(self.current_namespace(), key, value)

    def put_all(self, dict_value):
        """Set several entries."""
        for key, value in dict(dict_value).items():
            self.put(key, value)

    def remove(self, key):
        """Remove the entry under ``key``, if there is one."""
        self.table.remove_entry(self.current_namespace(), self.shaped_key(key))

    def contains(self, key):
        """Whether there is an entry under ``key``."""
        return self.table.entry(self.current_namespace(), self.shaped_key(key)) is not absent

    def items(self):
        """All entries, as a list of (key, value) of the caller's own: the state may be changed while it is iterated."""
        entries = self.table.get(self.current_namespace())
        return [] if entries is absent else list((<KeyMap> entries).items())

    def keys(self):
        """All keys, as a list of the caller's own."""
        entries = self.table.get(self.current_namespace())
        return [] if entries is absent else list(<KeyMap> entries)

    def values(self):
        """All values, as a list of the caller's own."""
        entries = self.table.get(self.current_namespace())
        return [] if entries is absent else list((<KeyMap> entries).values())

    def is_empty(self):
        """Whether the map holds no entry."""
        return not self.table.holds(self.current_namespace())

    def __getitem__(self, key):
        return self.get(key)

    def __setitem__(self, key, value):
        self.put(key, value)

    def __delitem__(self, key):
        self.remove(key)

    def __contains__(self, key):
        return self.contains(key)

    def __iter__(self):
        return iter(self.keys())
