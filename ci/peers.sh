#!/usr/bin/env bash
# Makes a venv for each peer of the benchmarks (or for those named), under build/peers; one that cannot be installed is
# told and left out, and the benchmarks report it as absent. PEER_PYTHON names an interpreter that all of them support
# (3.10, 3.11 or 3.12). PyFlink and Flink SQL need a Java runtime too.
set -uo pipefail
cd "$(dirname "$0")/.."

usable() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null
}

python=
for candidate in ${PEER_PYTHON:-.venv/bin/python python3.11 python3.12 python3.10 "$HOME"/.pyenv/versions/3.1[0-2].*/bin/python}; do
    usable "$candidate" && { python=$candidate; break; }
done
[ -n "$python" ] || { echo "No Python from 3.10 to 3.12 for the peers; name one: PEER_PYTHON=..." >&2; exit 1; }

packages() {
    case $1 in
        plain) echo ;;
        bytewax) echo "bytewax>=0.21" ;;
        duckdb) echo "duckdb>=1.4" ;;
        polars) echo "polars>=1.30" ;;
        datafusion) echo "datafusion>=45" ;;
        pathway) echo "pathway>=0.30" ;;
        flink) echo "apache-flink>=2.0" ;;
        *) return 1 ;;
    esac
}

for peer in ${*:-plain bytewax duckdb polars datafusion pathway flink}; do
    wanted=$(packages "$peer") || { echo "no peer is called $peer" >&2; exit 1; }
    folder=build/peers/$peer
    [ -e "$folder/ready" ] && continue
    echo "Installing ${wanted:-NumPy and pyarrow only} into $folder"
    rm -rf "$folder"
    mkdir -p build/peers
    # Without quotes around $wanted: for the plain loop there is nothing.
    if "$python" -m venv "$folder" && "$folder/bin/python" -m pip --disable-pip-version-check --quiet install \
        numpy pyarrow $wanted >"$folder/install.log" 2>&1; then
        rm -f "$folder/absent"
        touch "$folder/ready"
    else
        tail -n 1 "$folder/install.log" >"$folder/absent"
        echo "$peer is absent: $(cat "$folder/absent")" >&2
    fi
done
