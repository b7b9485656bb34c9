"""Prepares a program's Python dependencies for a worker."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from pyflinkx.config.dependencies import OWN_FOLDER, ArchiveLimits, PythonDependencies
from pyflinkx.errors import DependencyError
from pyflinkx.runtime.control.archives import extract, is_archive

log = logging.getLogger("pyflinkx.dependencies")

SHOWN_LINES = 10


def prepare(settings: PythonDependencies, folder: str) -> list[str]:
    """Put everything in place that a program needs besides itself.

    Archives are extracted below ``folder``, each to its target; a worker makes that its current folder, so that
    functions reach them by relative paths. All else goes to a folder of its own in there.

    Args:
        settings: what to prepare.
        folder: the worker's working folder, made if need be; no second call for it.

    Returns:
        What the worker puts at the front of ``sys.path``, in this order: installed requirements; for each of the files
        the folder that holds a copy of a module, the folder itself, or what a package was extracted to; and ``folder``
        if there are archives.

    Raises:
        DependencyError: an archive cannot be extracted, a file not copied, or pip fails; the message ends with pip's
            last lines.
        ConfigurationError: there is no such interpreter.
    """
    own = os.path.join(os.path.abspath(folder), OWN_FOLDER)
    os.makedirs(own, exist_ok=True)
    for path, target in settings.archives:
        extract(path, os.path.join(folder, target), settings.limits)
    found = []
    if settings.requirements is not None:
        found.append(install(settings, os.path.abspath(folder), os.path.join(own, "requirements")))
    for number, path in enumerate(settings.files):
        found.append(importable(path, os.path.join(own, "files", str(number)), settings.limits))
    if settings.archives:
        found.append(os.path.abspath(folder))
    return found


@contextmanager
def applied(settings: PythonDependencies) -> Iterator[None]:
    """Prepare the dependencies for this process and let it use them for the block, as PyFlink does for a local job.

    They come first in ``sys.path``. If there are archives, the folder with them is the current one meanwhile. What was
    imported stays imported; another interpreter cannot be used.

    Args:
        settings: what to apply.
    """
    if settings.executable is not None:
        log.warning("python.executable has no effect on a job that runs in the calling process")
        settings = replace(settings, executable=None)
    if settings == PythonDependencies(limits=settings.limits):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="pyflinkx-") as folder, contextlib.ExitStack() as undo:
        paths = prepare(settings, folder)
        undo.callback(forget, paths)
        sys.path[:0] = paths
        importlib.invalidate_caches()
        if settings.archives:
            here = os.open(os.curdir, os.O_RDONLY)  # also where that folder was removed
            undo.callback(os.close, here)
            undo.callback(os.chdir, here)
            os.chdir(folder)
        yield


def forget(paths: list[str]) -> None:
    """Remove each path once from ``sys.path``."""
    for path in paths:
        if path in sys.path:
            sys.path.remove(path)


def importable(path: str, place: str, limits: ArchiveLimits) -> str:
    """The entry of ``sys.path`` that makes a Python file, package or folder importable.

    Args:
        path: of the file, package or folder.
        place: a folder for a copy; does not exist yet.
        limits: of a package that is an archive.
    """
    if os.path.isdir(path):
        return path
    name = os.path.basename(path)
    if not name.endswith(".py") and os.path.isfile(path) and is_archive(path):
        # Not read in place: compiled modules and data files of a package must be real files.
        target = os.path.join(place, name)
        extract(path, target, limits)
        return target
    os.makedirs(place)
    try:
        shutil.copy(path, place)
    except OSError as error:
        raise DependencyError(f"{path} cannot be copied: {error}") from error
    return place


def install(settings: PythonDependencies, folder: str, target: str) -> str:
    """Install the requirements into ``target`` by the worker's interpreter; ``target``."""
    assert settings.requirements is not None
    command = [settings.interpreter(folder), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--no-warn-script-location", "--target", target, "--requirement", settings.requirements]
    if settings.requirements_cache is not None:
        command += ["--no-index", "--find-links", settings.requirements_cache]
    log.info("installing %s", settings.requirements)
    try:
        # In a folder of ours: Python would import pip's modules from the current one first.
        done = subprocess.run(
            command,
            cwd=os.path.dirname(target),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise DependencyError(f"{settings.requirements} cannot be installed: {command[0]}: {error}") from error
    if done.returncode:
        last = "\n".join(done.stdout.strip().splitlines()[-SHOWN_LINES:])
        raise DependencyError(
            f"{settings.requirements} cannot be installed: pip of {command[0]} ended with {done.returncode}:\n{last}"
        )
    return target
