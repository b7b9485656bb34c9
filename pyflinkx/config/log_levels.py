"""The levels of loggers that a configuration asks for, in force while its job runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pyflinkx.config import options
from pyflinkx.config.configuration import Configuration
from pyflinkx.errors import ConfigurationError

# Log4j's names, which Flink's options take, and Python's.
LEVELS = {
    "OFF": logging.CRITICAL + 10,
    "FATAL": logging.CRITICAL,
    "CRITICAL": logging.CRITICAL,
    "ERROR": logging.ERROR,
    "WARN": logging.WARNING,
    "WARNING": logging.WARNING,
    "INFO": logging.INFO,
    "DEBUG": logging.DEBUG,
    "TRACE": logging.DEBUG - 5,
    "ALL": 1,
}

Levels = dict[str, int]  # by logger; "" for the root


def log_levels(configuration: Configuration) -> Levels:
    """What ``python.logging.default.level`` and ``python.logging.level.overrides`` come to.

    Raises:
        ConfigurationError: there is no such level.

    Example:
        >>> log_levels(Configuration.from_dict({"python.logging.level.overrides": "my.module: DEBUG"}))
        {'my.module': 10}
    """
    asked = configuration.get(options.LOG_LEVEL_OVERRIDES)
    default = configuration.get(options.LOG_LEVEL)
    levels = {} if default is None else {"": LEVELS[default]}
    for name, level in (asked or {}).items():
        if level.strip().upper() not in LEVELS:
            raise ConfigurationError(
                f"{options.LOG_LEVEL_OVERRIDES.key}: the level of {name!r} is {level!r}, "
                f"which is not one of {', '.join(LEVELS)}"
            )
        levels[name.strip()] = LEVELS[level.strip().upper()]
    return levels


class LevelsInForce:
    """The levels of jobs that run, over those that the program has set; of two jobs that of the later one counts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: list[Levels] = []
        self._own: Levels = {}  # the program's, of the loggers that jobs ask something of

    @contextmanager
    def during(self, levels: Levels) -> Iterator[None]:
        """Have levels in force."""
        if not levels:
            yield
            return
        with self._lock:
            self._asked.append(levels)
            self._apply()
        try:
            yield
        finally:
            with self._lock:
                # By identity: another job may ask for the same.
                self._asked = [asked for asked in self._asked if asked is not levels]
                self._apply()

    def _apply(self) -> None:
        wanted: Levels = {}
        for levels in self._asked:
            wanted.update(levels)
        for name in self._own.keys() - wanted.keys():
            logging.getLogger(name).setLevel(self._own.pop(name))
        for name, level in wanted.items():
            logger = logging.getLogger(name)
            self._own.setdefault(name, logger.level)
            logger.setLevel(level)


IN_FORCE = LevelsInForce()


def own_levels() -> Levels:
    """The levels of all loggers of this process that have one of their own, and of the root."""
    found = {"": logging.getLogger().getEffectiveLevel()}
    for name, logger in tuple(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and logger.level:
            found[name] = logger.level
    return found
