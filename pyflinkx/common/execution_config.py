"""How a program is executed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pyflinkx.common.parameter_tool import ParameterTool
from pyflinkx.common.restart_strategy import RestartStrategyConfiguration, apply_strategy, configured_strategy
from pyflinkx.config import checkpointing, options
from pyflinkx.config.configuration import Configuration
from pyflinkx.config.option import ConfigOption
from pyflinkx.names.asking import answers

__all__ = ["ExecutionConfig"]


@answers("common.execution_config.ExecutionConfig")
class ExecutionConfig:
    """Typed access to the execution options of a configuration.

    Every setter writes its option through to the configuration and returns this object. Setters of what has no
    counterpart without a JVM (Kryo, Avro, closure cleaner, ...) keep their value; the job logs that it has no effect.

    Args:
        configuration: what is read and written; a new one by default.

    Example:
        >>> configuration = Configuration()
        >>> ExecutionConfig(configuration).set_parallelism(2).get_parallelism()
        2
        >>> configuration.to_dict()
        {'parallelism.default': '2'}
    """

    PARALLELISM_DEFAULT: ClassVar[int] = -1
    PARALLELISM_UNKNOWN: ClassVar[int] = -2

    def __init__(self, configuration: Configuration | None = None):
        self._configuration = Configuration() if configuration is None else configuration

    def _get(self, option: ConfigOption[Any]) -> Any:
        return self._configuration.get(option)

    def _set(self, option: ConfigOption[Any], value: Any) -> ExecutionConfig:
        self._configuration.set(option, value)
        return self

    def get_configuration(self) -> Configuration:
        """What this object reads and writes, all other options of the environment included."""
        return self._configuration

    # ---- restarts ----

    def get_restart_strategy(self) -> RestartStrategyConfiguration:
        """What ``set_restart_strategy`` or the options ``restart-strategy.*`` say."""
        return configured_strategy(self._configuration)

    def set_restart_strategy(self, restart_strategy_configuration: RestartStrategyConfiguration) -> ExecutionConfig:
        """Set whether and when a job that failed is run again.

        Raises:
            GraphError: it is no restart strategy.
        """
        apply_strategy(restart_strategy_configuration, self._configuration)
        return self

    # ---- parallelism ----

    def get_parallelism(self) -> int:
        """Parallelism of operators that name none; 1 unless it was set."""
        parallelism = self._get(options.PARALLELISM)
        return 1 if parallelism == self.PARALLELISM_DEFAULT else int(parallelism)

    def set_parallelism(self, parallelism: int) -> ExecutionConfig:
        """Set the parallelism of operators that name none.

        Args:
            parallelism: from 1; PARALLELISM_DEFAULT to go back to the default, PARALLELISM_UNKNOWN to change nothing.
        """
        return self if parallelism == self.PARALLELISM_UNKNOWN else self._set(options.PARALLELISM, parallelism)

    def get_max_parallelism(self) -> int:
        """Number of key groups; -1 when it follows from the parallelism."""
        return int(self._get(options.JOB_MAX_PARALLELISM))

    def set_max_parallelism(self, max_parallelism: int) -> ExecutionConfig:
        """Set the number of key groups, which bounds the parallelism of keyed operators: 1 to 32,768, or -1."""
        return self._set(options.JOB_MAX_PARALLELISM, max_parallelism)

    # ---- time ----

    def get_auto_watermark_interval(self) -> int:
        """Longest time between two periodic watermarks, in milliseconds; 200 unless it was set."""
        return int(self._get(options.AUTO_WATERMARK_INTERVAL))

    def set_auto_watermark_interval(self, interval: int) -> ExecutionConfig:
        """Set the longest time between two periodic watermarks, in milliseconds."""
        return self._set(options.AUTO_WATERMARK_INTERVAL, interval)

    def get_latency_tracking_interval(self) -> int:
        """Time between two latency markers in milliseconds; 0 for none."""
        return int(self._get(options.LATENCY_INTERVAL))

    def set_latency_tracking_interval(self, interval: int) -> ExecutionConfig:
        """Set the time between two latency markers, in milliseconds."""
        return self._set(options.LATENCY_INTERVAL, interval)

    def get_task_cancellation_interval(self) -> int:
        """Time between two attempts to cancel a task, in milliseconds."""
        return int(self._get(options.CANCELLATION_INTERVAL))

    def set_task_cancellation_interval(self, interval: int) -> ExecutionConfig:
        """Set the time between two attempts to cancel a task, in milliseconds."""
        return self._set(options.CANCELLATION_INTERVAL, interval)

    def get_task_cancellation_timeout(self) -> int:
        """Time after which a cancellation has failed, in milliseconds; 0 for never."""
        return int(self._get(options.CANCELLATION_TIMEOUT))

    def set_task_cancellation_timeout(self, timeout: int) -> ExecutionConfig:
        """Set the time after which a cancellation has failed, in milliseconds."""
        return self._set(options.CANCELLATION_TIMEOUT, timeout)

    # ---- objects and types ----

    def enable_object_reuse(self) -> ExecutionConfig:
        """Let operators share the objects of records: nothing is copied, and no function may change what others got."""
        return self._set(options.OBJECT_REUSE, True)

    def disable_object_reuse(self) -> ExecutionConfig:
        """The opposite of ``enable_object_reuse``."""
        return self._set(options.OBJECT_REUSE, False)

    def is_object_reuse_enabled(self) -> bool:
        """Whether operators may share the objects of records."""
        return bool(self._get(options.OBJECT_REUSE))

    def enable_closure_cleaner(self) -> ExecutionConfig:
        """Keep the setting on."""
        return self._set(options.CLOSURE_CLEANER, "RECURSIVE")

    def disable_closure_cleaner(self) -> ExecutionConfig:
        """Keep the setting off."""
        return self._set(options.CLOSURE_CLEANER, "NONE")

    def is_closure_cleaner_enabled(self) -> bool:
        """The setting."""
        return bool(self._get(options.CLOSURE_CLEANER) != "NONE")

    def enable_force_kryo(self) -> ExecutionConfig:
        """Keep the setting on."""
        return self._set(options.FORCE_KRYO, True)

    def disable_force_kryo(self) -> ExecutionConfig:
        """Keep the setting off."""
        return self._set(options.FORCE_KRYO, False)

    def is_force_kryo_enabled(self) -> bool:
        """The setting."""
        return bool(self._get(options.FORCE_KRYO))

    def enable_force_avro(self) -> ExecutionConfig:
        """Keep the setting on."""
        return self._set(options.FORCE_AVRO, True)

    def disable_force_avro(self) -> ExecutionConfig:
        """Keep the setting off."""
        return self._set(options.FORCE_AVRO, False)

    def is_force_avro_enabled(self) -> bool:
        """The setting."""
        return bool(self._get(options.FORCE_AVRO))

    def enable_generic_types(self) -> ExecutionConfig:
        """Keep the setting on."""
        return self._set(options.GENERIC_TYPES, True)

    def disable_generic_types(self) -> ExecutionConfig:
        """Keep the setting off."""
        return self._set(options.GENERIC_TYPES, False)

    def has_generic_types_disabled(self) -> bool:
        """The setting."""
        return not self._get(options.GENERIC_TYPES)

    def enable_auto_generated_uids(self) -> ExecutionConfig:
        """Keep the setting on."""
        return self._set(options.AUTO_GENERATE_UIDS, True)

    def disable_auto_generated_uids(self) -> ExecutionConfig:
        """Keep the setting off."""
        return self._set(options.AUTO_GENERATE_UIDS, False)

    def has_auto_generated_uids_enabled(self) -> bool:
        """The setting."""
        return bool(self._get(options.AUTO_GENERATE_UIDS))

    def get_default_kryo_serializer_classes(self) -> dict[str, str]:
        """Always empty: there is no Kryo here."""
        return {}

    def get_registered_kryo_types(self) -> list[str]:
        """Always empty: there is no Kryo here."""
        return []

    def get_registered_pojo_types(self) -> list[str]:
        """Always empty: there are no POJOs here."""
        return []

    # ---- the rest ----

    def get_global_job_parameters(self) -> dict[str, str]:
        """Parameters that every function of the job can read."""
        return dict(self._get(options.GLOBAL_JOB_PARAMETERS) or {})

    def set_global_job_parameters(
        self, global_job_parameters_dict: Mapping[str, Any] | ParameterTool
    ) -> ExecutionConfig:
        """Set the parameters that every function of the job can read; keys and values become text."""
        given = global_job_parameters_dict
        pairs = given.to_map() if isinstance(given, ParameterTool) else given
        parameters = {str(key): str(value) for key, value in pairs.items()}
        return self._set(options.GLOBAL_JOB_PARAMETERS, parameters)

    def is_use_snapshot_compression(self) -> bool:
        """Whether snapshots are to be compressed."""
        return bool(self._get(checkpointing.SNAPSHOT_COMPRESSION))

    def set_use_snapshot_compression(self, use_snapshot_compression: bool) -> ExecutionConfig:
        """Set whether snapshots are to be compressed."""
        return self._set(checkpointing.SNAPSHOT_COMPRESSION, use_snapshot_compression)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ExecutionConfig) and self._configuration == other._configuration

    def __hash__(self) -> int:
        return hash(self._configuration)

    def __repr__(self) -> str:
        return f"ExecutionConfig({self._configuration})"
