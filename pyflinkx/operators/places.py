"""Where in the program something was made that cannot be read or written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx._core.calls.records import CallSite
from pyflinkx.errors import (
    CorruptDataError,
    MemoryBudgetError,
    PyflinkxError,
    SinkError,
    SourceError,
    TypeInformationError,
)

PLACED = (SourceError, SinkError, CorruptDataError, TypeInformationError, MemoryBudgetError)


def placed(error: BaseException, site: CallSite) -> BaseException:
    """An error of a source or a sink, which says from now on which operator and line it is about, too.

    Other errors, and those that say so already, stay as they are.
    """
    if isinstance(error, PLACED) and len(error.args) == 1 and getattr(error, "place", None) is None:
        made = "" if site.location is None else f", created at {site.location}"
        error.args = (f"{error} (operator '{site.name}', uid {site.uid}{made})",)
        error.place = site.name  # type: ignore[union-attr]
    return error


def called(site: CallSite, where: str | Callable[[], str], call: Callable[..., Any], *arguments: Any) -> Any:
    """What a call gives; what it raises says which operator it is of, and what is no error of ours ``where``."""
    try:
        return call(*arguments)
    except PyflinkxError as error:
        placed(error, site)
        raise
    except BaseException as error:
        raise site.wrap(error, where if isinstance(where, str) else where()) from error
