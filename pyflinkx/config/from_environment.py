"""Options that an environment variable may set where neither the program nor a configuration file does."""

from __future__ import annotations

import os

from pyflinkx.config import options
from pyflinkx.config.configuration import Configuration
from pyflinkx.config.option import ConfigOption

# How a job looks to whoever runs it: the same program may be run by a person and by a service.
VARIABLES: dict[ConfigOption[str], str] = {
    options.PROGRESS: "PYFLINKX_PROGRESS",
    options.TRACEBACKS: "PYFLINKX_TRACEBACKS",
}


def chosen(configuration: Configuration, option: ConfigOption[str]) -> str:
    """The value of an option that a variable may set: the configuration's, else the variable's, else the default.

    Raises:
        ConfigurationError: the value is none of the option's; the message names the variable where that has it.
    """
    text = os.environ.get(VARIABLES[option])
    if not text or configuration.contains_key(option.key):
        return configuration.value_of(option)
    return option.parse(text, f"the environment variable {VARIABLES[option]}")
