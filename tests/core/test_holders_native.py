"""Running aggregates, sessions, windows of rows and slices: what a snapshot of them reads while they go on, and what is
left of them when memory runs out while they move together what they hold. By C programs; ci/tsan.sh runs the first for
longer."""

import shutil

import pytest

from tests.core import native

# With segments so small that there are several.
SMALL = "-DPFX_STATES_SEGMENT=8192"
PARTS = sorted(path.stem for path in (native.ROOT / "csrc" / "src").glob("*.c"))
OVER = "for (int64_t i = 0; i < slices->panes.count && status == PFX_OK; i++) {\n        pfx_pane_renumber("


@pytest.mark.parametrize("flags", [("-O2",), ("-fsanitize=thread",), ("-fsanitize=address,undefined",)], ids=str)
def test_a_snapshot_is_what_the_holder_was_when_it_began(tmp_path, flags):
    result = native.run(native.build(tmp_path, "holders_snapshots", PARTS, SMALL, *flags), "0", "24")
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("flags", [("-O2",), ("-fsanitize=address,undefined",)], ids=str)
def test_no_key_loses_its_state_when_memory_runs_out(tmp_path, flags):
    result = native.run(native.build(tmp_path, "compactions", PARTS, *flags))
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("program", "part", "right", "wrong"),
    [
        ("holders_snapshots", "running", "pfx_states_save(&running->states, scratch->ids, count);", ""),
        ("holders_snapshots", "sessions", "save(sessions, slot);\n    pfx_session *session", "pfx_session *session"),
        ("holders_snapshots", "sessions", "save(sessions, *slot);\n    save_state", "save_state"),
        ("holders_snapshots", "counts", "pfx_states_save(&counts->key_block, scratch->ids, count);", ""),
        ("holders_snapshots", "panes", "pfx_pane_save(pane, &number, 1);", "(void)number;"),
        ("compactions", "sessions", "reserve_list(&kept, &kept.heap, sessions->live)", "PFX_OK"),
        ("compactions", "slices", OVER, OVER.replace("i < ", "i + 1 < ")),
    ],
    ids=[
        "a state is not logged",
        "bounds are not",
        "those of an import are not",
        "counts are not",
        "panes are not",
        "a queue that fails",
        "a pane",
    ],
)
def test_the_programs_find_a_planted_fault(tmp_path, program, part, right, wrong):
    sources = tmp_path / "src"
    shutil.copytree(native.ROOT / "csrc" / "src", sources)
    text = (sources / f"{part}.c").read_text()
    assert right in text
    (sources / f"{part}.c").write_text(text.replace(right, wrong))
    built = native.build(tmp_path, program, PARTS, SMALL, "-O0", "-w", library=sources)
    assert native.run(built, *(["0", "60"] if program == "holders_snapshots" else [])).returncode != 0
