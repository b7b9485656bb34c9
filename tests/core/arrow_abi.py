"""Arrow's C interface in ctypes: producers that lie, and consumers that release in any order."""

import ctypes
from array import array
from typing import ClassVar


class ArrowSchema(ctypes.Structure):
    pass


class ArrowArray(ctypes.Structure):
    pass


class ArrowArrayStream(ctypes.Structure):
    pass


ReleaseSchema = ctypes.CFUNCTYPE(None, ctypes.POINTER(ArrowSchema))
ReleaseArray = ctypes.CFUNCTYPE(None, ctypes.POINTER(ArrowArray))
ReleaseStream = ctypes.CFUNCTYPE(None, ctypes.POINTER(ArrowArrayStream))
GetSchema = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ArrowArrayStream), ctypes.POINTER(ArrowSchema))
GetNext = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ArrowArrayStream), ctypes.POINTER(ArrowArray))
GetError = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(ArrowArrayStream))

ArrowSchema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(ArrowSchema))),
    ("dictionary", ctypes.POINTER(ArrowSchema)),
    ("release", ReleaseSchema),
    ("private_data", ctypes.c_void_p),
]
ArrowArray._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(ArrowArray))),
    ("dictionary", ctypes.POINTER(ArrowArray)),
    ("release", ReleaseArray),
    ("private_data", ctypes.c_void_p),
]
ArrowArrayStream._fields_ = [
    ("get_schema", GetSchema),
    ("get_next", GetNext),
    ("get_last_error", GetError),
    ("release", ReleaseStream),
    ("private_data", ctypes.c_void_p),
]

NAMES = {ArrowSchema: b"arrow_schema", ArrowArray: b"arrow_array", ArrowArrayStream: b"arrow_array_stream"}

new_capsule = ctypes.pythonapi.PyCapsule_New
new_capsule.restype = ctypes.py_object
new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
capsule_pointer.restype = ctypes.c_void_p
capsule_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]


def capsule(struct):
    """A capsule without a destructor over a struct that the caller keeps."""
    return new_capsule(ctypes.addressof(struct), NAMES[type(struct)], None)


def opened(capsule_object, kind):
    """The struct inside somebody's capsule."""
    return kind.from_address(capsule_pointer(capsule_object, NAMES[kind]))


class Exporter:
    """A table made by hand, whose every declaration a test may change before it is handed over.

    Nodes are (format, buffers, children or None, dictionary node or None, length where it is not the table's);
    ``schema`` and ``array`` are the roots. ``released`` counts the calls of the roots' release callbacks. What was
    handed over lives until its array is released.
    """

    lent: ClassVar[set] = set()

    def __init__(self, nodes, length):
        self.kept = []
        self.released = {"schema": 0, "array": 0}
        self.schema = ArrowSchema()
        self.array = ArrowArray()
        self.build((b"+s", [None], nodes, None), b"", length, self.schema, self.array)
        self.schema.release = self.keep(ReleaseSchema(self.release("schema")))
        self.array.release = self.keep(ReleaseArray(self.release("array")))

    def keep(self, thing):
        self.kept.append(thing)
        return thing

    def release(self, what):
        def callback(struct):
            self.released[what] += 1
            struct.contents.release = type(struct.contents.release)(0)
            if what == "array":
                self.lent.discard(self)

        return callback

    def build(self, node, name, length, schema, array_struct):
        format, buffers, children, dictionary = node
        schema.format = format
        schema.name = name
        schema.flags = 2
        schema.release = self.keep(ReleaseSchema(lambda struct: None))
        array_struct.length = length
        array_struct.null_count = -1 if buffers and buffers[0] is not None else 0
        array_struct.n_buffers = len(buffers)
        pointers = (ctypes.c_void_p * max(len(buffers), 1))()
        for i, content in enumerate(buffers):
            if content is not None:
                # An int is an address that the test made up.
                pointers[i] = content if isinstance(content, int) else ctypes.addressof(self.keep(memory(content)))
        self.keep(pointers)
        array_struct.buffers = ctypes.cast(pointers, ctypes.POINTER(ctypes.c_void_p))
        array_struct.release = self.keep(ReleaseArray(lambda struct: None))
        children = children or []
        schemas = [self.keep(ArrowSchema()) for _ in children]
        arrays = [self.keep(ArrowArray()) for _ in children]
        for i, child in enumerate(children):
            count = child[4] if len(child) > 4 else length
            self.build(child[:4], f"c{i}".encode(), count, schemas[i], arrays[i])
        schema.n_children = array_struct.n_children = len(children)
        if children:
            schema.children = self.keep(
                (ctypes.POINTER(ArrowSchema) * len(children))(*[ctypes.pointer(s) for s in schemas])
            )
            array_struct.children = self.keep(
                (ctypes.POINTER(ArrowArray) * len(children))(*[ctypes.pointer(a) for a in arrays])
            )
        if dictionary is not None:
            values_schema = self.keep(ArrowSchema())
            values = self.keep(ArrowArray())
            self.build(dictionary[:4], b"", dictionary[4], values_schema, values)
            schema.dictionary = ctypes.pointer(values_schema)
            array_struct.dictionary = ctypes.pointer(values)

    def __arrow_c_array__(self, requested_schema=None):
        self.lent.add(self)
        return capsule(self.schema), capsule(self.array)


def memory(content):
    """A ctypes array with the bytes of an array.array or bytes (at least one byte, so that it has an address)."""
    raw = content.tobytes() if isinstance(content, array) else bytes(content)
    return (ctypes.c_char * max(len(raw), 1)).from_buffer_copy(raw or b"\0")
