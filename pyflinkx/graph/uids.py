"""The identity of operators, by which their state is found; docs/internals/plan.md has the format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import xxhash

from pyflinkx.graph.partitioners import HashPartitioner
from pyflinkx.graph.settings import Settings
from pyflinkx.graph.transformation import Transformation, Upstream


def uids_of(
    order: Iterable[Transformation], settings: Callable[[Transformation], Settings]
) -> dict[Transformation, str]:
    """The uid of every transformation of a program.

    They follow from the user's own operators and from what reads what, and are the same wherever and whenever the
    program is built; where a uid is given, it is that.

    Args:
        order: all transformations, inputs first.
        settings: what is said of a transformation.
    """
    order = list(order)
    own = [transformation for transformation in order if transformation.inserted is None]
    said = {transformation: settings(transformation) for transformation in order}
    known = structural_uids(own, said)
    found = {transformation: said[transformation].uid_hash or uid for transformation, uid in known.items()}
    known.update(found)
    for transformation, uid in inserted_uids(order, known).items():
        found[transformation] = said[transformation].uid_hash or said[transformation].uid or uid
    return found


def structural_uids(own: Iterable[Transformation], said: dict[Transformation, Settings]) -> dict[Transformation, str]:
    """The uid of each of the user's operators, a given one or one that follows from its place."""
    own = list(own)
    ranks = ranks_of(own)
    depths: dict[Transformation, int] = {}
    levels: list[list[Transformation]] = []
    for transformation in own:
        depth = max((depths[up.transformation] + 1 for up in user_inputs(transformation)), default=0)
        depths[transformation] = depth
        if depth == len(levels):
            levels.append([])
        levels[depth].append(transformation)
    uids: dict[Transformation, str] = {}
    # Twins read the same, so that they are of one level, and the uids of what they read are known.
    for level in levels:
        twins: dict[str, list[Transformation]] = {}
        for transformation in level:
            twins.setdefault(text_of(transformation, uids), []).append(transformation)
        for text, group in twins.items():
            group.sort(key=lambda twin: -ranks[twin])  # stable: else in the order in which they were made
            for place, twin in enumerate(group):
                uids[twin] = said[twin].uid or digest(f"{text}\ntwin {place}" if place else text)
    return uids


def text_of(transformation: Transformation, uids: dict[Transformation, str]) -> str:
    """What an operator does, and on what."""
    lines = ["uid 1", transformation.operation]
    for port, streams in enumerate(transformation.inputs):
        lines.append(f"port {port}")
        lines += sorted(
            uids[up.transformation] + ("" if up.side_tag is None else f"/{up.side_tag}")
            for stream in streams
            for up in behind_inserted(stream)
        )
    return "\n".join(lines)


def ranks_of(own: list[Transformation]) -> dict[Transformation, int]:
    """What each operator leads to: 2 for operators on keys, 1 for others, 0 for sinks or nothing."""
    ranks = dict.fromkeys(own, 0)
    for transformation in reversed(own):
        rank = ranks[transformation]
        if transformation.kind == "operator":
            rank = max(rank, 2 if is_on_keys(transformation) else 1)
        for up in user_inputs(transformation):
            ranks[up.transformation] = max(ranks[up.transformation], rank)
    return ranks


def is_on_keys(transformation: Transformation) -> bool:
    """Whether what an operator reads is spread by key, if need be before a conversion."""
    pending = [stream for streams in transformation.inputs for stream in streams]
    while pending:
        up = pending.pop()
        if isinstance(up.partitioner, HashPartitioner):
            return True
        if up.transformation.inserted is not None:
            pending += [stream for streams in up.transformation.inputs for stream in streams]
    return False


def user_inputs(transformation: Transformation) -> Iterator[Upstream]:
    """What an operator reads of the user's operators."""
    for streams in transformation.inputs:
        for stream in streams:
            yield from behind_inserted(stream)


def behind_inserted(stream: Upstream) -> Iterator[Upstream]:
    """The streams of the user's operators that come by one that may come from an inserted operator."""
    pending = [stream]
    while pending:
        up = pending.pop()
        if up.transformation.inserted is None:
            yield up
        else:
            pending.extend(inner for streams in reversed(up.transformation.inputs) for inner in reversed(streams))


def inserted_uids(order: list[Transformation], known: dict[Transformation, str]) -> dict[Transformation, str]:
    """The uid of each operator that the engine put there: that of its owner, and its role there."""
    found: dict[Transformation, str] = {}
    uids = dict(known)
    for transformation in order:
        inserted = transformation.inserted
        if inserted is not None and inserted.owner == "input":
            owner = transformation.inputs[0][0].transformation
            found[transformation] = uids[transformation] = inserted_uid(inserted.role, uids[owner])
    # Readers come last, so that they have their uids when they are looked at.
    for number, reader in enumerate(reversed(order)):
        if reader not in uids and reader.inserted is not None:  # nobody reads it
            found[reader] = uids[reader] = inserted_uid(reader.inserted.role, f"nobody {number}")
        places = [(port, place, up) for port, ups in enumerate(reader.inputs) for place, up in enumerate(ups)]
        for port, place, up in places:
            inserted = up.transformation.inserted
            if inserted is not None and up.transformation not in known and inserted.owner == "reader":
                uid = inserted_uid(inserted.role, uids[reader], f"port {port}", f"place {place}")
                found[up.transformation] = uids[up.transformation] = uid  # the first reader is the last to be asked
    return found


def inserted_uid(role: str, owner: str, *place: str) -> str:
    """The uid of an operator that the engine put beside another one.

    Args:
        role: what it is there for.
        owner: the uid of the other one.
        place: what tells it from others of that role and owner.
    """
    return digest("\n".join(["inserted 1", role, owner, *place]))


def digest(text: str) -> str:
    """32 hexadecimal digits."""
    return xxhash.xxh3_128_hexdigest(text.encode())
