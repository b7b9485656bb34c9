"""Configuration files: Flink's ``config.yaml``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from pyflinkx.config import options
from pyflinkx.config.values import MAP, format_list
from pyflinkx.errors import ConfigurationError, MissingExtraError

FOLDER_VARIABLE = "FLINK_CONF_DIR"
FILE_NAME = "config.yaml"


def default_file() -> str | None:
    """``config.yaml`` in the folder that the environment variable FLINK_CONF_DIR names; None if there is none."""
    folder = os.environ.get(FOLDER_VARIABLE)
    path = os.path.join(folder, FILE_NAME) if folder else None
    return path if path is not None and os.path.isfile(path) else None


def read_file(path: str) -> dict[str, str]:
    """The options of a YAML file, by key.

    Keys may be nested (``parallelism: {default: 2}``), flat (``parallelism.default: 2``) or anything between. Values
    are taken as they are written, so that ``1:30`` and ``yes`` stay text; keys without a value are passed over.

    Args:
        path: of the file, or of a folder that has a ``config.yaml``.

    Raises:
        ConfigurationError: there is no such file, it is no YAML, or a key stands there twice.
        MissingExtraError: reading YAML needs a package that is not installed.
    """
    if os.path.isdir(path):
        path = os.path.join(path, FILE_NAME)
    try:
        import yaml
    except ImportError as error:
        raise MissingExtraError(f"reading {path} needs pyyaml: pip install 'pyflinkx[yaml]'") from error
    try:
        with open(path, encoding="utf-8") as file:
            # The base loader makes text of all scalars and no objects of anything.
            content = yaml.load(file, yaml.BaseLoader)
        pairs = list(flattened("", content))
    except (OSError, UnicodeError, RecursionError) as error:
        raise ConfigurationError(f"the configuration file {path} cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"the configuration file {path} is no YAML: {error}") from None
    found: dict[str, str] = {}
    for key, value in pairs:
        if key in found:
            raise ConfigurationError(f"the configuration file {path} has the key {key} twice")
        found[key] = value
    return found


def flattened(key: str, content: Any) -> Iterator[tuple[str, str]]:
    """Keys and values at or below ``key``."""
    if content in (None, "", "null", "~"):
        return
    option = options.OPTIONS.get(key)
    if isinstance(content, Mapping) and not (option is not None and option.type is MAP):
        for name, below in content.items():
            yield from flattened(f"{key}.{name}" if key else str(name), below)
    elif not key:
        raise ConfigurationError(f"a configuration file holds keys and values, not {str(content)[:100]!r}")
    elif isinstance(content, Mapping):
        yield key, MAP.format({str(name): str(value) for name, value in content.items()})
    elif isinstance(content, list):
        yield key, format_list([str(item) for item in content])
    else:
        yield key, str(content)
