"""Functions whose hints are text, as `from __future__ import annotations` leaves them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyflinkx.types.structured import DataclassTypeInfo
from pyflinkx.types.typeinfo import Types

if TYPE_CHECKING:
    from elsewhere import Thing


@dataclass
class Item:
    name: str
    size: int | None


ITEM = DataclassTypeInfo(Item, [Types.STRING(), Types.LONG()], [True, False])


def make(name: str) -> Item: ...


def make_many(name: str) -> Iterable[Item]: ...


class Flat:
    def flat_map(self, value: Item) -> Iterable[str]: ...


def only_for_the_type_checker(x: int) -> Thing: ...


def local_class():
    class Hidden:
        pass

    def function(x: int) -> Hidden: ...

    return function


def used_local_class():
    @dataclass
    class Found:
        x: int

    def function(x: int) -> Found:
        return Found(x)

    return function
