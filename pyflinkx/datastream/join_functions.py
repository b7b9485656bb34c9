"""The interfaces of functions that join two streams."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, TypeAlias

from pyflinkx.datastream.functions import Function
from pyflinkx.operators.interval_join import ProcessJoinContext

__all__ = ["CoGroupFunction", "FlatJoinFunction", "JoinFunction", "ProcessJoinFunction"]


class JoinFunction(Function):
    """One result per pair of records of one key and window."""

    @abstractmethod
    def join(self, first: Any, second: Any) -> Any:
        """The result for a record of the first stream and one of the second."""


class FlatJoinFunction(Function):
    """Any number of results per pair of records of one key and window."""

    @abstractmethod
    def join(self, first: Any, second: Any) -> Iterable[Any] | None:
        """Yield or return the results for a record of the first stream and one of the second."""


class CoGroupFunction(Function):
    """Any number of results from all records of one key and window, also where one of the streams has none."""

    @abstractmethod
    def co_group(self, first: list[Any], second: list[Any]) -> Iterable[Any] | None:
        """Yield or return the results for the records of the first stream and those of the second."""


class ProcessJoinFunction(Function):
    """Any number of results per pair of records of one key whose timestamps are close.

    ``yield output_tag, value`` sends a value to a side output.
    """

    Context: TypeAlias = ProcessJoinContext

    @abstractmethod
    def process_element(self, left: Any, right: Any, ctx: ProcessJoinContext) -> Iterable[Any] | None:
        """Yield or return the results for a record of the left stream and one of the right."""
