"""States that a snapshot reads while they change, by a C program of two threads; ci/tsan.sh runs it for longer."""

import shutil

import pytest

from tests.core import native

PARTS = ["states", "snapshot", "memory", "status"]
# With segments so small that there are several.
SMALL = "-DPFX_STATES_SEGMENT=262144"


@pytest.mark.parametrize("flags", [("-O2",), ("-fsanitize=thread",), ("-fsanitize=address,undefined",)], ids=str)
def test_a_snapshot_is_what_the_states_were_when_it_began(tmp_path, flags):
    result = native.run(native.build(tmp_path, "states_snapshots", PARTS, SMALL, *flags), "0", "25")
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("for (int64_t i = 0; i < tail; i++)", "for (int64_t i = 0; i < tail - 1; i++)"),
        ("snapshot->count || is_saved", "snapshot->count / 2 || is_saved"),
        ("PFX_SNAPSHOT_FAILED, memory_order_relaxed", "PFX_SNAPSHOT_RUNS, memory_order_relaxed"),
    ],
    ids=["a record is lost", "some states are not logged", "a full log goes unnoticed"],
)
def test_the_program_finds_a_planted_fault(tmp_path, right, wrong):
    sources = tmp_path / "src"
    shutil.copytree(native.ROOT / "csrc" / "src", sources)
    text = (sources / "snapshot.c").read_text()
    assert text.count(right) == 1
    (sources / "snapshot.c").write_text(text.replace(right, wrong))
    program = native.build(tmp_path, "states_snapshots", PARTS, SMALL, "-O1", "-w", library=sources)
    assert native.run(program, "0", "100").returncode != 0
