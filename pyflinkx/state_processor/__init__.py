"""Savepoints and checkpoints as tables: what a job kept, for pandas, Polars, Arrow and DuckDB."""

from pyflinkx.state_processor.savepoint import Savepoint
from pyflinkx.state_processor.state_table import StateTable

__all__ = ["Savepoint", "StateTable"]
