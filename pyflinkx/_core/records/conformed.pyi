from collections.abc import Callable
from typing import Any

from pyflinkx._core.codecs.codec import Codec

def conformed_call(function: Callable[[Any, Any], Any], codec: Codec) -> Callable[[Any, Any], Any]: ...
