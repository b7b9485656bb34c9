"""Values that the program holds in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pyflinkx._core.objects import ObjectBatch
from pyflinkx.connectors.source import END, ReaderContext, Source, SourceReader
from pyflinkx.errors import TypeInformationError
from pyflinkx.types.basic import check_type
from pyflinkx.types.codecs import codec_of
from pyflinkx.types.typeinfo import TypeInformation

# Encoding is how a value is checked; what comes out of it is not kept.
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
        type_info: their type, which each value must have; None for any Python values.

    Raises:
        TypeError: ``values`` is a str, bytes, a mapping or not iterable.
        TypeInformationError: a value does not have the type; the message names its index and field.

    Example:
        >>> CollectionSource(range(3)).values
        [0, 1, 2]
    """

    # One reader keeps the order, as in Flink.
    parallelism = 1

    def __init__(self, values: Iterable[Any], type_info: TypeInformation | None = None) -> None:
        if isinstance(values, (str, bytes, bytearray, Mapping)) or not isinstance(values, Iterable):
            raise TypeError(f"a collection is a list, tuple or other iterable of records, not {values!r:.100}")
        self.values = list(values)
        self.output_type = type_info
        if type_info is not None:
            check_values(self.values, check_type(type_info, "the type of a collection"))

    def __repr__(self) -> str:
        return f"CollectionSource({len(self.values)} values)"

    def splits(self, parallelism: int) -> list[CollectionSplit]:
        return [CollectionSplit(0, len(self.values))]

    def create_reader(self, context: ReaderContext) -> CollectionReader:
        return CollectionReader(self.values)


def check_values(values: list[Any], type_info: TypeInformation) -> None:
    """See whether the values have a type.

    Raises:
        TypeInformationError: one does not.
    """
    codec = codec_of(type_info)
    for start in range(0, len(values), CHECKED_AT_ONCE):
        try:
            codec.encode_batch(values[start : start + CHECKED_AT_ONCE])
        except TypeInformationError:
            for index, value in enumerate(values[start : start + CHECKED_AT_ONCE], start):
                try:
                    codec.encode_one(value)
                except TypeInformationError as error:
                    raise TypeInformationError(f"value {index} of the collection: {error}: {value!r:.200}") from error
            raise


class CollectionReader(SourceReader):
    """Reads ranges of a list."""

    def __init__(self, values: list[Any]) -> None:
        self.values = values
        self.waiting: deque[CollectionSplit] = deque()

    def add_splits(self, splits: list[CollectionSplit]) -> None:
        self.waiting.extend(split for split in splits if split.start < split.stop)

    def poll(self, limit: int) -> Any:
        if not self.waiting:
            return END
        split = self.waiting.popleft()
        middle = min(split.start + limit, split.stop)
        if middle < split.stop:
            self.waiting.appendleft(CollectionSplit(middle, split.stop))
        return ObjectBatch(self.values[split.start : middle])

    def close(self) -> None:
        self.waiting.clear()
