"""Whether and when a job that failed is run again: Flink's restart strategies, without clocks and threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from random import Random

from pyflinkx.config import restart_options as options
from pyflinkx.config.configuration import Configuration
from pyflinkx.runtime.control.master import FailureRecord, NoRestart, RestartStrategy


class FixedDelayRestart:
    """So many more attempts, each after the same time.

    Args:
        attempts: how many.
        delay: milliseconds.
    """

    def __init__(self, attempts: int, delay: int) -> None:
        self.left = attempts
        self.delay = delay

    def delay_after(self, failures: Sequence[FailureRecord]) -> int | None:
        """Milliseconds to wait; None when all attempts are used up."""
        if self.left == 0:
            return None
        self.left -= 1
        return self.delay


class FailureRateRestart:
    """Another attempt as long as there are not too many failures in any stretch of time.

    Args:
        failures: how many there may be.
        interval: in so many milliseconds.
        delay: milliseconds before each attempt.
    """

    def __init__(self, failures: int, interval: int, delay: int) -> None:
        self.interval = interval
        self.delay = delay
        self.times: deque[int] = deque(maxlen=failures + 1)

    def delay_after(self, failures: Sequence[FailureRecord]) -> int | None:
        """Milliseconds to wait; None when there were too many failures."""
        now = failures[-1].time
        self.times.append(now)
        full = len(self.times) == self.times.maxlen
        return None if full and now - self.times[0] <= self.interval else self.delay


class ExponentialDelayRestart:
    """Another attempt after a time that grows with each failure, until the job has run for long enough.

    Args:
        initial: milliseconds after the first failure.
        longest: milliseconds that it grows to.
        multiplier: by what it grows.
        reset: milliseconds that an attempt has to run for the next failure to count as the first.
        jitter: which part of the time is added or taken away at random, from 0 to 1.
        attempts: how many failures in a row there may be.
        random: what it is drawn with.
    """

    def __init__(
        self,
        initial: int = 1_000,
        longest: int = 60_000,
        multiplier: float = 1.5,
        reset: int = 3_600_000,
        jitter: float = 0.1,
        attempts: int = options.UNBOUNDED,
        random: Random | None = None,
    ) -> None:
        self.initial = initial
        self.longest = longest
        self.multiplier = multiplier
        self.reset = reset
        self.jitter = jitter
        self.attempts = attempts
        self.random = random if random is not None else Random()
        self.failed = 0  # in a row
        self.backoff = float(initial)
        self.restarted: int | None = None  # when the attempt that failed was due

    def delay_after(self, failures: Sequence[FailureRecord]) -> int | None:
        """Milliseconds to wait; None after too many failures in a row."""
        now = failures[-1].time
        if self.restarted is None or now - self.restarted >= self.reset:
            self.failed, self.backoff = 0, float(self.initial)
        else:
            self.backoff = min(self.backoff * self.multiplier, float(self.longest))
        self.failed += 1
        if self.failed > self.attempts:
            return None
        around = int(self.backoff * self.jitter)
        wanted = int(self.backoff) + (self.random.randint(-around, around) if around else 0)
        delay = max(self.initial, min(wanted, self.longest))
        self.restarted = now + delay
        return delay


def strategy_of(
    configuration: Configuration, checkpoints: bool, random: Callable[[], Random] = Random
) -> RestartStrategy:
    """The restart strategy that a configuration asks for.

    Args:
        configuration: of the job.
        checkpoints: whether the job takes checkpoints: if so, it is run again unless something else is said.
        random: makes what jitter is drawn with.

    Raises:
        ConfigurationError: an option has no such value.
    """
    value = configuration.value_of
    said = configuration.get(options.RESTART_STRATEGY)
    match options.SPELLINGS[said] if said is not None else options.EXPONENTIAL_DELAY if checkpoints else options.NONE:
        case options.FIXED_DELAY:
            return FixedDelayRestart(value(options.FIXED_DELAY_ATTEMPTS), value(options.FIXED_DELAY_DELAY))
        case options.FAILURE_RATE:
            return FailureRateRestart(
                value(options.FAILURE_RATE_FAILURES),
                value(options.FAILURE_RATE_INTERVAL),
                value(options.FAILURE_RATE_DELAY),
            )
        case options.EXPONENTIAL_DELAY:
            return ExponentialDelayRestart(
                value(options.EXPONENTIAL_INITIAL),
                value(options.EXPONENTIAL_MAX),
                value(options.EXPONENTIAL_MULTIPLIER),
                value(options.EXPONENTIAL_RESET),
                value(options.EXPONENTIAL_JITTER),
                value(options.EXPONENTIAL_ATTEMPTS),
                random(),
            )
    return NoRestart()
