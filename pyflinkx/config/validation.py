"""The check of a configuration before a job starts."""

from __future__ import annotations

import logging
from functools import cache

from pyflinkx.config import options
from pyflinkx.config.cached_files import cached_files
from pyflinkx.config.configuration import Configuration
from pyflinkx.config.dependencies import PythonDependencies
from pyflinkx.config.flink_keys import KEYS, has_no_effect, in_closed_namespace
from pyflinkx.config.log_levels import log_levels
from pyflinkx.errors import ConfigurationError
from pyflinkx.names.absent import topic_of_key

log = logging.getLogger("pyflinkx.config")

NAMES = sorted(key for option in options.WITH_EFFECT for key in (option.key, *option.deprecated_keys))


def validate(configuration: Configuration) -> None:
    """Refuse what a job would otherwise ignore or fail on later.

    Keys of Flink that have no effect here are logged, each once per process. A key that is none of these is refused
    when it looks like a misspelt one, or stands in ``pyflinkx.``; in a namespace whose keys are all known
    (``pipeline.``, ``execution.``, ``parallelism.``, ``python.``, ``taskmanager.memory.``) it is logged, as it may be a
    key of another version of Flink. Any other key is the program's own.

    Raises:
        ConfigurationError: a key is misspelt, or a value has the wrong type or lies outside its range; the message
            names every such key.
    """
    faults = []
    for key, text in configuration.to_dict().items():
        option = options.OPTIONS.get(key)
        if option is not None:
            try:
                option.parse(text, key)
            except ConfigurationError as error:
                faults.append(str(error))
            else:
                if option in options.WITHOUT_EFFECT:
                    warn_without_effect(key)
        elif has_no_effect(key):
            warn_without_effect(key)
        else:
            fault = unknown(key)
            if fault is not None:
                faults.append(fault)
    if not faults:
        faults = [
            *contradictions(configuration),
            *missing_dependencies(configuration),
            *missing_files(configuration),
            *unknown_levels(configuration),
        ]
    if faults:
        raise ConfigurationError("\n".join(faults))


def unknown(key: str) -> str | None:
    """What is wrong with a key that no option has; None when it is the program's own."""
    closed = in_closed_namespace(key)
    names = [*NAMES, *KEYS] if closed else NAMES
    import difflib

    close = difflib.get_close_matches(key, names, n=1, cutoff=0.8 if closed else 0.85)
    if close:
        return f"unknown configuration key {key!r}; did you mean {close[0]!r}?"
    if key.startswith("pyflinkx."):
        return f"unknown configuration key {key!r}"
    if closed:
        warn_unknown(key)
    return None


def contradictions(configuration: Configuration) -> list[str]:
    """What is wrong with values that are valid each for itself."""
    faults = []
    for small, large in (
        (options.PARALLELISM, options.JOB_MAX_PARALLELISM),
        (options.NETWORK_MEMORY_MIN, options.NETWORK_MEMORY_MAX),
    ):
        least, most = configuration.get(small), configuration.get(large)
        if least is not None and most is not None and 0 < most < least:
            faults.append(
                f"{small.key}: {small.type.format(least)} is more than {large.key}, which is {large.type.format(most)}"
            )
    return faults


def missing_dependencies(configuration: Configuration) -> list[str]:
    """What is wrong with the program's Python dependencies."""
    try:
        return PythonDependencies.from_configuration(configuration).faults()
    except ConfigurationError as error:
        return [str(error)]


def missing_files(configuration: Configuration) -> list[str]:
    """What is wrong with the program's cached files."""
    try:
        faults = [file.fault() for file in cached_files(configuration).values()]
    except ConfigurationError as error:
        return [str(error)]
    return [fault for fault in faults if fault is not None]


def unknown_levels(configuration: Configuration) -> list[str]:
    """What is wrong with the levels of loggers."""
    try:
        log_levels(configuration)
    except ConfigurationError as error:
        return [str(error)]
    return []


@cache
def warn_unknown(key: str) -> None:
    """Say so, once per process."""
    log.warning("configuration key %s is not known: it has no effect", key)


@cache
def warn_without_effect(key: str) -> None:
    """Say so, once per process."""
    topic = topic_of_key(key)
    log.warning(
        "configuration key %s is one of Flink's that has no effect in pyflinkx%s", key, f": {topic}" if topic else ""
    )
