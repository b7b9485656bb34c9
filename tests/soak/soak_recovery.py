"""Time from the kill of a worker to the first record of the next attempt: soak_recovery [--kills N] [--state KIND].

A job on two workers with so many bytes of keyed state and a restart delay of 0, a checkpoint each second. A random
worker is killed whenever a checkpoint has come behind the recovery from the one before. On a busy machine the wall
clock says little: beside it stands the processor time of the client and of the slower of the new workers until then,
which is what lies one behind the other.
"""

import argparse
import os
import random
import signal
import tempfile
import time
from collections import Counter

from pyflinkx.common import Configuration, Types, WatermarkStrategy
from pyflinkx.datastream import KeyedProcessFunction, StreamExecutionEnvironment
from pyflinkx.datastream.connectors.number_seq import NumberSequenceSource
from pyflinkx.datastream.state import ValueStateDescriptor
from pyflinkx.testing.exactly_once import ExactlyOnceSink, first_records, shown_records

WORKERS = 2
EACH = 1_000  # one record in so many is shown
PAUSE = 0.005  # s for so many records, once the state is there
KINDS = {"objects": ("hashmap", Types.STRING()), "pickled": ("hashmap", None), "rocksdb": ("rocksdb", Types.STRING())}


class Keep(KeyedProcessFunction):
    """Keeps a text for each key; shows some of the keys, with how often they came."""

    def __init__(self, keys, size, kept):
        self.keys = keys
        self.size = size
        self.kept = kept

    def open(self, runtime_context):
        self.text = runtime_context.get_state(ValueStateDescriptor("text", self.kept or Types.PICKLED_BYTE_ARRAY()))

    def process_element(self, value, ctx):
        times, key = divmod(value, self.keys)
        text = self.text.value()
        assert (0 if text is None else int(text[:8])) == times, (value, text and text[:8])
        if times == 0 or value % 64 == 0:
            self.text.update(f"{times + 1:08d}".ljust(self.size, "x"))
        else:
            self.text.update(f"{times + 1:08d}{text[8:]}")
        if value % EACH == 0:
            if times:
                time.sleep(PAUSE)
            yield key, times


def start(folder, arguments):
    """The job, in the background; its first records fill the state."""
    backend, kept = KINDS[arguments.state]
    options = {
        "parallelism.default": str(WORKERS),
        "pyflinkx.workers": "processes",
        "state.backend.type": backend,
        "execution.checkpointing.interval": "1 s",
        "execution.checkpointing.dir": f"{folder}/checkpoints",
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": "1000000",
        "restart-strategy.fixed-delay.delay": "0 ms",
    }
    if arguments.spares:
        options["slotmanager.redundant-taskmanager-num"] = str(arguments.spares)
    if arguments.start_method:
        options["pyflinkx.workers.start-method"] = arguments.start_method
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(options))
    keys = arguments.megabytes * 1_000_000 // arguments.value
    numbers = env.from_source(NumberSequenceSource(0, 10**12), WatermarkStrategy.no_watermarks(), "numbers")
    kept_ones = numbers.set_parallelism(1).key_by(lambda value: value % keys, Types.LONG())
    kept_ones.process(Keep(keys, arguments.value, kept)).sink_to(ExactlyOnceSink(folder))
    return env.execute_async("recovery"), keys


def until(condition, what, limit=300):
    """Look again and again."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > limit:
            raise TimeoutError(f"no {what} within {limit} s")
        time.sleep(0.005)


def processor_time(pid):
    """Seconds of a process; none of one that has ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(folder, arguments):
    """Seconds of each recovery, by the wall clock and of processor time, and bytes of the last checkpoint."""
    chance = random.Random(arguments.seed)
    client, keys = start(folder, arguments)
    job = client._thread.job
    coordinator = job.checkpoints.coordinator

    def size():
        done = [record for record in coordinator.statistics.history if record.status.name == "COMPLETED"]
        return done[-1].size if done else 0

    until(lambda: size() >= arguments.megabytes * 1_000_000, "state")
    times, costs = [], []
    while len(times) < arguments.kills:
        before = coordinator.statistics.completed
        until(lambda before=before: coordinator.statistics.completed > before, "checkpoint")
        time.sleep(chance.uniform(0, 1))
        victim = chance.choice([view.handle for view in job.current.workers])
        signal.pidfd_send_signal(victim.pidfd, signal.SIGKILL)
        killed, spent = time.time(), processor_time(os.getpid())
        until(lambda killed=killed: any(at > killed for at in first_records(folder)), "record")
        costs.append(processor_time(os.getpid()) - spent + max(processor_time(pid) for pid in pids(job)))
        times.append(next(at for at in first_records(folder) if at > killed) - killed)
    before = coordinator.statistics.completed
    until(lambda: coordinator.statistics.completed > before, "checkpoint")
    bytes_of_state = size()
    client.cancel().result()
    check(Counter(shown_records(folder)), keys)
    return times, costs, bytes_of_state


def pids(job):
    """Of the workers."""
    return [view.handle.pid for view in job.current.workers]


def check(shown, keys):
    """What was shown is, once each, a beginning of what the job gives (of its subtasks, one may be ahead)."""
    assert set(shown.values()) == {1}, [each for each in shown.items() if each[1] > 1][:5]
    numbers = sorted((times * keys + key) // EACH for key, times in shown)
    missing = set(range(numbers[-1])) - set(numbers)
    assert all(number > numbers[-1] - 1_000 for number in missing), sorted(missing)[:5]


def main():
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--state", choices=KINDS, default="objects")
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--value", type=int, default=100, help="bytes of a value")
    parser.add_argument("--start-method", choices=["spawn", "fork", "forkserver"])
    parser.add_argument("--spares", type=int, default=0, help="workers that wait")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pyflinkx-") as folder:
        times, costs, size = measure(folder, arguments)
    times.sort()
    costs.sort()
    print(
        f"{arguments.state} of {arguments.value} bytes, {size / 1e6:.0f} MB of state, {len(times)} kills: p50 "
        f"{times[len(times) // 2]:.2f} s, p90 {times[len(times) * 9 // 10]:.2f} s, most {times[-1]:.2f} s, least "
        f"{times[0]:.2f} s; of processor time p50 {costs[len(costs) // 2]:.2f} s, most {costs[-1]:.2f} s; load "
        f"{os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
