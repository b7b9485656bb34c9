"""Options of what happens to a job that failed; keys, types and defaults are Flink's."""

from __future__ import annotations

from typing import Any

from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import DOUBLE, DURATION, INT, enumeration

NONE, FIXED_DELAY, FAILURE_RATE, EXPONENTIAL_DELAY = "none", "fixed-delay", "failure-rate", "exponential-delay"

# What Flink takes for each strategy.
SPELLINGS = {
    NONE: NONE,
    "off": NONE,
    "disable": NONE,
    FIXED_DELAY: FIXED_DELAY,
    "fixeddelay": FIXED_DELAY,
    FAILURE_RATE: FAILURE_RATE,
    "failurerate": FAILURE_RATE,
    EXPONENTIAL_DELAY: EXPONENTIAL_DELAY,
    "exponentialdelay": EXPONENTIAL_DELAY,
}
UNBOUNDED = 2**31 - 1

RESTART_STRATEGY: ConfigOption[str] = ConfigOption(
    "restart-strategy.type",
    enumeration(*SPELLINGS),
    None,
    "Whether and when a job that failed is run again. When it is not set: exponential-delay with "
    "checkpoints, none without.",
    deprecated_keys=("restart-strategy",),
)
FIXED_DELAY_ATTEMPTS = ConfigOption(
    "restart-strategy.fixed-delay.attempts", INT, 1, "How often the job is run again.", minimum=0
)
FIXED_DELAY_DELAY = ConfigOption(
    "restart-strategy.fixed-delay.delay", DURATION, 1_000, "Time before it is run again.", minimum=0
)
FAILURE_RATE_FAILURES = ConfigOption(
    "restart-strategy.failure-rate.max-failures-per-interval",
    INT,
    1,
    "How many failures there may be in the interval; the job ends with one more.",
    minimum=0,
)
FAILURE_RATE_INTERVAL = ConfigOption(
    "restart-strategy.failure-rate.failure-rate-interval",
    DURATION,
    60_000,
    "The interval that failures are counted in.",
    minimum=1,
)
FAILURE_RATE_DELAY = ConfigOption(
    "restart-strategy.failure-rate.delay", DURATION, 1_000, "Time before the job is run again.", minimum=0
)
EXPONENTIAL_INITIAL = ConfigOption(
    "restart-strategy.exponential-delay.initial-backoff",
    DURATION,
    1_000,
    "Time before the job is run again after the first failure.",
    minimum=1,
)
EXPONENTIAL_MAX = ConfigOption(
    "restart-strategy.exponential-delay.max-backoff", DURATION, 60_000, "The longest such time.", minimum=1
)
EXPONENTIAL_MULTIPLIER = ConfigOption(
    "restart-strategy.exponential-delay.backoff-multiplier",
    DOUBLE,
    1.5,
    "By what it grows with each failure.",
    minimum=1.0,
)
EXPONENTIAL_RESET = ConfigOption(
    "restart-strategy.exponential-delay.reset-backoff-threshold",
    DURATION,
    3_600_000,
    "After how long without a failure it is the first again.",
    minimum=1,
)
EXPONENTIAL_JITTER = ConfigOption(
    "restart-strategy.exponential-delay.jitter-factor",
    DOUBLE,
    0.1,
    "Which part of it is added or taken away at random.",
    minimum=0.0,
    maximum=1.0,
)
EXPONENTIAL_ATTEMPTS = ConfigOption(
    "restart-strategy.exponential-delay.attempts-before-reset-backoff",
    INT,
    UNBOUNDED,
    "How many failures there may be before it is the first again; the job ends with one more.",
    minimum=0,
)
EXCEPTION_HISTORY_SIZE = ConfigOption(
    "web.exception-history-size", INT, 16, "How many failures of a job JobClient.get_exceptions() tells of.", minimum=1
)

RESTART_OPTIONS: tuple[ConfigOption[Any], ...] = (
    RESTART_STRATEGY,
    FIXED_DELAY_ATTEMPTS,
    FIXED_DELAY_DELAY,
    FAILURE_RATE_FAILURES,
    FAILURE_RATE_INTERVAL,
    FAILURE_RATE_DELAY,
    EXPONENTIAL_INITIAL,
    EXPONENTIAL_MAX,
    EXPONENTIAL_MULTIPLIER,
    EXPONENTIAL_RESET,
    EXPONENTIAL_JITTER,
    EXPONENTIAL_ATTEMPTS,
    EXCEPTION_HISTORY_SIZE,
)
