"""Values that the program holds in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.records.copier import Copier
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx._core.records.untracked import untracked_copy
from pyflinkx.connectors.source import END, ReaderContext, Source, SourceReader
from pyflinkx.errors import TypeInformationError
from pyflinkx.types.basic import check_type
from pyflinkx.types.codecs import codec_of
from pyflinkx.types.typeinfo import PickledBytesTypeInfo, TypeInformation

# Values that are encoded at a time.
CHECKED_AT_ONCE = 1024


@dataclass(frozen=True)
class CollectionSplit:
    """The values from index ``start`` up to ``stop``."""

    start: int
    stop: int


class CollectionSource(Source):
    """The values of a list, tuple or other iterable, in order.

    Args:
        values: they are copied into a list at once, so an endless iterator is not for this source; may be empty.
        type_info: their type, which each value gets: a tuple becomes a Row where one is declared, an int a float. None
            for any Python values.

    Raises:
        TypeError: ``values`` is a str, bytes, a mapping or not iterable.
        TypeInformationError: a value cannot have the type; the message names its index and field.

    Example:
        >>> CollectionSource(range(3)).values
        [0, 1, 2]
    """

    operation = "Collection"

    # One reader keeps the order, as in Flink.
    parallelism = 1

    values_checked = True

    def __init__(self, values: Iterable[Any], type_info: TypeInformation | None = None) -> None:
        if isinstance(values, (str, bytes, bytearray, Mapping)) or not isinstance(values, Iterable):
            raise TypeError(f"a collection is a list, tuple or other iterable of records, not {short_repr(values)}")
        self.values = untracked_copy(values)
        self.output_type = type_info
        if type_info is not None:
            self.values = typed_values(self.values, check_type(type_info, "the type of a collection"))

    def __repr__(self) -> str:
        return f"CollectionSource({len(self.values)} values)"

    def splits(self, parallelism: int) -> list[CollectionSplit]:
        return [CollectionSplit(0, len(self.values))]

    def create_reader(self, context: ReaderContext) -> CollectionReader:
        return CollectionReader(self.values, context.copier)


def typed_values(values: list[Any], type_info: TypeInformation) -> list[Any]:
    """The values as they are after a trip through the codec of a type, so as they would be if they travelled later.

    Pickled values stay the objects that they are.

    Raises:
        TypeInformationError: one cannot have the type.
    """
    codec = codec_of(type_info)
    result: list[Any] = []
    for start in range(0, len(values), CHECKED_AT_ONCE):
        some = values[start : start + CHECKED_AT_ONCE]
        try:
            encoded = codec.encode_batch(some)
        except TypeInformationError:
            for index, value in enumerate(some, start):
                try:
                    codec.encode_one(value)
                except TypeInformationError as error:
                    raise TypeInformationError(
                        f"value {index} of the collection: {error}: {short_repr(value)}"
                    ) from error
            raise
        result += some if isinstance(type_info, PickledBytesTypeInfo) else codec.decode_batch(encoded)
    return result


class CollectionReader(SourceReader):
    """Reads ranges of a list, which is the program's: its values are not changed."""

    def __init__(self, values: list[Any], copier: Copier | None) -> None:
        self.values = values
        self.copier = copier
        self.waiting: deque[CollectionSplit] = deque()

    def add_splits(self, splits: list[CollectionSplit]) -> None:
        self.waiting.extend(split for split in splits if split.start < split.stop)

    def snapshot_state(self, checkpoint_id: int) -> list[CollectionSplit]:
        return list(self.waiting)

    def poll(self, limit: int) -> Any:
        if not self.waiting:
            return END
        split = self.waiting.popleft()
        middle = min(split.start + limit, split.stop)
        if middle < split.stop:
            self.waiting.appendleft(CollectionSplit(middle, split.stop))
        values = self.values[split.start : middle]
        return ObjectBatch(values if self.copier is None else self.copier.copy_all(values))

    def close(self) -> None:
        self.waiting.clear()
