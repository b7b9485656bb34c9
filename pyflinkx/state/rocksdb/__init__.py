"""Keyed state in RocksDB: a database on disk for each operator's subtask."""

from pyflinkx.state.rocksdb.backend import RocksDBStateBackend
from pyflinkx.state.rocksdb.settings import RocksDBSettings

__all__ = ["RocksDBSettings", "RocksDBStateBackend"]
