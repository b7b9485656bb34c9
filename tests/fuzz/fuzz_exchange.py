"""Writes over the memory of arenas while they are in use: fuzz_exchange [--runs N] [--seed S].

Whatever another process puts there, nothing but the documented exceptions may come out, and no operation may touch
memory outside of the mapping or wait without being asked to.
"""

import argparse
import mmap
import random
import struct
import sys

from pyflinkx._core.exchange.shared import SUPPORTED, Arena
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx.errors import ChannelClosedError, CorruptDataError, MemoryBudgetError

SIZE = 4096
NUMBERS = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 255, 256, 272, SIZE - 1, SIZE, SIZE + 1, 2**31, 2**32 - 1, 2**32, 2**63]
REFUSALS = (ChannelClosedError, CorruptDataError, MemoryBudgetError)


class Ends:
    """Everything that a process has of an arena; events 0 and 1 produce, 2 and 3 consume."""

    def __init__(self, arena: Arena) -> None:
        self.writers = [arena.writer(0, [0]), arena.writer(0, [0, 1]), arena.writer(1, [2])]
        self.readers = [arena.reader(i, max_frame=1 << 20, budget=MemoryBudget(1 << 19)) for i in range(3)]
        self.events = [arena.event(i) for i in range(4)]

    def use(self, rng: random.Random) -> None:
        try:
            match rng.randrange(6):
                case 0 | 1:
                    writer = rng.choice(self.writers)
                    if writer.writable:
                        writer.write([rng.randbytes(rng.choice([0, 1, 100, SIZE - 8]))])
                case 2:
                    writer = rng.choice(self.writers)
                    if writer.writable:
                        writer.put_control(rng.randrange(1, 16), rng.getrandbits(40))
                case 3 | 4:
                    item = rng.choice(self.readers).get()
                    if item is not None and type(item) is not tuple:
                        bytes(item)
                case 5:
                    reader = rng.choice(self.readers)
                    reader.set_credit(rng.choice([0, SIZE, 1 << 40]))
                    repr((reader, self.writers, reader.ready, reader.buffers_queued))
                    event = rng.choice(self.events)
                    event.wait(event.prepare(), 0)
        except REFUSALS:
            pass


def scribble(memory: mmap.mmap, metadata: int, rng: random.Random) -> None:
    """Write a number, random bytes, or what lies elsewhere, mostly where no frames lie."""
    limit = metadata if rng.random() < 0.9 else len(memory)
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(limit // 4 - 2) * 4
        match rng.randrange(4):
            case 0:
                memory[at : at + 4] = struct.pack("<I", rng.choice(NUMBERS) % 2**32)
            case 1:
                memory[at : at + 8] = struct.pack("<Q", rng.choice(NUMBERS))
            case 2:
                memory[at : at + 4] = rng.randbytes(4)
            case 3:
                old = struct.unpack("<Q", memory[at : at + 8])[0]
                memory[at : at + 8] = struct.pack("<Q", (old + rng.randrange(-3, 4)) % 2**64)


def run(rng: random.Random) -> None:
    arena = Arena.create(
        4, [(3, 0), (2, 1)], [(0, 0, 2), (0, 0, 3), (1, 1, 2)], segment_size=SIZE, ring_capacity=4, credit=1 << 20
    )
    metadata = arena.nbytes - 5 * SIZE
    ends = [Ends(arena)]
    with mmap.mmap(arena.fd, arena.nbytes) as memory:
        for _ in range(rng.randrange(1, 5)):
            for _ in range(rng.randrange(20)):
                rng.choice(ends).use(rng)
            scribble(memory, metadata, rng)
            try:
                other = Arena.attach(arena.fd)
            except CorruptDataError:
                continue
            try:
                ends.append(Ends(other))
            except (IndexError, ValueError):  # fewer channels, or wired otherwise
                continue
        for _ in range(rng.randrange(20)):
            rng.choice(ends).use(rng)
    arena.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if not SUPPORTED:
        print("no arenas on this platform")
        return
    for number in range(options.runs):
        try:
            run(random.Random(options.seed + number))
        except BaseException:
            print(f"--seed {options.seed + number} --runs 1 repeats it", file=sys.stderr)
            raise
    print(f"{options.runs} arenas written over, from seed {options.seed} on: nothing but documented errors")


if __name__ == "__main__":
    main()
