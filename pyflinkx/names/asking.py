"""What answers when a program asks for one of PyFlink's names that is elsewhere, or not there yet.

Whoever only looks (``hasattr``, ``dir``, ``importlib.util.find_spec``) sees that the name is not there.
"""

from __future__ import annotations

import dis
import importlib
import sys
from abc import ABCMeta
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from pyflinkx.names.absent import MEMBERS, OF_OTHERS, topic_of_module, topic_of_name
from pyflinkx.names.elsewhere import ELSEWHERE

C = TypeVar("C", bound=type)

IMPORT_FROM = dis.opmap["IMPORT_FROM"]


def offering(module: str) -> Callable[[str], Any]:
    """The ``__getattr__`` of a module: names that another module defines are imported when they are asked for.

    Args:
        module: the module.

    Example:
        >>> from pyflinkx import datastream
        >>> datastream.PulsarSource  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        AttributeError: module 'pyflinkx.datastream' has no attribute 'PulsarSource': connectors to other ...
    """

    def __getattr__(name: str) -> Any:
        defining = ELSEWHERE.get(module, {}).get(name)
        if defining is not None:
            found = importlib.import_module(defining)
            return found if defining == f"{module}.{name}" else getattr(found, name)
        topic = topic_of_name(module, name)
        if topic is None:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        if is_import(sys._getframe(1)):  # `from module import name` keeps nothing of an AttributeError's text
            raise ImportError(f"cannot import name {name!r} from {module!r}: {topic}", name=module)
        raise AttributeError(f"module {module!r} has no attribute {name!r}: {topic}")

    return __getattr__


def is_import(frame: FrameType) -> bool:
    """Whether a frame is at ``from module import name``."""
    return frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] == IMPORT_FROM


class AbsentModules:
    """Says why a module of PyFlink's cannot be imported; comes after all finders, which find what is there."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None to whoever only looks.

        Raises:
            ModuleNotFoundError: the module is being imported, and is one of PyFlink's that is absent.
        """
        topic = topic_of_module(fullname)
        if topic is not None:
            asking = sys._getframe(2) if sys._getframe(1).f_code.co_name == "_find_spec" else sys._getframe(1)
            if asking.f_code.co_name == "_find_and_load_unlocked":
                raise ModuleNotFoundError(f"No module named {fullname!r}: {topic}", name=fullname)
        return None


def install() -> None:
    """Have absent modules answer."""
    if not any(isinstance(finder, AbsentModules) for finder in sys.meta_path):
        sys.meta_path.append(AbsentModules())


def answers(place: str) -> Callable[[C], C]:
    """A class whose objects say why they lack a member that PyFlink's have.

    Args:
        place: PyFlink's module and class, without ``pyflink.``.
    """

    def decorate(cls: C) -> C:
        def __getattr__(self: Any, name: str) -> Any:
            raise AttributeError(lacking(f"{type(self).__name__!r} object", place, name))

        cls.__getattr__ = __getattr__  # type: ignore[attr-defined]
        cls._answers_as = place  # type: ignore[attr-defined]
        return cls

    return decorate


class Answering(ABCMeta):
    """Of classes that ``answers`` decorates: the class itself answers, too."""

    if not TYPE_CHECKING:  # or every attribute would seem to be there

        def __getattr__(cls, name: str) -> Any:
            place = "" if name == "_answers_as" else getattr(cls, "_answers_as", "")
            raise AttributeError(lacking(f"type object {cls.__name__!r}", place, name))


def lacking(owner: str, place: str, name: str) -> str:
    """The text of an AttributeError."""
    topic = MEMBERS.get(place, {}).get(name) or OF_OTHERS.get(place, {}).get(name)
    return f"{owner} has no attribute {name!r}" + (f": {topic}" if topic is not None else "")
