#!/usr/bin/env bash
# Makes .venv with everything that building, testing and linting need, and installs the checkout into it, editable; `make
# build` then compiles the extensions.
# PYTHON names the interpreter to use; without it the newest suitable one on PATH is taken.
set -euo pipefail
cd "$(dirname "$0")/.."

# Prints why an interpreter cannot be used, or nothing.
objection() {
    command -v "$1" >/dev/null || { echo "not found"; return; }
    "$1" - 2>/dev/null <<'EOF' || echo "does not run"
import importlib.util, os, sys, sysconfig
if sys.version_info < (3, 10):
    print("is Python %d.%d; pyflinkx needs 3.10 or newer" % sys.version_info[:2])
elif not importlib.util.find_spec("venv") or not importlib.util.find_spec("ensurepip"):
    print("has no venv or ensurepip module (Debian and Ubuntu: install python3-venv)")
elif not os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")):
    print("has no headers to compile against (Debian and Ubuntu: python3-dev; Fedora: python3-devel)")
EOF
}

if [ ! -x .venv/bin/python ] || [ -n "$(objection .venv/bin/python)" ]; then
    chosen=
    objections=
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3.10 python3}; do
        why=$(objection "$candidate")
        if [ -z "$why" ]; then
            chosen=$candidate
            break
        fi
        objections+="  $candidate: $why"$'\n'
    done
    if [ -z "$chosen" ]; then
        printf 'No Python found that can build pyflinkx:\n%s' "$objections" >&2
        echo "Install one, or name one: PYTHON=/path/to/python make ..." >&2
        exit 1
    fi
    rm -rf .venv
    "$chosen" -m venv .venv
fi

compiler=${CC:-$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_config_var("CC") or "cc")')}
if ! command -v "${compiler%% *}" >/dev/null; then
    echo "No C compiler: '${compiler%% *}' was not found (Debian and Ubuntu: install build-essential;" \
        "macOS: xcode-select --install), or name one: CC=clang make ..." >&2
    exit 1
fi

echo "Setting up .venv for $(.venv/bin/python --version): a few minutes the first time"
pip() { .venv/bin/python -m pip --disable-pip-version-check --quiet "$@"; }
pip install --upgrade "pip>=25.1" # the first to know dependency groups
echo "Installing what builds, tests and lints"
pip install --group dev
echo "Installing what the examples and the optional features use"
# Bare: `make build` compiles, and only what changed, where this would compile everything. The warning that is silenced:
# setuptools tells of every editable install that folders of the checkout can be imported.
PYFLINKX_BARE=1 PYTHONWARNINGS=ignore pip install --no-build-isolation --editable ".[arrow,pandas,polars,rocksdb,kafka,cli,examples,fsspec]"
touch .venv/ready
