"""Streams as values: what an operator can read, and all that is known of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from pyflinkx.graph.changes import all_of, changes_of, edge_changes
from pyflinkx.graph.partitioners import HashPartitioner, Partitioner
from pyflinkx.graph.settings import Settings
from pyflinkx.graph.spec import InputSpec, OperatorSpec
from pyflinkx.graph.stream_graph import topological_order
from pyflinkx.graph.transformation import Transformation, Upstream
from pyflinkx.types.changes import Changes
from pyflinkx.types.typeinfo import TypeInformation, schema_key

if TYPE_CHECKING:
    from pyflinkx._core.columns.schema import Schema


class RecordType(NamedTuple):
    """What is known of a stream's type; either may be None.

    Only a declared type decides how records are printed and what values are accepted, so that annotations in a program
    written for PyFlink, which ignores them, change nothing there. ``columns`` is the Schema of the columns that hold
    just these records, where the type does not tell it, or the reason why there are none.
    """

    declared: TypeInformation | None = None
    inferred: TypeInformation | None = None
    columns: Schema | str | None = None

    @property
    def known(self) -> TypeInformation | None:
        """The declared type, else the inferred one."""
        return self.declared if self.declared is not None else self.inferred

    def of_results(self) -> RecordType:
        """That of records of the same type that a function makes of these: their values may need wider columns."""
        return self._replace(columns=self.columns if isinstance(self.columns, str) else None)


UNKNOWN = RecordType()


def common_record_type(kinds: Sequence[RecordType]) -> RecordType:
    """What is known of records of several streams: a type that all have, with the same names of fields."""
    first, *others = kinds
    if any(other.columns != first.columns for other in others):
        first = first._replace(columns=None)
    if all(same_type(first.declared, other.declared) for other in others):
        return first if all(same_type(first.known, other.known) for other in others) else UNKNOWN
    return RecordType(None, first.known) if all(same_type(first.known, other.known) for other in others) else UNKNOWN


def same_type(first: TypeInformation | None, second: TypeInformation | None) -> bool:
    """Whether both are unknown, or the same in types and names of fields."""
    if first is None or second is None:
        return first is second
    return first is second or schema_key(first) == schema_key(second)


@dataclass(frozen=True, eq=False)
class Keys:
    """By what a stream is spread.

    Args:
        selector: from record to key.
        before: the stream before it was keyed.
        columns: names of the columns that are the key of a columnar stream; None for a stream of rows.
        type: of the keys; None when unknown.
    """

    selector: Callable[[Any], Any]
    before: Stream
    columns: tuple[str, ...] | None = None
    type: TypeInformation | None = None


@dataclass(frozen=True, eq=False)
class Stream:
    """What an operator can read.

    Args:
        upstreams: the streams united in this one; most have exactly one.
        record_type: what is known of the records' type.
        keys: by what it is spread; None where it is not keyed.
        made_by: what settings are said of, and whose side outputs there are; None for the first upstream's.
    """

    upstreams: tuple[Upstream, ...]
    record_type: RecordType = UNKNOWN
    keys: Keys | None = None
    made_by: Transformation | None = None

    @property
    def schema(self) -> Schema | None:
        """The columns of a columnar stream; None for a stream of Python rows."""
        schema: Schema | None = self.upstreams[0].schema
        return schema

    @property
    def columns(self) -> Schema:
        """The columns of a stream that is known to be columnar."""
        schema = self.schema
        assert schema is not None
        return schema

    @property
    def origin(self) -> Transformation:
        """What settings are said of, and whose side outputs there are."""
        return self.made_by or self.upstreams[0].transformation

    @property
    def is_an_operators(self) -> bool:
        """Whether it is all that one operator makes: not keyed, partitioned, united or a side output."""
        first = self.upstreams[0]
        return len(self.upstreams) == 1 and first.partitioner is None and first.side_tag is None

    @property
    def changes(self) -> Changes:
        """Which kinds of rows it has."""
        found = changes_of(topological_order(up.transformation for up in self.upstreams))
        return all_of(edge_changes(up, found) for up in self.upstreams)

    def subtasks_that_keep_order(self, settings: Callable[[Transformation], Settings]) -> int | None:
        """How many subtasks its end may have so that what comes from one subtask keeps its order; None for any number.

        As many as the operators before it, if the program says how many those have; one, if one spreads its records.

        Args:
            settings: what the program says of a transformation.
        """
        before = {settings(upstream.transformation).parallelism for upstream in self.upstreams}
        if before == {1}:
            return 1
        if len(before) > 1 or any(upstream.partitioner is not None for upstream in self.upstreams):
            return None
        return before.pop()

    def spread(self, partitioner: Partitioner) -> Stream:
        """The same records, spread by ``partitioner``."""
        return Stream(tuple(replace(up, partitioner=partitioner) for up in self.upstreams), self.record_type)

    def keyed(
        self,
        selector: Callable[[Any], Any],
        columns: tuple[str, ...] | None = None,
        key_type: TypeInformation | None = None,
    ) -> Stream:
        """The same records, spread by key."""
        return replace(self.spread(HashPartitioner(selector, columns)), keys=Keys(selector, self, columns, key_type))

    def side_output(self, tag_id: str, record_type: TypeInformation | None) -> Stream:
        """What the operator sends to a side output."""
        return Stream((Upstream(self.origin, None, tag_id, record_type),), RecordType(record_type))

    def asks(self, inserts_only: bool = False) -> InputSpec:
        """What an operator asks of this stream as its input."""
        keys = self.keys
        if keys is None:
            return InputSpec(inserts_only=inserts_only)
        return InputSpec(keys.selector, keys.columns, keys.type, inserts_only)


def operator(
    operation: str, spec: OperatorSpec, inputs: Sequence[Stream], record_type: RecordType = UNKNOWN, **more: Any
) -> Stream:
    """The stream of rows that an operator makes of other streams, as they are.

    Args:
        operation: what it does.
        spec: the operator.
        inputs: a stream for each of its logical inputs.
        record_type: of its results.
        more: further fields of its Transformation.
    """
    transformation = Transformation(
        operation,
        "operator",
        spec,
        inputs=tuple(stream.upstreams for stream in inputs),
        output_type=record_type.known,
        type_declared=record_type.declared is not None,
        **more,
    )
    return Stream((Upstream(transformation),), record_type)
