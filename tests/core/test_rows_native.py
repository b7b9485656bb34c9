"""Bags of rows by key, by a C program that holds them against plain arrays."""

import shutil

import pytest

from tests.core import native

PARTS = ["rows", "bag", "states", "snapshot", "key_index", "key_block", "key_table", "key_direct", "key_hash"]
PARTS += ["key_columns", "key", "xxh64", "memory", "words", "out_column", "bitmap", "status", "calendar", "decimal"]
PARTS += ["arrow"]
# With runs so short, and segments so small, that there are several.
SMALL = ("-DPFX_RUN_ROWS=8", "-DPFX_STATES_SEGMENT=256")


@pytest.mark.parametrize("flags", [("-O2",), ("-fsanitize=address,undefined", "-DPFX_DEBUG")], ids=str)
def test_bags_are_what_plain_arrays_are(tmp_path, flags):
    result = native.run(native.build(tmp_path, "rows_model", PARTS, *SMALL, *flags), "0", "6")
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("part", "right", "wrong"),
    [
        ("bag", "order < end_of_first ? at : at + 1", "order <= end_of_first ? at : at + 1"),
        ("bag", "row->order == order && row->number < number", "row->order == order && row->number > number"),
        ("bag", "if (bag->many && is_empty(run)) {", "if (false) {"),
        ("bag", "order == INT64_MAX ? run->end : first_from(run, order + 1)", "first_from(run, order)"),
        ("rows", "while (status != PFX_OK && --i >= 0) {", "while (status != PFX_OK && --i > 0) {"),
        ("rows", "rows->held[side] -= removed;", ""),
        ("rows", "some = some || bag->start < bag->end;", "some = bag->start < bag->end;"),
    ],
    ids=[
        "a row of the same place goes before",
        "numbers are not in order",
        "a run stays empty",
        "a place is left out",
        "a row is not taken back",
        "rows are not counted",
        "a key with rows is dropped",
    ],
)
def test_the_program_finds_a_planted_fault(tmp_path, part, right, wrong):
    sources = tmp_path / "src"
    shutil.copytree(native.ROOT / "csrc" / "src", sources)
    text = (sources / f"{part}.c").read_text()
    assert text.count(right) == 1
    (sources / f"{part}.c").write_text(text.replace(right, wrong))
    program = native.build(tmp_path, "rows_model", PARTS, *SMALL, "-O1", "-w", library=sources)
    assert native.run(program, "0", "6").returncode != 0
