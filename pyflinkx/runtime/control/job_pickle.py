"""A job as bytes: functions by cloudpickle, and the classes of the program's ``__main__``."""

from __future__ import annotations

import dataclasses
import io
import pickle
import sys
from collections.abc import Callable, Collection
from typing import Any
from weakref import WeakValueDictionary

from pyflinkx._core.calls.records import told
from pyflinkx._core.interrupts import is_interrupt
from pyflinkx.connectors.collect import CollectBuffer
from pyflinkx.connectors.columnar import ColumnarSource
from pyflinkx.errors import GraphError
from pyflinkx.graph.job_graph import JobGraph
from pyflinkx.graph.nodes import StreamNode
from pyflinkx.graph.partitioners import HashPartitioner
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.runtime.control.pickles import ValuePickler

COLLECT = "collect"
SHARED = "shared"
PLAIN = frozenset({str, bytes, int, float, bool, type(None), tuple, list, dict, type})

# Parts of jobs whose workers are threads of this process, which share them; a job keeps its own alive.
_shared: WeakValueDictionary[int, Any] = WeakValueDictionary()


class JobPickler(ValuePickler):
    """Writes buffers of results as numbers: they stay with the client.

    Args:
        file: what is written to.
        buffers: gets those buffers.
        sharing: whether the reader is in this process, so that tables in memory, and what nobody changes, need not be
            copied.
    """

    def __init__(self, file: io.BytesIO, buffers: list[CollectBuffer], sharing: bool = False) -> None:
        super().__init__(file, protocol=5)
        self.buffers = buffers
        self.sharing = sharing

    def persistent_id(self, value: Any) -> Any:
        """The number of a buffer or of a shared part; None for everything else."""
        if type(value) in PLAIN:  # most of what is written
            return None
        if self.sharing and can_be_shared(value):
            _shared[id(value)] = value
            return SHARED, id(value)
        if not isinstance(value, CollectBuffer):
            return None
        if not any(buffer is value for buffer in self.buffers):
            self.buffers.append(value)
        return COLLECT, next(index for index, buffer in enumerate(self.buffers) if buffer is value)


class JobUnpickler(pickle.Unpickler):
    """Reads what a JobPickler wrote.

    Args:
        data: the bytes.
        remote_buffer: makes what stands for the client's buffer of that number.
    """

    def __init__(self, data: bytes, remote_buffer: Callable[[int], Any]) -> None:
        super().__init__(io.BytesIO(data))
        self.remote_buffer = remote_buffer

    def persistent_load(self, pid: Any) -> Any:
        """What stands for a buffer."""
        kind, number = pid
        if kind == SHARED:
            return _shared[number]
        if kind != COLLECT:
            raise pickle.UnpicklingError(f"unknown reference {pid!r}")
        return self.remote_buffer(number)


def can_be_shared(value: Any) -> bool:
    """Whether subtasks in one process may have the same: a table, a native operator, the columns that are a key."""
    if isinstance(value, StreamNode):
        # A node that was emptied lives no longer than the bytes are written.
        if value.kind == "source":
            return isinstance(value.source, ColumnarSource)
        return value.native and value.kind == "operator" and value.spec is not None
    if isinstance(value, HashPartitioner):
        return value.columns is not None
    return isinstance(value, ColumnarSource)


def dump_job(
    graph: JobGraph, classes: dict[str, type], buffers: list[CollectBuffer], *others: Any, sharing: bool = False
) -> bytes:
    """The job as bytes.

    Args:
        graph: the job.
        classes: of the program's ``__main__``, as ``main_classes`` finds them.
        buffers: gets those that the job's results come back to, at the places that the bytes refer to.
        others: what else the worker needs.
        sharing: whether the worker is a thread of this process.

    Raises:
        GraphError: something in the job cannot be pickled; it names the operator and the attribute.
    """
    try:
        return dump((classes, graph, *others), buffers, sharing)
    except BaseException as error:
        if is_interrupt(error):
            raise
        nodes = [node for vertex in graph.vertices for node in vertex.nodes]
        parts = [(node, part) for node in nodes for part in (node.spec, node.source)]
        parts += [(graph.node_of(edge.target), edge.partitioner) for edge in graph.exchanges]
        for node, part in parts:
            path, reason = unpicklable_part(part)
            if path is not None:
                raise GraphError(
                    f"operator '{node.name}' ({node.location}) cannot be sent to a worker: its function's "
                    f"{path or 'self'} cannot be pickled ({reason}); make it in open()"
                ) from error
        raise GraphError(f"the job cannot be sent to a worker: {told(error)}") from error


def part_of(graph: JobGraph, vertices: Collection[int]) -> JobGraph:
    """The graph with the functions, sources and sinks of only those vertices; the others keep their place."""
    return dataclasses.replace(
        graph,
        vertices=tuple(
            vertex if vertex.id in vertices else dataclasses.replace(vertex, nodes=tuple(map(emptied, vertex.nodes)))
            for vertex in graph.vertices
        ),
    )


def emptied(node: StreamNode) -> StreamNode:
    """The node without what it runs."""
    return dataclasses.replace(node, spec=None, source=None, sink=None)


def dump(value: Any, buffers: list[CollectBuffer], sharing: bool = False) -> bytes:
    """One value as bytes."""
    file = io.BytesIO()
    JobPickler(file, buffers, sharing).dump(value)
    return file.getvalue()


def load_job(data: bytes, remote_buffer: Callable[[int], Any]) -> tuple[Any, ...]:
    """What ``dump_job`` was given, with functions of its own.

    Classes of the program's ``__main__`` are put into ours, so that records of them are pickled by reference.

    Raises:
        GraphError: something that functions hold can be pickled, but its pickle cannot be read.
    """
    try:
        classes, *rest = JobUnpickler(data, remote_buffer).load()
    except BaseException as error:  # code of the job's classes runs here
        if is_interrupt(error):
            raise
        raise GraphError(
            f"the job cannot be read on a worker: {told(error)}; what its functions hold is pickled to get there: "
            "make what cannot be read again in open()"
        ) from error
    main = sys.modules["__main__"]
    for name, cls in classes.items():
        if not hasattr(main, name):
            setattr(main, name, cls)
    return tuple(rest)


def main_classes() -> dict[str, type]:
    """The classes that the program's ``__main__`` defines, as far as they can travel."""
    found = {}
    for name, value in list(vars(sys.modules["__main__"]).items()):
        if isinstance(value, type) and value.__module__ == "__main__" and value.__qualname__ == name:
            try:
                dump(value, [])
            except Exception:  # if the job needs it, pickling the job says so
                continue
            found[name] = value
    return found


def unpicklable_part(
    value: Any, path: str = "", depth: int = 0, seen: set[int] | None = None
) -> tuple[str | None, str]:
    """Path of the deepest attribute, item or variable that cannot be pickled, and why; (None, "") if all can."""
    seen = set() if seen is None else seen
    if id(value) in seen or depth > 12:
        return None, ""
    seen.add(id(value))
    try:
        dump(value, [])
        return None, ""
    except BaseException as error:
        if is_interrupt(error):
            raise
        reason = f"{type(value).__name__}: {error}"
    for name, part in parts_of(value):
        inner, why = unpicklable_part(part, f"{path}{name}", depth + 1, seen)
        if inner is not None:
            return inner, why
    return path, reason


def parts_of(value: Any) -> list[tuple[str, Any]]:
    """What a value consists of: (how it is reached, the part)."""
    parts: list[tuple[str, Any]] = []
    if isinstance(value, OperatorSpec):
        return [("", value.arguments), ("", dict(value.options))]
    if isinstance(value, dict):
        parts += [(f"[{key!r}]", item) for key, item in value.items()]
    elif isinstance(value, (list, tuple, set, frozenset)):
        parts += [(f"[{index}]", item) for index, item in enumerate(value)]
    function = getattr(value, "__func__", value)
    if getattr(function, "__closure__", None):
        for name, cell in zip(function.__code__.co_freevars, function.__closure__, strict=True):
            try:
                parts.append((f" variable '{name}'", cell.cell_contents))
            except ValueError:  # a cell that nothing was put into yet
                continue
    code = getattr(function, "__code__", None)
    if code is not None and getattr(function, "__module__", None) == "__main__":
        names = function.__globals__
        parts += [(f" global '{name}'", names[name]) for name in code.co_names if name in names]
    for name in ("func", "args", "keywords", "__self__"):
        if hasattr(value, name) and not isinstance(value, type):
            parts.append(("" if name != "__self__" else " self", getattr(value, name)))
    if not isinstance(value, type):
        slots = [name for cls in type(value).__mro__ for name in cls.__dict__.get("__slots__", ())]
        parts += [(f".{name}", getattr(value, name)) for name in slots if hasattr(value, name)]
        parts += [(f".{name}", part) for name, part in getattr(value, "__dict__", {}).items()]
    return parts
