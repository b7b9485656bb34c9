"""What a sink of files has in the client: which files are still needed, and which are left over."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pyflinkx import faults
from pyflinkx.connectors.files.hidden_names import hidden_files, token_of
from pyflinkx.connectors.files.target_file import FileCommitter, HiddenFile
from pyflinkx.connectors.sink import CommitterCoordinator

# ---- what writers say, besides what is to be committed ----


@dataclass(frozen=True)
class WriterOpened:
    """A writer begins, and the hidden names of its files have this in them."""

    token: str


@dataclass(frozen=True)
class FoldersMade:
    """These folders were not there before; outermost first."""

    folders: list[str]


@dataclass(frozen=True)
class KeptFile:
    """Something in this file belongs to the checkpoint, and the writer is not done with it.

    Args:
        hidden: its name for now.
    """

    hidden: str


@dataclass(frozen=True)
class FilesState:
    """What a checkpoint says of a sink's files, besides what its writers say.

    Args:
        finished: files to be committed.
        kept: hidden names of files that writers go on with.
        tokens: of all hidden names of the sink's files, those of earlier attempts included.
        folders: that were made for them.
    """

    finished: list[HiddenFile]
    kept: list[str]
    tokens: list[str]
    folders: list[str]


class FilesCoordinator(CommitterCoordinator):
    """Has files committed, and removes those that no checkpoint needs.

    Whatever a completed checkpoint names is left alone, in whatever way the job ends, as another attempt may go on from
    it. Other files of the sink go, as soon as it is sure that nobody writes to them.

    Args:
        committer: of the sink.
        places: folders in which hidden files may be, each with whether they may be in folders below, too.
        at_end: whether files are shown only when the job has ended well, and not with every checkpoint.
    """

    def __init__(self, committer: FileCommitter, places: Iterable[tuple[str, bool]], at_end: bool) -> None:
        super().__init__(committer)
        self.places = list(places)
        self.at_end = at_end
        self.kept: dict[int, set[str]] = {}  # by the number of the checkpoint
        self.safe: set[str] = set()  # those of the newest durable one
        self.tokens: set[str] = set()
        self.folders: list[str] = []
        self.restored = False
        self.listed: list[HiddenFile] = []  # by the restored checkpoint, if they are shown at the end

    def handle_event(self, subtask: int, event: Any) -> None:
        if isinstance(event, WriterOpened):
            self.tokens.add(event.token)
        elif isinstance(event, FoldersMade):
            self.folders += [folder for folder in event.folders if folder not in self.folders]
        else:
            first, values = event
            for value in values:
                if isinstance(value, KeptFile):
                    self.kept.setdefault(first, set()).add(value.hidden)
                else:
                    self.pending.append((first, value))

    def snapshot_state(self, checkpoint_id: int) -> FilesState:
        kept = sorted(self.kept.get(checkpoint_id, ()))
        return FilesState(self._until(checkpoint_id), kept, sorted(self.tokens), list(self.folders))

    def restore(self, checkpoint_id: int, states: FilesState) -> None:
        self.restored = True
        self.safe = set(states.kept)
        self.tokens |= set(states.tokens)
        self.folders = list(states.folders)
        if self.at_end:
            self.durable = checkpoint_id
            self.pending = [(checkpoint_id, file) for file in states.finished]
            self.listed = states.finished
        else:
            super().restore(checkpoint_id, states.finished)
        self._sweep()

    def checkpoint_completed(self, checkpoint_id: int) -> None:
        # First of all, as the commit may fail, and what is safe then is what this checkpoint names.
        before, self.safe = self.safe, self.kept.get(checkpoint_id, set())
        if self.at_end:
            self.durable = max(self.durable, checkpoint_id)
        else:
            super().checkpoint_completed(checkpoint_id)
        self.kept = {number: files for number, files in self.kept.items() if number > checkpoint_id}
        needed = self.safe.union(*self.kept.values(), [file.hidden for _, file in self.pending])
        for hidden in before - needed:
            faults.point("file-sink.replaced")  # the checkpoint before names a file that nobody needs any more
            remove(hidden)

    def close(self, failure: BaseException | None) -> None:
        try:
            if failure is None:
                self.committer.commit_again(self.listed)
                self.pending = [(first, file) for first, file in self.pending if file not in self.listed]
            super().close(failure)
        except BaseException:
            self._clean()
            raise
        if failure is not None:
            self._clean()
        else:
            self.pending = []
            if self.restored:
                self._sweep()

    def unlisted(self) -> list[HiddenFile]:
        """What no durable checkpoint lists, nor has as a file that a writer goes on with."""
        return [file for file in super().unlisted() if file.hidden not in self.safe]

    def _clean(self) -> None:
        """The attempt is over: remove what no checkpoint names, and folders that have become empty by it."""
        self._sweep()
        for folder in sorted(self.folders, key=len, reverse=True):  # writers may have made one each of a path
            with contextlib.suppress(OSError):
                os.rmdir(folder)

    def _sweep(self) -> None:
        """Remove the hidden files of this sink that no checkpoint names; nobody writes while that is done."""
        if not self.tokens:
            return
        needed = {os.path.basename(hidden) for hidden in self.safe}
        needed.update(os.path.basename(file.hidden) for first, file in self.pending if first <= self.durable)
        for place, deep in self.places:
            for folder, name in hidden_files(place, deep):
                if token_of(name) in self.tokens and name not in needed:
                    remove(os.path.join(folder, name))
                    faults.point("file-sink.swept")  # one of the files that were left over is gone
                    if folder != place:
                        with contextlib.suppress(OSError):
                            os.rmdir(folder)


def remove(path: str) -> None:
    """Remove a file, if it is there and may be removed."""
    with contextlib.suppress(OSError):
        os.unlink(path)
