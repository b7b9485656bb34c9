"""Columns into Arrow capsules, without copying.

Every exported ArrowArray and ArrowSchema, children included, holds a reference of its own to the Python object whose
memory it shows, because the interface lets a consumer move a child out and release its parent. Consumers may call the
callbacks from any thread, with or without the interpreter lock.
"""
cimport cython
from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_New
from cpython.pylifecycle cimport Py_IsInitialized
from cpython.ref cimport Py_DECREF, Py_INCREF, PyObject
from libc.errno cimport EINVAL, EIO, ENOMEM
from libc.stdint cimport int32_t, int64_t
from libc.string cimport memset

from pyflinkx._core.columns.column cimport Column
from pyflinkx._core.pfx.arrow cimport (
    ARROW_FLAG_NULLABLE,
    ArrowArray,
    ArrowArrayStream,
    ArrowSchema,
    PFX_KIND_NULL,
    PFX_KIND_STRUCT,
)
from pyflinkx._core.pfx.memory cimport pfx_alloc_zero, pfx_free
from pyflinkx._core.memory.budget cimport MemoryBudget, default_budget
from pyflinkx._core.columns.schema cimport Field, Schema
from pyflinkx._core.status cimport check

ctypedef int (*initialized_check)() noexcept nogil

# Where a buffer of 0 bytes is: some consumers refuse NULL.
cdef int64_t[2] NOTHING
NOTHING[0] = 0
NOTHING[1] = 0


# What an exported struct owns; `size` bytes charged to `budget`, followed by the children's structs and pointers.
cdef struct Keeper:
    int64_t size
    PyObject *budget
    PyObject *owner
    const void *buffers[3]


cdef Keeper *new_keeper(object owner, int64_t extra) except NULL:
    cdef void *memory = NULL
    cdef int64_t size = sizeof(Keeper) + extra
    check(pfx_alloc_zero(&default_budget.budget, size, &memory))
    cdef Keeper *keeper = <Keeper *> memory
    keeper.size = size
    keeper.budget = <PyObject *> default_budget
    keeper.owner = <PyObject *> owner
    Py_INCREF(default_budget)
    Py_INCREF(owner)
    return keeper


cdef void drop_keeper(Keeper *keeper) noexcept with gil:
    cdef MemoryBudget budget = <MemoryBudget> keeper.budget
    owner = <object> keeper.owner
    pfx_free(&budget.budget, keeper, keeper.size)
    Py_DECREF(owner)
    Py_DECREF(budget)


cdef bint interpreter_runs() noexcept nogil:
    # A consumer that lives longer than the interpreter: then there is nothing left to give the memory back to.
    return (<initialized_check> <void *> Py_IsInitialized)() != 0


# ---- schemas ----


cdef void release_schema(ArrowSchema *schema) noexcept nogil:
    cdef int64_t i
    for i in range(schema.n_children):
        if schema.children[i].release != NULL:
            schema.children[i].release(schema.children[i])
    schema.release = NULL
    if interpreter_runs():
        drop_keeper(<Keeper *> schema.private_data)


cdef bytes packed_metadata(dict metadata):
    """The interface's form: the number of pairs, then the length and bytes of each key and value (native int32)."""
    cdef int32_t number = len(metadata)
    parts = [(<char *> &number)[:4]]
    for pair in metadata.items():
        for item in pair:
            number = len(item)
            parts.append((<char *> &number)[:4])
            parts.append(item)
    return b"".join(parts)


cdef int fill_schema(
    str name, bytes format, bint nullable, tuple children, dict metadata, ArrowSchema *out,
) except -1:
    cdef int64_t count = len(children)
    cdef bytes name_bytes = name.encode()
    cdef bytes packed = packed_metadata(metadata) if metadata else None
    cdef Keeper *keeper = new_keeper(
        (name_bytes, format, packed), count * (sizeof(ArrowSchema) + sizeof(ArrowSchema *)))
    cdef ArrowSchema *storage = <ArrowSchema *> (<char *> keeper + sizeof(Keeper))
    cdef Field child
    cdef int64_t i
    memset(out, 0, sizeof(ArrowSchema))
    out.format = format
    out.name = name_bytes
    if packed is not None:
        out.metadata = packed
    out.flags = ARROW_FLAG_NULLABLE if nullable else 0
    out.children = <ArrowSchema **> (storage + count)
    out.private_data = keeper
    out.release = release_schema
    try:
        for i in range(count):
            child = children[i]
            fill_schema(child.name, child.format_bytes, child.nullable, child.children, child.metadata, &storage[i])
            out.children[i] = &storage[i]
            out.n_children = i + 1
    except BaseException:
        release_schema(out)
        raise
    return 0


cdef int export_schema_into(Schema schema, ArrowSchema *out) except -1:
    return fill_schema("", b"+s", False, schema.fields, schema.metadata, out)


# ---- arrays ----


cdef void release_array(ArrowArray *array) noexcept nogil:
    cdef int64_t i
    for i in range(array.n_children):
        if array.children[i].release != NULL:
            array.children[i].release(array.children[i])
    array.release = NULL
    if interpreter_runs():
        drop_keeper(<Keeper *> array.private_data)


cdef int start_array(object owner, int64_t length, int64_t count, int64_t n_buffers, ArrowArray *out) except -1:
    cdef Keeper *keeper = new_keeper(owner, count * (sizeof(ArrowArray) + sizeof(ArrowArray *)))
    memset(out, 0, sizeof(ArrowArray))
    out.length = length
    out.n_buffers = n_buffers
    out.buffers = keeper.buffers
    out.children = <ArrowArray **> (<char *> keeper + sizeof(Keeper) + count * sizeof(ArrowArray))
    out.private_data = keeper
    out.release = release_array
    return 0


cdef int fill_children(tuple columns, ArrowArray *out) except -1:
    cdef ArrowArray *storage = <ArrowArray *> (<char *> out.private_data + sizeof(Keeper))
    cdef int64_t i
    try:
        for i in range(len(columns)):
            fill_array(<Column> columns[i], &storage[i])
            out.children[i] = &storage[i]
            out.n_children = i + 1
    except BaseException:
        release_array(out)
        raise
    return 0


cdef int fill_array(Column column, ArrowArray *out) except -1:
    start_array(column, column.length, len(column.children), column.field.type.buffers, out)
    out.offset = column.offset
    out.null_count = column.count_nulls()
    if column.kind != PFX_KIND_NULL:
        out.buffers[0] = column.validity
        if column.offset_width > 0:
            out.buffers[1] = column.offsets
            out.buffers[2] = column.data if column.data != NULL else <const void *> NOTHING
        elif column.kind != PFX_KIND_STRUCT:
            out.buffers[1] = column.data if column.data != NULL else <const void *> NOTHING
    return fill_children(column.children, out)


cdef int export_table_into(tuple columns, object length, ArrowArray *out) except -1:
    start_array(columns, length, len(columns), 1, out)
    return fill_children(columns, out)


# ---- capsules ----


cdef void destroy_schema_capsule(object capsule) noexcept:
    cdef ArrowSchema *schema = <ArrowSchema *> PyCapsule_GetPointer(capsule, "arrow_schema")
    if schema.release != NULL:
        schema.release(schema)
    pfx_free(&default_budget.budget, schema, sizeof(ArrowSchema))


cdef void destroy_array_capsule(object capsule) noexcept:
    cdef ArrowArray *array = <ArrowArray *> PyCapsule_GetPointer(capsule, "arrow_array")
    if array.release != NULL:
        array.release(array)
    pfx_free(&default_budget.budget, array, sizeof(ArrowArray))


cdef void destroy_stream_capsule(object capsule) noexcept:
    cdef ArrowArrayStream *stream = <ArrowArrayStream *> PyCapsule_GetPointer(capsule, "arrow_array_stream")
    if stream.release != NULL:
        stream.release(stream)
    pfx_free(&default_budget.budget, stream, sizeof(ArrowArrayStream))


cdef object new_schema_capsule(ArrowSchema **out):
    cdef void *memory = NULL
    check(pfx_alloc_zero(&default_budget.budget, sizeof(ArrowSchema), &memory))
    out[0] = <ArrowSchema *> memory
    return PyCapsule_New(memory, "arrow_schema", destroy_schema_capsule)


cdef object new_array_capsule(ArrowArray **out):
    cdef void *memory = NULL
    check(pfx_alloc_zero(&default_budget.budget, sizeof(ArrowArray), &memory))
    out[0] = <ArrowArray *> memory
    return PyCapsule_New(memory, "arrow_array", destroy_array_capsule)


def field_capsule(Field field not None):
    """The ``arrow_schema`` capsule of one column."""
    cdef ArrowSchema *schema = NULL
    capsule = new_schema_capsule(&schema)
    fill_schema(field.name, field.format_bytes, field.nullable, field.children, field.metadata, schema)
    return capsule


def schema_capsule(Schema schema not None):
    """The ``arrow_schema`` capsule of a table: a struct of its columns."""
    cdef ArrowSchema *out = NULL
    capsule = new_schema_capsule(&out)
    export_schema_into(schema, out)
    return capsule


def column_capsules(Column column not None):
    """The ``arrow_schema`` and ``arrow_array`` capsules of one column."""
    cdef ArrowArray *array = NULL
    schema = field_capsule(column.field)
    capsule = new_array_capsule(&array)
    fill_array(column, array)
    return schema, capsule


def table_capsules(Schema schema not None, tuple columns not None, length):
    """The ``arrow_schema`` and ``arrow_array`` capsules of a table."""
    cdef ArrowArray *array = NULL
    schema_part = schema_capsule(schema)
    capsule = new_array_capsule(&array)
    export_table_into(columns, length, array)
    return schema_part, capsule


# ---- streams ----


@cython.final
cdef class ExportedStream:
    """What the callbacks of an exported stream work on."""

    cdef Schema schema
    cdef object batches
    cdef bytes message

    cdef int next_into(self, ArrowArray *out) except -1:
        try:
            batch = next(self.batches)
        except StopIteration:
            memset(out, 0, sizeof(ArrowArray))
            return 0
        if batch.schema != self.schema:
            raise ValueError(f"a batch of {batch.schema} in a stream of {self.schema}")
        return export_table_into(batch.columns, batch.length, out)

    cdef int failed(self, object error) noexcept:
        """Keep what get_last_error says; the code that goes with it."""
        try:
            self.message = f"{type(error).__name__}: {error}".replace("\0", " ").encode("utf-8", "replace")
        except Exception:
            self.message = type(error).__name__.encode()
        if isinstance(error, MemoryError):
            return ENOMEM
        return EINVAL if isinstance(error, (ValueError, TypeError)) else EIO


cdef int stream_schema(ArrowArrayStream *stream, ArrowSchema *out) noexcept with gil:
    cdef ExportedStream state = <ExportedStream> (<Keeper *> stream.private_data).owner
    try:
        return export_schema_into(state.schema, out)
    except BaseException as error:
        return state.failed(error)


cdef int stream_next(ArrowArrayStream *stream, ArrowArray *out) noexcept with gil:
    cdef ExportedStream state = <ExportedStream> (<Keeper *> stream.private_data).owner
    try:
        return state.next_into(out)
    except BaseException as error:
        return state.failed(error)


cdef const char *stream_error(ArrowArrayStream *stream) noexcept with gil:
    cdef ExportedStream state = <ExportedStream> (<Keeper *> stream.private_data).owner
    if state.message is None:
        return NULL
    return state.message


cdef void release_stream(ArrowArrayStream *stream) noexcept nogil:
    stream.release = NULL
    if interpreter_runs():
        drop_keeper(<Keeper *> stream.private_data)


def stream_capsule(Schema schema not None, batches):
    """The ``arrow_array_stream`` capsule of an iterator of ColumnBatch of that schema."""
    cdef void *memory = NULL
    cdef ExportedStream state = ExportedStream()
    state.schema = schema
    state.batches = batches
    check(pfx_alloc_zero(&default_budget.budget, sizeof(ArrowArrayStream), &memory))
    capsule = PyCapsule_New(memory, "arrow_array_stream", destroy_stream_capsule)
    cdef ArrowArrayStream *stream = <ArrowArrayStream *> memory
    stream.private_data = new_keeper(state, 0)
    stream.get_schema = stream_schema
    stream.get_next = stream_next
    stream.get_last_error = stream_error
    stream.release = release_stream
    return capsule
