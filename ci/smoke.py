"""Smoke test of an installed wheel: every extension can be imported, and a small job gives its answer."""

import importlib
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pyflinkx

package = Path(pyflinkx.__file__).parent
if "site-packages" not in package.parts:
    sys.exit(f"{package} is not an installed wheel")
modules = sorted(
    ".".join([*path.parent.relative_to(package).parts, path.name.split(".")[0]])
    for path in (package / "_core").rglob("*")
    if path.name.endswith(tuple(EXTENSION_SUFFIXES))
)
if not modules:
    sys.exit(f"no extension in {package / '_core'}")
for module in modules:
    importlib.import_module(f"pyflinkx.{module}")

from pyflinkx.datastream import StreamExecutionEnvironment  # noqa: E402 - after the check of where it comes from

numbers = StreamExecutionEnvironment.get_execution_environment().from_collection([1, 2, 3, 4])
sums = numbers.map(lambda x: (x % 2, x)).key_by(lambda pair: pair[0]).reduce(lambda a, b: (a[0], a[1] + b[1]))
with sums.execute_and_collect() as results:
    found = list(results)
if found != [(1, 1), (0, 2), (1, 4), (0, 6)]:
    sys.exit(f"the job gave {found}")

print(f"pyflinkx {pyflinkx.__version__} on Python {sys.version.split()[0]}: {len(modules)} extensions, a job: ok")
