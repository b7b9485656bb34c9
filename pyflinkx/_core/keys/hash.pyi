from typing import Any

MAX_PLACES: int
MAX_BITS: int

def key_hash(key: Any) -> int: ...
