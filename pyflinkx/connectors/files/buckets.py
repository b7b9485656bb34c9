"""Which folder a record of a FileSink goes to."""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Callable
from typing import Any

from pyflinkx.config.arguments import check_text
from pyflinkx.errors import ConfigurationError

# Letters of Java's DateTimeFormatter that are numbers of fixed width.
PATTERN = re.compile(r"'((?:[^']|'')*)'|y+|M+|d+|H+|m+|s+|S+|[A-Za-z]+|[^A-Za-z']+")
FIELDS = {"M": "month", "d": "day", "H": "hour", "m": "minute", "s": "second"}


class BucketContext:
    """What a BucketAssigner learns of a record besides the record."""

    def __init__(self) -> None:
        self.now = 0
        self.watermark = -(2**63)
        self.time: int | None = None

    def current_processing_time(self) -> int:
        """The clock, in milliseconds since the epoch; the same for records that came together."""
        return self.now

    def current_watermark(self) -> int:
        """The event time that the stream has reached (ms); -2^63 before the first watermark."""
        return self.watermark

    def timestamp(self) -> int | None:
        """The record's event time (ms); None where it has none."""
        return self.time


class BucketAssigner:
    """Says which folder a record goes to: made by one of the static methods, or a class of one's own with
    ``get_bucket_id``.

    Args:
        bucket: the folder's name, below the base path, by record and processing time (ms); "" for the base path.

    Example:
        >>> class ByCountry(BucketAssigner):
        ...     def get_bucket_id(self, element, context):
        ...         return f"country={element['country']}"
    """

    def __init__(self, bucket: Callable[[Any, int], str] | None = None) -> None:
        if bucket is not None:
            self.bucket = bucket

    def get_bucket_id(self, element: Any, context: BucketContext) -> str:
        """The folder of a record, below the base path; "" for the base path.

        Args:
            element: the record.
            context: says what time it is.
        """
        return self.bucket(element, context.current_processing_time())

    @property
    def looks_at_records(self) -> bool:
        """Whether the folder may depend on the record, and not on the clock alone."""
        bucket = vars(self).get("bucket")
        by_time = bucket is base_path or isinstance(bucket, TimeBuckets)
        return not by_time or type(self).get_bucket_id is not BucketAssigner.get_bucket_id

    @staticmethod
    def base_path_bucket_assigner() -> BucketAssigner:
        """All files in the base path."""
        return BucketAssigner(base_path)

    @staticmethod
    def date_time_bucket_assigner(format_str: str = "yyyy-MM-dd--HH", timezone_id: str | None = None) -> BucketAssigner:
        """Folders by the time at which records are written.

        Args:
            format_str: a pattern of Java's DateTimeFormatter with y, M, d, H, m, s and S as numbers, and text.
            timezone_id: such as "Europe/Berlin"; by default the system's zone.

        Raises:
            ConfigurationError: the pattern has other letters, or the zone is unknown.
        """
        try:
            zone = None if timezone_id is None else zoneinfo.ZoneInfo(check_text(timezone_id, "timezone_id"))
        except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
            raise ConfigurationError(f"timezone {timezone_id!r} is unknown") from error
        assigner = TimeBuckets(format_str, zone)
        assigner(None, 0)
        return BucketAssigner(assigner)


def base_path(record: Any, now: int) -> str:
    """The bucket of all records where there are none."""
    return ""


class TimeBuckets:
    """Names buckets by the time."""

    def __init__(self, pattern: str, zone: datetime.tzinfo | None) -> None:
        self.pattern = check_text(pattern, "format_str")
        self.zone = zone
        self.last: tuple[int, str] | None = None

    def __call__(self, record: Any, now: int) -> str:
        if self.last is None or self.last[0] != now:
            self.last = now, self._name(now)
        return self.last[1]

    def _name(self, now: int) -> str:
        time = datetime.datetime.fromtimestamp(now // 1000, datetime.timezone.utc).astimezone(self.zone)
        time = time.replace(microsecond=now % 1000 * 1000)
        return PATTERN.sub(lambda match: self._field(match, time), self.pattern)

    def _field(self, match: re.Match[str], time: datetime.datetime) -> str:
        text = match[0]
        if text[0] == "'":
            return match[1].replace("''", "'") or "'"
        if not text[0].isalpha():
            return text
        width = len(text)
        if text[0] == "y":
            return f"{time.year % 100:02}" if width == 2 else f"{time.year:0{width}}"
        if text[0] == "S":
            return f"{time.microsecond:06}"[:width].ljust(width, "0")
        if text[0] not in FIELDS or width > 2:
            raise ConfigurationError(f"the pattern {self.pattern!r} has {text!r}, which has no number of fixed width")
        return f"{getattr(time, FIELDS[text[0]]):0{width}}"
