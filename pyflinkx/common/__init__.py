"""What all APIs have in common: configuration, types, rows, time and watermark strategies."""

from typing import TYPE_CHECKING

from pyflinkx.common.completable_future import CompletableFuture
from pyflinkx.common.config_options import ConfigOption, ConfigOptions
from pyflinkx.common.configuration import Configuration
from pyflinkx.common.execution_config import ExecutionConfig
from pyflinkx.common.input_dependency_constraint import InputDependencyConstraint
from pyflinkx.common.job_client import JobClient
from pyflinkx.common.job_execution_result import JobExecutionResult
from pyflinkx.common.job_id import JobID
from pyflinkx.common.job_status import JobStatus
from pyflinkx.common.restart_strategy import RestartStrategies, RestartStrategyConfiguration
from pyflinkx.common.serialization import (
    ByteArraySchema,
    DeserializationSchema,
    Encoder,
    SerializationSchema,
    SimpleStringSchema,
)
from pyflinkx.common.serializer import TypeSerializer
from pyflinkx.common.time import Duration, Instant, Time
from pyflinkx.common.typeinfo import TypeInformation, Types
from pyflinkx.common.types import Row, RowKind
from pyflinkx.common.watermark_strategy import WatermarkStrategy
from pyflinkx.names.asking import offering

__all__ = [
    "ByteArraySchema",
    "CompletableFuture",
    "ConfigOption",
    "ConfigOptions",
    "Configuration",
    "DeserializationSchema",
    "Duration",
    "Encoder",
    "ExecutionConfig",
    "InputDependencyConstraint",
    "Instant",
    "JobClient",
    "JobExecutionResult",
    "JobID",
    "JobStatus",
    "RestartStrategies",
    "RestartStrategyConfiguration",
    "Row",
    "RowKind",
    "SerializationSchema",
    "SimpleStringSchema",
    "Time",
    "TypeInformation",
    "TypeSerializer",
    "Types",
    "WatermarkStrategy",
]

if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
