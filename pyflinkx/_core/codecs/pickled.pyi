from collections.abc import Callable
from typing import Any

from pyflinkx._core.codecs.codec import Codec

class PickleCodec(Codec):
    def __init__(self, loads: Callable[[bytes], Any] = ...) -> None: ...
