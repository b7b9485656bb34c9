"""Outcomes of asynchronous calls that may call for another call."""

from __future__ import annotations

from typing import Any

__all__ = ["empty_result_predicate", "exception_type_predicate", "has_exception_predicate"]


def empty_result_predicate(result: list[Any]) -> bool:
    """Whether there are no results."""
    return not result


def has_exception_predicate(error: Exception | None) -> bool:
    """Whether there is an exception."""
    return error is not None


def exception_type_predicate(error: Exception, expected_error_type: type[Exception]) -> bool:
    """Whether an exception is of a type; bind the type by ``functools.partial``."""
    return isinstance(error, expected_error_type)
