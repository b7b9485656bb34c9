"""Build of the C library and the extension modules; all static metadata is in pyproject.toml.

PYFLINKX_DEBUG=1     bounds checks, assertions, -O0 -g, warnings are errors
PYFLINKX_SANITIZE=1  as PYFLINKX_DEBUG, under AddressSanitizer and UndefinedBehaviorSanitizer
PYFLINKX_ANNOTATE=1  writes Cython's annotated HTML beside each module
"""

import os
import sys
from glob import glob

from Cython.Build import cythonize
from setuptools import Extension, setup

SANITIZE = os.environ.get("PYFLINKX_SANITIZE") == "1"
DEBUG = SANITIZE or os.environ.get("PYFLINKX_DEBUG") == "1"
WINDOWS = sys.platform == "win32"

SOURCES = sorted(glob("csrc/src/*.c"))
HEADERS = sorted(glob("csrc/include/pfx/*.h"))

if WINDOWS:
    cflags, ldflags, warnings = ["/std:c11", "/experimental:c11atomics", "/O2"], [], ["/W3"]
else:
    cflags, ldflags, warnings = ["-std=c11", "-O3", "-fvisibility=hidden"], [], ["-Wall", "-Wextra"]
    if DEBUG:
        cflags += ["-O1" if SANITIZE else "-O0", "-g", "-UNDEBUG"]
        warnings += ["-Werror"]
    if SANITIZE:
        sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer"]
        cflags += sanitizers
        ldflags += sanitizers

macros = [("PFX_DEBUG", "1")] if DEBUG else []

library = (
    "pfx",
    {
        "sources": SOURCES,
        "include_dirs": ["csrc/include"],
        "macros": macros + [("_POSIX_C_SOURCE", "200809L")],
        "cflags": cflags + warnings,
        "obj_deps": {"": HEADERS},
    },
)

extensions = [
    Extension(
        path[: -len(".pyx")].replace("/", "."),
        [path],
        include_dirs=["csrc/include"],
        define_macros=macros,
        extra_compile_args=cflags,
        extra_link_args=ldflags,
        depends=SOURCES + HEADERS,
    )
    for path in sorted(path.replace(os.sep, "/") for path in glob("pyflinkx/_core/*.pyx"))
]

setup(
    libraries=[library],
    ext_modules=cythonize(
        extensions,
        annotate=os.environ.get("PYFLINKX_ANNOTATE") == "1",
        compiler_directives={
            "language_level": 3,
            "binding": True,
            "embedsignature": True,
            "boundscheck": DEBUG,
            "wraparound": DEBUG,
            "initializedcheck": DEBUG,
            "overflowcheck": False,
        },
    ),
)
