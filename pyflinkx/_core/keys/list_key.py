"""Lists as keys."""

from __future__ import annotations

from typing import Any, NoReturn


class ListKey(list[Any]):
    """A list as a key: a copy that stays as it is, so that it is found by its value.

    Wherever it is copied or sent, it is an ordinary list again.
    """

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self))

    def __reduce_ex__(self, protocol: Any) -> Any:
        return list, (tuple(self),)

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("a list that is a key cannot be changed; make another of it with list(key)")

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse
