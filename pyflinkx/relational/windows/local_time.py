"""Windows by the local time: which zone a job has, and what its instants are there."""

from __future__ import annotations

from typing import Any

from pyflinkx.config.configuration import Configuration
from pyflinkx.relational.zones import machine_zone, shifted

ZONE = "table.local-time-zone"
UTC = "UTC"
DEFAULT = "default"
PER_SECOND = 1000


def zone_of(options: Configuration) -> str:
    """The local time zone of a job, which is by default the machine's."""
    name = options.get_string(ZONE, DEFAULT)
    return machine_zone() if name in ("", DEFAULT) else name


def to_local(millis: Any, zone: str, numpy: Any) -> Any:
    """Local times of an array of instants (ms)."""
    return shifted(millis, PER_SECOND, zone, True, numpy)


def to_instants(millis: Any, zone: str, numpy: Any) -> Any:
    """Instants of an array of local times (ms)."""
    return shifted(millis, PER_SECOND, zone, False, numpy)
