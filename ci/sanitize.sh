#!/usr/bin/env bash
# Builds the package under AddressSanitizer and UndefinedBehaviorSanitizer into build/sanitize, beside copies of tests and
# csrc, and runs a command there, by default all tests but those of the sources:  ci/sanitize.sh [COMMAND ...]
# PYTHON names the interpreter (.venv's), with the package's dependencies installed.
set -euo pipefail
cd "$(dirname "$0")/.."
checkout=$PWD
python=${PYTHON:-$PWD/.venv/bin/python}
compiler=$("$python" -c 'import os, sysconfig; print((os.environ.get("CC") or sysconfig.get_config_var("CC")).split()[0])')

runtimes=
for name in libasan.so libubsan.so; do
    path=$("$compiler" -print-file-name=$name)
    if [ ! -f "$path" ]; then
        echo "$compiler has no $name: make sanitize needs GCC on Linux (CC=gcc), with its sanitizer libraries" >&2
        exit 1
    fi
    runtimes+="${runtimes:+:}$path"
done

PYFLINKX_SANITIZE=1 "$python" setup.py --quiet build --build-lib build/sanitize/lib --parallel "${JOBS:-1}"
rm -rf build/sanitize/lib/{csrc,tests}
cp -r pyproject.toml README.md csrc tests build/sanitize/lib
cd build/sanitize/lib

# pymalloc would hide overflows inside its pools. Leaks count where C or Cython of ours allocated.
export PYTHONMALLOC=malloc
export ASAN_OPTIONS=strict_string_checks=1:detect_stack_use_after_return=1:detect_leaks=1:malloc_context_size=4
export LSAN_OPTIONS=suppressions=$checkout/ci/lsan.supp:print_suppressions=0
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
[ $# -gt 0 ] || set -- "$python" -m pytest -q -p no:cacheprovider --capture=sys --ignore tests/test_layers.py tests
exec env LD_PRELOAD="$runtimes" "$@"
