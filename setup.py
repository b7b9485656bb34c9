"""Build of the C library and the extension modules; all static metadata is in pyproject.toml.

PYFLINKX_DEBUG=1     bounds checks, assertions, -O0 -g, warnings are errors
PYFLINKX_SANITIZE=1  as PYFLINKX_DEBUG, under AddressSanitizer and UndefinedBehaviorSanitizer
PYFLINKX_ANNOTATE=1  writes Cython's annotated HTML beside the generated C, in build/.../cython
PYFLINKX_BARE=1      leaves out what is compiled: an editable install whose extensions `make build` makes, in place

JOBS=n               processes that translate and compile at a time; as many as the machine has processors by default

Each kind of build has a folder of its own for generated C, objects and libraries, so that none takes up what another
left: Cython looks at times, not at directives, when it decides what to translate again.
"""

import os
from glob import glob

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

SANITIZE = os.environ.get("PYFLINKX_SANITIZE") == "1"
DEBUG = SANITIZE or os.environ.get("PYFLINKX_DEBUG") == "1"
BUILD = "build/sanitize" if SANITIZE else "build/debug" if DEBUG else "build"
BARE = os.environ.get("PYFLINKX_BARE") == "1"
JOBS = int(os.environ.get("JOBS") or os.cpu_count() or 1)

SOURCES = sorted(glob("csrc/src/*.c"))
# What every object depends on.
HEADERS = [*sorted(glob("csrc/include/pfx/*.h")), *sorted(glob("csrc/src/*.h")), "setup.py"]

cflags, ldflags, warnings = ["-std=c11", "-O3", "-g0", "-fvisibility=hidden"], [], ["-Wall", "-Wextra"]
if DEBUG:
    cflags += ["-O1" if SANITIZE else "-O0", "-g", "-UNDEBUG"]
    warnings += ["-Werror"]
if SANITIZE:
    ldflags += ["-fsanitize=address,undefined"]
    # Python's own flags have -fwrapv, under which no signed overflow would be reported.
    cflags += [*ldflags, "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer", "-fno-wrapv"]

macros = [("PFX_DEBUG", "1")] if DEBUG else []

library = (
    "pfx",
    {
        "sources": SOURCES,
        "include_dirs": ["csrc/include"],
        "macros": [*macros, ("_POSIX_C_SOURCE", "200809L")],
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
        libraries=["m"] if os.name == "posix" else [],
        depends=SOURCES + HEADERS,
    )
    for path in sorted(glob("pyflinkx/_core/**/*.pyx", recursive=True))
]


class BuildExtensions(build_ext):
    """Tells how far it is: from nothing, this takes a minute or two."""

    done = 0

    def build_extension(self, extension):
        super().build_extension(extension)
        self.done += 1
        print(f"[{self.done}/{len(self.extensions)}] {extension.name}", flush=True)


if __name__ == "__main__":  # not in the processes that cythonize starts, where the system cannot fork
    setup(
        # Both commands, as `build` hands its own number on to neither that is called by itself.
        options={"build": {"build_base": BUILD, "parallel": JOBS}, "build_ext": {"parallel": JOBS}},
        cmdclass={"build_ext": BuildExtensions},
        libraries=[] if BARE else [library],
        ext_modules=cythonize(
            [] if BARE else extensions,
            build_dir=f"{BUILD}/cython",
            nthreads=JOBS,
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
