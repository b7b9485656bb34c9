"""A job from Kafka to Kafka under kills of all: soak_kafka [--kills N] [--broker-kills N] [--seed S] [--limit SECONDS].

Each round runs the job of tests.reliability.kafka_job once, with another seed, until so many workers and programs were
killed in all. Meanwhile the broker is killed and started again, or stopped and continued, at random moments.
"""

import argparse
import random
import sys
import threading
import time
import traceback
from collections import Counter

from pyflinkx.testing.kills import CLIENT_KILLED, KILLED, Faults, run_under_faults
from tests.reliability import kafka_job
from tests.servers.kafka import OwnBroker, require

COUNT = 3_000


class Tormentor(threading.Thread):
    """Kills a broker, or stops it for a while, again and again.

    Args:
        broker: which.
        chance: decides when and what.
        most: how often at most.
    """

    def __init__(self, broker, chance, most):
        super().__init__(daemon=True)
        self.broker = broker
        self.chance = chance
        self.most = most
        self.over = threading.Event()
        self.done = Counter()

    def run(self):
        while sum(self.done.values()) < self.most and not self.over.wait(self.chance.uniform(1, 12)):
            if self.chance.random() < 0.7:
                self.broker.kill()
                self.over.wait(self.chance.uniform(0, 3))
                self.broker.start().wait()
                self.done["broker killed"] += 1
            else:
                self.broker.pause()
                self.over.wait(self.chance.uniform(0.5, 8))
                self.broker.go_on()
                self.done["broker stopped"] += 1

    def end(self):
        self.over.set()
        self.join()


def run_round(broker, seed):
    """One job, and what the seed does to it."""
    chance = random.Random(seed)
    workers = chance.choice([1, 2, 2, 3])
    options = {
        "parallelism.default": str(workers),
        "pyflinkx.workers": "inline" if workers == 1 else "processes",
        "pyflinkx.workers.start-method": chance.choice(["spawn", "fork"]),
        "execution.checkpointing.interval": chance.choice(["100 ms", "300 ms", "1 s"]),
        "execution.checkpointing.unaligned.enabled": chance.choice(["true", "false"]),
        "pyflinkx.batch.size": chance.choice(["16", "100", "1024"]),
        "heartbeat.interval": "500 ms",
        "heartbeat.timeout": "10 s",
    }
    faults = Faults(
        kills=0 if workers == 1 else chance.randint(4, 10),
        stops=0,
        failures=chance.randint(0, 2),
        client_kills=chance.randint(1, 3),
        gap=chance.choice([0.3, 1.0, 2.0]),
        seed=seed,
    )
    program, results = kafka_job.prepared(broker, COUNT)
    return run_under_faults(program, faults, range(COUNT), options, results=results, timeout=400)


def soak(kills, broker_kills, seed, limit):
    """Run rounds; how many went wrong."""
    require()
    happened, lost, duplicated, failed, index, began = Counter(), 0, 0, 0, 0, time.monotonic()
    broker = OwnBroker().start()
    try:
        broker.wait()
        while happened[KILLED] + happened[CLIENT_KILLED] < kills and time.monotonic() - began < limit:
            started = time.monotonic()
            left = broker_kills - happened["broker killed"] - happened["broker stopped"]
            tormentor = Tormentor(broker, random.Random(seed + index), left)
            tormentor.start()
            try:
                report = run_round(broker, seed * 1_000_000 + index)
            except Exception:
                failed += 1
                traceback.print_exc()
                print(f"round {index}: FAILED", flush=True)
            else:
                happened += report.happened
                lost += sum(report.lost.values())
                duplicated += sum(report.duplicated.values())
                failed += not report.equal
                print(
                    f"round {index}: {'equal' if report.equal else 'DIFFERENT'}, {time.monotonic() - started:.1f} s, "
                    f"{dict(report.happened)}, {dict(tormentor.done)}",
                    flush=True,
                )
            finally:
                tormentor.end()
                happened += tormentor.done
            index += 1
    finally:
        broker.close()
    print(
        f"{index} rounds, seed {seed}, {(time.monotonic() - began) / 60:.1f} min: {dict(happened)}; {lost} lost, "
        f"{duplicated} duplicated, {failed} rounds failed"
    )
    return failed


def main():
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--broker-kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--limit", type=float, default=float("inf"), help="seconds after which no round begins")
    arguments = parser.parse_args()
    sys.exit(bool(soak(arguments.kills, arguments.broker_kills, arguments.seed, arguments.limit)))


if __name__ == "__main__":
    main()
