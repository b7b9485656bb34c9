#!/usr/bin/env bash
# Threads that share segments, exchange frames and snapshots, under ThreadSanitizer: SEEDS (300) plans from FIRST (0) on,
# then ten times as many at full speed, where lost wake-ups and wrong orders show: the former end in a timeout. Fewer of
# whole holders.
set -euo pipefail
cd "$(dirname "$0")/.."
compiler=${CC:-cc}
first=${FIRST:-0} seeds=${SEEDS:-300}
out=build/tsan
mkdir -p $out
common=(-std=c11 -g -Wall -Wextra -Werror -D_POSIX_C_SOURCE=200809L -pthread -Icsrc/include)
sources=(csrc/src/*.c)
# With segments of states so small that there are several.
small=-DPFX_STATES_SEGMENT=16384

for program in exchange_stress segment_threads states_snapshots holders_snapshots; do
    $compiler "${common[@]}" -O1 -fsanitize=thread $small "tests/core/native/$program.c" "${sources[@]}" -lm -o "$out/$program"
done
$compiler "${common[@]}" -O2 tests/core/native/exchange_stress.c "${sources[@]}" -lm -o $out/exchange_fast
$compiler "${common[@]}" -O2 tests/core/native/states_snapshots.c $small "${sources[@]}" -lm -o $out/states_fast
$compiler "${common[@]}" -O2 tests/core/native/holders_snapshots.c $small "${sources[@]}" -lm -o $out/holders_fast

export TSAN_OPTIONS=halt_on_error=1
timeout 300 $out/segment_threads
timeout 300 $out/exchange_stress "$first" "$seeds"
timeout 300 $out/exchange_fast "$first" $((10 * seeds))
timeout 300 $out/states_snapshots "$first" "$seeds"
timeout 300 $out/states_fast "$first" $((10 * seeds))
# Each of these is several holders, which takes longer.
timeout 900 $out/holders_snapshots "$first" $((seeds / 4 + 1))
timeout 900 $out/holders_fast "$first" "$seeds"
echo "no race and no lost wake-up in seeds $first to $((first + seeds - 1)), and $((first + 10 * seeds - 1)) at full speed; a part of them for whole holders"
