"""The C library's segment pool, driven from C: what Python cannot reach, and data races."""

import pytest

from tests.core import native

PARTS = ["segment", "monitor", "memory", "status"]
ADDRESS = ("-DPFX_DEBUG", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")


@pytest.fixture(scope="module")
def debug_program(tmp_path_factory):
    return native.build(tmp_path_factory.mktemp("debug"), "segment_check", PARTS, "-DPFX_DEBUG")


@pytest.fixture(scope="module")
def address_program(tmp_path_factory):
    return native.build(tmp_path_factory.mktemp("address"), "segment_check", PARTS, *ADDRESS)


def assert_passed(result):
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    "check",
    ["arguments", "half-failure", "provided-memory", "use-after-release", "pattern", "late-write-is-found"],
)
def test_in_a_debug_build(debug_program, check):
    assert_passed(native.run(debug_program, check))


@pytest.mark.parametrize("check", ["arguments", "half-failure", "provided-memory", "use-after-release"])
def test_under_address_sanitizer(address_program, check):
    assert_passed(native.run(address_program, check))


@pytest.mark.parametrize("check", ["late-read", "late-write"])
def test_address_sanitizer_stops_access_to_released_memory(address_program, check):
    result = native.run(address_program, check)
    assert result.returncode != 0
    assert "use-after-poison" in result.stderr
    assert "late_access" in result.stderr


def test_threads_under_thread_sanitizer(tmp_path):
    program = native.build(tmp_path, "segment_threads", PARTS, "-DPFX_DEBUG", "-fsanitize=thread")
    assert_passed(native.run(program))
