"""Queries of a running job's state: from a thread of who asks, through the job's thread, to all tasks and back."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from pyflinkx._core.calls.records import told
from pyflinkx._core.interrupts import is_interrupt
from pyflinkx.errors import QueryError, UnknownStateError
from pyflinkx.graph.execution_graph import TaskId
from pyflinkx.runtime.task.task import Task
from pyflinkx.state.queryable import QueryableState, StateAnswer, StateQuery, live_answer

PATIENCE = 0.5  # seconds for the job's thread to ask its tasks
BETWEEN = 0.02  # seconds between two attempts to ask tasks that do not run

AskTasks = Callable[[int, StateQuery], set[TaskId]]


@dataclass
class PendingQuery:
    """A query that tasks are answering.

    Args:
        query: what is asked for.
        waiting: tasks that have not answered; None before any is asked.
        interrupted: whether not all tasks could answer, as they do not run yet, or no longer.
    """

    query: StateQuery
    waiting: set[TaskId] | None = None
    answers: list[StateAnswer] = field(default_factory=list)
    interrupted: bool = False
    over: threading.Event = field(default_factory=threading.Event)


class JobQueries:
    """The queries of one job. ``ask`` is called from any thread, everything else from the one that runs the job.

    Args:
        name: of the job.
        post: has the job's thread call something.
        ask_tasks: has all running tasks answer a query with a number; which these are, none while some do not run yet.
    """

    def __init__(self, name: str, post: Callable[[Callable[[], None]], None], ask_tasks: AskTasks) -> None:
        self.name = name
        self.post = post
        self.ask_tasks = ask_tasks
        self.numbers = itertools.count(1)
        self.pending: dict[int, PendingQuery] = {}
        self.ended = False
        self.known: dict[str, QueryableState] = {}  # states that were found, by queryable name

    def ask(self, query: StateQuery, timeout: float) -> StateAnswer:
        """What all tasks together have.

        Args:
            query: what is asked for.
            timeout: seconds to wait.

        Raises:
            UnknownStateError: no task has such a state.
            QueryError: the tasks cannot answer, or not within the time.
        """
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            answers = self._ask_once(query, left)
            if self.ended:
                raise QueryError(f"job '{self.name}' has ended")
            if answers is not None:
                return self._together(query, answers)
        raise QueryError(
            f"job '{self.name}' has not answered within {timeout:g} s: its tasks are not running, or one calls a "
            "function for that long"
        )

    def _ask_once(self, query: StateQuery, timeout: float) -> list[StateAnswer] | None:
        """What tasks answer; None when they do not, now."""
        number = next(self.numbers)
        pending = self.pending[number] = PendingQuery(query)
        try:
            self.post(partial(self._begin, number))
            # What is told to an attempt that has ended at this moment is lost.
            if not pending.over.wait(min(timeout, PATIENCE)) and pending.waiting is not None:
                pending.over.wait(timeout)
        finally:
            self.pending.pop(number, None)
        if pending.interrupted:
            time.sleep(min(timeout, BETWEEN))
        return None if pending.interrupted or not pending.over.is_set() else pending.answers

    def _together(self, query: StateQuery, answers: list[StateAnswer]) -> StateAnswer:
        failure = next((answer.failure for answer in answers if answer.failure is not None), None)
        if failure is not None:
            raise QueryError(f"job '{self.name}': {failure}")
        states = tuple(dict.fromkeys(state for answer in answers for state in answer.states))
        if not states:
            raise UnknownStateError(
                f"job '{self.name}' has no queryable state {query.name!r}: a descriptor of a state by key gets the "
                "name by set_queryable() before the function asks for the state"
            )
        if len(states) > 1:
            uids = ", ".join(sorted(state.uid for state in states))
            raise QueryError(f"job '{self.name}' has several states that are queryable as {query.name!r} (uids {uids})")
        self.known[query.name] = states[0]
        rows = tuple(row for answer in answers for row in answer.rows)
        return StateAnswer(states, rows if query.limit is None else rows[: query.limit])

    # ---- in the job's thread ----

    def _begin(self, number: int) -> None:
        pending = self.pending.get(number)
        if pending is None:
            return
        pending.waiting = self.ask_tasks(number, pending.query)
        pending.interrupted = not pending.waiting
        self._look(pending)

    def told(self, number: int, task: TaskId, answer: StateAnswer) -> None:
        """A task has answered."""
        pending = self.pending.get(number)
        if pending is not None and pending.waiting is not None and task in pending.waiting:
            pending.answers.append(answer)
            pending.waiting.discard(task)
            self._look(pending)

    def task_over(self, task: TaskId) -> None:
        """A task has ended, and what it has not answered by now it never will."""
        for pending in list(self.pending.values()):
            if pending.waiting is not None and task in pending.waiting:
                pending.waiting.discard(task)
                self._look(pending)

    def interrupt(self) -> None:
        """An attempt has ended: nobody answers any more, but those of the next one."""
        for pending in list(self.pending.values()):
            pending.interrupted = True
            pending.over.set()

    def close(self) -> None:
        """The job has ended."""
        self.ended = True
        self.interrupt()

    def _look(self, pending: PendingQuery) -> None:
        if not pending.waiting:
            pending.over.set()


def state_of_task(task: Task, query: StateQuery) -> StateAnswer:
    """What a task has of what is asked for; called in its thread between two steps. A query fails itself only."""
    states: tuple[QueryableState, ...] = ()
    rows: tuple[tuple[bytes, bytes], ...] = ()
    try:
        for context in task.contexts.values():
            if context.keeps_by_key:
                answer = live_answer(context.keyed_state, context.uid, query)
                if answer is not None:
                    states, rows = states + answer.states, rows + answer.rows
    except BaseException as error:
        if is_interrupt(error):
            raise
        return StateAnswer(failure=told(error))
    return StateAnswer(states, rows)
