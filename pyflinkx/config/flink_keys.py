"""Keys of Apache Flink 2.3 that have no effect here: they are accepted, with a warning."""

from __future__ import annotations

# Namespaces whose every key is known, so that any other key in them is a mistake.
CLOSED_NAMESPACES = ("parallelism.", "pipeline.", "execution.", "python.", "taskmanager.memory.", "pyflinkx.")

KEYS = frozenset(
    {
        "execution.allow-client-job-configurations",
        "execution.attached",
        "execution.batch-shuffle-mode",
        "execution.job-listeners",
        "execution.job-status-changed-listeners",
        "execution.shutdown-on-attached-exit",
        "execution.submit-failed-job-on-application-error",
        "execution.target",
        "pipeline.classpaths",
        "pipeline.default-kryo-serializers",
        "pipeline.force-kryo-avro",
        "pipeline.jars",
        "pipeline.jobvertex-parallelism-overrides",
        "pipeline.registered-kryo-types",
        "pipeline.registered-pojo-types",
        "pipeline.serialization-config",
        "pipeline.vertex-description-mode",
        "pipeline.vertex-name-include-index-prefix",
        "pipeline.watermark-alignment.allow-unaligned-source-splits",
        "python.client.executable",
        "python.execution-mode",
        "python.fn-execution.arrow.batch.size",
        "python.fn-execution.bundle.size",
        "python.fn-execution.bundle.time",
        "python.fn-execution.memory.managed",
        "python.job-options",
        "python.map-state.iterate-response-batch-size",
        "python.map-state.read-cache-size",
        "python.map-state.write-cache-size",
        "python.metric.enabled",
        "python.operator-chaining.enabled",
        "python.profile.enabled",
        "python.pythonpath",
        "python.state.cache-size",
        "python.systemenv.enabled",
        "taskmanager.memory.flink.size",
        "taskmanager.memory.framework.heap.size",
        "taskmanager.memory.framework.off-heap.batch-shuffle.size",
        "taskmanager.memory.framework.off-heap.size",
        "taskmanager.memory.jvm-metaspace.size",
        "taskmanager.memory.jvm-overhead.fraction",
        "taskmanager.memory.jvm-overhead.max",
        "taskmanager.memory.jvm-overhead.min",
        "taskmanager.memory.managed.consumer-weights",
        "taskmanager.memory.managed.fraction",
        "taskmanager.memory.min-segment-size",
        "taskmanager.memory.process.size",
    }
)

PREFIXES = (
    "$internal.",
    "blob.",
    "classloader.",
    "client.",
    "cluster.",
    "containerized.",
    "daemon.",
    "deployment.",
    "env.",
    "events.",
    "execution.async-state.",
    "execution.batch.",
    "execution.checkpointing.",
    "execution.program-config.",
    "execution.sorted-inputs.",
    "execution.state-recovery.",
    "fs.",
    "heartbeat.",
    "high-availability",
    "historyserver.",
    "io.",
    "job-event.",
    "jobmanager.",
    "jobstore.",
    "kubernetes.",
    "metrics.",
    "pekko.",
    "process.",
    "queryable-state.",
    "resourcemanager.",
    "rest.",
    "restart-strategy",
    "scheduler.",
    "security.",
    "slot.",
    "slotmanager.",
    "slow-task-detector.",
    "sql-gateway.",
    "state.",
    "table.",
    "task.",
    "taskmanager.",
    "traces.",
    "web.",
    "yarn.",
    "zookeeper.",
)


def in_closed_namespace(key: str) -> bool:
    """Whether every valid key beside ``key`` is known."""
    return key.startswith(CLOSED_NAMESPACES)


def has_no_effect(key: str) -> bool:
    """Whether ``key`` is one of Flink's that does nothing here."""
    if key in KEYS:
        return True
    prefixes = [prefix for prefix in PREFIXES if key.startswith(prefix)]
    closed = [prefix for prefix in CLOSED_NAMESPACES if key.startswith(prefix)]
    return len(max(prefixes, key=len, default="")) > len(max(closed, key=len, default=""))
