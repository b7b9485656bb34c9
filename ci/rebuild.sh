#!/usr/bin/env bash
# Shows that an edit of C, of a header or of Cython reaches the next `make build` and the next `pip install -e .`, on a copy
# of the checkout cut down to two extensions.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-$PWD/.venv/bin/python}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r setup.py pyproject.toml README.md LICENSE csrc pyflinkx "$work"
cd "$work"
find pyflinkx -name '*.so' -delete
find pyflinkx -name '*.pyx' ! -name budget.pyx ! -name status.pyx -delete

build() { "$python" setup.py --quiet build_clib build_ext --inplace >build.log 2>&1 || { cat build.log >&2; exit 1; }; }
install() {
    "$python" -m pip --disable-pip-version-check install --ignore-installed --no-deps --no-build-isolation --prefix "$work/prefix" --editable . \
        >build.log 2>&1 || { cat build.log >&2; exit 1; }
}
edit() { # FILE OLD NEW
    grep -qF -- "$2" "$1" || { echo "rebuild: '$2' is not in $1" >&2; exit 1; }
    sleep 1 # modification times are compared by the second on some file systems
    "$python" -c 'import sys; p, a, b = sys.argv[1:]; s = open(p).read(); open(p, "w").write(s.replace(a, b, 1))' "$@"
}
expect() { # WHAT LIMIT
    local got
    got=$("$python" -c 'from pyflinkx._core.memory import budget; assert budget.__file__.startswith(__import__("os").getcwd()); print(budget.MemoryBudget(1000).limit)')
    [ "$got" = "$2" ] || { echo "rebuild: after $1 the limit is $got, not $2" >&2; exit 1; }
}

build
expect "the first build" 1000
edit csrc/src/memory.c 'budget->limit = limit;' 'budget->limit = limit + 1;'
build
expect "an edit of C" 1001
edit csrc/include/pfx/memory.h '#include "pfx/status.h"' $'#include "pfx/status.h"\n#define PFX_STEP 2'
edit csrc/src/memory.c 'limit + 1;' 'limit + PFX_STEP;'
build
expect "an edit of C and a header" 1002
edit csrc/include/pfx/memory.h 'PFX_STEP 2' 'PFX_STEP 3'
build
expect "an edit of a header" 1003
edit pyflinkx/_core/memory/budget.pyx 'bytes_allowed = limit' 'bytes_allowed = limit + 10'
build
expect "an edit of Cython" 1013
edit csrc/include/pfx/memory.h 'PFX_STEP 3' 'PFX_STEP 4'
install
expect "an edit and pip install -e" 1014
echo "rebuild: 6 builds, each with what was edited before it: ok"
