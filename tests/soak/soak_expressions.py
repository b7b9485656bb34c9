"""Random expressions against a naive model: soak_expressions [--runs N] [--seed S] [--kinds a,b] [--first R].

A case is a random table (all types, nulls, slices, dictionaries, extremes, no rows) and random expressions on it, with
constants and typed nulls wherever an operand may be. The model (``tests/expressions/evaluator.py``) looks at one row at
a time and shares no code with the engine. Either each row has the model's value, and a filter keeps the model's rows;
or the model finds a row without a value, and evaluating the batch fails with an error that names the record. A failure
prints the number of its case: --kinds KIND --first R --runs 1 repeats it.
"""

import argparse
import math
import random
import sys
import time

import numpy as np
import pyarrow as pa

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.errors import GraphError
from pyflinkx.expressions.compiler import condition, typed
from pyflinkx.expressions.vectors import Frame, to_column
from pyflinkx.operators.columnar_expressions import ColumnFilterOperator, selected_field
from tests.expressions.evaluator import Undefined, evaluate
from tests.soak.expression_cases import Maker, table

KINDS = ["int", "unsigned", "float", "bool", "text", "date", "time", "span"]
EXPRESSIONS_PER_TABLE = 6


def evaluated(expression, batch):
    """The values of all rows as the engine gives them."""
    run = typed(expression, batch.schema, "soak").run
    field = selected_field("result", expression, batch.schema, "soak")
    frame = Frame(batch, np)
    with np.errstate(all="ignore"):
        column = to_column(run(frame), field, frame)
    column.validate(full=True)
    result = ColumnBatch(type(batch.schema)([field]), [column], len(batch))
    pa.record_batch(result).validate(full=True)
    return [value for (value,) in result.to_rows("tuple")]


def same(value, expected):
    if isinstance(expected, float) and isinstance(value, float):
        return value == expected or (math.isnan(value) and math.isnan(expected))
    if isinstance(expected, (int, float)) and not isinstance(expected, bool):
        # Where one branch is an int and the other a float, the model keeps them.
        return type(value) in (int, float) and value in (expected, float(expected))
    return type(value) is type(expected) and value == expected


def check(expression, batch, rows):
    """Compare one expression; how many values were compared."""
    try:
        expected = [evaluate(expression, row) for row in rows]
    except Undefined:
        try:
            got = evaluated(expression, batch)
        except (ArithmeticError, ValueError) as error:
            if "in record" not in str(error):
                raise
            return 0
        raise AssertionError(f"{expression}: {got}, though a row has no value") from None
    got = evaluated(expression, batch)
    assert len(got) == len(expected)
    for row, value, wanted in zip(rows, got, expected, strict=True):
        assert same(value, wanted), f"{expression}: {value!r}, not {wanted!r}, of {row}"
    return len(got)


def case(kind, random):
    """One table and some expressions of a kind."""
    arrow, rows = table(random)
    batch = ColumnBatch.from_arrow(arrow)
    compared = 0
    for _ in range(EXPRESSIONS_PER_TABLE):
        expression = Maker(random).make(kind, random.randint(0, 4))
        try:
            typed(expression, batch.schema, "soak")
        except GraphError as error:
            if "does not fit its types" not in str(error):  # such as the length of lit(None) + 1
                raise
            continue
        compared += check(expression, batch, rows)
        if kind == "bool":
            check_filter(expression, batch, rows)
    return compared


def check_filter(expression, batch, rows):
    """The rows that a filter keeps, by their marks."""
    try:
        expected = [number for number, row in enumerate(rows) if evaluate(expression, row) is True]
    except Undefined:
        return
    operator = ColumnFilterOperator(expression, batch.schema)
    operator.numpy, operator.run = np, condition(expression, batch.schema, "soak").run
    kept = np.flatnonzero(operator.evaluate(batch, operator.mask))
    assert kept.tolist() == expected, f"filter({expression}): rows {kept.tolist()}, not {expected}"


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10_000, help="cases of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", default=",".join(KINDS), help="comma-separated")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    options = parser.parse_args(arguments)
    for kind in options.kinds.split(","):
        started, compared = time.process_time(), 0
        for number in range(options.first, options.first + options.runs):
            try:
                compared += case(kind, random.Random(f"{options.seed} {kind} {number}"))
            except BaseException:
                print(f"expressions {kind}: case {number} of seed {options.seed} failed", file=sys.stderr)
                raise
        seconds = time.process_time() - started
        summary = f"{options.runs} cases, {compared} values, all as the model's ({seconds:.0f} s)"
        print(f"expressions {kind}: {summary}", flush=True)


if __name__ == "__main__":
    main()
