#!/usr/bin/env bash
# Runs every fuzzer, tests/fuzz/fuzz_*.py, under the sanitizers: RUNS mutated inputs (10^6) from SEED (a new one each time,
# printed, so that a failure can be repeated).
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-$PWD/.venv/bin/python}
seed=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d " ")}
shopt -s nullglob
fuzzers=(tests/fuzz/fuzz_*.py)
if [ ${#fuzzers[@]} -eq 0 ]; then
    echo "no fuzzers: tests/fuzz holds no fuzz_*.py" >&2
    exit 1
fi
for fuzzer in "${fuzzers[@]}"; do
    module=${fuzzer%.py}
    echo "$fuzzer --runs ${RUNS:-1000000} --seed $seed"
    ci/sanitize.sh "$python" -m "${module//\//.}" --runs "${RUNS:-1000000}" --seed "$seed"
done
