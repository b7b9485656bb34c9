"""Which fault points there are, read from the sources."""

import re
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent / "pyflinkx"
CALL = re.compile(r"\bfaults\.point\(([^)]*)\)")
NAME = re.compile(r'"([a-z][a-z-]*\.[a-z][a-z0-9-]*)"')


def calls() -> list[tuple[str, str]]:
    """File and argument of each call of ``faults.point``, in the order of the files."""
    return [
        (path.relative_to(SOURCES).as_posix(), argument)
        for path in sorted(SOURCES.rglob("*.py"))
        for argument in CALL.findall(path.read_text(encoding="utf-8"))
    ]


def points(part: str = "") -> list[str]:
    """Names of the points, of one part of the engine where it is given.

    Args:
        part: what stands before the dot.
    """
    names = [name[1] for _, argument in calls() if (name := NAME.fullmatch(argument))]
    return [name for name in names if not part or name.split(".")[0] == part]
