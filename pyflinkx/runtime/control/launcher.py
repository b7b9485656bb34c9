"""How workers come to life on this machine: a fresh interpreter, a copy of this process, or a thread of it."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from typing import Protocol

from pyflinkx.errors import ConfigurationError
from pyflinkx.runtime.control.channel import ControlChannel, StreamChannel
from pyflinkx.runtime.control.interpreters import (
    divided_environment,
    parent_to_follow,
    start_interpreter,
    start_of_process,
    too_few_descriptors_explained,
)
from pyflinkx.runtime.control.process_handle import ProcessHandle
from pyflinkx.runtime.control.queue_pair import queue_pair
from pyflinkx.runtime.control.spares import SpareWorkers
from pyflinkx.runtime.control.worker import ClientGone, MakeTransport, Worker
from pyflinkx.runtime.control.worker_process import flush_standard_streams, run_worker
from pyflinkx.runtime.exchange.interconnect import Interconnect, inherited
from pyflinkx.runtime.exchange.transport import LocalTransport

ChannelEnds = tuple[ControlChannel, ControlChannel]


class WorkerHandle(Protocol):
    """A worker as the JobManager sees it.

    ``outputs`` are descriptors to read its standard output and standard error from, empty where it shares ours.
    """

    name: str
    outputs: list[int]

    @property
    def control(self) -> ControlChannel:
        """Our end of what the two say to each other."""

    def ended(self) -> str | None:
        """How it ended ("killed by SIGKILL", "exit code 1"); None while it runs."""

    def wait(self, timeout: float) -> bool:
        """Whether it ends within that many seconds."""

    def kill(self) -> None:
        """End it at once, if it still runs."""

    def close(self) -> None:
        """Give back channel and descriptors."""


class WorkerLauncher(Protocol):
    """Starts workers; nothing above it knows where."""

    def launch(self, number: int) -> WorkerHandle:
        """Start a worker."""


class SpawnLauncher:
    """Starts a fresh interpreter for each worker, or has one that waits become it.

    Args:
        interconnect: what connects the job's workers.
        attempt: number of the attempt that they are for.
        spares: interpreters that wait; None for none.
    """

    def __init__(self, interconnect: Interconnect, attempt: int, spares: SpareWorkers | None = None) -> None:
        self.interconnect = interconnect
        self.attempt = attempt
        self.spares = spares
        self.executable = sys.executable

    def launch(self, number: int) -> WorkerHandle:
        if not self.executable:
            raise ConfigurationError(
                "no Python interpreter is known to start workers with (sys.executable is empty): "
                "set pyflinkx.workers.start-method to fork"
            )
        descriptors = self.interconnect.descriptors(number)
        told = (number, self.attempt, self.interconnect.transport, descriptors, parent_to_follow())
        with contextlib.ExitStack() as undo, too_few_descriptors_explained(number):
            process = None if self.spares is None else self.spares.take(told, descriptors)
            if process is None:
                environment, late = divided_environment()
                start = start_of_process("spawned", *told, late)
                process = start_interpreter(self.executable, start, environment, descriptors)
            for output in process.outputs:
                undo.callback(os.close, output)
            with process.control:
                control = StreamChannel(Connection(os.dup(process.control.fileno())))
            undo.callback(control.close)
            self.interconnect.inherited_by(number)
            handle = ProcessHandle(number, process.pid, control, process.outputs)
            undo.pop_all()
        return handle


class ForkLauncher:
    """Starts each worker as a copy of this process: quickest, but threads of other libraries do not survive that.

    Args:
        interconnect: what connects the job's workers.
        attempt: number of the attempt that they are for.
    """

    def __init__(self, interconnect: Interconnect, attempt: int) -> None:
        self.interconnect = interconnect
        self.attempt = attempt
        self.launched: list[ProcessHandle] = []

    def launch(self, number: int) -> WorkerHandle:
        with contextlib.ExitStack() as undo, too_few_descriptors_explained(number):
            ours, theirs = Pipe()
            undo.callback(theirs.close)
            failed = undo.enter_context(contextlib.ExitStack())
            failed.callback(ours.close)
            outputs = []
            for _ in range(2):
                outputs.append(os.pipe())
                failed.callback(os.close, outputs[-1][0])
                undo.callback(os.close, outputs[-1][1])
            flush_standard_streams()
            parent = parent_to_follow()
            pid = os.fork()
            if pid == 0:
                self._be_worker(number, ours, theirs, outputs, parent)
            self.interconnect.inherited_by(number)
            handle = ProcessHandle(number, pid, StreamChannel(ours), [read_end for read_end, _ in outputs])
            failed.pop_all()
        self.launched.append(handle)
        return handle

    def _be_worker(
        self, number: int, ours: Connection, theirs: Connection, outputs: list[tuple[int, int]], parent: int
    ) -> None:
        """The life of the copy; never returns."""
        try:
            # Held by the copy, our ends of other workers' connections would outlive us and hide our end from them.
            ours.close()
            for handle in self.launched:
                handle.control.close()
            self.interconnect.keep_only(number)
            for read_end, _ in outputs:
                os.close(read_end)
            nothing = os.open(os.devnull, os.O_RDONLY)
            for target, descriptor in enumerate((nothing, *(write_end for _, write_end in outputs))):
                os.dup2(descriptor, target)
                os.close(descriptor)
            sys.stdin = open(0, closefd=False)  # noqa: SIM115 - the standard streams of the copy
            sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
            sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
            descriptors = self.interconnect.descriptors(number)
            run_worker(number, self.attempt, theirs, inherited(self.interconnect.transport, descriptors), parent)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)  # whatever happens, the copy must not go on as the program


class ThreadHandle:
    """A worker in a thread of this process.

    Args:
        number: of the worker.
        attempt: number of the attempt that it is for.
        make_transport: makes its end of the exchanges.
        ends: of its control channel: the JobManager's and its own.
    """

    def __init__(self, number: int, attempt: int, make_transport: MakeTransport, ends: ChannelEnds) -> None:
        self.outputs: list[int] = []
        self.name = f"worker-{number + 1}"
        self.control, self.theirs = ends
        self.worker = Worker(number, attempt, self.theirs, make_transport, own_process=False)
        self.thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.worker.run()
        except ClientGone:
            self.worker.cancel()
        finally:
            self.theirs.close()

    def ended(self) -> str | None:
        return None if self.thread.is_alive() else "its thread ended"

    def wait(self, timeout: float) -> bool:
        self.thread.join(timeout)
        return not self.thread.is_alive()

    def kill(self) -> None:
        """Threads cannot be killed: the worker was told to cancel, and is left behind if it does not."""

    def close(self) -> None:
        self.control.close()


class ThreadLauncher:
    """Starts a worker in a thread of this process, with all the job's slots.

    Args:
        attempt: number of the attempt that it is for.
        connect: makes a control channel; queues need no descriptors.
    """

    def __init__(self, attempt: int, connect: Callable[[], ChannelEnds] = queue_pair) -> None:
        self.attempt = attempt
        self.connect = connect
        self.launched: list[ThreadHandle] = []

    def launch(self, number: int) -> WorkerHandle:
        handle = ThreadHandle(number, self.attempt, LocalTransport, self.connect())
        self.launched.append(handle)
        return handle

    def stop(self) -> None:
        """Tell all tasks to stop; from any thread, and without a word through any other."""
        for handle in list(self.launched):
            handle.worker.cancel()
