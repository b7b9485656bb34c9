"""``pyflinkx savepoint``: what savepoints and retained checkpoints hold, where they are, and an end to them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from typing import Any

from pyflinkx.checkpoint.metadata import Checkpoint, OperatorStates, StatePart
from pyflinkx.checkpoint.storage import CheckpointStorage
from pyflinkx.cli.options import add_configuration
from pyflinkx.config.checkpointing import SECRET_FILE
from pyflinkx.config.dynamic import dynamic_properties, file_properties
from pyflinkx.state.spec import FILE, FILES


def add_parser(commands: Any) -> None:
    """The grammar of ``pyflinkx savepoint``."""
    parser = commands.add_parser(
        "savepoint",
        help="look at savepoints and checkpoints, list and remove them",
        description="What savepoints and retained checkpoints hold, where they are, and an end to them.",
    )
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    inspect = actions.add_parser(
        "inspect", help="show its operators and their states", description="Show the operators and states of one."
    )
    inspect.add_argument("path", help="its folder or its _metadata file: a path or a URL")
    inspect.add_argument("--verify", action="store_true", help="read all of its states, and look for damage")
    inspect.add_argument("--json", action="store_true", help="for programs")
    listed = actions.add_parser(
        "list", help="show those in a folder", description="Show the savepoints and checkpoints below a folder."
    )
    listed.add_argument("folder", help="of savepoints, of a job's checkpoints, or of those of jobs: a path or a URL")
    listed.add_argument("--json", action="store_true", help="for programs")
    dispose = actions.add_parser(
        "dispose", help="remove one", description="Remove a savepoint or a retained checkpoint that no job needs."
    )
    dispose.add_argument("path", help="its folder or its _metadata file: a path or a URL")
    for action in (inspect, listed, dispose):
        add_configuration(action)


def savepoint(options: argparse.Namespace) -> None:
    """Run ``pyflinkx savepoint``.

    Raises:
        StorageError: there is none, or it cannot be read or removed.
        CorruptDataError: it is damaged.
        UntrustedStateError: it holds pickles that were not signed here; when it is verified.
    """
    secret_file = {**file_properties(), **dynamic_properties()}.get(SECRET_FILE.key)
    storage = CheckpointStorage(None, "", secret_file=secret_file)
    if options.action == "list":
        found = storage.list_checkpoints(options.folder)
        print_json([summary(each) for each in found]) if options.json else print_list(found, options.folder)
        return
    checkpoint = storage.read_manifest(options.path)
    if options.action == "dispose":
        storage.discard(checkpoint)
        print(f"removed {checkpoint.kind} {checkpoint.number} of job '{checkpoint.job_name}': {checkpoint.folder}")
        return
    if options.verify:
        storage.verify(checkpoint)
    if options.json:
        print_json(summary(checkpoint) | {"operators": [described(each) for each in checkpoint.operators.values()]})
    else:
        print_checkpoint(checkpoint)
        if options.verify:
            print("\nverified: every byte is as it was written")


def print_json(document: Any) -> None:
    json.dump(document, sys.stdout, indent=2)
    print()


def summary(checkpoint: Checkpoint) -> dict[str, Any]:
    """What a checkpoint is, without its states."""
    return {
        "kind": checkpoint.kind,
        "number": checkpoint.number,
        "job_id": checkpoint.job_id,
        "job_name": checkpoint.job_name,
        "time": checkpoint.time,
        "size": checkpoint.size,
        "signed": checkpoint.signed,
        "folder": checkpoint.folder,
    }


def described(operator: OperatorStates) -> dict[str, Any]:
    """What an operator keeps."""
    return {
        "uid": operator.uid,
        "name": operator.name,
        "parallelism": operator.parallelism,
        "max_parallelism": operator.max_parallelism,
        "finished": sum(subtask.finished for subtask in operator.subtasks),
        "states": [
            {
                "state": name,
                "kind": kind,
                "rows": sum(part.rows for part in parts),
                "size": sum(part.size for part in parts),
                "key_groups": key_groups(parts),
                "pickled": any(part.pickled for part in parts),
            }
            for (name, kind), parts in states_of(operator).items()
        ],
    }


def states_of(operator: OperatorStates) -> dict[tuple[str, str], list[StatePart]]:
    """The parts of each state of an operator, of all subtasks."""
    found: dict[tuple[str, str], list[StatePart]] = {}
    for part in parts_of(operator):
        # What is in files of a state backend only that can say.
        name = "files" if part.kind in (FILE, FILES) else part.state
        kind = FILES if part.kind == FILE else part.kind
        found.setdefault((name, kind), []).append(part)
    return found


def parts_of(operator: OperatorStates) -> Iterator[StatePart]:
    if operator.coordinator is not None:
        yield operator.coordinator
    for subtask in operator.subtasks:
        yield from subtask.parts


def key_groups(parts: list[StatePart]) -> list[int] | None:
    """The first and last key group of some parts."""
    groups = [part.groups for part in parts if part.groups is not None]
    return [min(first for first, _ in groups), max(last for _, last in groups)] if groups else None


def print_checkpoint(checkpoint: Checkpoint) -> None:
    files = len({part.file for part in checkpoint.parts() if part.file})
    print(f"{checkpoint.kind} {checkpoint.number} of job '{checkpoint.job_name}' ({checkpoint.job_id})")
    place = f"{files} {'file' if files == 1 else 'files'}"
    print(f"taken {moment(checkpoint.time)}, {size_text(checkpoint.size)} of states in {place}")
    print(f"at {checkpoint.folder}")
    if not checkpoint.signed:
        print("signed by another installation: its pickled states are refused here")
    for key, value in checkpoint.properties.items():
        print(f"{key}: {value}")
    for operator in checkpoint.operators.values():
        print_operator(operator)


def print_operator(operator: OperatorStates) -> None:
    about = described(operator)
    finished = f", {about['finished']} finished" if about["finished"] else ""
    print(f"\n{operator.name} (uid {operator.uid})")
    print(f"  {operator.parallelism} subtasks{finished}, max parallelism {operator.max_parallelism}")
    lines = [("state", "kind", "rows", "size", "key groups", "")]
    for state in about["states"]:
        groups = "" if state["key_groups"] is None else "{} to {}".format(*state["key_groups"])
        pickled = "pickled" if state["pickled"] else ""
        lines.append((state["state"], state["kind"], str(state["rows"]), size_text(state["size"]), groups, pickled))
    if len(lines) > 1:
        print_table(lines, numbers={2, 3})


def print_list(found: list[Checkpoint], folder: str) -> None:
    if not found:
        print(f"no savepoints or checkpoints in {folder}")
        return
    lines = [("taken", "kind", "number", "job", "size", "folder")]
    for each in found:
        job = f"{each.job_name} ({each.job_id[:6]})"
        lines.append((moment(each.time), each.kind, str(each.number), job, size_text(each.size), each.folder))
    print_table(lines, numbers={2, 4}, indent="")


def print_table(lines: Sequence[tuple[str, ...]], numbers: set[int], indent: str = "  ") -> None:
    """Lines of texts in columns; numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = [
            text.rjust(width) if place in numbers else text.ljust(width)
            for place, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        print((indent + "  ".join(cells)).rstrip())


def moment(milliseconds: int) -> str:
    """A time for people, in UTC."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"{milliseconds} ms"


def size_text(size: int) -> str:
    """Bytes for people.

    Example:
        >>> size_text(2048)
        '2.0 KiB'
    """
    number, units = float(size), ["KiB", "MiB", "GiB", "TiB"]
    if size < 1024:
        return f"{size} B"
    while number >= 1024 and units:
        number, unit = number / 1024, units.pop(0)
    return f"{number:.1f} {unit}"
