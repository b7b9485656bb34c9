from typing import Any

KEY_FORMAT: int

class Form:
    def __init__(
        self, code: int, name: str | None = None, fields: tuple[str, ...] | None = None, reason: str | None = None
    ) -> None: ...

def canonical_key_bytes(key: Any) -> bytes: ...
def check_key(key: Any) -> Any: ...
