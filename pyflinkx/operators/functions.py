"""The life of a user's functions, wherever they are called: given the context, opened, called, closed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import MethodType
from typing import Any

from pyflinkx._core.calls.records import CallSite, told
from pyflinkx._core.interrupts import is_interrupt
from pyflinkx._core.keys.items import ItemKey, item_index
from pyflinkx.errors import GraphError, WrongStateError, add_note
from pyflinkx.operators.checkpointed import WithLife, states_of
from pyflinkx.operators.fields import FieldPath, FieldTuple
from pyflinkx.operators.looking import Looking


class UserFunction:
    """A user's function: what is called per record, and the object whose ``open`` and ``close`` frame the calls.

    Args:
        call: called per record.
        owner: an object with ``open(runtime_context)`` and ``close()``, or None for a plain callable.
    """

    __slots__ = ("call", "owner")

    def __init__(self, call: Callable[..., Any], owner: Any = None) -> None:
        self.call = call
        self.owner = owner

    def __repr__(self) -> str:
        return f"UserFunction({self.owner if self.owner is not None else self.call!r})"


def as_it_is(result: Any) -> Any:
    """The result of a plain method is that of the call."""
    return result


class UserFunctions:
    """All functions of the user's that one operator calls, its key selectors too: the operator lists them, and this is
    their life.

    In the order of the list each object gets the context once (``set_runtime_context``, where it has that, then its
    states by ``initialize_state`` or ``restore_state``, then ``open``). Those that were begun, also one whose ``open``
    failed, are closed once, last first, whatever the others raise. An object that is listed more than once has one
    life; plain callables have none.

    Args:
        functions: UserFunctions, key selectors, or objects; None is left out.
        of: where they belong, for errors, if not to the operator itself.
        complete: does what is left of a call, given its result (runs a coroutine, say), and gives the result of it all.
    """

    def __init__(self, functions: Iterable[Any], of: str = "", complete: Callable[[Any], Any] = as_it_is) -> None:
        self.owners = list({id(owner): owner for function in functions for owner in owners_of(function)}.values())
        self.of = of
        self.complete = complete
        self.begun: list[Any] = []
        self.states = states_of(self.owners)
        self.site: CallSite | None = None

    def open(self, site: CallSite, runtime_context: Any) -> None:
        """Begin.

        Args:
            site: the operator, for errors.
            runtime_context: for all of them.

        Raises:
            JobExecutionError: one failed; those after it were not begun.
            WrongStateError: they have been opened.
        """
        if self.site is not None:
            raise WrongStateError("functions are opened once")
        self.site = site
        for place, owner in enumerate(self.owners):
            self.begun.append(owner)
            self._call(owner, "set_runtime_context", runtime_context)
            if place in self.states:
                runtime_context.initialize(self.states[place], partial(self._call, owner))
            self._call(owner, "open", runtime_context)

    @property
    def stay(self) -> bool:
        """Whether one of them wants to hear of a checkpoint behind its last record, or stores something in it."""
        return any(hasattr(owner, "notify_checkpoint_complete") for owner in self.owners) or bool(self.states)

    def store(self, checkpoint_id: int) -> None:
        """Have those that store something do so.

        Raises:
            JobExecutionError: one failed.
        """
        for place, states in self.states.items():
            try:
                states.store(partial(self._call, self.owners[place]), checkpoint_id)
            except WrongStateError as error:
                assert self.site is not None
                raise self.site.wrap(error, f"in snapshot_state(){self.of}") from error

    def tell(self, method: str, *arguments: Any) -> None:
        """Call a method of those that have it."""
        for owner in self.owners:
            self._call(owner, method, *arguments)

    def close(self) -> None:
        """Close those that were begun and are not closed yet.

        Raises:
            JobExecutionError: some failed; the first failure, with those after it as notes.
        """
        failure: BaseException | None = None
        while self.begun:
            try:
                self._call(self.begun.pop(), "close")
            except BaseException as error:
                if failure is None or is_interrupt(error):
                    failure = error
                else:
                    add_note(failure, f"then: {told(error)}")
        if failure is not None:
            raise failure

    def _call(self, owner: Any, name: str, *arguments: Any) -> Any:
        method = getattr(owner, name, None)
        if method is None:
            return None
        assert self.site is not None
        try:
            return self.complete(method(*arguments))
        except BaseException as error:
            raise self.site.wrap(error, f"in {name}(){self.of}") from error


def owners_of(function: Any) -> Iterator[Any]:
    """The objects with a life that are behind what an operator calls."""
    if isinstance(function, UserFunction):
        if function.owner is not None:
            yield function.owner
    elif isinstance(function, FieldTuple):
        for getter in function.getters:
            yield from owners_of(getter)
    elif isinstance(function, Looking):
        yield from owners_of(function.function)
    elif isinstance(function, MethodType):
        if isinstance(function.__self__, WithLife):
            yield function.__self__
    elif isinstance(function, WithLife) or (function is not None and not callable(function)):
        yield function


def own_selector(selector: Any) -> Any:
    """A key selector for one place that calls it: a copy, if it is opened and closed.

    All that reads a keyed stream has the selector from the one ``key_by``, and so has the exchange before it. One that
    takes an item of its record, and does no more, becomes an ItemKey, which the loops over records need not call.

    Raises:
        GraphError: it cannot be copied.
    """
    if not UserFunctions([selector]).owners:
        index = selector.index if isinstance(selector, FieldPath) else item_index(selector)
        return selector if index is None else ItemKey(selector, index)
    try:
        return copy.deepcopy(selector)
    except BaseException as error:
        if is_interrupt(error):
            raise
        raise GraphError(
            f"each operator of a keyed stream needs a copy of the key selector, which cannot be copied: {told(error)}; "
            "make what it holds in open()"
        ) from error
