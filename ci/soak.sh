#!/usr/bin/env bash
# Random jobs on workers that are killed, stopped and cancelled: ROUNDS (200) from SEED (a new one each time, printed, so
# that a failure can be repeated; FIRST begins at a later round of it).
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-$PWD/.venv/bin/python}
seed=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d " ")}
exec nice "$python" -m tests.soak.soak_workers --rounds "${ROUNDS:-200}" --seed "$seed" --first "${FIRST:-0}"
