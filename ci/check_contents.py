"""Checks what an sdist or a wheel holds: check_contents.py FILE. Exits with 1 and the reasons when it is wrong."""

import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def relative(paths):
    return {path.relative_to(ROOT).as_posix() for path in paths}


def sdist_faults(names):
    names = {name.split("/", 1)[1] for name in names if "/" in name}
    wanted = relative(ROOT.glob("csrc/**/*.[ch]"))
    for suffix in ("py", "pyx", "pxd", "pyi"):
        wanted |= relative(ROOT.glob(f"pyflinkx/**/*.{suffix}"))
    wanted |= {"setup.py", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "pyflinkx/py.typed"}
    yield from (f"missing: {name}" for name in sorted(wanted - names))
    built = (".so", ".pyc", ".html", ".o", ".a")
    yield from (f"not a source: {name}" for name in sorted(names) if name.endswith(built))


def wheel_faults(names):
    wanted = relative(ROOT.glob("pyflinkx/**/*.py")) | relative(ROOT.glob("pyflinkx/**/*.p[xy][di]"))
    wanted |= {"pyflinkx/py.typed"}
    yield from (f"missing: {name}" for name in sorted(wanted - names))
    for module in sorted(relative(ROOT.glob("pyflinkx/**/*.pyx"))):
        stem = module.removesuffix("pyx")
        if not any(name.startswith(stem) and name.endswith(".so") for name in names):
            yield f"not compiled: {module}"
    for name in sorted(names):
        if not name.startswith("pyflinkx") or name.endswith((".pyx", ".c", ".h", ".html")):
            yield f"should not be there: {name}"


def main():
    path = Path(sys.argv[1])
    if path.suffix == ".whl":
        faults = list(wheel_faults(set(zipfile.ZipFile(path).namelist())))
    else:
        with tarfile.open(path) as archive:
            faults = list(sdist_faults(set(archive.getnames())))
    for fault in faults:
        print(f"{path.name}: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
