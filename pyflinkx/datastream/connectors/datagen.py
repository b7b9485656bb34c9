"""Records made by a function of their index, with the names of Flink's data generator connector."""

from pyflinkx.connectors.datagen import (
    DataGeneratorSource,
    GeneratorFunction,
    RandomGenerator,
    RateLimiterStrategy,
    SequenceGenerator,
)

__all__ = [
    "DataGeneratorSource",
    "GeneratorFunction",
    "RandomGenerator",
    "RateLimiterStrategy",
    "SequenceGenerator",
]
