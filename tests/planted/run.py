"""Plants each bug in a copy of the package, and expects its test to fail: python -m tests.planted.run [NAME ...].

A patch begins with what the bug is and which test has to find it. Exit status 1 when one is not found, or when its test
fails without it, too.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.pages import ROOT

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Planted:
    """A bug, and the test (a file, or a test in it) that has to find it."""

    path: Path
    bug: str
    test: str

    @property
    def name(self) -> str:
        return self.path.stem


def planted() -> list[Planted]:
    found = []
    for path in sorted(FOLDER.glob("*.patch")):
        match = re.match(r"Bug: (.+)\nTest: (\S+)\n\n--- a/", path.read_text(encoding="utf-8"))
        assert match is not None, f"{path.name} says neither what the bug is nor which test finds it"
        found.append(Planted(path, match[1], match[2]))
    return found


def copied(folder: Path) -> None:
    """What tests need, in a folder of its own; compiled modules are linked."""
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for path in (ROOT / "pyflinkx").rglob("*"):
        target = folder / path.relative_to(ROOT)
        if path.suffix == ".py" or path.name == "py.typed":
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        elif path.suffix == ".so":
            target.parent.mkdir(parents=True, exist_ok=True)
            os.symlink(path, target)


def patched(patch: Path, folder: Path, *options: str) -> None:
    """Apply a patch to a copy.

    Raises:
        CalledProcessError: it does not fit the code any more.
    """
    subprocess.run(["git", "apply", *options, str(patch)], cwd=folder, check=True)


def passes(test: str, folder: Path) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False).returncode == 0


def main(names: list[str]) -> int:
    chosen = [bug for bug in planted() if not names or bug.name in names]
    missed = []
    sound: dict[str, bool] = {}
    for bug in chosen:
        with tempfile.TemporaryDirectory(prefix="pyflinkx-planted-") as name:
            folder = Path(name)
            copied(folder)
            if bug.test not in sound:
                sound[bug.test] = passes(bug.test, folder)
            patched(bug.path, folder)
            found = sound[bug.test] and not passes(bug.test, folder)
        print(f"{'found ' if found else 'MISSED'} {bug.name}: {bug.bug} ({bug.test})", flush=True)
        if not found:
            missed.append(bug.name)
    print(f"{len(chosen) - len(missed)} of {len(chosen)} found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
