"""Columns out of Arrow capsules, without copying what need not be copied.

Dictionary-encoded columns and string views are decoded to their plain layout, range by range when the rows are taken
in ranges; everything else is read in place. Nothing that a producer declares is trusted further than it can be checked:
the C data interface does not carry buffer sizes, so lengths, offsets, codes and views are checked against each other.
"""
cimport cython
from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_IsValid
from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.string cimport memcpy, memset, strlen

from pyflinkx._core.columns.column cimport (
    Buffer,
    Column,
    borrow_buffer,
    make_column,
    new_buffer,
    trusted_column,
    writable,
)
from pyflinkx._core.pfx.arrow cimport (
    ARROW_FLAG_NULLABLE,
    ArrowArray,
    ArrowArrayStream,
    ArrowSchema,
    PFX_KIND_BINARY_VIEW,
    PFX_KIND_BOOL,
    PFX_KIND_INT64,
    PFX_KIND_INT8,
    PFX_KIND_LIST,
    PFX_KIND_NULL,
    PFX_KIND_STRUCT,
    PFX_KIND_UINT64,
    PFX_KIND_UTF8_VIEW,
    pfx_arrow_type_parse,
    pfx_views_flatten,
    pfx_views_measure,
)
from pyflinkx._core.pfx.bitmap cimport pfx_bit_get, pfx_bitmap_bytes, pfx_bits_copy, pfx_bits_count, pfx_bits_fill
from pyflinkx._core.pfx.gather cimport pfx_codes_to_indices
from pyflinkx._core.pfx.status cimport PFX_OK, pfx_status
from pyflinkx._core.columns.gather cimport take_rows
from pyflinkx._core.memory.budget cimport MemoryBudget
from pyflinkx._core.columns.schema cimport Field, Schema

from pyflinkx._core.columns.schema import unsupported_type
from pyflinkx.errors import CorruptDataError, LongBatchError, SourceError, TypeInformationError

# Deeper nesting than any table has: a bound on the recursion over what a producer hands over.
cdef int MAX_DEPTH = 64


@cython.final
cdef class ImportedArray:
    """Owns an ArrowArray that a producer handed over."""

    def __cinit__(self):
        memset(&self.array, 0, sizeof(ArrowArray))

    def __dealloc__(self):
        if self.array.release != NULL:
            self.array.release(&self.array)


@cython.final
cdef class ImportedSchema:
    """Owns an ArrowSchema that a producer handed over."""

    cdef ArrowSchema schema

    def __cinit__(self):
        memset(&self.schema, 0, sizeof(ArrowSchema))

    def __dealloc__(self):
        if self.schema.release != NULL:
            self.schema.release(&self.schema)


cdef str name_of(object producer):
    return f"{type(producer).__module__}.{type(producer).__qualname__}"


cdef void *pointer_of(object capsule, const char *name, str producer) except NULL:
    if not PyCapsule_IsValid(capsule, name):
        raise TypeError(f"{producer} gave no capsule {name.decode()!r}, but {capsule!r}")
    return PyCapsule_GetPointer(capsule, name)


cdef ImportedArray adopt_array(object capsule, str producer):
    cdef ArrowArray *source = <ArrowArray *> pointer_of(capsule, "arrow_array", producer)
    cdef ImportedArray result = ImportedArray()
    if source.release == NULL:
        raise CorruptDataError(f"{producer}: the array in the capsule is already consumed")
    result.array = source[0]
    source.release = NULL
    return result


cdef ImportedSchema adopt_schema(object capsule, str producer):
    cdef ArrowSchema *source = <ArrowSchema *> pointer_of(capsule, "arrow_schema", producer)
    cdef ImportedSchema result = ImportedSchema()
    if source.release == NULL:
        raise CorruptDataError(f"{producer}: the schema in the capsule is already consumed")
    result.schema = source[0]
    source.release = NULL
    return result


# ---- schemas ----


@cython.final
cdef class ImportPlan:
    pass


cdef str text_of(const char *text, str what):
    if text == NULL:
        return ""
    try:
        return text[:strlen(text)].decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorruptDataError(f"{what} is not UTF-8: {error}") from None


cdef int32_t metadata_number(const char **at, str path) except -1:
    cdef int32_t number
    memcpy(&number, at[0], sizeof(int32_t))
    at[0] += sizeof(int32_t)
    if number < 0:
        raise CorruptDataError(f"column {path!r}: its metadata has a negative length")
    return number


cdef bytes metadata_bytes(const char **at, str path):
    cdef int32_t length = metadata_number(at, path)
    cdef bytes content = at[0][:length]
    at[0] += length
    return content


cdef dict metadata_of(const ArrowSchema *schema, str path):
    cdef const char *at = schema.metadata
    if at == NULL:
        return None
    result = {}
    for _ in range(metadata_number(&at, path)):
        key = metadata_bytes(&at, path)
        result[key] = metadata_bytes(&at, path)
    return result


cdef ImportPlan plan_of(const ArrowSchema *schema, str prefix, int depth):
    cdef ImportPlan plan = ImportPlan.__new__(ImportPlan)
    cdef int64_t i
    if schema == NULL or schema.release == NULL:
        raise CorruptDataError(f"column {prefix!r}: a part of its schema is missing")
    if depth > MAX_DEPTH:
        raise CorruptDataError(f"column {prefix!r}: nested more than {MAX_DEPTH} deep")
    cdef str name = text_of(schema.name, "a column's name")
    plan.path = f"{prefix}.{name}" if prefix and name else prefix or name
    if schema.format == NULL:
        raise CorruptDataError(f"column {plan.path!r}: it has no type")
    cdef str format = text_of(schema.format, f"the type of column {plan.path!r}")
    if schema.n_children < 0 or (schema.n_children > 0 and schema.children == NULL):
        raise CorruptDataError(f"column {plan.path!r}: impossible number of children {schema.n_children}")
    plan.format = format.encode()
    if pfx_arrow_type_parse(plan.format, &plan.arrives) != PFX_OK:
        raise TypeInformationError(unsupported_type(plan.path, format))
    nullable = bool(schema.flags & ARROW_FLAG_NULLABLE)
    metadata = metadata_of(schema, plan.path)
    if schema.dictionary != NULL:
        if not PFX_KIND_INT8 <= plan.arrives.kind <= PFX_KIND_UINT64:
            raise CorruptDataError(f"column {plan.path!r}: its dictionary codes have type {format!r}")
        plan.dictionary = plan_of(schema.dictionary, plan.path, depth + 1)
        value = plan.dictionary.field
        plan.children = ()
        plan.decoded = True
        plan.field = Field(name, value.format, nullable, value.children, metadata)
        return plan
    if plan.arrives.children >= 0 and schema.n_children != plan.arrives.children:
        raise CorruptDataError(f"column {plan.path!r}: {schema.n_children} children do not make a {format!r}")
    plan.children = tuple([plan_of(schema.children[i], plan.path, depth + 1) for i in range(schema.n_children)])
    if plan.arrives.kind == PFX_KIND_UTF8_VIEW:
        format = "u"
    elif plan.arrives.kind == PFX_KIND_BINARY_VIEW:
        format = "z"
    plan.decoded = format in ("u", "z") and plan.arrives.offset_width == 0
    for i in range(schema.n_children):
        plan.decoded = plan.decoded or (<ImportPlan> plan.children[i]).decoded
    plan.field = Field(name, format, nullable, [(<ImportPlan> child).field for child in plan.children], metadata)
    return plan


cdef tuple plans_of(const ArrowSchema *schema, str producer):
    """(Schema, plan per column) of a table."""
    cdef ImportPlan root = plan_of(schema, "", 0)
    if root.dictionary is not None or root.arrives.kind != PFX_KIND_STRUCT:
        raise TypeInformationError(f"{producer} gives one column of {root.field.type_name}, not a table of columns")
    return Schema(root.field.children, root.field.metadata), root.children


# ---- arrays ----


cdef int check_array(ImportPlan plan, const ArrowArray *array) except -1:
    """Whether the parts that the type asks for are there, and numbers are such that sizes can be computed."""
    cdef int64_t buffers = plan.arrives.buffers
    if array == NULL or array.release == NULL:
        raise CorruptDataError(f"column {plan.path!r}: its array is missing or already released")
    # No memory holds 2**56 rows; below that, no size computed here can overflow.
    if array.length < 0 or array.offset < 0 or array.length > (1 << 56) or array.offset > (1 << 56):
        raise CorruptDataError(f"column {plan.path!r}: impossible length {array.length} or offset {array.offset}")
    if array.null_count < -1 or array.null_count > array.length:
        raise CorruptDataError(f"column {plan.path!r}: {array.null_count} nulls in {array.length} rows")
    if plan.arrives.kind == PFX_KIND_UTF8_VIEW or plan.arrives.kind == PFX_KIND_BINARY_VIEW:
        # Views number the buffers behind the first two in 32 bits; the last buffer has the sizes of those.
        buffers = max(buffers, min(array.n_buffers, <int64_t> 3 + (<int64_t> 1 << 31)))
    elif plan.arrives.kind == PFX_KIND_NULL and array.n_buffers == 1:
        # What Arrow 0.x wrote: a validity buffer that is never there.
        buffers = 1
    if array.n_buffers != buffers or (buffers > 0 and array.buffers == NULL):
        raise CorruptDataError(
            f"column {plan.path!r}: {array.n_buffers} buffers, but a {plan.format.decode()!r} has {buffers}"
        )
    if array.n_children != len(plan.children) or (array.n_children > 0 and array.children == NULL):
        raise CorruptDataError(f"column {plan.path!r}: {array.n_children} children of {len(plan.children)}")
    if (array.dictionary == NULL) != (plan.dictionary is None):
        raise CorruptDataError(f"column {plan.path!r}: its dictionary is missing or not declared")
    if plan.arrives.kind != PFX_KIND_NULL and array.null_count > 0 and array.buffers[0] == NULL:
        raise CorruptDataError(f"column {plan.path!r}: {array.null_count} nulls, but no validity buffer")
    return 0


cdef Buffer buffer_at(ImportPlan plan, const ArrowArray *array, int i, int64_t nbytes, object owner):
    if array.buffers[i] == NULL:
        if nbytes > 0 and array.length > 0:
            raise CorruptDataError(f"column {plan.path!r}: buffer {i} of {nbytes} bytes is missing")
        return None
    return borrow_buffer(array.buffers[i], nbytes, owner)


cdef Buffer shown_rows(const ArrowArray *array, Buffer mask, MemoryBudget budget):
    """Bit offset + i: whether row i has a value, so is not null itself, nor hidden by the array that holds this one."""
    cdef int64_t end = array.offset + array.length
    cdef Buffer result = new_buffer(pfx_bitmap_bytes(end), budget, zero=True)
    cdef uint8_t *bits = writable(result)
    cdef const uint8_t *validity = NULL
    cdef int64_t i
    if mask is None:
        pfx_bits_fill(bits, array.offset, array.length, 1)
    else:
        pfx_bits_copy(bits, array.offset, mask.data, 0, array.length)
    if array.n_buffers > 0 and array.null_count != 0:
        validity = <const uint8_t *> array.buffers[0]
    if validity != NULL:
        for i in range(pfx_bitmap_bytes(end)):
            bits[i] &= validity[i]
    return result


cdef Buffer shown_children(
    ImportPlan plan, const ArrowArray *array, const ArrowArray *child, Buffer offsets, Buffer mask, MemoryBudget budget,
):
    """Which rows of a child belong to a value: what the others hold is undefined, so nothing there is to be decoded."""
    cdef Buffer shown = shown_rows(array, mask, budget)
    cdef Buffer result = new_buffer(pfx_bitmap_bytes(child.length), budget, zero=True)
    cdef uint8_t *bits = writable(result)
    cdef int64_t end = array.offset + array.length
    cdef int64_t i, first, last
    if plan.arrives.kind == PFX_KIND_STRUCT:
        pfx_bits_copy(bits, 0, shown.data, 0, min(end, child.length))
    elif offsets is not None:
        for i in range(array.offset, end):
            if pfx_bit_get(shown.data, i):
                first = offset_at(offsets, plan.arrives.offset_width, i)
                last = min(offset_at(offsets, plan.arrives.offset_width, i + 1), child.length)
                if 0 <= first < last:  # make_column refuses other offsets
                    pfx_bits_fill(bits, first, last - first, 1)
    return result


cdef Column read_in_place(
    ImportPlan plan, Field field, const ArrowArray *array, Buffer mask, object owner, MemoryBudget budget,
):
    """All rows of an array in a layout that columns have too."""
    cdef int64_t end = array.offset + array.length
    cdef int64_t offset = array.offset
    cdef int32_t width = plan.arrives.width
    cdef int32_t offset_width = plan.arrives.offset_width
    cdef int64_t limit = 0
    cdef Buffer validity = None
    cdef Buffer offsets = None
    cdef Buffer data = None
    cdef tuple children = ()
    cdef int64_t i
    if plan.arrives.kind == PFX_KIND_NULL:
        return make_column(field, array.length, offset, array.length, None, None, None, ())
    if array.buffers[0] != NULL and array.null_count != 0:
        validity = borrow_buffer(array.buffers[0], pfx_bitmap_bytes(end), owner)
    if offset_width > 0:
        offsets = buffer_at(plan, array, 1, (end + 1) * offset_width, owner)
        if offsets is not None and plan.arrives.kind != PFX_KIND_LIST:
            limit = offset_at(offsets, offset_width, end)
            if limit < 0:
                raise CorruptDataError(f"column {plan.path!r}: its last offset is {limit}")
        if plan.arrives.kind != PFX_KIND_LIST:
            data = buffer_at(plan, array, 2, limit, owner)
    elif plan.arrives.kind != PFX_KIND_STRUCT:
        data = buffer_at(
            plan, array, 1, pfx_bitmap_bytes(end) if plan.arrives.kind == PFX_KIND_BOOL else end * width, owner)
        if data is None:
            offset = 0
    if plan.arrives.kind == PFX_KIND_STRUCT or plan.arrives.kind == PFX_KIND_LIST:
        children = tuple([
            import_child(plan, array, i, offsets, mask, owner, budget) for i in range(array.n_children)
        ])
    return make_column(field, array.length, offset, array.null_count, validity, offsets, data, children)


cdef int64_t offset_at(Buffer offsets, int32_t width, int64_t i) noexcept:
    # memcpy: make_column copies misaligned offsets, but here they are still where the producer put them.
    cdef int32_t short_offset = 0
    cdef int64_t result = 0
    if width == 4:
        memcpy(&short_offset, offsets.data + i * 4, 4)
        return short_offset
    memcpy(&result, offsets.data + i * 8, 8)
    return result


cdef Buffer range_of_bits(const uint8_t *bits, int64_t first, int64_t length, MemoryBudget budget):
    cdef Buffer result
    if bits == NULL:
        return None
    result = new_buffer(pfx_bitmap_bytes(length), budget, zero=True)
    pfx_bits_copy(writable(result), 0, bits, first, length)
    return result


cdef Column flatten_views(
    ImportPlan plan, const ArrowArray *array, int64_t start, int64_t length, Buffer mask, MemoryBudget budget,
):
    """A range of string views as text with offsets."""
    cdef int64_t first = array.offset + start
    cdef int64_t count = array.n_buffers - 3
    cdef const int64_t *sizes = <const int64_t *> array.buffers[array.n_buffers - 1]
    cdef const uint8_t *validity = NULL
    cdef const uint8_t *views = <const uint8_t *> array.buffers[1]
    cdef const uint8_t **sources = <const uint8_t **> array.buffers + 2
    cdef Buffer shown = None
    cdef Buffer offsets
    cdef Buffer data
    cdef int64_t total = 0
    cdef int64_t i
    cdef pfx_status status
    if length == 0:
        return make_column(plan.field, 0, 0, 0, None, None, None, ())
    if views == NULL or (count > 0 and sizes == NULL) or <size_t> sizes % sizeof(int64_t) != 0:
        raise CorruptDataError(f"column {plan.path!r}: its views or its buffer sizes are missing")
    for i in range(count):
        if sources[i] == NULL and sizes[i] != 0:
            raise CorruptDataError(f"column {plan.path!r}: buffer {i + 2} of {sizes[i]} bytes is missing")
    if mask is not None:
        shown = shown_rows(array, mask, budget)
        validity = shown.data
    elif array.null_count != 0:
        validity = <const uint8_t *> array.buffers[0]
    views += first * 16
    with nogil:
        status = pfx_views_measure(views, validity, first, length, count, sizes, &total)
    if status != PFX_OK:
        raise CorruptDataError(f"column {plan.path!r}: a view points outside of its buffers")
    if total > 0x7fffffff:
        raise LongBatchError(
            f"column {plan.path!r}: {total} bytes of text in one batch of {length} rows are more than 2 GiB; import it "
            "in smaller batches"
        )
    offsets = new_buffer((length + 1) * 4, budget)
    data = new_buffer(total, budget)
    with nogil:
        pfx_views_flatten(views, validity, first, length, sources, <int32_t *> offsets.data, writable(data))
    return trusted_column(
        plan.field, length, 0, -1, range_of_bits(validity, first, length, budget), offsets, data, ())


cdef Column decode_dictionary(
    ImportPlan plan, const ArrowArray *array, int64_t start, int64_t length, Column dictionary, Buffer mask,
    object owner, MemoryBudget budget,
):
    """A range of dictionary codes as the values that they stand for."""
    cdef Field codes_field = Field(plan.field.name, plan.format.decode())
    cdef Column codes = read_in_place(plan, codes_field, array, None, owner, budget).slice_rows(start, start + length)
    cdef Buffer shown = None
    cdef const uint8_t *validity = codes.validity
    cdef Buffer indices = new_buffer(length * sizeof(int64_t), budget)
    cdef pfx_status status
    if mask is not None:
        shown = shown_rows(array, mask, budget)
        validity = shown.data
    if length > 0:
        with nogil:
            status = pfx_codes_to_indices(
                codes.data + codes.offset * codes.width, codes.width, plan.arrives.kind <= PFX_KIND_INT64,
                validity, codes.offset, length, dictionary.length, <int64_t *> indices.data)
        if status != PFX_OK:
            raise CorruptDataError(
                f"column {plan.path!r}: a code lies outside of its dictionary of {dictionary.length} values"
            )
    return take_rows(dictionary, <const int64_t *> indices.data, length, True, budget).with_field(plan.field)


cdef Column import_child(
    ImportPlan plan, const ArrowArray *array, int64_t i, Buffer offsets, Buffer mask, object owner, MemoryBudget budget,
):
    cdef ImportPlan child = plan.children[i]
    check_array(child, array.children[i])
    if child.decoded:
        mask = shown_children(plan, array, array.children[i], offsets, mask, budget)
    return import_all(child, array.children[i], mask, owner, budget)


cdef Column import_all(ImportPlan plan, const ArrowArray *array, Buffer mask, object owner, MemoryBudget budget):
    """All rows of an array. The mask says which of them the array that holds this one shows; None: all."""
    cdef Column dictionary
    check_array(plan, array)
    if plan.dictionary is not None:
        dictionary = import_all(plan.dictionary, array.dictionary, None, owner, budget)
        return decode_dictionary(plan, array, 0, array.length, dictionary, mask, owner, budget)
    if plan.arrives.kind == PFX_KIND_UTF8_VIEW or plan.arrives.kind == PFX_KIND_BINARY_VIEW:
        return flatten_views(plan, array, 0, array.length, mask, budget)
    return read_in_place(plan, plan.field, array, mask, owner, budget)


@cython.final
cdef class ImportedBatch:
    """A record batch as it arrived; its columns are read, or decoded, for the ranges asked for."""

    cdef list columns(self, int64_t start, int64_t stop):
        cdef const ArrowArray *root = &self.owner.array
        cdef const ArrowArray *array
        cdef ImportPlan plan
        cdef int64_t first = root.offset + start
        cdef Py_ssize_t i
        result = []
        for i in range(len(self.plans)):
            plan = self.plans[i]
            array = root.children[i]
            if plan.dictionary is not None:
                if self.dictionaries[i] is None:
                    self.dictionaries[i] = import_all(plan.dictionary, array.dictionary, None, self.owner, self.budget)
                column = decode_dictionary(
                    plan, array, first, stop - start, self.dictionaries[i], None, self.owner, self.budget)
            elif plan.arrives.kind == PFX_KIND_UTF8_VIEW or plan.arrives.kind == PFX_KIND_BINARY_VIEW:
                column = flatten_views(plan, array, first, stop - start, None, self.budget)
            else:
                if self.whole[i] is None:
                    self.whole[i] = import_all(plan, array, None, self.owner, self.budget)
                column = (<Column> self.whole[i]).slice_rows(first, first + stop - start)
            result.append(column)
        return result


cdef ImportedBatch batch_of(Schema schema, tuple plans, ImportedArray owner, MemoryBudget budget, str producer):
    cdef const ArrowArray *array = &owner.array
    cdef ImportedBatch batch = ImportedBatch.__new__(ImportedBatch)
    cdef ImportPlan plan
    cdef Py_ssize_t i
    if array.length < 0 or array.offset < 0 or array.length > (1 << 56) or array.offset > (1 << 56):
        raise CorruptDataError(f"{producer}: impossible length {array.length} or offset {array.offset}")
    if array.n_children != len(plans) or (array.n_children > 0 and array.children == NULL):
        raise CorruptDataError(f"{producer}: {array.n_children} columns of {len(plans)}")
    if array.null_count > 0 or (array.null_count < 0 and has_null_rows(array)):
        raise CorruptDataError(f"{producer}: a table cannot have null rows")
    for i in range(len(plans)):
        plan = plans[i]
        check_array(plan, array.children[i])
        if array.children[i].length - array.length < array.offset:
            raise CorruptDataError(
                f"column {plan.path!r}: {array.children[i].length} rows, but the batch has {array.length} from row "
                f"{array.offset} on"
            )
    batch.schema = schema
    batch.plans = plans
    batch.owner = owner
    batch.length = array.length
    batch.budget = budget
    batch.whole = [None] * len(plans)
    batch.dictionaries = [None] * len(plans)
    return batch


cdef bint has_null_rows(const ArrowArray *array) noexcept:
    if array.n_buffers < 1 or array.buffers == NULL or array.buffers[0] == NULL:
        return False
    return pfx_bits_count(<const uint8_t *> array.buffers[0], array.offset, array.length) != array.length


# ---- producers ----


cdef ImportedBatch import_batch(object producer, MemoryBudget budget):
    name = name_of(producer)
    schema_capsule, array_capsule = producer.__arrow_c_array__()
    cdef ImportedSchema schema = adopt_schema(schema_capsule, name)
    cdef ImportedArray array = adopt_array(array_capsule, name)
    fields, plans = plans_of(&schema.schema, name)
    return batch_of(fields, plans, array, budget, name)


cdef Column import_column(object producer, MemoryBudget budget):
    name = name_of(producer)
    schema_capsule, array_capsule = producer.__arrow_c_array__()
    cdef ImportedSchema schema = adopt_schema(schema_capsule, name)
    cdef ImportedArray array = adopt_array(array_capsule, name)
    return import_all(plan_of(&schema.schema, "", 0), &array.array, None, array, budget)


@cython.final
cdef class ImportedStream:
    """Owns an ArrowArrayStream that a producer handed over; released at its end, by close(), or with the object."""

    def __cinit__(self):
        memset(&self.stream, 0, sizeof(ArrowArrayStream))

    def __dealloc__(self):
        self.close()

    cdef ImportedBatch next_batch(self):
        """The next batch; None after the last one."""
        cdef ImportedArray array = ImportedArray()
        cdef int code
        if self.stream.release == NULL:
            return None
        with nogil:
            code = self.stream.get_next(&self.stream, &array.array)
        if code != 0:
            array.array.release = NULL
            raise stream_error(self, code)
        if array.array.release == NULL:
            self.close()
            return None
        return batch_of(self.schema, self.plans, array, self.budget, self.producer)

    cdef int close(self) except -1:
        if self.stream.release != NULL:
            with nogil:
                self.stream.release(&self.stream)
            self.stream.release = NULL
        return 0


cdef object stream_error(ImportedStream stream, int code):
    """The producer's own words, as an exception; the stream is released, since nothing more can come."""
    cdef const char *text = stream.stream.get_last_error(&stream.stream)
    words = text[:strlen(text)].decode("utf-8", "replace") if text != NULL else f"error {code}"
    stream.close()
    return SourceError(f"{stream.producer}: {words}")


cdef ImportedStream import_stream(object producer, MemoryBudget budget):
    cdef ImportedStream result = ImportedStream()
    cdef ImportedSchema schema = ImportedSchema()
    cdef int code
    result.producer = name_of(producer)
    result.budget = budget
    capsule = producer.__arrow_c_stream__()
    cdef ArrowArrayStream *source = <ArrowArrayStream *> pointer_of(capsule, "arrow_array_stream", result.producer)
    if source.release == NULL:
        raise CorruptDataError(f"{result.producer}: the stream in the capsule is already consumed")
    result.stream = source[0]
    source.release = NULL
    with nogil:
        code = result.stream.get_schema(&result.stream, &schema.schema)
    if code != 0:
        schema.schema.release = NULL
        raise stream_error(result, code)
    result.schema, result.plans = plans_of(&schema.schema, result.producer)
    return result
