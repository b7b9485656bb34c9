"""Where checkpoints lie: folders, files of states, manifests.

    <folder>/<job id>/chk-<number>/_metadata        the manifest, written last
    <folder>/<job id>/chk-<number>/<name>.state     states of a subtask
    <folder>/<job id>/shared/<job id>-<number>-...  what later checkpoints of the job may name, too
    <target>/savepoint-<job id>-<random>/           a savepoint, with the same files inside

A folder that was moved as a whole is as good. See docs/formats/checkpoints.md.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from pyflinkx.checkpoint.files import HIDDEN, FileSystem
from pyflinkx.checkpoint.local_files import SystemCalls
from pyflinkx.checkpoint.locations import file_system, normal_path
from pyflinkx.checkpoint.manifest import SHARED, SHARED_FOLDER, decode_manifest, encode_manifest
from pyflinkx.checkpoint.metadata import Checkpoint
from pyflinkx.checkpoint.reader import StateReader
from pyflinkx.checkpoint.secret import installation_secret
from pyflinkx.checkpoint.settings import WHOLE_STATE
from pyflinkx.checkpoint.writer import StateWriter
from pyflinkx.errors import CorruptDataError, StorageError

MANIFEST_FILE = "_metadata"
STATE_SUFFIX = ".state"
CHECKPOINT_FOLDER = re.compile(r"chk-([0-9]{1,18})")
UNFIT = re.compile(r"[^A-Za-z0-9_-]+")


class CheckpointStorage:
    """Writes, reads and removes the checkpoints of a job; travels to its workers.

    Args:
        folder: of all checkpoints, a path or a URL; None where they stay in the client's memory.
        job_id: of the job.
        compressed: whether states are compressed.
        memory_threshold: bytes of state up to which those of a subtask travel inside the manifest.
        secret: of the installation; None to look for it when it is needed.
        subfolder: whether the job has a folder of its own in ``folder``.
        secret_file: where to look for the secret; None for where it is kept by default.
        system: the calls of the operating system; for tests.
    """

    def __init__(
        self,
        folder: str | None,
        job_id: str,
        compressed: bool = False,
        memory_threshold: int = 20_480,
        secret: bytes | None = None,
        subfolder: bool = True,
        secret_file: str | None = None,
        system: SystemCalls | None = None,
    ) -> None:
        self.folder = None if folder is None else normal_path(folder)
        self.job_id = job_id
        self.compressed = compressed
        self.memory_threshold = memory_threshold
        self._secret = secret
        self.subfolder = subfolder
        self.secret_file = secret_file
        self.system = system

    @property
    def secret(self) -> bytes:
        """The secret that states are signed with; the installation's is looked for when it is needed first."""
        if self._secret is None:
            self._secret = installation_secret(self.secret_file)
        return self._secret

    def use_secret(self, secret: bytes) -> None:
        """Sign with this secret from now on: that of the client, which another process need not find again."""
        self._secret = secret

    def __repr__(self) -> str:
        return f"CheckpointStorage({self.folder!r}, {self.job_id!r})"

    @property
    def job_folder(self) -> str:
        """Where the checkpoints of the job lie; "" for in memory."""
        if self.folder is None:
            return ""
        return self._files(self.folder).join(self.folder, self.job_id) if self.subfolder else self.folder

    def checkpoint_folder(self, number: int) -> str:
        """Where the checkpoint of that number lies; "" for in memory."""
        return "" if self.folder is None else self._files(self.folder).join(self.job_folder, f"chk-{number}")

    @property
    def shares_files(self) -> bool:
        """Whether a checkpoint may name files of those before it: they are in files."""
        return self.folder is not None and self.memory_threshold < WHOLE_STATE

    def owns(self, checkpoint_folder: str) -> bool:
        """Whether checkpoints of this job may name the files of a checkpoint: it lies beside them."""
        return checkpoint_folder != "" and checkpoint_folder.rpartition("/")[0] == self.job_folder

    def new_savepoint_folder(self, target: str) -> str:
        """A folder, not yet made, for a savepoint in the folder ``target``."""
        target = normal_path(target)
        return self._files(target).join(target, f"savepoint-{self.job_id[:6]}-{secrets.token_hex(6)}")

    def _files(self, path: str) -> FileSystem:
        return file_system(path, self.system)

    def writer(self, number: int, name: str, savepoint_folder: str | None = None) -> StateWriter:
        """What writes the states of one subtask, or of a coordinator.

        Args:
            number: of the checkpoint.
            name: of the file, if there will be one; the only one of that name in the checkpoint.
            savepoint_folder: as ``new_savepoint_folder`` gave it; None for a checkpoint.
        """
        folder = savepoint_folder or self.checkpoint_folder(number)
        limit = self.memory_threshold if folder else None
        file = UNFIT.sub("_", name) + STATE_SUFFIX
        owner = f"{self._owner(number)}{UNFIT.sub('_', name)}-"
        return StateWriter(folder, file, self.compressed, limit, self.secret, self.system, owner)

    def _owner(self, number: int) -> str:
        """How the names of shared files begin that were written for a checkpoint."""
        return f"{UNFIT.sub('_', self.job_id)}-{number}-"

    @contextmanager
    def reader(self, checkpoint: Checkpoint) -> Iterator[StateReader]:
        """What reads the states of a checkpoint; each file is opened once."""
        reader = StateReader(checkpoint.folder, self.secret, self.system)
        try:
            yield reader
        finally:
            reader.close()

    def write_manifest(self, checkpoint: Checkpoint, savepoint_folder: str | None = None) -> Checkpoint:
        """Make a checkpoint durable, whose states are written: from now on it can be restored.

        Args:
            checkpoint: what it says.
            savepoint_folder: as ``new_savepoint_folder`` gave it; None for a checkpoint.

        Returns:
            The checkpoint with its folder.

        Raises:
            StorageError: the manifest cannot be written; nothing is left of it.
        """
        folder = savepoint_folder or self.checkpoint_folder(checkpoint.number)
        if not folder:
            return replace(checkpoint, folder="")
        files = self._files(folder)
        files.make_folder(folder)
        # Workers made these folders too, and may be gone before they could make them durable.
        for above in parents(folder, 3 if self.subfolder and not savepoint_folder else 2):
            files.make_durable(above)
        output = files.create(files.join(folder, MANIFEST_FILE))
        try:
            output.write(encode_manifest(checkpoint, self.secret))
            output.finish()
        except BaseException:
            output.abort()
            raise
        return replace(checkpoint, folder=folder)

    def read_manifest(self, path: str) -> Checkpoint:
        """The checkpoint or savepoint that lies there.

        Args:
            path: its folder or its manifest, as a path or a URL.

        Raises:
            StorageError: there is none, or it cannot be read.
            CorruptDataError: its manifest is damaged, or one of a later version.
        """
        folder = normal_path(path)
        if folder.endswith(f"/{MANIFEST_FILE}"):
            folder = folder.removesuffix(f"/{MANIFEST_FILE}")
        files = self._files(folder)
        manifest = files.join(folder, MANIFEST_FILE)
        if not files.exists(manifest):
            raise StorageError(f"there is no checkpoint or savepoint at {path}: it has no file {MANIFEST_FILE}")
        return replace(decode_manifest(files.read_all(manifest), self.secret, manifest), folder=folder)

    def verify(self, checkpoint: Checkpoint) -> None:
        """Look at every byte of a checkpoint's states.

        Raises:
            StorageError, CorruptDataError, UntrustedStateError: as ``StateReader.read`` does, or a file has more bytes
                than its states.
        """
        ends: dict[str, int] = {}
        with self.reader(checkpoint) as reader:
            for part in checkpoint.parts():
                reader.check(part)
                if part.file:
                    ends[part.file] = max(ends.get(part.file, 0), part.offset + part.size)
            for name, end in ends.items():
                reader.check_end(name, end)

    def discard(self, checkpoint: Checkpoint, retained: Iterable[Checkpoint] | None = None) -> None:
        """Remove a checkpoint, as far as it is still there.

        Args:
            checkpoint: which one.
            retained: the others of its job that stay: files in the shared folder that none of them names go too. None
                leaves those that a checkpoint names which can be found there, and all where one cannot be read.

        Raises:
            StorageError: something cannot be removed.
        """
        if not checkpoint.folder:
            return
        files = self._files(checkpoint.folder)
        own = {part.file for part in checkpoint.parts() if part.file}
        shared = {name for name in own if name.startswith(SHARED)}
        self._empty(files, checkpoint.folder, own - shared)
        if shared:
            above = checkpoint.folder.rpartition("/")[0]
            self._remove_shared(files, above, shared, retained)

    def _remove_shared(
        self, files: FileSystem, above: str, names: set[str], retained: Iterable[Checkpoint] | None
    ) -> None:
        """Remove shared files that nobody names.

        Args:
            files: where they are.
            above: the folder of the job's checkpoints.
            names: of the files, as parts have them.
            retained: the job's checkpoints that stay; None to look for them.
        """
        names = names - {part.file for other in retained or () for part in other.parts()}
        own = f"{SHARED}{UNFIT.sub('_', self.job_id)}-"
        # Other jobs' files, of which this one has claimed a checkpoint, may have others that nobody has claimed.
        if retained is None or any(not name.startswith(own) for name in names):
            names -= self._named(files, above, names)
        for name in sorted(names):
            files.remove(files.join(above, SHARED_FOLDER, name.removeprefix(SHARED)))

    def _named(self, files: FileSystem, above: str, names: set[str]) -> set[str]:
        """Which of some shared files a checkpoint in a folder names; all where it cannot be known."""
        found: set[str] = set()
        for folder in self._folders(files, above, 1):
            try:
                found |= {part.file for part in self.read_manifest(folder).parts()}
            except (StorageError, CorruptDataError):
                return names
        return found & names

    def discard_number(
        self, number: int, savepoint_folder: str | None = None, retained: Iterable[Checkpoint] | None = None
    ) -> None:
        """Remove what was written for a checkpoint that has been aborted.

        Args:
            number: of the checkpoint.
            savepoint_folder: as ``new_savepoint_folder`` gave it; None for a checkpoint.
            retained: the checkpoints of the job that stay, as for ``discard``.

        Raises:
            StorageError: something cannot be removed.
        """
        folder = savepoint_folder or self.checkpoint_folder(number)
        if not folder:
            return
        files = self._files(folder)
        self._empty(files, folder, set())
        if savepoint_folder is None and self.shares_files:
            self._discard_shared(files, self._owner(number), retained)

    def _discard_shared(self, files: FileSystem, owner: str, retained: Iterable[Checkpoint] | None) -> None:
        """Remove the shared files of a checkpoint that has been aborted, also such as were being written."""
        folder = files.join(self.job_folder, SHARED_FOLDER)
        names = files.list(folder)
        for name in names:
            if name.startswith(HIDDEN + owner):
                files.remove(files.join(folder, name))
        written = {SHARED + name for name in names if name.startswith(owner)}
        if written:
            self._remove_shared(files, self.job_folder, written, retained)

    def _empty(self, files: FileSystem, folder: str, own: set[str]) -> None:
        """Remove what is ours from a folder, and the folder, unless somebody else has put something there."""
        names = files.list(folder)
        if MANIFEST_FILE in names:
            # It goes first, and for good: whoever reads a manifest finds the states of it.
            files.remove(files.join(folder, MANIFEST_FILE))
            files.make_durable(folder)
        for name in names:
            if name in own or name.endswith(STATE_SUFFIX) or name.startswith(HIDDEN):
                files.remove(files.join(folder, name))
        files.remove_folder(folder)

    def leftovers(self, pending: Iterable[int] = ()) -> list[int]:
        """Numbers of checkpoints of the job that have files and no manifest: for ``discard_number``.

        Args:
            pending: those that are being written.
        """
        if self.folder is None:
            return []
        files = self._files(self.folder)
        found, under_way = [], set(pending)
        for name in files.list(self.job_folder):
            match = CHECKPOINT_FOLDER.fullmatch(name)
            if match is None or int(match[1]) in under_way:
                continue
            if not files.exists(files.join(self.job_folder, name, MANIFEST_FILE)):
                found.append(int(match[1]))
        return sorted(found)

    def list_checkpoints(self, folder: str | None = None) -> list[Checkpoint]:
        """The checkpoints and savepoints below a folder that can be read, the newest last.

        Args:
            folder: of one of them, of a job, of jobs or of savepoints; None for the storage's own.
        """
        top = self.folder if folder is None else normal_path(folder)
        if top is None:
            return []
        files = self._files(top)
        found = []
        for path in self._folders(files, top, 2):
            try:
                found.append(self.read_manifest(path))
            except (StorageError, CorruptDataError):
                continue
        return sorted(found, key=lambda checkpoint: (checkpoint.time, checkpoint.number))

    def _folders(self, files: FileSystem, folder: str, deeper: int) -> Iterator[str]:
        names = files.list(folder)
        if MANIFEST_FILE in names:
            yield folder
        elif deeper:
            for name in names:
                yield from self._folders(files, files.join(folder, name), deeper - 1)


def parents(folder: str, count: int) -> list[str]:
    """The folders above one, the nearest first."""
    found = []
    for _ in range(count):
        folder = folder.rpartition("/")[0] or "/"
        found.append(folder)
    return found
