"""What fields of records were called before, so that state that was written by those names can be read."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from typing import Any

from pyflinkx.errors import TypeInformationError

Aliases = dict[str, tuple[str, ...]]


class Alias:
    """What a field was called before, as part of its hint; state that was written by that name is read as the field.

    Args:
        names: one or several.

    Raises:
        TypeInformationError: there are none, or one is no text.

    Example:
        >>> from dataclasses import dataclass
        >>> from typing import Annotated
        >>> @dataclass
        ... class Visits:
        ...     count: Annotated[int, Alias("visits")]
    """

    def __init__(self, *names: str) -> None:
        if not names or not all(isinstance(name, str) for name in names):
            raise TypeInformationError(f"Alias takes earlier names of a field, not {names!r}")
        self.names = names

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alias) and self.names == other.names

    def __hash__(self) -> int:
        return hash(self.names)

    def __repr__(self) -> str:
        return f"Alias({', '.join(map(repr, self.names))})"


def aliases_of_class(cls: type) -> Aliases:
    """The earlier names of the fields of a class, from its hints; none where these cannot be resolved."""
    try:
        hints = typing.get_type_hints(cls, localns={cls.__name__: cls}, include_extras=True)
    except Exception:  # hints are the user's own expressions, and may name what only a type checker imports
        return {}
    found = {name: aliases_of_hint(hint) for name, hint in hints.items()}
    return {name: names for name, names in found.items() if names}


def aliases_of_hint(hint: Any) -> tuple[str, ...]:
    """The names of all that ``Alias`` says in a hint."""
    if typing.get_origin(hint) is not typing.Annotated:
        return ()
    return tuple(name for said in hint.__metadata__ if isinstance(said, Alias) for name in said.names)


def checked_aliases(
    what: str, names: Iterable[str], aliases: Mapping[str, str | Iterable[str]] | None
) -> Aliases | None:
    """Aliases, if it is clear whose they are; None for none.

    Args:
        what: the type, for errors.
        names: of the fields.
        aliases: by field, an earlier name or several.

    Raises:
        TypeInformationError: of no such field, of several, or the name of another one.
    """
    fields = set(names)
    owners: dict[str, str] = {}
    checked: Aliases = {}
    for field, given in (aliases or {}).items():
        earlier = (given,) if isinstance(given, str) else tuple(given)
        if field not in fields:
            raise TypeInformationError(f"{what} has aliases of a field {field!r}, which it does not have")
        for name in earlier:
            if not isinstance(name, str):
                raise TypeInformationError(f"{what}: an alias of field {field!r} is a name, not {name!r}")
            if name in fields:
                raise TypeInformationError(f"{what}: alias {name!r} of field {field!r} is the name of a field")
            if owners.setdefault(name, field) != field:
                raise TypeInformationError(
                    f"{what}: {name!r} is an alias of two fields, {owners[name]!r} and {field!r}"
                )
        checked[field] = earlier
    return checked or None
