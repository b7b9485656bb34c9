"""Simulated jobs with checkpoints: soak_checkpoints [--checkpoints N] [--seed S] [--runs R].

Each seed is one job from start to end, through failures of tasks, clients, writes and power
(``tests/checkpoint/simulation``). Its results have to be in the target once each, and no invariant may break on the
way. A failure prints its seed: --seed SEED --runs 1 repeats it, to the same trace.
"""

import argparse
import time

from tests.checkpoint.simulation.world import World


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoints", type=int, default=1_000_000, help="stop after so many were begun")
    parser.add_argument("--runs", type=int, default=10**9, help="or after so many jobs")
    parser.add_argument("--seed", type=int, default=1, help="the first job's; the next ones follow")
    options = parser.parse_args()
    began = time.process_time()
    begun = completed = attempts = clients = runs = 0
    while runs < options.runs and begun < options.checkpoints:
        seed = options.seed + runs
        world = World(seed)
        try:
            world.run()
        except BaseException:
            print(f"seed {seed} failed: --seed {seed} --runs 1 repeats it", flush=True)
            raise
        runs += 1
        begun += world.checkpoints
        completed += world.completed
        attempts += world.attempts
        clients += world.clients
        if runs % 1_000 == 0:
            print(f"{runs} jobs, {begun} checkpoints", flush=True)
    print(
        f"seeds {options.seed} to {options.seed + runs - 1}: {runs} jobs, {clients} clients, {attempts} attempts, "
        f"{begun} checkpoints begun, {completed} completed, {time.process_time() - began:.0f} s of processor time: "
        "all as they should be"
    )
    if runs == 1:
        print(f"trace {world.trace.hexdigest()}")


if __name__ == "__main__":
    main()
