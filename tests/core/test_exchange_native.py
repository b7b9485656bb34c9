"""Events and the exchange of the C library under ThreadSanitizer; ci/tsan.sh runs the same for longer."""

import shutil

import pytest

from tests.core import native
from tests.core.exchange_tools import needs_arenas

PARTS = ["event", "arena", "ring", "exchange", "monitor", "memory", "status"]


@pytest.mark.parametrize("flags", [(), ("-U__linux__",)], ids=["futex", "monitor"])
def test_events_under_thread_sanitizer(tmp_path, flags):
    parts = ["event", "monitor", "status"]
    result = native.run(native.build(tmp_path, "event_threads", parts, "-fsanitize=thread", *flags))
    assert (result.returncode, result.stderr) == (0, "")


@needs_arenas
def test_threads_under_thread_sanitizer(tmp_path):
    program = native.build(tmp_path, "exchange_stress", PARTS, "-fsanitize=thread")
    result = native.run(program, "1000", "30")
    assert (result.returncode, result.stderr) == (0, "")


@needs_arenas
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("tail + 1, memory_order_release", "tail + 1, memory_order_relaxed"),
        ("held - 1, memory_order_acq_rel", "held - 1, memory_order_relaxed"),
    ],
    ids=["an entry is published too early", "a segment is reused too early"],
)
def test_thread_sanitizer_finds_a_weaker_order(tmp_path, right, wrong):
    sources = tmp_path / "src"
    shutil.copytree(native.ROOT / "csrc" / "src", sources)
    ring = (sources / "ring.c").read_text()
    assert ring.count(right) == 1
    (sources / "ring.c").write_text(ring.replace(right, wrong))
    program = native.build(tmp_path, "exchange_stress", PARTS, "-fsanitize=thread", library=sources)
    result = native.run(program, "0", "60")
    assert result.returncode != 0
    assert "data race" in result.stderr
