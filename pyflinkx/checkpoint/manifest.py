"""A checkpoint's manifest as bytes: docs/formats/checkpoints.md.

A head, sections, a signature, a digest. What a manifest says is JSON in one section, the states that travel in it are
the bytes of another. Nothing in it is a pickle of ours, and whatever its bytes are, reading them ends with a
Checkpoint or a CorruptDataError.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from struct import Struct
from typing import Any

import xxhash

from pyflinkx.checkpoint.metadata import CHECKPOINT, SAVEPOINT, Checkpoint, OperatorStates, StatePart, SubtaskStates
from pyflinkx.checkpoint.secret import MANIFEST, TAG_SIZE, same_tag, tag_of
from pyflinkx.errors import CorruptDataError

MAGIC = b"pyflinkx"
VERSION = 1
# Magic, version of the format, number of sections.
HEAD = Struct("<8sHHI")
# Kind, whether a reader that does not know the kind may pass over it, length.
SECTION = Struct("<HHIQ")
ABOUT, DATA = 1, 2
REQUIRED, IGNORABLE = 0, 1
DIGEST_SIZE = 16
FOOT = TAG_SIZE + DIGEST_SIZE
# The prefix of files that several checkpoints of a job may share.
SHARED_FOLDER = "shared"
SHARED = f"../{SHARED_FOLDER}/"
LARGEST = 1 << 63


def encode_manifest(checkpoint: Checkpoint, secret: bytes) -> bytes:
    """The manifest of a checkpoint, signed.

    Example:
        >>> decode_manifest(encode_manifest(Checkpoint(3, "checkpoint", "ab", "job", 0, {}), b"s"), b"s").number
        3
    """
    data = bytearray()
    about = json.dumps(checkpoint_as_json(checkpoint, data), separators=(",", ":"), sort_keys=True).encode()
    sections = [(ABOUT, REQUIRED, about), (DATA, REQUIRED, bytes(data))]
    sections += [(kind, IGNORABLE, content) for kind, content in checkpoint.sections]
    result = bytearray(HEAD.pack(MAGIC, VERSION, 0, len(sections)))
    for kind, needed, content in sections:
        result += SECTION.pack(kind, needed, 0, len(content)) + content
    tag = tag_of(secret, MANIFEST)
    tag.update(result)
    result += tag.digest()
    result += xxhash.xxh3_128_digest(result)
    return bytes(result)


def checkpoint_as_json(checkpoint: Checkpoint, data: bytearray) -> dict[str, Any]:
    return {
        "number": checkpoint.number,
        "kind": checkpoint.kind,
        "job": {"id": checkpoint.job_id, "name": checkpoint.job_name},
        "time": checkpoint.time,
        "operators": [operator_as_json(operator, data) for operator in checkpoint.operators.values()],
        "properties": dict(checkpoint.properties),
    }


def operator_as_json(operator: OperatorStates, data: bytearray) -> dict[str, Any]:
    result: dict[str, Any] = {
        "uid": operator.uid,
        "name": operator.name,
        "max_parallelism": operator.max_parallelism,
        "subtasks": [
            {"finished": subtask.finished, "parts": [part_as_json(part, data) for part in subtask.parts]}
            for subtask in operator.subtasks
        ],
    }
    if operator.coordinator is not None:
        result["coordinator"] = part_as_json(operator.coordinator, data)
    return result


def part_as_json(part: StatePart, data: bytearray) -> dict[str, Any]:
    result: dict[str, Any] = {
        "state": part.state,
        "kind": part.kind,
        "rows": part.rows,
        "size": part.size,
        "digest": part.digest.hex(),
    }
    if part.file:
        result["file"], result["offset"] = part.file, part.offset
    else:
        result["offset"] = len(data)
        data += part.data
    if part.groups is not None:
        result["groups"] = list(part.groups)
    if part.pickled:
        result["tag"] = part.tag.hex()
    return result


def decode_manifest(content: bytes | bytearray | memoryview, secret: bytes, name: str = "a manifest") -> Checkpoint:
    """The checkpoint that a manifest describes, without its folder.

    Args:
        content: all of its bytes.
        secret: of this installation; one that was signed with another is read, and says so.
        name: of its file, for errors.

    Raises:
        CorruptDataError: these are not the bytes of a manifest, they are damaged, or a later version wrote them.
    """
    try:
        with memoryview(content) as view:
            return replace(checkpoint_from(view), signed=is_signed(view, secret))
    except CorruptDataError as error:
        raise CorruptDataError(f"{name}: {error}") from error


def is_signed(view: memoryview, secret: bytes) -> bool:
    tag = tag_of(secret, MANIFEST)
    tag.update(view[:-FOOT])
    return same_tag(bytes(view[-FOOT:-DIGEST_SIZE]), tag.digest())


def checkpoint_from(view: memoryview) -> Checkpoint:
    """The checkpoint of a manifest's bytes."""
    if len(view) < HEAD.size + FOOT or view[: len(MAGIC)] != MAGIC:
        raise CorruptDataError(f"{len(view)} bytes are no manifest of a checkpoint")
    # The digest first: a manifest that is damaged in its version is no later one.
    if xxhash.xxh3_128_digest(view[:-DIGEST_SIZE]) != view[-DIGEST_SIZE:]:
        raise CorruptDataError("the manifest is damaged: its digest is another than that of its bytes")
    _, version, _, count = HEAD.unpack_from(view)
    if version != VERSION:
        raise CorruptDataError(
            f"the manifest has format version {version}, and this release of pyflinkx reads version {VERSION} only"
        )
    known: dict[int, memoryview] = {}
    others: list[tuple[int, bytes]] = []
    for kind, needed, content in sections_of(view[:-FOOT], count):
        if kind in (ABOUT, DATA):
            if kind in known:
                raise CorruptDataError(f"the manifest has section {kind} twice")
            known[kind] = content
        elif needed == IGNORABLE:
            others.append((kind, bytes(content)))
        else:
            raise CorruptDataError(
                f"the manifest has a section of kind {kind}, without which it cannot be restored, and which this "
                "release of pyflinkx does not know"
            )
    if known.keys() != {ABOUT, DATA}:
        raise CorruptDataError("the manifest lacks a section")
    return replace(ManifestReader(known[DATA]).checkpoint(known[ABOUT]), sections=tuple(others))


def sections_of(view: memoryview, count: int) -> Iterator[tuple[int, int, memoryview]]:
    at = HEAD.size
    for _ in range(count):
        if len(view) - at < SECTION.size:
            raise CorruptDataError("the manifest ends within its sections")
        kind, needed, _, size = SECTION.unpack_from(view, at)
        at += SECTION.size
        if size > len(view) - at:
            raise CorruptDataError(f"the manifest has no {size} bytes for its section {kind}")
        yield kind, needed, view[at : at + size]
        at += size
    if at != len(view):
        raise CorruptDataError(f"the manifest has {len(view) - at} bytes more than its sections")


class ManifestReader:
    """Takes the values of a manifest's JSON, each checked.

    Args:
        data: the states that are in the manifest.
    """

    def __init__(self, data: memoryview) -> None:
        self.data = data

    def checkpoint(self, about: memoryview) -> Checkpoint:
        try:
            document = json.loads(bytes(about))
        except (ValueError, RecursionError) as error:
            raise CorruptDataError(f"the manifest holds no JSON: {error}") from error
        job = value_of(document, "job", dict)
        kind = value_of(document, "kind", str)
        if kind not in (CHECKPOINT, SAVEPOINT):
            raise CorruptDataError(f"the manifest is of neither a checkpoint nor a savepoint, but {kind[:50]!r}")
        properties = value_of(document, "properties", dict)
        if not all(isinstance(value, str) for value in properties.values()):
            raise CorruptDataError("a property of the manifest is no text")
        operators: dict[str, OperatorStates] = {}
        for item in value_of(document, "operators", list):
            operator = self.operator(item)
            if operator.uid in operators:
                raise CorruptDataError(f"the manifest has operator {operator.uid!r} twice")
            operators[operator.uid] = operator
        return Checkpoint(
            number=number_of(document, "number"),
            kind=kind,
            job_id=value_of(job, "id", str),
            job_name=value_of(job, "name", str),
            time=value_of(document, "time", int),
            operators=operators,
            properties=properties,
        )

    def operator(self, item: Any) -> OperatorStates:
        most = number_of(item, "max_parallelism")
        coordinator = item.get("coordinator")
        return OperatorStates(
            uid=value_of(item, "uid", str),
            name=value_of(item, "name", str),
            max_parallelism=most,
            subtasks=tuple(self.subtask(subtask, most) for subtask in value_of(item, "subtasks", list)),
            coordinator=None if coordinator is None else self.part(coordinator, most),
        )

    def subtask(self, item: Any, most: int) -> SubtaskStates:
        finished = value_of(item, "finished", bool)
        return SubtaskStates(tuple(self.part(part, most) for part in value_of(item, "parts", list)), finished)

    def part(self, item: Any, most: int) -> StatePart:
        size, offset = number_of(item, "size"), number_of(item, "offset")
        file, data = "", b""
        if "file" in item:
            file = file_name(value_of(item, "file", str))
        elif offset > len(self.data) or size > len(self.data) - offset:
            raise CorruptDataError(f"the manifest has no {size} bytes of states at {offset}")
        else:
            data = bytes(self.data[offset : offset + size])
        return StatePart(
            state=value_of(item, "state", str),
            kind=value_of(item, "kind", str),
            rows=number_of(item, "rows"),
            size=size,
            digest=hex_of(item, "digest", range(DIGEST_SIZE, DIGEST_SIZE + 1)),
            file=file,
            offset=offset if file else 0,
            data=data,
            groups=groups_of(item["groups"], most) if "groups" in item else None,
            pickled="tag" in item,
            # One that is too short signs nothing, which is for the reader of the state to say.
            tag=hex_of(item, "tag", range(TAG_SIZE + 1)) if "tag" in item else b"",
        )


def value_of(item: Any, key: str, kind: type) -> Any:
    """The value of a key, which is there and has that very type."""
    if type(item) is not dict or type(item.get(key)) is not kind:
        raise CorruptDataError(f"the manifest says nothing fit for {key!r} where it should")
    return item[key]


def number_of(item: Any, key: str) -> int:
    number: int = value_of(item, key, int)
    if not 0 <= number < LARGEST:
        raise CorruptDataError(f"the manifest has {key!r} out of its range")
    return number


def hex_of(item: Any, key: str, sizes: range) -> bytes:
    text = value_of(item, key, str)
    try:
        result = bytes.fromhex(text)
    except ValueError:
        result = None
    if result is None or len(result) not in sizes or len(text) != 2 * len(result):
        raise CorruptDataError(f"the manifest has a {key!r} that is none")
    return result


def groups_of(value: Any, most: int) -> tuple[int, int]:
    if type(value) is list and len(value) == 2 and all(type(group) is int for group in value):
        first, last = value
        if 0 <= first <= last < most:
            return first, last
    raise CorruptDataError("the manifest has key groups that cannot be")


def file_name(name: str) -> str:
    """The name of a file of states: in the checkpoint's folder, or one that the job's checkpoints share."""
    plain = name.removeprefix(SHARED)
    if not plain or plain in (".", "..") or "/" in plain or "\\" in plain or not plain.isprintable():
        raise CorruptDataError(f"the manifest names a file outside of its folders: {name[:100]!r}")
    return name
