"""How much memory RocksDB may take, and where it keeps its files."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from pyflinkx.errors import MissingExtraError

MEBIBYTE = 1 << 20
# Of the memory, what Python objects may take before they are written, and what blocks and write buffers may; the rest
# goes for what is not counted: compactions, tables of open files, pieces that are too small to be given back.
OBJECTS_SHARE, BLOCKS_SHARE = 0.25, 0.6
# Less than this for a database is of no use to it.
LEAST_BUFFER = 64 << 10


@dataclass(frozen=True)
class RocksDBSettings:
    """How the operators of a slot use RocksDB.

    Args:
        folders: of the databases, one of which each takes in turn; none for the temporary folder.
        memory: bytes that the slot's databases and their caches may take.
        write_buffer_ratio: how much of what the databases have is for what has not been written to files yet.
        threads: that write files in the background, of each database.

    Raises:
        ValueError: the memory or the ratio makes no sense.
    """

    folders: tuple[str, ...] = ()
    memory: int = 256 * MEBIBYTE
    write_buffer_ratio: float = 0.5
    threads: int = 2

    def __post_init__(self) -> None:
        if self.memory < MEBIBYTE:
            raise ValueError(f"RocksDB needs at least 1 MiB of memory, not {self.memory} bytes")
        if not 0 < self.write_buffer_ratio < 1:
            raise ValueError(f"the write buffers' part lies between 0 and 1, not {self.write_buffer_ratio}")


def rocksdict() -> Any:
    """The package that brings RocksDB.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return importlib.import_module("rocksdict")
    except ImportError as error:
        raise MissingExtraError(
            "the state backend rocksdb needs rocksdict: pip install 'pyflinkx[rocksdb]', or set state.backend.type to "
            "hashmap"
        ) from error


class SharedMemory:
    """The memory that all databases of a slot share.

    Args:
        settings: say how much it is.

    Attributes:
        cache: of blocks that were read, to which the write buffers are charged too.
        objects: bytes for Python objects.
    """

    def __init__(self, settings: RocksDBSettings) -> None:
        rocks = rocksdict()
        self.objects = int(settings.memory * OBJECTS_SHARE)
        blocks = int(settings.memory * BLOCKS_SHARE)
        # Write buffers are given back only when they have been written, so they can be half as large again.
        buffers = int(blocks * settings.write_buffer_ratio * 2 / 3)
        self.buffers = max(buffers, LEAST_BUFFER)
        self.cache = rocks.Cache(blocks - buffers // 2)
        self.manager = rocks.WriteBufferManager.new_write_buffer_manager_with_cache(self.buffers, False, self.cache)
        self.threads = settings.threads

    def options(self, create: bool) -> Any:
        """The options of a database.

        Args:
            create: whether it is made if it is not there.
        """
        rocks = rocksdict()
        options = rocks.Options(raw_mode=True)
        options.create_if_missing(create)
        options.set_write_buffer_manager(self.manager)
        options.set_write_buffer_size(max(self.buffers // 2, LEAST_BUFFER))
        # Arenas are taken whole: of a small buffer they are small.
        options.set_arena_block_size(max(min(self.buffers // 16, MEBIBYTE), 4096))
        options.set_max_background_jobs(self.threads)
        options.set_max_open_files(256)
        piece = max(min(self.buffers // 16, MEBIBYTE), 64 << 10)
        options.set_compaction_readahead_size(piece)
        options.set_writable_file_max_buffer_size(piece)
        options.set_keep_log_file_num(1)
        options.set_max_log_file_size(MEBIBYTE)
        options.set_stats_dump_period_sec(0)
        options.set_level_compaction_dynamic_level_bytes(True)
        options.set_target_file_size_base(16 * MEBIBYTE)
        options.set_max_bytes_for_level_base(64 * MEBIBYTE)
        options.set_compression_type(rocks.DBCompressionType.lz4())
        tables = rocks.BlockBasedOptions()
        tables.set_block_cache(self.cache)
        tables.set_cache_index_and_filter_blocks(True)
        tables.set_pin_l0_filter_and_index_blocks_in_cache(True)
        tables.set_bloom_filter(10, False)
        tables.set_checksum_type(rocks.ChecksumType.xxh3())
        tables.set_format_version(5)
        options.set_block_based_table_factory(tables)
        return options
