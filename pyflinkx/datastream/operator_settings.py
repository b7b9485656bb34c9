"""What every operator of a program can be told about itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pyflinkx.config.options import MAX_PARALLELISM
from pyflinkx.errors import GraphError
from pyflinkx.graph.slot_sharing import SlotSharingGroup
from pyflinkx.graph.transformation import Transformation

if TYPE_CHECKING:
    from pyflinkx.datastream.stream_execution_environment import StreamExecutionEnvironment


class Described:
    """The setters of an operator; each returns the stream itself."""

    if TYPE_CHECKING:
        _environment: StreamExecutionEnvironment
        _transformation: Transformation

    def _operator(self, call: str) -> Transformation:
        """What ``call`` is to describe; GraphError where there is no single operator to be described."""
        return self._transformation

    def _describe(self, call: str, **settings: Any) -> Any:
        """Have the operator's settings changed by ``call``."""
        self._environment._program.change(self._operator(call), **settings)
        return self

    def name(self, name: str) -> Any:
        """Name the operator, for plans, logs and errors."""
        return self._describe("name()", name=text(name, "name()"))

    def uid(self, uid: str) -> Any:
        """Give the operator an identity that stays when the program changes: state is found by it."""
        return self._describe("uid()", uid=text(uid, "uid()"))

    def set_uid_hash(self, uid_hash: str) -> Any:
        """Give the operator an identity as logs and plans show it, in place of the one from uid() or the program.

        For programs whose state was written before their operators had uids.

        Args:
            uid_hash: 32 hexadecimal digits.
        """
        if not isinstance(uid_hash, str) or not re.fullmatch("[0-9a-fA-F]{32}", uid_hash):
            raise GraphError(f"set_uid_hash() takes 32 hexadecimal digits, not {uid_hash!r}")
        return self._describe("set_uid_hash()", uid_hash=uid_hash.lower())

    def set_description(self, description: str) -> Any:
        """Describe the operator in the execution plan."""
        return self._describe("set_description()", description=text(description, "set_description()"))

    def set_parallelism(self, parallelism: int) -> Any:
        """How many subtasks run the operator."""
        return self._describe("set_parallelism()", parallelism=positive(parallelism, "parallelism"))

    def set_max_parallelism(self, max_parallelism: int) -> Any:
        """How many key groups the operator's keys fall into: the upper bound of its parallelism."""
        return self._describe("set_max_parallelism()", max_parallelism=key_groups(max_parallelism))

    def force_non_parallel(self) -> Any:
        """Run the operator in one subtask."""
        return self._describe("force_non_parallel()", parallelism=1, max_parallelism=1)

    def set_buffer_timeout(self, timeout_millis: int) -> Any:
        """How long a record of the operator may wait for its batch to fill before it is sent to another task.

        Args:
            timeout_millis: milliseconds; 0 to send every record at once, -1 for the environment's value.
        """
        timeout = buffer_timeout(timeout_millis)
        return self._describe("set_buffer_timeout()", buffer_timeout=timeout if timeout >= 0 else None)

    def slot_sharing_group(self, slot_sharing_group: str | SlotSharingGroup) -> Any:
        """Let the operator share slots only with operators of that group, and run in no task with any other.

        Operators that name no group are in that of their inputs if these have the same one, else in "default".

        Args:
            slot_sharing_group: the group's name, or the group with the resources of its slots.
        """
        if not isinstance(slot_sharing_group, SlotSharingGroup):
            slot_sharing_group = SlotSharingGroup(text(slot_sharing_group, "slot_sharing_group()"))
        return self._describe("slot_sharing_group()", slot_sharing_group=slot_sharing_group)

    def co_location_group(self, key: str) -> Any:
        """Run the operator's subtasks in the slots of those of equal index of all operators with that key.

        They must have one parallelism and one slot sharing group. Java's ``setCoLocationGroupKey``.
        """
        return self._describe("co_location_group()", co_location_group=text(key, "co_location_group()"))

    def disable_chaining(self) -> Any:
        """Run the operator in a task of its own."""
        return self._describe("disable_chaining()", chain_with_input=False, chain_with_output=False)

    def start_new_chain(self) -> Any:
        """Begin a new task with this operator."""
        return self._describe("start_new_chain()", chain_with_input=False)


def positive(number: Any, what: str) -> int:
    """``number`` if it is an int above 0; GraphError otherwise."""
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise GraphError(f"{what} must be a positive int, not {number!r}")
    return number


def key_groups(max_parallelism: Any) -> int:
    """``max_parallelism`` if it is an int from 1 to 32,768; GraphError otherwise."""
    if positive(max_parallelism, "max parallelism") > MAX_PARALLELISM:
        raise GraphError(f"max parallelism is at most {MAX_PARALLELISM}, not {max_parallelism}")
    return int(max_parallelism)


def buffer_timeout(timeout_millis: Any) -> int:
    """``timeout_millis`` if it is an int of at least -1; GraphError otherwise."""
    if not isinstance(timeout_millis, int) or isinstance(timeout_millis, bool) or timeout_millis < -1:
        raise GraphError(f"set_buffer_timeout() takes milliseconds: -1, 0 or more, not {timeout_millis!r}")
    return timeout_millis


def text(value: Any, what: str) -> str:
    """``value`` if it is a non-empty str; GraphError otherwise."""
    if not isinstance(value, str) or not value:
        raise GraphError(f"{what} takes a non-empty str, not {value!r}")
    return value
