"""Accumulators on their way from subtasks to the job's result."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Sequence
from typing import Any

from pyflinkx._core.calls.records import CallSite, told
from pyflinkx._core.codecs.codec import Codec
from pyflinkx._core.codecs.pickled import PickleCodec
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.interrupts import is_interrupt
from pyflinkx.errors import JobExecutionError
from pyflinkx.runtime.control.pickles import dump_by_value, dump_value
from pyflinkx.state.rows import state_batch, state_name, state_rows
from pyflinkx.state.spec import SPLIT

ATTEMPTS = 3
# The state of a subtask that its operator's accumulators are; no user's state can have a name that begins so.
STATE = "$accumulators"
CODECS: dict[str, Codec] = {"value": PickleCodec()}


class Lost:
    """Stands for an accumulator that could not be copied or sent.

    Args:
        reason: why.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason


def copies(accumulators: dict[str, Any]) -> dict[str, Any]:
    """Copies that the subtask no longer changes; from any thread."""
    return {name: copied(accumulator) for name, accumulator in tuple(accumulators.items())}


def copied(accumulator: Any) -> Any:
    """One copy. A copy that fails is tried again: the subtask may have been changing what was copied."""
    for _ in range(ATTEMPTS):
        try:
            return accumulator.clone()
        except BaseException as error:
            if is_interrupt(error):
                raise
            failure = error
    return Lost(f"cannot be copied: {told(failure)}")


def held(site: CallSite, accumulators: dict[str, Any]) -> list[ColumnBatch]:
    """What a checkpoint keeps of the accumulators of a subtask: a list of one element, so that they stay together."""
    packed = []
    for name, accumulator in accumulators.items():
        try:
            packed.append((name, dump_by_value(accumulator)))
        except BaseException as error:
            raise site.wrap(error, f"while accumulator {name!r} was written to a checkpoint") from error
    return [state_batch(STATE, SPLIT, CODECS, None, [(packed,)])] if packed else []


def taken_out(
    site: CallSite, batches: Sequence[ColumnBatch], accumulators: dict[str, Any]
) -> tuple[list[ColumnBatch], set[str]]:
    """Take the accumulators out of what a subtask begins with.

    Args:
        site: the operator.
        batches: of the subtask's lists and broadcast maps.
        accumulators: gets them, those of one name that several subtasks had in one.

    Returns:
        The other batches, and the names of the accumulators.
    """
    others = []
    for batch in batches:
        if state_name(batch) != STATE:
            others.append(batch)
            continue
        packed = [pair for (pairs,) in state_rows(batch, CODECS) for pair in pairs]
        for name, data in packed:
            try:
                found = pickle.loads(data)
                if name in accumulators:
                    accumulators[name].merge(found)
                else:
                    accumulators[name] = found
            except BaseException as error:  # code of the accumulator's class runs here
                raise site.wrap(error, f"while accumulator {name!r} was read from a checkpoint") from error
    return others, set(accumulators)


def pack(accumulators: dict[str, Any]) -> dict[str, bytes | Lost]:
    """Accumulators ready to travel to another process, where their classes may not be importable."""
    packed: dict[str, bytes | Lost] = {}
    for name, accumulator in accumulators.items():
        try:
            packed[name] = dump_value(accumulator)
        except BaseException as error:
            packed[name] = Lost(f"cannot be sent: {told(error)}")
    return packed


def unpack(packed: dict[str, bytes | Lost]) -> dict[str, Any]:
    """What ``pack`` packed."""
    accumulators: dict[str, Any] = {}
    for name, data in packed.items():
        try:
            accumulators[name] = data if isinstance(data, Lost) else pickle.loads(data)
        except BaseException as error:
            accumulators[name] = Lost(f"cannot be received: {told(error)}")
    return accumulators


def merged(found: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """What accumulators of all subtasks come to, by name.

    Args:
        found: of each operator of each subtask its name and its accumulators, which are left as they are.

    Raises:
        JobExecutionError: accumulators of one name have different classes, or one could not be copied, sent or merged.
    """
    wholes: dict[str, tuple[str, Any]] = {}
    for operator, accumulators in found:
        for name, accumulator in accumulators.items():
            own = accumulator if name in wholes or isinstance(accumulator, Lost) else copied(accumulator)
            if isinstance(own, Lost):
                raise JobExecutionError(f"the accumulator '{name}' of operator '{operator}' {own.reason}")
            if name not in wholes:
                wholes[name] = operator, own
                continue
            first, whole = wholes[name]
            # By name: in another process a class of the program's own may have been made anew.
            if type(whole).__qualname__ != type(accumulator).__qualname__:
                raise JobExecutionError(
                    f"the accumulator '{name}' is a {type(whole).__name__} in operator '{first}' and a "
                    f"{type(accumulator).__name__} in operator '{operator}'"
                )
            try:
                whole.merge(accumulator)
            except BaseException as error:
                if is_interrupt(error):
                    raise
                what = f"fails in merge(): {told(error)}"
                raise JobExecutionError(f"the accumulator '{name}' of operator '{operator}' {what}") from error
    return {name: local_value(name, operator, whole) for name, (operator, whole) in wholes.items()}


def local_value(name: str, operator: str, accumulator: Any) -> Any:
    """What a merged accumulator has come to."""
    try:
        return accumulator.get_local_value()
    except BaseException as error:
        if is_interrupt(error):
            raise
        what = f"fails in get_local_value(): {told(error)}"
        raise JobExecutionError(f"the accumulator '{name}' of operator '{operator}' {what}") from error
