"""What a state descriptor says of the time to live of its values."""

from __future__ import annotations

from abc import ABC
from datetime import timedelta
from enum import Enum
from typing import Any, TypeAlias

from pyflinkx.types.time import Duration, Time


class TtlUpdateType(Enum):
    """What gives a value its full time to live again; Disabled: there is no time to live."""

    Disabled = 0
    OnCreateAndWrite = 1
    OnReadAndWrite = 2


class TtlStateVisibility(Enum):
    """Whether a value that has outlived its time may still be read, once, if nothing has removed it yet."""

    ReturnExpiredIfNotCleanedUp = 0
    NeverReturnExpired = 1


class TtlClock(Enum):
    """Which time counts: the clock's."""

    ProcessingTime = 0


class TtlCleanupStrategy(ABC):  # noqa: B024 - what strategies have in common is that they are named together
    """How values that have outlived their time are removed although nobody asks for them."""


class TtlEmptyCleanup(TtlCleanupStrategy):
    """A strategy without settings."""


class TtlIncrementalCleanup(TtlCleanupStrategy):
    """A few values are looked at whenever the state is used.

    Args:
        cleanup_size: how many.
        run_cleanup_for_every_record: whether as many are looked at for every record that the operator gets, too.

    Raises:
        ValueError: ``cleanup_size`` is not positive.
    """

    def __init__(self, cleanup_size: int, run_cleanup_for_every_record: bool) -> None:
        if cleanup_size <= 0:
            raise ValueError(f"an incremental clean-up looks at one value or more, not {cleanup_size}")
        self._cleanup_size = cleanup_size
        self._run_cleanup_for_every_record = run_cleanup_for_every_record

    def get_cleanup_size(self) -> int:
        """How many values are looked at."""
        return self._cleanup_size

    def run_cleanup_for_every_record(self) -> bool:
        """Whether also for every record."""
        return self._run_cleanup_for_every_record


class TtlCompactionCleanup(TtlCleanupStrategy):
    """Values are looked at when a store on disk compacts its files.

    State is in memory here, so this is Flink's configuration, kept for a program that has it; incremental clean-up
    happens besides unless clean-up in the background is disabled.

    Args:
        query_time_after_num_entries: after how many values the clock is read anew.
        periodic_compaction_time: how old files may become before they are compacted.
    """

    def __init__(self, query_time_after_num_entries: int, periodic_compaction_time: Duration | None = None) -> None:
        self._query_time_after_num_entries = query_time_after_num_entries
        self._periodic_compaction_time = Duration.of_days(30)
        if periodic_compaction_time is not None:
            self._periodic_compaction_time = periodic_compaction_time

    def get_query_time_after_num_entries(self) -> int:
        """After how many values the clock is read anew."""
        return self._query_time_after_num_entries

    def get_periodic_compaction_time(self) -> Duration:
        """How old files may become before they are compacted."""
        return self._periodic_compaction_time


class TtlStrategies(Enum):
    """The strategies that a configuration may name."""

    FULL_STATE_SCAN_SNAPSHOT = 0
    INCREMENTAL_CLEANUP = 1
    ROCKSDB_COMPACTION_FILTER = 2


class TtlCleanupStrategies:
    """All strategies of one configuration.

    Args:
        strategies: each with its settings.
        is_cleanup_in_background: whether values are also removed in other ways than by being asked for.
    """

    CleanupStrategy: TypeAlias = TtlCleanupStrategy
    EmptyCleanupStrategy: TypeAlias = TtlEmptyCleanup
    IncrementalCleanupStrategy: TypeAlias = TtlIncrementalCleanup
    RocksdbCompactFilterCleanupStrategy: TypeAlias = TtlCompactionCleanup
    Strategies: TypeAlias = TtlStrategies
    EMPTY_STRATEGY = TtlEmptyCleanup()

    def __init__(self, strategies: dict[TtlStrategies, TtlCleanupStrategy], is_cleanup_in_background: bool) -> None:
        self._strategies = strategies
        self._is_cleanup_in_background = is_cleanup_in_background

    def is_cleanup_in_background(self) -> bool:
        """Whether values are also removed in other ways than by being asked for."""
        return self._is_cleanup_in_background

    def in_full_snapshot(self) -> bool:
        """Whether a snapshot of the whole state leaves them out."""
        return TtlStrategies.FULL_STATE_SCAN_SNAPSHOT in self._strategies

    def get_incremental_cleanup_strategy(self) -> TtlIncrementalCleanup | None:
        """The incremental clean-up: as configured, else 5 values at a time where clean-up in the background is on."""
        found = self._strategies.get(TtlStrategies.INCREMENTAL_CLEANUP)
        if isinstance(found, TtlIncrementalCleanup):
            return found
        return TtlIncrementalCleanup(5, False) if self._is_cleanup_in_background else None

    def get_rocksdb_compact_filter_cleanup_strategy(self) -> TtlCompactionCleanup | None:
        """The clean-up at compaction: as configured, else every 1,000 values where it is on in the background."""
        found = self._strategies.get(TtlStrategies.ROCKSDB_COMPACTION_FILTER)
        if isinstance(found, TtlCompactionCleanup):
            return found
        return TtlCompactionCleanup(1000) if self._is_cleanup_in_background else None


class TtlConfigBuilder:
    """Makes a StateTtlConfig; every method but ``build`` returns the builder.

    Args:
        ttl: how long a value lives.
    """

    def __init__(self, ttl: Time) -> None:
        self._ttl = ttl
        self._update_type = TtlUpdateType.OnCreateAndWrite
        self._state_visibility = TtlStateVisibility.NeverReturnExpired
        self._ttl_time_characteristic = TtlClock.ProcessingTime
        self._is_cleanup_in_background = True
        self._strategies: dict[TtlStrategies, TtlCleanupStrategy] = {}

    def set_update_type(self, update_type: TtlUpdateType) -> TtlConfigBuilder:
        """What gives a value its full time again."""
        self._update_type = update_type
        return self

    def update_ttl_on_create_and_write(self) -> TtlConfigBuilder:
        """A value gets its full time when it is written; the default."""
        return self.set_update_type(TtlUpdateType.OnCreateAndWrite)

    def update_ttl_on_read_and_write(self) -> TtlConfigBuilder:
        """A value gets its full time when it is written or read."""
        return self.set_update_type(TtlUpdateType.OnReadAndWrite)

    def set_state_visibility(self, state_visibility: TtlStateVisibility) -> TtlConfigBuilder:
        """Whether a value that has outlived its time may still be read."""
        self._state_visibility = state_visibility
        return self

    def return_expired_if_not_cleaned_up(self) -> TtlConfigBuilder:
        """A value that has outlived its time is read once more, if it is still there."""
        return self.set_state_visibility(TtlStateVisibility.ReturnExpiredIfNotCleanedUp)

    def never_return_expired(self) -> TtlConfigBuilder:
        """A value that has outlived its time is never read; the default."""
        return self.set_state_visibility(TtlStateVisibility.NeverReturnExpired)

    def set_ttl_time_characteristic(self, ttl_time_characteristic: TtlClock) -> TtlConfigBuilder:
        """Which time counts."""
        self._ttl_time_characteristic = ttl_time_characteristic
        return self

    def use_processing_time(self) -> TtlConfigBuilder:
        """The clock's time counts; the default."""
        return self.set_ttl_time_characteristic(TtlClock.ProcessingTime)

    def cleanup_full_snapshot(self) -> TtlConfigBuilder:
        """A snapshot of the whole state leaves out what has outlived its time."""
        self._strategies[TtlStrategies.FULL_STATE_SCAN_SNAPSHOT] = TtlEmptyCleanup()
        return self

    def cleanup_incrementally(self, cleanup_size: int, run_cleanup_for_every_record: bool) -> TtlConfigBuilder:
        """Look at ``cleanup_size`` values whenever the state is used, and perhaps for every record."""
        self._strategies[TtlStrategies.INCREMENTAL_CLEANUP] = TtlIncrementalCleanup(
            cleanup_size, run_cleanup_for_every_record
        )
        return self

    def cleanup_in_rocksdb_compact_filter(
        self, query_time_after_num_entries: int = 1000, periodic_compaction_time: Duration | None = None
    ) -> TtlConfigBuilder:
        """Flink's clean-up of a store on disk; see RocksdbCompactFilterCleanupStrategy."""
        self._strategies[TtlStrategies.ROCKSDB_COMPACTION_FILTER] = TtlCompactionCleanup(
            query_time_after_num_entries, periodic_compaction_time
        )
        return self

    def disable_cleanup_in_background(self) -> TtlConfigBuilder:
        """Remove values only when they are asked for, or as the strategies that were named say."""
        self._is_cleanup_in_background = False
        return self

    def set_ttl(self, ttl: Time) -> TtlConfigBuilder:
        """How long a value lives."""
        self._ttl = ttl
        return self

    def build(self) -> StateTtlConfig:
        """The configuration."""
        return StateTtlConfig(
            self._update_type,
            self._state_visibility,
            self._ttl_time_characteristic,
            self._ttl,
            TtlCleanupStrategies(dict(self._strategies), self._is_cleanup_in_background),
        )


class StateTtlConfig:
    """How long the values of a state live, each for itself: elements of a list and entries of a map too.

    Args:
        update_type: what gives a value its full time again.
        state_visibility: whether a value that has outlived its time may still be read.
        ttl_time_characteristic: which time counts.
        ttl: how long a value lives.
        cleanup_strategies: how values that nobody asks for are removed.

    Raises:
        TypeError: an argument is of another type.
        ValueError: the time to live is not positive.

    Example:
        >>> config = StateTtlConfig.new_builder(Time.hours(1)).update_ttl_on_read_and_write().build()
        >>> config.get_update_type().name, config.get_ttl().to_milliseconds()
        ('OnReadAndWrite', 3600000)
    """

    UpdateType: TypeAlias = TtlUpdateType
    StateVisibility: TypeAlias = TtlStateVisibility
    TtlTimeCharacteristic: TypeAlias = TtlClock
    CleanupStrategies: TypeAlias = TtlCleanupStrategies
    Builder: TypeAlias = TtlConfigBuilder

    def __init__(
        self,
        update_type: TtlUpdateType,
        state_visibility: TtlStateVisibility,
        ttl_time_characteristic: TtlClock,
        ttl: Time,
        cleanup_strategies: TtlCleanupStrategies,
    ) -> None:
        for given, kind in (
            (update_type, TtlUpdateType),
            (state_visibility, TtlStateVisibility),
            (ttl_time_characteristic, TtlClock),
            (cleanup_strategies, TtlCleanupStrategies),
        ):
            if not isinstance(given, kind):
                raise TypeError(f"StateTtlConfig takes a {kind.__name__}, not {given!r}")
        self._ttl = as_time(ttl)
        if self._ttl.to_milliseconds() <= 0:
            raise ValueError(f"a time to live must be positive, not {self._ttl.to_milliseconds()} ms")
        self._update_type = update_type
        self._state_visibility = state_visibility
        self._ttl_time_characteristic = ttl_time_characteristic
        self._cleanup_strategies = cleanup_strategies

    @staticmethod
    def new_builder(ttl: Time) -> TtlConfigBuilder:
        """A builder of configurations; ``ttl`` is a Time, a Duration or a timedelta."""
        return TtlConfigBuilder(ttl)

    def get_update_type(self) -> TtlUpdateType:
        """What gives a value its full time again."""
        return self._update_type

    def get_state_visibility(self) -> TtlStateVisibility:
        """Whether a value that has outlived its time may still be read."""
        return self._state_visibility

    def get_ttl(self) -> Time:
        """How long a value lives."""
        return self._ttl

    def get_ttl_time_characteristic(self) -> TtlClock:
        """Which time counts."""
        return self._ttl_time_characteristic

    def is_enabled(self) -> bool:
        """Whether values have a time to live at all."""
        return self._update_type is not TtlUpdateType.Disabled

    def get_cleanup_strategies(self) -> TtlCleanupStrategies:
        """How values that nobody asks for are removed."""
        return self._cleanup_strategies


def as_time(ttl: Any) -> Time:
    """A time to live as a Time; TypeError when it is no duration."""
    if isinstance(ttl, Time):
        return ttl
    if isinstance(ttl, Duration):
        return Time.milliseconds(ttl.to_millis())
    if isinstance(ttl, timedelta):
        return Time.milliseconds(ttl // timedelta(milliseconds=1))
    raise TypeError(f"a time to live is a Time, a Duration or a timedelta, not {ttl!r}")
