"""Aggregates over columnar batches: what native windows and running aggregates share."""
cimport cython
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.stdint cimport int8_t, int32_t, int64_t, uint32_t

from pyflinkx._core.columns.batch cimport ColumnBatch, make_batch
from pyflinkx._core.columns.column cimport Column, first_value
from pyflinkx._core.columns.written cimport take_column
from pyflinkx._core.pfx.agg cimport (
    PFX_ACC_COUNT,
    PFX_ACC_DISTINCT,
    PFX_ACC_FIRST,
    PFX_ACC_LAST,
    PFX_ACC_MAX,
    PFX_ACC_MAX_BY,
    PFX_ACC_MIN,
    PFX_ACC_MIN_BY,
    PFX_ACC_MOMENTS,
    PFX_ACC_ROWS,
    PFX_ACC_SUM_INT,
    PFX_ACC_SUM_REAL,
    PFX_RESULT_COUNT,
    PFX_RESULT_MEAN,
    PFX_RESULT_STDDEV,
    PFX_RESULT_VALUE,
    pfx_acc,
    pfx_acc_kind,
    pfx_agg_add,
    pfx_agg_free,
    pfx_agg_init,
    pfx_result_kind,
)
from pyflinkx._core.pfx.arrow cimport (
    PFX_KIND_BOOL,
    PFX_KIND_DATE32,
    PFX_KIND_DURATION,
    PFX_KIND_FLOAT32,
    PFX_KIND_FLOAT64,
    pfx_arrow_type,
)
from pyflinkx._core.pfx.calendar cimport PFX_NO_TIMESTAMP
from pyflinkx._core.pfx.key_columns cimport pfx_key_column
from pyflinkx._core.pfx.key_index cimport pfx_key_index_free, pfx_key_index_init, pfx_key_index_write
from pyflinkx._core.pfx.out_column cimport (
    pfx_out_column,
    pfx_out_column_free,
    pfx_out_column_init,
    pfx_out_column_trim,
)
from pyflinkx._core.pfx.results cimport PFX_RESULT_BYTES, pfx_result, pfx_results_are_few
from pyflinkx._core.pfx.status cimport PFX_OK, PFX_OUT_OF_RANGE, PFX_OVERFLOW, pfx_status
from pyflinkx._core.keys.secret cimport process_secret
from pyflinkx._core.memory.budget cimport MemoryBudget, default_budget
from pyflinkx._core.columns.schema cimport Field, Schema
from pyflinkx._core.status cimport check

# function: (accumulator for integers, accumulator for floats, what is read off it)
cdef dict ACCUMULATORS = {
    "count": (PFX_ACC_COUNT, PFX_ACC_COUNT, PFX_RESULT_COUNT),
    "sum": (PFX_ACC_SUM_INT, PFX_ACC_SUM_REAL, PFX_RESULT_VALUE),
    "avg": (PFX_ACC_SUM_INT, PFX_ACC_SUM_REAL, PFX_RESULT_MEAN),
    "stddev": (PFX_ACC_MOMENTS, PFX_ACC_MOMENTS, PFX_RESULT_STDDEV),
    "min": (PFX_ACC_MIN, PFX_ACC_MIN, PFX_RESULT_VALUE),
    "max": (PFX_ACC_MAX, PFX_ACC_MAX, PFX_RESULT_VALUE),
    "first": (PFX_ACC_FIRST, PFX_ACC_FIRST, PFX_RESULT_VALUE),
    "last": (PFX_ACC_LAST, PFX_ACC_LAST, PFX_RESULT_VALUE),
    "min_by": (PFX_ACC_MIN_BY, PFX_ACC_MIN_BY, PFX_RESULT_VALUE),
    "max_by": (PFX_ACC_MAX_BY, PFX_ACC_MAX_BY, PFX_RESULT_VALUE),
    "count_distinct": (PFX_ACC_DISTINCT, PFX_ACC_DISTINCT, PFX_RESULT_VALUE),
}
# What states are written as: docs/formats/states.md. A change of the columns of one kind, or of what they mean, is a
# new version of it.
STATE_VERSION = 1
cdef dict KIND_NAMES = {
    PFX_ACC_ROWS: "rows",
    PFX_ACC_COUNT: "count",
    PFX_ACC_SUM_INT: "sum_int",
    PFX_ACC_SUM_REAL: "sum_real",
    PFX_ACC_MIN: "min",
    PFX_ACC_MAX: "max",
    PFX_ACC_MOMENTS: "moments",
    PFX_ACC_FIRST: "first",
    PFX_ACC_LAST: "last",
    PFX_ACC_MIN_BY: "min_by",
    PFX_ACC_MAX_BY: "max_by",
    PFX_ACC_DISTINCT: "distinct",
}
ACC_VERSIONS = dict.fromkeys(KIND_NAMES.values(), 1)
# Each part of an accumulator: a number, or a value of the field (of `by`), nullable, or a list of such.
cdef dict ACC_PARTS = {
    "rows": (("n", "l"),),
    "count": (("n", "l"),),
    "sum_int": (("low", "L"), ("high", "l"), ("n", "l")),
    "sum_real": (("sum", "g"), ("compensation", "g"), ("n", "l")),
    "min": (("value", "field"),),
    "max": (("value", "field"),),
    "moments": (("n", "l"), ("mean", "g"), ("squares", "g")),
    "first": (("sequence", "l"), ("value", "field")),
    "last": (("sequence", "l"), ("value", "field")),
    "min_by": (("sequence", "l"), ("value", "field"), ("by", "by")),
    "max_by": (("sequence", "l"), ("value", "field"), ("by", "by")),
    "distinct": (("values", "list"),),
}
# Text and binary have offsets of 64 bits, as the values of many states may be more than 2 GiB.
cdef dict WIDE = {"u": "U", "z": "Z"}


cdef bint is_narrow(Field field) except -1:
    """Whether values are held in place; the extremes of others are found by comparing copies."""
    cdef int kind = field.type.kind
    return PFX_KIND_BOOL <= kind <= PFX_KIND_FLOAT64 or PFX_KIND_DATE32 <= kind <= PFX_KIND_DURATION


cdef bint is_float(Field field) except -1:
    return PFX_KIND_FLOAT32 <= field.type.kind <= PFX_KIND_FLOAT64


@cython.no_gc_clear  # the budget is needed to give the memory back
cdef class NativeAggregation:
    """Keys, aggregates and results of native operators; the operators' own classes derive from it.

    Args:
        schema: of the batches.
        keys: names of the key columns; none for one key.
        aggregates: ``(function, field, by)`` of each result: the function's name, and names of columns or None.
        results: schema of the results: the keys, the window's start and end if it is to be given, the aggregates.
        budget: what native memory is charged to; the process's when None.
    """

    def __cinit__(self, Schema schema not None, keys, aggregates, Schema results not None, *arguments,
                  MemoryBudget budget=None, **options):
        cdef int32_t number = 0
        cdef int keys_count, values
        self.budget = default_budget if budget is None else budget
        self.schema = schema
        self.results = results
        self.aggregates = tuple(aggregates)
        self.key_positions = tuple([schema.index_of(name) for name in keys])
        names = sorted({name for _, *fields in self.aggregates for name in fields if name is not None})
        self.field_positions = tuple([schema.index_of(name) for name in names])
        keys_count, values = len(self.key_positions), len(self.aggregates)
        self.outs_count = len(results) + 1
        positions = self.key_positions + self.field_positions
        self.types = <pfx_arrow_type *> PyMem_Calloc(len(positions) + 1, sizeof(pfx_arrow_type))
        self.columns = <pfx_key_column *> PyMem_Calloc(len(positions) + 1, sizeof(pfx_key_column))
        self.result_kinds = <pfx_result *> PyMem_Calloc(values + 1, sizeof(pfx_result))
        self.outs = <pfx_out_column *> PyMem_Calloc(self.outs_count, sizeof(pfx_out_column))
        if self.types == NULL or self.columns == NULL or self.result_kinds == NULL or self.outs == NULL:
            raise MemoryError
        self.fields = self.columns + keys_count
        for i, position in enumerate(positions):
            self.types[<int> i] = (<Field> schema.fields[position]).type
            self.columns[<int> i].type = &self.types[<int> i]
        pfx_key_index_init(&self.index, &self.budget.budget, &process_secret, self.types, keys_count)
        pfx_agg_init(&self.agg, &self.budget.budget, &process_secret, self.types + keys_count)
        for i, (function, field, by) in enumerate(self.aggregates):
            kind, result = self.accumulator(function, field)
            if kind in (PFX_ACC_MIN_BY, PFX_ACC_MAX_BY):
                by = field if by is None else by
            check(pfx_agg_add(
                &self.agg, <pfx_acc_kind> <int> kind, -1 if field is None else names.index(field),
                -1 if by is None else names.index(by), &number))
            self.result_kinds[<int> i].acc = number
            self.result_kinds[<int> i].kind = <pfx_result_kind> <int> result
        for i, column in enumerate(results):
            pfx_out_column_init(&self.outs[<int> i], &(<Field> column).type, &self.budget.budget)
        pfx_out_column_init(&self.outs[self.outs_count - 1], &TIMESTAMP_FIELD.type, &self.budget.budget)
        self.written.agg = &self.agg
        self.written.index = &self.index
        self.written.results = self.result_kinds
        self.written.count = values
        self.written.most_bytes = PFX_RESULT_BYTES
        self.written.keys = self.outs
        self.written.bounds = self.outs + keys_count if len(results) > keys_count + values else NULL
        self.written.values = self.outs + max(len(results) - values, 0)
        self.written.stamps = self.outs + len(results)

    def __dealloc__(self):
        cdef int i
        if self.outs != NULL:
            for i in range(self.outs_count):
                pfx_out_column_free(&self.outs[i])
        # What was not set up, as memory ran out before, has nothing to free.
        pfx_key_index_free(&self.index)
        pfx_agg_free(&self.agg)
        PyMem_Free(self.outs)
        PyMem_Free(self.result_kinds)
        PyMem_Free(self.columns)
        PyMem_Free(self.types)

    def accumulator(self, function, field):
        """The kinds of accumulator and result for a function of a field."""
        if field is None:
            return PFX_ACC_ROWS, PFX_RESULT_VALUE
        column = <Field> self.schema[field]
        integers, floats, result = ACCUMULATORS[function]
        if function in ("min", "max") and not is_narrow(column):
            return (PFX_ACC_MIN_BY if function == "min" else PFX_ACC_MAX_BY), result
        return (floats if is_float(column) else integers), result

    @property
    def most_bytes(self):
        """The bytes that a column of text of the results should have at most; one value may lie above."""
        return self.written.most_bytes

    @most_bytes.setter
    def most_bytes(self, int64_t most_bytes):
        self.written.most_bytes = most_bytes

    @property
    def keys_held(self):
        """The number of keys that memory is held for."""
        return self.index.count

    def state_fields(self):
        """The columns of the accumulators in a batch of states (docs/formats/states.md)."""
        return [field for i in range(self.agg.count) for field in self.acc_fields(i)]

    def state_version(self, str kind not None):
        """What the states of a structure are, with the version of each of its accumulators."""
        kinds = sorted({KIND_NAMES[self.agg.accs[i].kind] for i in range(self.agg.count)})
        return f"{kind} {STATE_VERSION}; {', '.join([f'{name} {ACC_VERSIONS[name]}' for name in kinds])}"

    cdef str acc_name(self, int32_t number):
        cdef pfx_acc *acc = &self.agg.accs[number]
        names = [repr(self.schema.fields[self.field_positions[i]].name) for i in (acc.field, acc.by) if i >= 0]
        return f"{KIND_NAMES[acc.kind]}({', '.join(names)})"

    cdef list acc_fields(self, int32_t number):
        cdef pfx_acc *acc = &self.agg.accs[number]
        cdef list fields = []
        name = self.acc_name(number)
        for part, kind in ACC_PARTS[KIND_NAMES[acc.kind]]:
            if kind in ("l", "L", "g"):
                fields.append(Field(f"{name}.{part}", kind, part == "sequence"))
                continue
            field = self.schema.fields[self.field_positions[acc.by if kind == "by" else acc.field]]
            wide = Field("item" if kind == "list" else f"{name}.{part}", WIDE.get(field.format, field.format),
                         kind != "list", carried=field.carried)
            fields.append(Field(f"{name}.{part}", "+L", False, [wide]) if kind == "list" else wide)
        return fields

    cdef int count_rows(self) except -1:
        cdef int32_t number
        return check(pfx_agg_add(&self.agg, PFX_ACC_ROWS, -1, -1, &number))

    cdef int bind(self, ColumnBatch batch) except -1:
        cdef const int8_t *kinds
        cdef int64_t i
        cdef Column column
        if batch.kinds is not None:
            kinds = <const int8_t *> first_value(batch.kinds)
            for i in range(batch.length):
                if kinds[i] != 0:
                    raise ValueError(
                        f"row {i} is an update or a deletion: native aggregates take streams of inserts only"
                    )
        if len(batch.columns) != len(self.schema):
            raise ValueError(f"a batch of {len(batch.columns)} columns, not {len(self.schema)}")
        for number, position in enumerate(self.key_positions + self.field_positions):
            column = batch.columns[position]
            if not column.field.same_type(self.schema.fields[position]):
                raise ValueError(
                    f"column {self.schema.fields[position].name!r} holds {column.field.type_name}, not "
                    f"{self.schema.fields[position].type_name}"
                )
            self.bind_column(number, column)
        return 0

    cdef void bind_column(self, int number, Column column) noexcept:
        self.columns[number].validity = column.validity
        self.columns[number].offsets = column.offsets
        self.columns[number].data = column.data
        self.columns[number].offset = column.offset

    cdef ColumnBatch take(self):
        cdef int64_t rows = self.written.rows
        cdef list columns = []
        self.written.work = 0
        if rows == 0:
            return None
        if pfx_results_are_few(&self.written):
            for i in range(self.outs_count):
                check(pfx_out_column_trim(&self.outs[<int> i]))
        for i, field in enumerate(self.results.fields):
            columns.append(take_column(&self.outs[<int> i], field, self.budget))
        self.written.rows = 0
        stamps = None
        if self.written.stamps.rows > 0:
            stamps = take_column(self.written.stamps, TIMESTAMP_FIELD, self.budget)
        return make_batch(self.results, tuple(columns), rows, stamps, None)

    cdef int failed(self, pfx_status status, ColumnBatch batch, int64_t row) except -1:
        if status == PFX_OUT_OF_RANGE:
            function, field, _ = self.aggregates[self.written.failed_result]
            name = self.results.fields[len(self.results) - len(self.aggregates) + self.written.failed_result].name
            key = self.key_text(self.written.failed_key)
            raise OverflowError(f"{name}: the {function} of field {field!r} does not fit 64 bits{key}")
        if status == PFX_OVERFLOW and row >= 0:
            stamp = batch.timestamp_values()[row]
            if stamp == PFX_NO_TIMESTAMP:
                raise ValueError(
                    f"row {row} has no timestamp, which an event-time window needs: call "
                    "assign_timestamps_and_watermarks() before it"
                )
            raise OverflowError(f"row {row}: the timestamp {stamp}, or the number or size of the keys, is out of range")
        check(status)
        return 0

    cdef object key_text(self, uint32_t key):
        cdef pfx_out_column out
        cdef list columns = []
        cdef int32_t i
        fields = [self.schema.fields[position] for position in self.key_positions]
        if not fields or key >= self.index.count:
            return ""
        for i, field in enumerate(fields):
            pfx_out_column_init(&out, &(<Field> field).type, &self.budget.budget)
            if pfx_key_index_write(&self.index, i, &key, 1, &out) != PFX_OK:
                pfx_out_column_free(&out)
                return ""
            columns.append(take_column(&out, field, self.budget))
        values = ColumnBatch(Schema(fields), columns, 1).to_rows("tuple")[0]
        return f" for key {values[0] if len(values) == 1 else values!r}"


cdef Field TIMESTAMP_FIELD = Field("timestamp", "l", False)
