from collections.abc import Iterable

from pyflinkx._core.codecs.codec import Codec
from pyflinkx._core.codecs.record import RecordCodec

class RowCodec(RecordCodec):
    def __init__(self, codecs: Iterable[Codec], names: Iterable[str] | None = None) -> None: ...
