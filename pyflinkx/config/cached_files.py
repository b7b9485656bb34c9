"""Files that a program's functions find by name: the option ``pipeline.cached-files``."""

from __future__ import annotations

import os
from dataclasses import dataclass

from pyflinkx.config import options
from pyflinkx.config.configuration import Configuration
from pyflinkx.config.dependencies import local_path
from pyflinkx.errors import ConfigurationError

ENTRY_DELIMITER = ";"
FIELD_DELIMITER = ","
FIELDS = ("name", "path", "executable")


@dataclass(frozen=True)
class CachedFile:
    """A file or folder under a name.

    Args:
        name: what functions ask for.
        path: absolute, on this machine.
        executable: whether it must be executable.
    """

    name: str
    path: str
    executable: bool = False

    def entry(self) -> str:
        """Its part of the option's text, in Flink's form.

        Raises:
            ConfigurationError: name or path have a character that separates the option's parts.
        """
        for text in (self.name, self.path):
            for delimiter in (ENTRY_DELIMITER, FIELD_DELIMITER):
                if delimiter in text:
                    raise ConfigurationError(f"{text!r} has a {delimiter!r}, which separates cached files and fields")
        return f"name:{self.name},path:{self.path},executable:{str(self.executable).lower()}"

    def fault(self) -> str | None:
        """What is wrong with it on this machine; None when nothing is."""
        if not os.path.exists(self.path):
            return f"cached file '{self.name}': {self.path} does not exist"
        if self.executable and os.path.isfile(self.path) and not os.access(self.path, os.X_OK):
            return f"cached file '{self.name}': {self.path} is not executable"
        return None


def cached_files(configuration: Configuration) -> dict[str, CachedFile]:
    """The files of ``pipeline.cached-files``, by name.

    Its text is ``name:words,path:/data/words.txt,executable:false;name:...``.

    Raises:
        ConfigurationError: the text is malformed, or two files have one name.
    """
    key = options.CACHED_FILES.key
    found: dict[str, CachedFile] = {}
    for entry in (configuration.get(options.CACHED_FILES) or "").split(ENTRY_DELIMITER):
        if not entry.strip():
            continue
        fields = dict(field.strip().split(":", 1) for field in entry.split(FIELD_DELIMITER) if ":" in field)
        if not fields.get("name") or not fields.get("path") or not set(fields) <= set(FIELDS):
            raise ConfigurationError(f"{key}: {entry!r} is not name:...,path:...,executable:true or false")
        if fields.get("executable", "false") not in ("true", "false"):
            raise ConfigurationError(f"{key}: executable is true or false, not {fields['executable']!r}")
        file = CachedFile(fields["name"], local_path(fields["path"], key), fields.get("executable") == "true")
        if file.name in found:
            raise ConfigurationError(f"{key}: two files are called '{file.name}'")
        found[file.name] = file
    return found
