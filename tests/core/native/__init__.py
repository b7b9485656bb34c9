"""Compiles a C test program of this folder with sources of the C library, and runs it."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]

OBJECTS = tempfile.TemporaryDirectory(prefix="pyflinkx-objects-")

# A sanitizer that is loaded into this process is not for the compiler, nor for a program that brings its own.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("LD_PRELOAD", "DYLD_INSERT_LIBRARIES")}


def build(folder: Path, name: str, parts: list[str], *flags: str, library: Path = ROOT / "csrc" / "src") -> Path:
    """The program made from ``name``.c and ``parts`` of the library's sources; skips the test where no compiler can
    make it."""
    compiler = shlex.split(sysconfig.get_config_var("CC") or "cc")[:1]
    if os.name == "nt" or shutil.which(compiler[0]) is None:
        pytest.skip("no C compiler")
    common = ["-std=c11", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-D_POSIX_C_SOURCE=200809L", "-pthread"]
    empty = folder / "empty.c"
    empty.write_text("int main(void) { return 0; }\n")
    probe = [*compiler, *common, *flags, str(empty), "-o", str(folder / "empty")]
    if subprocess.run(probe, env=ENVIRONMENT, capture_output=True).returncode != 0 or run(folder / "empty").returncode:
        pytest.skip(f"programs built with {' '.join(flags)} do not run here")
    program = folder / name
    compile = [*compiler, *common, *flags, f"-I{ROOT / 'csrc' / 'include'}", "-c"]
    sources = [HERE / f"{name}.c", *(library / f"{part}.c" for part in parts)]
    headers = b"".join(path.read_bytes() for path in sorted(library.glob("*.h")))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(lambda source: object_of(source, compile, headers), sources))
    linked = [*map(str, objects), "-lm", "-o", str(program)]
    finish([*compiler, *common, *flags, *linked])
    return program


def object_of(source: Path, compile: list[str], headers: bytes) -> Path:
    """What a source compiles to, made once in a run of tests: programs differ in few of theirs."""
    made_of = hashlib.sha256(
        b"\0".join([source.name.encode(), source.read_bytes(), headers, *map(str.encode, compile)])
    )
    path = Path(OBJECTS.name) / f"{source.stem}-{made_of.hexdigest()}.o"
    if not path.exists():
        finish([*compile, str(source), "-o", str(path)])
    return path


def finish(command: list[str]) -> None:
    built = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr


def run(program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(program), *arguments], env=ENVIRONMENT, capture_output=True, text=True, timeout=600)
