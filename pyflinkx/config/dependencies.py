"""What a program needs besides itself: Python files, archives, requirements, an interpreter."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from pyflinkx.config import options
from pyflinkx.config.configuration import Configuration
from pyflinkx.config.paths import absolute
from pyflinkx.errors import ConfigurationError

FILE_DELIMITER = ","
PARAMETER_DELIMITER = "#"
OWN_FOLDER = ".pyflinkx"


@dataclass(frozen=True)
class ArchiveLimits:
    """What an archive may become when it is extracted.

    Args:
        size: bytes of all its files.
        files: number of files, folders and links.
        ratio: its content may be so many times its own size, or 64 MiB.
    """

    size: int
    files: int
    ratio: int

    @classmethod
    def from_configuration(cls, configuration: Configuration) -> ArchiveLimits:
        """Read the options."""
        return cls(
            configuration.value_of(options.ARCHIVE_SIZE),
            configuration.value_of(options.ARCHIVE_FILES),
            configuration.value_of(options.ARCHIVE_RATIO),
        )


DEFAULT_LIMITS = ArchiveLimits.from_configuration(Configuration())


@dataclass(frozen=True)
class PythonDependencies:
    """The options ``python.files``, ``python.archives``, ``python.requirements`` and ``python.executable``, read.

    Args:
        files: absolute paths of Python files, packages and folders.
        archives: absolute path of each archive, and the folder that it is extracted to, relative to the worker's.
        requirements: absolute path of the requirements file.
        requirements_cache: absolute path of the folder with its packages.
        executable: the interpreter: an absolute path, a name to look up in PATH, or a path into an extracted archive;
            None for the one that runs the program.
        limits: of each archive, and of each of the files that is one.
    """

    files: tuple[str, ...] = ()
    archives: tuple[tuple[str, str], ...] = ()
    requirements: str | None = None
    requirements_cache: str | None = None
    executable: str | None = None
    limits: ArchiveLimits = DEFAULT_LIMITS

    @classmethod
    def from_configuration(cls, configuration: Configuration) -> PythonDependencies:
        """Read the options; relative paths count from the current folder.

        Raises:
            ConfigurationError: a value is malformed. Whether files exist is for ``faults``.
        """
        files = [local_path(part, options.PYTHON_FILES.key) for part in parts(configuration, options.PYTHON_FILES.key)]
        archives: dict[str, str] = {}
        for part in parts(configuration, options.PYTHON_ARCHIVES.key):
            path, _, target = part.partition(PARAMETER_DELIMITER)
            path = local_path(path, options.PYTHON_ARCHIVES.key)
            target = archive_target(target or os.path.basename(path), options.PYTHON_ARCHIVES.key)
            if archives.setdefault(target, path) != path:
                raise ConfigurationError(
                    f"{options.PYTHON_ARCHIVES.key}: {archives[target]} and {path} have one target folder, {target!r}"
                )
        requirements = cache = None
        text = configuration.get(options.PYTHON_REQUIREMENTS)
        if text is not None:
            first, _, second = text.partition(PARAMETER_DELIMITER)
            requirements = local_path(first, options.PYTHON_REQUIREMENTS.key)
            cache = local_path(second, options.PYTHON_REQUIREMENTS.key) if second else None
        executable = configuration.get(options.PYTHON_EXECUTABLE)
        if executable is not None and os.sep in executable and not in_one(executable, archives):
            executable = local_path(executable, options.PYTHON_EXECUTABLE.key)
        return cls(
            tuple(dict.fromkeys(files)),
            tuple((path, target) for target, path in archives.items()),
            requirements,
            cache,
            executable,
            ArchiveLimits.from_configuration(configuration),
        )

    @property
    def need_folder(self) -> bool:
        """Whether anything is to be put in place before a worker can start."""
        return bool(self.files or self.archives or self.requirements is not None)

    def faults(self) -> list[str]:
        """What is missing on this machine, a line each."""
        faults = [
            f"{options.PYTHON_FILES.key}: {path} does not exist" for path in self.files if not os.path.exists(path)
        ]
        faults += [
            f"{options.PYTHON_ARCHIVES.key}: {path} is no file" for path, _ in self.archives if not os.path.isfile(path)
        ]
        if self.requirements is not None and not os.path.isfile(self.requirements):
            faults.append(f"{options.PYTHON_REQUIREMENTS.key}: {self.requirements} is no file")
        if self.requirements_cache is not None and not os.path.isdir(self.requirements_cache):
            faults.append(f"{options.PYTHON_REQUIREMENTS.key}: {self.requirements_cache} is no folder")
        if self.executable is not None and not self._in_archive() and found_in_path(self.executable) is None:
            faults.append(
                f"{options.PYTHON_EXECUTABLE.key}: {self.executable!r} is neither an executable file nor a path into "
                "an archive"
            )
        return faults

    def interpreter(self, folder: str) -> str:
        """The interpreter's absolute path.

        Args:
            folder: to which the archives were extracted.

        Raises:
            ConfigurationError: there is none.
        """
        if self.executable is None:
            return sys.executable
        path = os.path.join(folder, self.executable) if self._in_archive() else self.executable
        found = found_in_path(path)
        if found is None:
            raise ConfigurationError(f"{options.PYTHON_EXECUTABLE.key}: {path} is no executable file")
        return os.path.abspath(found)

    def _in_archive(self) -> bool:
        return self.executable is not None and in_one(self.executable, [target for _, target in self.archives])


def found_in_path(executable: str) -> str | None:
    """Where PATH has it."""
    import shutil

    return shutil.which(executable)


def parts(configuration: Configuration, key: str) -> list[str]:
    """The items of an option's list, which Flink separates by commas and nothing else."""
    text = configuration.get_string(key, "")
    found = [part.strip() for part in text.split(FILE_DELIMITER)] if text.strip() else []
    if "" in found:
        raise ConfigurationError(f"{key}: {text!r} has an empty item")
    return found


def in_one(path: str, folders: Iterable[str]) -> bool:
    """Whether a relative path leads into one of some relative folders."""
    inner = os.path.normpath(path)
    return any(inner.startswith(os.path.normpath(folder) + os.sep) for folder in folders)


def local_path(path: str, key: str) -> str:
    """An absolute path on this machine, from a path or a ``file:`` URI.

    Args:
        path: as the user wrote it.
        key: what it stands under, for the error.

    Raises:
        ConfigurationError: it is empty, or lies elsewhere.
    """
    if "://" in path:
        uri = urlsplit(path)
        if uri.scheme != "file" or uri.netloc not in ("", "localhost"):
            raise ConfigurationError(f"{key}: {path} is not a file of this machine")
        path = unquote(uri.path)
    if not path:
        raise ConfigurationError(f"{key}: a path is missing")
    return absolute(path)


def archive_target(target: str, key: str) -> str:
    """The folder that an archive goes to: a relative path that stays within the worker's folder.

    Raises:
        ConfigurationError: it is not that.
    """
    names = os.path.normpath(target).split(os.sep)
    if os.path.isabs(target) or names[0] in ("..", ".", OWN_FOLDER):
        raise ConfigurationError(f"{key}: the target folder {target!r} is not below the worker's folder")
    return target
