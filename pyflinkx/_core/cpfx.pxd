# The only `cdef extern` in the package: one block per header of csrc/include/pfx, in the headers' own order.
from cpython.ref cimport PyObject
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t


cdef extern from "Python.h":
    # Cython's own declaration raises; here the caller looks at PyErr_Occurred().
    PyObject *PyDict_GetItemWithError(object table, object key) noexcept
    bint PyUnicode_IS_ASCII(object text) noexcept

# Of a dict, with a hash that is not the key's own; declared here as newer versions of Python.h leave some of them out.
cdef extern from *:
    """
    extern PyObject *_PyDict_GetItem_KnownHash(PyObject *, PyObject *, Py_hash_t);
    extern int _PyDict_SetItem_KnownHash(PyObject *, PyObject *, PyObject *, Py_hash_t);
    extern int _PyDict_DelItem_KnownHash(PyObject *, PyObject *, Py_hash_t);
    """
    PyObject *_PyDict_GetItem_KnownHash(object table, object key, Py_hash_t hash) except? NULL
    int _PyDict_SetItem_KnownHash(object table, object key, object value, Py_hash_t hash) except -1
    int _PyDict_DelItem_KnownHash(object table, object key, Py_hash_t hash) except -1


cdef extern from "pfx/status.h" nogil:
    ctypedef enum pfx_status:
        PFX_OK
        PFX_NO_MEMORY
        PFX_OVER_BUDGET
        PFX_OUT_OF_RANGE
        PFX_OVERFLOW
        PFX_CORRUPT
        PFX_INVALID_UTF8
        PFX_INVALID_ARGUMENT
        PFX_WRONG_STATE
        PFX_TIMEOUT
        PFX_TRUNCATED
        PFX_CLOSED
        PFX_SYSTEM

    const char *pfx_status_text(pfx_status status)


cdef extern from "pfx/memory.h" nogil:
    ctypedef struct pfx_budget:
        int64_t limit

    ctypedef struct pfx_kept_blocks:
        pass

    void pfx_kept_blocks_init(pfx_kept_blocks *kept)
    void pfx_budget_init(pfx_budget *budget, int64_t limit)
    void pfx_budget_keep(pfx_budget *budget, pfx_kept_blocks *kept)
    pfx_status pfx_budget_charge(pfx_budget *budget, int64_t size)
    void pfx_budget_refund(pfx_budget *budget, int64_t size)
    int64_t pfx_budget_used(const pfx_budget *budget)
    int64_t pfx_budget_peak(const pfx_budget *budget)
    pfx_status pfx_alloc(pfx_budget *budget, int64_t size, void **out)
    pfx_status pfx_alloc_zero(pfx_budget *budget, int64_t size, void **out)
    pfx_status pfx_resize(pfx_budget *budget, void **memory, int64_t old_size, int64_t new_size)
    void pfx_free(pfx_budget *budget, void *memory, int64_t size)


# ---- pfx/bytes.h, pfx/utf8.h (codec) ----
cdef extern from "pfx/bytes.h" nogil:
    ctypedef struct pfx_reader:
        const uint8_t *at
        const uint8_t *end

    ctypedef struct pfx_writer:
        uint8_t *data
        size_t size
        size_t capacity

    void pfx_writer_init(pfx_writer *writer, pfx_budget *budget)
    void pfx_writer_free(pfx_writer *writer)
    pfx_status pfx_writer_reserve(pfx_writer *writer, size_t more)
    pfx_status pfx_write_u8(pfx_writer *writer, uint8_t value)
    pfx_status pfx_write_varint(pfx_writer *writer, uint64_t value)
    pfx_status pfx_write_zigzag(pfx_writer *writer, int64_t value)
    pfx_status pfx_write_i16(pfx_writer *writer, int16_t value)
    pfx_status pfx_write_i32(pfx_writer *writer, int32_t value)
    pfx_status pfx_write_i64(pfx_writer *writer, int64_t value)
    pfx_status pfx_write_f32(pfx_writer *writer, float value)
    pfx_status pfx_write_f64(pfx_writer *writer, double value)
    pfx_status pfx_write_bytes(pfx_writer *writer, const void *data, size_t count)
    pfx_status pfx_write_zeros(pfx_writer *writer, size_t count)
    size_t pfx_reader_left(const pfx_reader *reader)
    pfx_status pfx_read_bytes(pfx_reader *reader, uint64_t count, const uint8_t **out)
    pfx_status pfx_read_u8(pfx_reader *reader, uint8_t *out)
    pfx_status pfx_read_varint(pfx_reader *reader, uint64_t *out)
    pfx_status pfx_read_zigzag(pfx_reader *reader, int64_t *out)
    pfx_status pfx_read_i16(pfx_reader *reader, int16_t *out)
    pfx_status pfx_read_i32(pfx_reader *reader, int32_t *out)
    pfx_status pfx_read_i64(pfx_reader *reader, int64_t *out)
    pfx_status pfx_read_f32(pfx_reader *reader, float *out)
    pfx_status pfx_read_f64(pfx_reader *reader, double *out)
    pfx_status pfx_check_bitmap(const uint8_t *data, size_t count, int64_t bits)


cdef extern from "pfx/utf8.h" nogil:
    ctypedef struct pfx_utf8_shape:
        size_t characters
        uint32_t widest

    size_t pfx_utf8_ascii_prefix(const uint8_t *data, size_t count)
    pfx_status pfx_utf8_scan(const uint8_t *data, size_t count, pfx_utf8_shape *out)
    void pfx_utf8_decode_8(const uint8_t *data, size_t count, uint8_t *out)
    void pfx_utf8_decode_16(const uint8_t *data, size_t count, uint16_t *out)
    void pfx_utf8_decode_32(const uint8_t *data, size_t count, uint32_t *out)


# ---- pfx/arrow.h (batch) ----
cdef extern from "pfx/arrow.h" nogil:
    const int ARROW_FLAG_NULLABLE

    struct ArrowSchema:
        const char *format
        const char *name
        const char *metadata
        int64_t flags
        int64_t n_children
        ArrowSchema **children
        ArrowSchema *dictionary
        void (*release)(ArrowSchema *) noexcept nogil
        void *private_data

    struct ArrowArray:
        int64_t length
        int64_t null_count
        int64_t offset
        int64_t n_buffers
        int64_t n_children
        const void **buffers
        ArrowArray **children
        ArrowArray *dictionary
        void (*release)(ArrowArray *) noexcept nogil
        void *private_data

    struct ArrowArrayStream:
        int (*get_schema)(ArrowArrayStream *, ArrowSchema *) noexcept nogil
        int (*get_next)(ArrowArrayStream *, ArrowArray *) noexcept nogil
        const char *(*get_last_error)(ArrowArrayStream *) noexcept nogil
        void (*release)(ArrowArrayStream *) noexcept nogil
        void *private_data

    ctypedef enum pfx_kind:
        PFX_KIND_NULL
        PFX_KIND_BOOL
        PFX_KIND_INT8
        PFX_KIND_INT16
        PFX_KIND_INT32
        PFX_KIND_INT64
        PFX_KIND_UINT8
        PFX_KIND_UINT16
        PFX_KIND_UINT32
        PFX_KIND_UINT64
        PFX_KIND_FLOAT32
        PFX_KIND_FLOAT64
        PFX_KIND_UTF8
        PFX_KIND_BINARY
        PFX_KIND_UTF8_VIEW
        PFX_KIND_BINARY_VIEW
        PFX_KIND_FIXED_BINARY
        PFX_KIND_DATE32
        PFX_KIND_DATE64
        PFX_KIND_TIME32
        PFX_KIND_TIME64
        PFX_KIND_TIMESTAMP
        PFX_KIND_DURATION
        PFX_KIND_DECIMAL128
        PFX_KIND_LIST
        PFX_KIND_STRUCT

    ctypedef enum pfx_time_unit:
        PFX_SECOND
        PFX_MILLISECOND
        PFX_MICROSECOND
        PFX_NANOSECOND

    ctypedef struct pfx_arrow_type:
        pfx_kind kind
        pfx_time_unit unit
        int32_t width
        int32_t offset_width
        int32_t buffers
        int32_t children
        int32_t precision
        int32_t scale
        const char *timezone

    pfx_status pfx_arrow_type_parse(const char *format, pfx_arrow_type *out)
    pfx_status pfx_offsets_check(const void *offsets, int32_t offset_width, int64_t length, int64_t limit)
    pfx_status pfx_views_measure(
        const uint8_t *views, const uint8_t *validity, int64_t bit_offset, int64_t length, int64_t buffer_count,
        const int64_t *sizes, int64_t *total)
    void pfx_views_flatten(
        const uint8_t *views, const uint8_t *validity, int64_t bit_offset, int64_t length,
        const uint8_t *const *buffers, int32_t *offsets, uint8_t *data)


# ---- pfx/bitmap.h (batch) ----
cdef extern from "pfx/bitmap.h" nogil:
    int64_t pfx_bitmap_bytes(int64_t bits)
    int pfx_bit_get(const uint8_t *bits, int64_t i)
    void pfx_bit_set(uint8_t *bits, int64_t i, int value)
    int64_t pfx_bits_count(const uint8_t *bits, int64_t offset, int64_t length)
    void pfx_bits_copy(uint8_t *to, int64_t to_offset, const uint8_t *source, int64_t source_offset, int64_t length)
    void pfx_bits_fill(uint8_t *bits, int64_t offset, int64_t length, int value)
    void pfx_bits_expand(const uint8_t *bits, int64_t offset, int64_t length, uint8_t *bytes)


# ---- pfx/gather.h (batch) ----
cdef extern from "pfx/gather.h" nogil:
    pfx_status pfx_indices_check(const int64_t *indices, int64_t count, int64_t length, int64_t lowest)
    pfx_status pfx_codes_to_indices(
        const void *codes, int32_t width, int is_signed, const uint8_t *validity, int64_t bit_offset, int64_t length,
        int64_t dictionary_length, int64_t *indices)
    int64_t pfx_mask_count(const uint8_t *mask, int64_t length)
    void pfx_mask_to_indices(const uint8_t *mask, int64_t length, int64_t *indices)
    void pfx_gather_fixed(uint8_t *to, const uint8_t *source, int32_t width, const int64_t *indices, int64_t count)
    int64_t pfx_gather_bits(
        uint8_t *to, const uint8_t *source, int64_t bit_offset, const int64_t *indices, int64_t count)
    pfx_status pfx_gather_offsets(
        void *to, const void *source, int32_t offset_width, const int64_t *indices, int64_t count, int64_t *total)
    void pfx_gather_bytes(
        uint8_t *to, const uint8_t *source, const void *offsets, int32_t offset_width, const int64_t *indices,
        int64_t count)
    void pfx_gather_elements(
        int64_t *to, const void *offsets, int32_t offset_width, const int64_t *indices, int64_t count)
    pfx_status pfx_offsets_rebase(void *to, const void *source, int32_t offset_width, int64_t length, int64_t base)


# ---- pfx/column_math.h (column_math) ----
cdef extern from "pfx/column_math.h" nogil:
    ctypedef enum pfx_math:
        PFX_MATH_ADD
        PFX_MATH_SUBTRACT
        PFX_MATH_MULTIPLY
        PFX_MATH_FLOOR_DIVIDE
        PFX_MATH_MODULO

    int64_t pfx_int64_largest(const int64_t *values, int64_t length)
    pfx_status pfx_int64_math(
        pfx_math operation, const int64_t *left, int64_t left_step, const int64_t *right, int64_t right_step,
        const uint8_t *valid, int64_t length, int64_t *to, int64_t *row)


# ---- pfx/calendar.h (batch) ----
cdef extern from "pfx/calendar.h" nogil:
    const int64_t PFX_NO_TIMESTAMP
    const int64_t PFX_DAY_MS

    int64_t pfx_floor_div(int64_t value, int64_t divisor)
    int64_t pfx_floor_mod(int64_t value, int64_t divisor)
    int64_t pfx_units_per_second(pfx_time_unit unit)
    void pfx_civil_from_days(int64_t days, int64_t *year, int *month, int *day)
    int64_t pfx_days_from_civil(int64_t year, int month, int day)
    pfx_status pfx_units_to_ms(
        const int64_t *source, pfx_time_unit unit, const uint8_t *validity, int64_t bit_offset, int64_t length,
        int64_t *to)
    void pfx_days_to_ms(
        const int32_t *source, const uint8_t *validity, int64_t bit_offset, int64_t length, int64_t *to)


# ---- pfx/decimal.h (batch) ----
cdef extern from "pfx/decimal.h" nogil:
    const int PFX_DECIMAL_TEXT

    int pfx_decimal_format(const uint8_t *value, int32_t scale, char *text)
    pfx_status pfx_decimal_parse(
        const char *text, int64_t length, int32_t precision, int32_t scale, uint8_t *value)


# ---- pfx/xxh64.h, pfx/key.h (partition) ----
cdef extern from "pfx/xxh64.h" nogil:
    uint64_t pfx_xxh64(const void *data, size_t size, uint64_t seed)


cdef extern from "pfx/key.h" nogil:
    int PFX_KEY_FORMAT
    int PFX_MAX_KEY_GROUPS

    ctypedef enum pfx_key_tag:
        PFX_KEY_LONG
        PFX_KEY_TIME
        PFX_KEY_TIME_OFFSET
        PFX_KEY_TIMESTAMP
        PFX_KEY_INSTANT
        PFX_KEY_ENUM
        PFX_KEY_TUPLE
        PFX_KEY_RECORD
        PFX_KEY_ROW

    int32_t pfx_key_group(uint64_t hash, int32_t max_parallelism)
    int32_t pfx_subtask(int32_t group, int32_t max_parallelism, int32_t parallelism)
    void pfx_key_group_range(
        int32_t subtask, int32_t max_parallelism, int32_t parallelism, int32_t *start, int32_t *stop
    )

    ctypedef struct pfx_key:
        uint8_t *bytes
        int64_t size

    void pfx_key_init(pfx_key *key, pfx_budget *budget)
    void pfx_key_free(pfx_key *key)
    void pfx_key_clear(pfx_key *key)
    uint64_t pfx_key_hash(const pfx_key *key)
    uint64_t pfx_key_hash_long(int64_t value)
    pfx_status pfx_key_put_none(pfx_key *key)
    pfx_status pfx_key_put_long(pfx_key *key, int64_t value)
    pfx_status pfx_key_put_integer(pfx_key *key, int negative, const uint8_t *magnitude, int64_t size)
    pfx_status pfx_key_put_double(pfx_key *key, double value)
    pfx_status pfx_key_put_decimal(pfx_key *key, int negative, int64_t exponent, const char *digits, int64_t count)
    pfx_status pfx_key_put_digits(pfx_key *key, int negative, const uint8_t *digits, int count, int32_t exponent)
    pfx_status pfx_key_put_text(pfx_key *key, int width, const void *points, int64_t length)
    pfx_status pfx_key_put_bytes(pfx_key *key, const void *data, int64_t size)
    pfx_status pfx_key_put_date(pfx_key *key, int32_t days)
    pfx_status pfx_key_put_micros(pfx_key *key, pfx_key_tag tag, int64_t micros)
    pfx_status pfx_key_put_duration(pfx_key *key, int32_t days, int64_t micros)
    pfx_status pfx_key_put_uuid(pfx_key *key, const uint8_t *bytes)
    pfx_status pfx_key_begin(pfx_key *key, pfx_key_tag tag)
    pfx_status pfx_key_put_byte(pfx_key *key, uint8_t value)
    pfx_status pfx_key_put_count(pfx_key *key, int64_t count)
    pfx_status pfx_key_put_name(pfx_key *key, int width, const void *points, int64_t length)


# ---- pfx/key_columns.h (partition) ----
cdef extern from "pfx/key_columns.h" nogil:
    ctypedef struct pfx_key_column:
        const pfx_arrow_type *type
        const uint8_t *validity
        const void *offsets
        const uint8_t *data
        int64_t offset

    int pfx_key_column_allowed(pfx_kind kind)
    pfx_status pfx_key_put_row(pfx_key *key, const pfx_key_column *columns, int32_t count, int64_t row)
    pfx_status pfx_column_key_groups(
        const pfx_key_column *columns, int32_t count, int64_t rows, int32_t max_parallelism, pfx_budget *budget,
        int32_t *groups, int64_t *row)


# ---- pfx/out_column.h to pfx/partials.h (native_agg, native_window, native_partial) ----
cdef extern from "pfx/out_column.h" nogil:
    ctypedef struct pfx_out_column:
        int64_t rows
        int64_t nulls
        uint8_t *data
        int64_t data_capacity
        uint8_t *validity
        int64_t validity_capacity
        uint8_t *offsets
        int64_t offsets_capacity

    void pfx_out_column_init(pfx_out_column *column, const pfx_arrow_type *type, pfx_budget *budget)
    void pfx_out_column_free(pfx_out_column *column)
    pfx_status pfx_out_column_trim(pfx_out_column *column)
    pfx_out_column pfx_out_column_take(pfx_out_column *column)


cdef extern from "pfx/key_hash.h" nogil:
    ctypedef struct pfx_key_secret:
        pass

    uint64_t pfx_key_hash_word(const pfx_key_secret *secret, uint64_t word)
    uint64_t pfx_key_hash_pair(const pfx_key_secret *secret, uint64_t first, uint64_t second)
    uint64_t pfx_key_hash_bytes(const pfx_key_secret *secret, const uint8_t *bytes, int64_t size)


cdef extern from "pfx/key_index.h" nogil:
    enum:
        PFX_CHUNK

    ctypedef struct pfx_key_index:
        uint32_t count
        uint32_t *direct
        int64_t longest
        int32_t secrets

    void pfx_key_index_init(
        pfx_key_index *index, pfx_budget *budget, const pfx_key_secret *secret, const pfx_arrow_type *types,
        int32_t columns)
    void pfx_key_index_free(pfx_key_index *index)
    pfx_status pfx_key_index_map(
        pfx_key_index *index, const pfx_key_column *columns, int64_t start, int64_t rows, uint32_t *ids)
    pfx_status pfx_key_index_compact(pfx_key_index *index, uint32_t *renumbered)
    pfx_status pfx_key_index_write(
        const pfx_key_index *index, int32_t column, const uint32_t *ids, int64_t count, pfx_out_column *out)


cdef extern from "pfx/agg.h" nogil:
    ctypedef enum pfx_acc_kind:
        PFX_ACC_ROWS
        PFX_ACC_COUNT
        PFX_ACC_SUM_INT
        PFX_ACC_SUM_REAL
        PFX_ACC_MIN
        PFX_ACC_MAX
        PFX_ACC_MOMENTS
        PFX_ACC_FIRST
        PFX_ACC_LAST
        PFX_ACC_MIN_BY
        PFX_ACC_MAX_BY
        PFX_ACC_DISTINCT

    ctypedef enum pfx_result_kind:
        PFX_RESULT_VALUE
        PFX_RESULT_COUNT
        PFX_RESULT_MEAN
        PFX_RESULT_STDDEV

    ctypedef struct pfx_acc:
        pfx_acc_kind kind
        int32_t field
        int32_t by

    ctypedef struct pfx_agg:
        pfx_acc *accs
        int32_t count
        int64_t stride
        bint owning

    void pfx_agg_init(
        pfx_agg *agg, pfx_budget *budget, const pfx_key_secret *secret, const pfx_arrow_type *types)
    void pfx_agg_free(pfx_agg *agg)
    pfx_status pfx_agg_add(pfx_agg *agg, pfx_acc_kind kind, int32_t field, int32_t by, int32_t *number)


cdef extern from "pfx/agg_columns.h" nogil:
    ctypedef struct pfx_agg_import:
        int64_t failed_row
        int32_t failed_acc

    int32_t pfx_acc_columns(pfx_acc_kind kind)
    pfx_status pfx_agg_import_init(pfx_agg_import *states, pfx_agg *agg, const pfx_key_column *columns, int64_t rows)
    void pfx_agg_import_free(pfx_agg_import *states)


cdef extern from "pfx/state_rows.h" nogil:
    ctypedef struct pfx_state_rows:
        int64_t rows

    pfx_status pfx_state_rows_init(
        pfx_state_rows *rows, const pfx_agg *agg, const pfx_key_index *index, int32_t max_parallelism,
        pfx_out_column *columns, int32_t spaces)
    void pfx_state_rows_free(pfx_state_rows *rows)


cdef extern from "pfx/results.h" nogil:
    ctypedef struct pfx_result:
        int32_t acc
        pfx_result_kind kind

    ctypedef struct pfx_results:
        const pfx_agg *agg
        const pfx_key_index *index
        const pfx_result *results
        int32_t count
        pfx_out_column *keys
        pfx_out_column *bounds
        pfx_out_column *values
        pfx_out_column *stamps
        int64_t rows
        int64_t work
        int64_t most_bytes
        int64_t expected
        int32_t failed_result
        uint32_t failed_key

    int64_t PFX_RESULT_BYTES
    bint pfx_results_are_few(pfx_results *results)


cdef extern from "pfx/slicing.h" nogil:
    ctypedef struct pfx_slicing:
        pass

    pfx_status pfx_slicing_init(pfx_slicing *slicing, int64_t size, int64_t slide, int64_t offset, bint cumulative)


cdef extern from "pfx/panes.h" nogil:
    ctypedef struct pfx_panes:
        int64_t count

    int64_t pfx_panes_held(const pfx_panes *panes)


cdef extern from "pfx/slices.h" nogil:
    ctypedef struct pfx_slices:
        pfx_panes panes
        int64_t watermark
        int64_t sequence

    pfx_status pfx_slices_init(
        pfx_slices *slices, pfx_agg *agg, pfx_key_index *index, int64_t size, int64_t slide, int64_t offset,
        bint cumulative, int64_t lateness)
    void pfx_slices_free(pfx_slices *slices)
    pfx_status pfx_slices_add(
        pfx_slices *slices, const pfx_key_column *keys, const pfx_key_column *fields, const int64_t *timestamps,
        int64_t rows, int64_t limit, int64_t *done, int64_t *late, int64_t *late_count, pfx_results *results,
        int64_t *row, int *more)
    pfx_status pfx_slices_merge(
        pfx_slices *slices, const pfx_key_column *keys, pfx_agg_import *states, const int64_t *lasts,
        const int64_t *counts, int64_t rows, int64_t *late_rows, int64_t *row)
    pfx_status pfx_slices_fire(
        pfx_slices *slices, int64_t watermark, int64_t limit, pfx_results *results, int *more)
    pfx_status pfx_slices_next_end(pfx_slices *slices, int64_t *end, int *found)


cdef extern from "pfx/sessions.h" nogil:
    ctypedef struct pfx_sessions:
        int64_t live
        int64_t watermark
        int64_t sequence

    pfx_status pfx_sessions_init(
        pfx_sessions *sessions, pfx_agg *agg, pfx_key_index *index, int64_t gap, int64_t lateness)
    void pfx_sessions_free(pfx_sessions *sessions)
    pfx_status pfx_sessions_add(
        pfx_sessions *sessions, const pfx_key_column *keys, const pfx_key_column *fields, const int64_t *timestamps,
        int64_t rows, int64_t limit, int64_t *done, int64_t *late, int64_t *late_count, pfx_results *results,
        int64_t *row, int *more)
    pfx_status pfx_sessions_fire(
        pfx_sessions *sessions, int64_t watermark, int64_t limit, pfx_results *results, int *more)


cdef extern from "pfx/counts.h" nogil:
    ctypedef struct pfx_counts:
        int64_t live
        int64_t sequence

    pfx_status pfx_counts_init(pfx_counts *counts, pfx_agg *agg, pfx_key_index *index, int64_t size, int64_t slide)
    void pfx_counts_free(pfx_counts *counts)
    pfx_status pfx_counts_add(
        pfx_counts *counts, const pfx_key_column *keys, const pfx_key_column *fields, int64_t rows, int64_t timestamp,
        int64_t limit, int64_t *done, pfx_results *results, int *more)


cdef extern from "pfx/running.h" nogil:
    ctypedef struct pfx_running:
        int64_t sequence
        int64_t count

    pfx_status pfx_running_init(pfx_running *running, pfx_agg *agg, pfx_key_index *index)
    void pfx_running_free(pfx_running *running)
    pfx_status pfx_running_add(
        pfx_running *running, const pfx_key_column *keys, const pfx_key_column *fields, int64_t rows, int each,
        int64_t limit, int64_t *done, pfx_results *results)
    pfx_status pfx_running_merge(
        pfx_running *running, const pfx_key_column *keys, pfx_agg_import *states, int64_t rows)
    pfx_status pfx_running_finish(pfx_running *running, int64_t first, int64_t limit, pfx_results *results)


cdef extern from "pfx/partials.h" nogil:
    ctypedef struct pfx_partial_rows:
        pfx_state_rows rows
        int64_t most_bytes

    pfx_status pfx_partial_rows_init(
        pfx_partial_rows *partials, const pfx_agg *agg, const pfx_key_index *index, int32_t max_parallelism,
        int32_t subtasks, pfx_out_column *columns, int32_t spaces)
    void pfx_partial_rows_free(pfx_partial_rows *partials)

    ctypedef struct pfx_partials:
        pfx_panes panes
        int64_t sequence

    pfx_status pfx_partials_init(
        pfx_partials *partials, pfx_agg *agg, pfx_key_index *index, const pfx_slicing *slicing)
    void pfx_partials_free(pfx_partials *partials)
    pfx_status pfx_partials_add(
        pfx_partials *partials, const pfx_key_column *keys, const pfx_key_column *fields, const int64_t *timestamps,
        int64_t start, int64_t rows, int64_t watermark, int64_t *row)
    pfx_status pfx_partials_send(
        pfx_partials *partials, pfx_partial_rows *rows, int64_t watermark, int64_t limit, int *more)
    void pfx_partials_forget_keys(pfx_partials *partials, pfx_partial_rows *rows)
    pfx_status pfx_partials_send_running(
        const pfx_running *running, pfx_partial_rows *rows, int64_t first, int64_t limit)
    void pfx_partials_forget_running(pfx_running *running, pfx_partial_rows *rows)


cdef extern from "pfx/state_export.h" nogil:
    ctypedef struct pfx_export_place:
        int64_t at
        int64_t within

    pfx_status pfx_running_export(
        const pfx_running *running, pfx_state_rows *rows, pfx_export_place *place, int64_t limit)
    pfx_status pfx_slices_export(
        const pfx_slices *slices, pfx_state_rows *rows, pfx_export_place *place, int64_t limit)
    pfx_status pfx_sessions_export(
        const pfx_sessions *sessions, pfx_state_rows *rows, pfx_export_place *place, int64_t limit)
    pfx_status pfx_counts_export(
        const pfx_counts *counts, pfx_state_rows *rows, pfx_export_place *place, int64_t limit)
    pfx_status pfx_slices_import(
        pfx_slices *slices, const pfx_key_column *keys, const pfx_key_column *spaces, pfx_agg_import *states,
        int64_t rows)
    pfx_status pfx_sessions_import(
        pfx_sessions *sessions, const pfx_key_column *keys, const pfx_key_column *spaces, pfx_agg_import *states,
        int64_t rows)
    pfx_status pfx_counts_import(
        pfx_counts *counts, const pfx_key_column *keys, const pfx_key_column *spaces, pfx_agg_import *states,
        int64_t rows)


# ---- pfx/monitor.h, pfx/segment.h (segment) ----
cdef extern from "pfx/monitor.h" nogil:
    int64_t pfx_monotonic_ns()
    int64_t pfx_deadline(int64_t timeout)


cdef extern from "pfx/segment.h" nogil:
    const int64_t PFX_SEGMENT_MIN_SIZE
    const int64_t PFX_SEGMENT_MAX_SIZE

    ctypedef struct pfx_segment:
        uint8_t *data
        int64_t size

    ctypedef struct pfx_segment_pool:
        int64_t segment_size
        int64_t total

    pfx_status pfx_segment_pool_init(
        pfx_segment_pool *pool, pfx_budget *budget, void *base, int64_t segment_size, int64_t total
    )
    void pfx_segment_pool_destroy(pfx_segment_pool *pool)
    pfx_status pfx_segment_pool_request(pfx_segment_pool *pool, int64_t timeout, pfx_segment **out)
    pfx_status pfx_segment_pool_close(pfx_segment_pool *pool, int64_t timeout)
    int64_t pfx_segment_pool_in_use(pfx_segment_pool *pool)
    int64_t pfx_segment_pool_peak(pfx_segment_pool *pool)
    bint pfx_segment_pool_closed(pfx_segment_pool *pool)
    pfx_status pfx_segment_retain(pfx_segment *segment)
    pfx_status pfx_segment_release(pfx_segment *segment)
    int64_t pfx_segment_references(const pfx_segment *segment)


cdef extern from "pfx/segment_access.h" nogil:
    pfx_status pfx_segment_check(const pfx_segment *segment, int64_t offset, int64_t length)
    pfx_status pfx_segment_put_i8(pfx_segment *segment, int64_t offset, int8_t value)
    pfx_status pfx_segment_put_i16(pfx_segment *segment, int64_t offset, int16_t value)
    pfx_status pfx_segment_put_i32(pfx_segment *segment, int64_t offset, int32_t value)
    pfx_status pfx_segment_put_i64(pfx_segment *segment, int64_t offset, int64_t value)
    pfx_status pfx_segment_put_f32(pfx_segment *segment, int64_t offset, float value)
    pfx_status pfx_segment_put_f64(pfx_segment *segment, int64_t offset, double value)
    pfx_status pfx_segment_get_i8(const pfx_segment *segment, int64_t offset, int8_t *out)
    pfx_status pfx_segment_get_i16(const pfx_segment *segment, int64_t offset, int16_t *out)
    pfx_status pfx_segment_get_i32(const pfx_segment *segment, int64_t offset, int32_t *out)
    pfx_status pfx_segment_get_i64(const pfx_segment *segment, int64_t offset, int64_t *out)
    pfx_status pfx_segment_get_f32(const pfx_segment *segment, int64_t offset, float *out)
    pfx_status pfx_segment_get_f64(const pfx_segment *segment, int64_t offset, double *out)
    pfx_status pfx_segment_put_bytes(pfx_segment *segment, int64_t offset, const void *bytes, int64_t length)
    pfx_status pfx_segment_get_bytes(const pfx_segment *segment, int64_t offset, void *out, int64_t length)
    pfx_status pfx_segment_copy(
        const pfx_segment *source, int64_t offset, pfx_segment *target, int64_t target_offset, int64_t length
    )
    pfx_status pfx_segment_compare(
        const pfx_segment *left,
        int64_t left_offset,
        const pfx_segment *right,
        int64_t right_offset,
        int64_t length,
        int *out,
    )


# ---- pfx/timers.h (timers) ----
cdef extern from "pfx/timers.h" nogil:
    ctypedef struct pfx_timer:
        void *owner

    ctypedef struct pfx_timers:
        int64_t count

    void pfx_timers_init(pfx_timers *timers, pfx_budget *budget)
    void pfx_timers_reset(pfx_timers *timers)
    void pfx_timer_init(pfx_timer *timer, void *owner)
    pfx_status pfx_timers_add(pfx_timers *timers, int64_t timestamp, pfx_timer *timer)
    pfx_status pfx_timers_remove(pfx_timers *timers, pfx_timer *timer)
    pfx_timer *pfx_timers_first(const pfx_timers *timers, int64_t *timestamp)


# ---- pfx/event.h, pfx/arena.h, pfx/ring.h, pfx/exchange.h (exchange) ----
cdef extern from "pfx/event.h" nogil:
    ctypedef struct pfx_event:
        pass

    pfx_status pfx_event_init(pfx_event *event)
    void pfx_event_destroy(pfx_event *event)
    uint32_t pfx_event_prepare(const pfx_event *event)
    bint pfx_event_wait(pfx_event *event, uint32_t sequence, int64_t deadline)
    void pfx_event_signal(pfx_event *event)


cdef extern from "pfx/arena.h" nogil:
    const int PFX_ARENAS
    const int64_t PFX_ARENA_MAX_OBJECTS
    const int64_t PFX_ARENA_MAX_SEGMENTS
    const int64_t PFX_RING_MIN_CAPACITY
    const int64_t PFX_RING_MAX_CAPACITY

    ctypedef struct pfx_pool:
        pfx_event *event
        uint32_t segments

    ctypedef struct pfx_channel:
        pfx_pool *pool

    ctypedef struct pfx_arena:
        int fd
        int64_t nbytes
        pfx_pool *pools
        pfx_channel *channels
        uint32_t event_count
        uint32_t pool_count
        uint32_t channel_count
        uint32_t segment_size

    ctypedef struct pfx_pool_spec:
        uint32_t segments
        uint32_t event

    ctypedef struct pfx_channel_spec:
        uint32_t pool
        uint32_t producer
        uint32_t consumer

    ctypedef struct pfx_arena_spec:
        uint32_t events
        uint32_t pools
        uint32_t channels
        uint32_t ring_capacity
        uint32_t segment_size
        int64_t credit
        const pfx_pool_spec *pool
        const pfx_channel_spec *channel

    pfx_status pfx_arena_create(pfx_arena *arena, const pfx_arena_spec *spec, pfx_budget *budget)
    pfx_status pfx_arena_attach(pfx_arena *arena, int fd, pfx_budget *budget)
    void pfx_arena_close(pfx_arena *arena)
    void pfx_arena_cancel(pfx_arena *arena)
    bint pfx_arena_cancelled(const pfx_arena *arena)
    pfx_event *pfx_arena_event(const pfx_arena *arena, uint32_t index)


cdef extern from "pfx/ring.h" nogil:
    const uint32_t PFX_ENTRY_MAX_CONTROL
    const uint32_t PFX_ENTRY_DATA

    int64_t pfx_pool_in_use(const pfx_pool *pool)
    uint64_t pfx_channel_queued(const pfx_channel *channel)
    uint64_t pfx_channel_pending(const pfx_channel *channel)
    void pfx_channel_set_credit(pfx_channel *channel, uint64_t bytes)


cdef extern from "pfx/exchange.h" nogil:
    ctypedef struct pfx_part:
        const uint8_t *data
        int64_t size

    ctypedef struct pfx_sender:
        pfx_pool *pool
        int64_t size

    ctypedef struct pfx_receiver:
        pfx_channel *channel
        int64_t max_frame

    ctypedef struct pfx_received:
        uint32_t kind
        int64_t value

    void pfx_sender_init(pfx_sender *sender, pfx_arena *arena, pfx_channel **channels, uint32_t count)
    pfx_status pfx_sender_begin(pfx_sender *sender, const pfx_part *parts, int64_t count)
    pfx_status pfx_sender_send(pfx_sender *sender)
    pfx_status pfx_sender_control(pfx_sender *sender, uint32_t kind, int64_t value)
    pfx_status pfx_sender_ready(pfx_sender *sender)
    void pfx_receiver_init(
        pfx_receiver *receiver, pfx_arena *arena, pfx_channel *channel, int64_t max_frame, pfx_budget *budget
    )
    void pfx_receiver_reset(pfx_receiver *receiver)
    pfx_status pfx_receiver_next(pfx_receiver *receiver, pfx_received *out)
    uint8_t *pfx_receiver_take(pfx_receiver *receiver, int64_t *size)


cdef extern from "pfx/interval_join.h" nogil:
    ctypedef struct pfx_join:
        pfx_key_index index
        int64_t rows[2]
        int64_t watermark

    ctypedef struct pfx_join_cursor:
        int64_t row
        int64_t position

    void pfx_join_init(
        pfx_join *join, pfx_budget *budget, const pfx_key_secret *secret, int64_t lower, int64_t upper,
        int64_t window_size, int64_t window_offset
    )
    void pfx_join_free(pfx_join *join)
    void pfx_join_advance(pfx_join *join, int64_t watermark)
    int64_t pfx_join_late(const pfx_join *join, const int64_t *times, int64_t count, uint8_t *late)
    pfx_status pfx_join_find_keys(
        pfx_join *join, const pfx_key_column *columns, int32_t count, int64_t rows, int32_t *keys, int64_t *row
    )
    pfx_status pfx_join_probe(
        pfx_join *join, int side, const int32_t *keys, const int64_t *times, int64_t count, pfx_join_cursor *cursor,
        int64_t capacity, int64_t *rows, int64_t *numbers, int64_t *stamps, int64_t *pairs
    )
    pfx_status pfx_join_add(
        pfx_join *join, int side, const int32_t *keys, const int64_t *times, int64_t count, int64_t first
    )
    bint pfx_join_forgotten(const pfx_join *join, int64_t time)
    pfx_status pfx_join_expire(pfx_join *join)
    void pfx_join_mark(const pfx_join *join, int side, uint8_t *held)
    void pfx_join_times(const pfx_join *join, int side, int64_t *times)
    void pfx_join_renumber(pfx_join *join, int side, const int64_t *numbers)


# ---- Python.h: what Cython's own declarations leave out ----
cdef extern from "Python.h":
    void PyObject_GC_Track(object value)
    void PyObject_GC_UnTrack(object value)
    bint PyObject_GC_IsTracked(object value) noexcept
    int PyGC_Disable()
    int PyGC_Enable()

# ---- what CPython says of objects only by macros, for the copies of records ----

cdef extern from "Python.h":
    bint PyAnySet_CheckExact(object value) noexcept
    bint PyFrozenSet_CheckExact(object value) noexcept
    bint PyByteArray_CheckExact(object value) noexcept
    bint PyDict_CheckExact(object value) noexcept

cdef extern from *:
    """
    /* References that an object has; so many that it counts as shared where the count says nothing. */
    static inline Py_ssize_t pfx_references(PyObject *object) {
    #ifdef Py_GIL_DISABLED
        (void) object;
        return PY_SSIZE_T_MAX;
    #else
        return Py_REFCNT(object);
    #endif
    }

    typedef int (*pfx_visit)(PyObject *referent, void *argument);

    /* Whether a weak reference leads to the object. */
    static inline int pfx_is_weakly_held(PyObject *object) {
        Py_ssize_t offset = Py_TYPE(object)->tp_weaklistoffset;
        return offset != 0 && *(PyObject **) ((char *) object + offset) != NULL;
    }

    /* -1 with RecursionError where calls are nested too deep; else pfx_leave is to be called. */
    static inline int pfx_enter(void) {
        return Py_EnterRecursiveCall(" while a record is copied") ? -1 : 0;
    }

    static inline void pfx_leave(void) {
        Py_LeaveRecursiveCall();
    }

    /* Calls visit for all that the object refers to, until it returns something else than 0, which is returned. */
    static inline int pfx_traverse(PyObject *object, pfx_visit visit, void *argument) {
        traverseproc traverse = Py_TYPE(object)->tp_traverse;
        if (traverse == NULL || !PyObject_IS_GC(object)) {
            return 1;
        }
        return traverse(object, (visitproc) visit, argument);
    }
    """
    Py_ssize_t references "pfx_references"(object value) noexcept
    ctypedef int (*pfx_visit)(PyObject *referent, void *argument) noexcept
    int pfx_enter() except -1
    void pfx_leave() noexcept
    bint pfx_is_weakly_held(PyObject *object) noexcept
    int pfx_traverse(PyObject *object, pfx_visit visit, void *argument) noexcept
