from collections.abc import Iterable

from pyflinkx._core.codec import Codec
from pyflinkx._core.codec_record import RecordCodec

class RowCodec(RecordCodec):
    def __init__(self, codecs: Iterable[Codec], names: Iterable[str] | None = None) -> None: ...
