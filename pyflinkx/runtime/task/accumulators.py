"""Accumulators on their way from subtasks to the job's result."""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from typing import Any

from pyflinkx._core.calls.records import told
from pyflinkx._core.interrupts import is_interrupt
from pyflinkx.errors import JobExecutionError
from pyflinkx.runtime.control.pickles import dump_value

ATTEMPTS = 3


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
