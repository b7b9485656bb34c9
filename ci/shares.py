"""Runs pytest on files in shares, several at a time:  python ci/shares.py [PYTEST OPTIONS] FILE_OR_FOLDER ...

Each share is a process that ends by itself and whose exit code counts, so a sanitizer that speaks at the end of a
process (of leaks) is heard, as it would not be from a worker of pytest-xdist. JOBS says how many run at once (the
number of processors), FILES how many files a share has (6).
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def files_of(paths: list[str]) -> list[str]:
    """The test files that are named, or are under a folder that is, each once."""
    found = {}
    for path in map(Path, paths):
        for file in sorted(path.rglob("test_*.py")) if path.is_dir() else [path]:
            found[str(file)] = True
    return list(found)


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")


def main(arguments: list[str]) -> int:
    paths = [argument for argument in arguments if Path(argument).exists()]
    options = [argument for argument in arguments if argument not in paths]
    files = files_of(paths)
    if not files:
        raise SystemExit("no test files are named")
    count = -(-len(files) // int(os.environ.get("FILES", "6")))
    shares = [files[first::count] for first in range(count)]  # neighbours, which are alike, in different shares
    commands = [[sys.executable, "-m", "pytest", *options, *share] for share in shares]
    failed = []
    with ThreadPoolExecutor(int(os.environ.get("JOBS", os.cpu_count() or 1))) as pool:
        for share, done in zip(shares, pool.map(run, commands), strict=True):
            print(" ".join(share), done.stdout, sep="\n", flush=True)
            if done.returncode:
                failed.append(f"exit code {done.returncode}: {' '.join(share)}")
    print(f"{len(files)} files in {count} shares, {len(failed)} of them failed", *failed, sep="\n")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
