"""The compiled reader and writer of CSV on random bytes, by a C program under the sanitizers."""

import pytest

from tests.core import native

PARTS = ["csv_read", "csv_values", "csv_write", "number", "number_text", "powers_of_ten", "out_column", "bitmap"]
PARTS += ["memory", "status", "calendar", "utf8", "arrow", "words", "key_columns", "key", "xxh64", "decimal"]


@pytest.mark.parametrize("seed", range(2))
def test_random_bytes(tmp_path, seed):
    flags = ("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")
    program = native.build(tmp_path, "csv_random", PARTS, *flags)
    result = native.run(program, str(seed), "20000")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
