from collections.abc import Iterable
from typing import Any

from pyflinkx._core.codecs.codec import Codec

class RecordCodec(Codec):
    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def codecs(self) -> tuple[Codec, ...]: ...
    @property
    def aliases(self) -> dict[str, tuple[str, ...]] | None: ...
    @aliases.setter
    def aliases(self, value: dict[str, tuple[str, ...]] | None) -> None: ...

class TupleCodec(RecordCodec):
    def __init__(self, codecs: Iterable[Codec]) -> None: ...

class NamedTupleCodec(RecordCodec):
    def __init__(self, cls: type[Any], codecs: Iterable[Codec], required: Iterable[bool]) -> None: ...
    @property
    def cls(self) -> type[Any]: ...

class DataclassCodec(RecordCodec):
    def __init__(
        self,
        cls: type[Any],
        names: Iterable[str],
        codecs: Iterable[Codec],
        required: Iterable[bool],
        arguments: Iterable[str],
        by_keyword: bool,
    ) -> None: ...
    @property
    def cls(self) -> type[Any]: ...

class TypedDictCodec(RecordCodec):
    def __init__(
        self, cls: type[Any], names: Iterable[str], codecs: Iterable[Codec], required: Iterable[bool]
    ) -> None: ...
    @property
    def cls(self) -> type[Any]: ...
