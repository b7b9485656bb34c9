"""The options that mean something to pyflinkx, and the keys of Flink that do not.

Keys, types and defaults are those of Apache Flink 2.3 where it has the key.
"""

from __future__ import annotations

from typing import Any

from pyflinkx.config import checkpointing, query_options
from pyflinkx.config.option import ConfigOption
from pyflinkx.config.restart_options import RESTART_OPTIONS
from pyflinkx.config.row_time_options import ROW_TIME_OPTIONS
from pyflinkx.config.table_options import TABLE_OPTIONS
from pyflinkx.config.values import BOOLEAN, DOUBLE, DURATION, INT, MAP, MEMORY, STRING, enumeration

KIBIBYTE = 1 << 10
MEBIBYTE = 1 << 20
GIBIBYTE = 1 << 30
MAX_LONG = 2**63 - 1
MAX_PARALLELISM = 1 << 15


def not_power_of_two(size: int) -> str | None:
    """What is wrong with a segment size."""
    return "is not a power of two" if size & (size - 1) else None


def not_parallelism(number: int) -> str | None:
    """What is wrong with a parallelism for which -1 means "not set"."""
    return f"is neither -1 nor a whole number from 1 to {MAX_PARALLELISM}" if number == 0 else None


def blank(text: str) -> str | None:
    """What is wrong with a name or path."""
    return None if text.strip() else "is empty"


def ports(text: str) -> list[int]:
    """The ports that a text such as "9069,9080-9099" names, in its order; ValueError for one that names none."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        numbers = range(int(first), int(last or first) + 1)
        if not numbers or not 0 <= numbers[0] <= numbers[-1] < 1 << 16:
            raise ValueError(text)
        found += numbers
    return found


def not_ports(text: str) -> str | None:
    """What is wrong with a text that names ports."""
    try:
        ports(text)
    except ValueError:
        return 'names no ports from 0 to 65535, such as "9069" or "9069,9080-9099"'
    return None


PARALLELISM: ConfigOption[int] = ConfigOption(
    "parallelism.default",
    INT,
    1,
    "Parallelism of operators that name none.",
    minimum=-1,
    maximum=MAX_PARALLELISM,
    fault=not_parallelism,
)
JOB_NAME: ConfigOption[str] = ConfigOption("pipeline.name", STRING, None, "Name of the job, for logs and plans.")
AUTO_WATERMARK_INTERVAL = ConfigOption(
    "pipeline.auto-watermark-interval", DURATION, 200, "Longest time between two periodic watermarks.", minimum=0
)
JOB_MAX_PARALLELISM: ConfigOption[int] = ConfigOption(
    "pipeline.max-parallelism",
    INT,
    -1,
    "Number of key groups; -1 to derive it from the parallelism.",
    minimum=-1,
    maximum=MAX_PARALLELISM,
    fault=not_parallelism,
)
OPERATOR_CHAINING = ConfigOption(
    "pipeline.operator-chaining.enabled",
    BOOLEAN,
    True,
    "Whether operators may share a task.",
    deprecated_keys=("pipeline.operator-chaining",),
)
CHAINING_OF_DIFFERENT_MAX_PARALLELISM = ConfigOption(
    "pipeline.operator-chaining.chain-operators-with-different-max-parallelism",
    BOOLEAN,
    True,
    "Whether operators of different max parallelism may share a task.",
)
OBJECT_REUSE = ConfigOption(
    "pipeline.object-reuse",
    BOOLEAN,
    False,
    "Whether operators may share the objects of records, so that a function that changes one changes it for all.",
)
GLOBAL_JOB_PARAMETERS: ConfigOption[dict[str, str]] = ConfigOption(
    "pipeline.global-job-parameters", MAP, None, "Parameters that every function of the job can read."
)
CACHED_FILES: ConfigOption[str] = ConfigOption(
    "pipeline.cached-files",
    STRING,
    None,
    "Files that functions find by name: name:words,path:/data/words.txt,executable:false;name:...",
)
RUNTIME_MODE = ConfigOption(
    "execution.runtime-mode",
    enumeration("STREAMING", "BATCH", "AUTOMATIC"),
    "STREAMING",
    "Whether results are updated as records come (STREAMING) or given once at the end (BATCH); AUTOMATIC: at the end "
    "if every source is bounded.",
)
BUFFER_TIMEOUT = ConfigOption(
    "execution.buffer-timeout.interval",
    DURATION,
    100,
    "How long a record may wait for its batch to fill.",
    minimum=0,
    deprecated_keys=("execution.buffer-timeout",),
)
BUFFER_TIMEOUT_ENABLED = ConfigOption(
    "execution.buffer-timeout.enabled", BOOLEAN, True, "Whether a batch that is not full is sent after a time."
)
SEGMENT_SIZE = ConfigOption(
    "taskmanager.memory.segment-size",
    MEMORY,
    32 * KIBIBYTE,
    "Size of a memory segment, a power of two.",
    minimum=4 * KIBIBYTE,
    maximum=GIBIBYTE,
    fault=not_power_of_two,
)
NETWORK_MEMORY_MIN = ConfigOption(
    "taskmanager.memory.network.min", MEMORY, 64 * MEBIBYTE, "Least memory for exchanges.", minimum=0
)
NETWORK_MEMORY_MAX = ConfigOption(
    "taskmanager.memory.network.max", MEMORY, MAX_LONG, "Most memory for exchanges.", minimum=0
)
NETWORK_MEMORY_FRACTION = ConfigOption(
    "taskmanager.memory.network.fraction",
    DOUBLE,
    0.1,
    "Share of a worker's memory that is for exchanges, within the least and the most.",
    minimum=0.0,
    maximum=1.0,
)
WORKER_CPU_CORES = ConfigOption(
    "taskmanager.cpu.cores", DOUBLE, None, "CPU cores of a worker, for slots that ask for some; no limit.", minimum=0.0
)
TASK_HEAP_MEMORY = ConfigOption(
    "taskmanager.memory.task.heap.size", MEMORY, None, "Heap memory of a worker, for slots that ask for some; no limit."
)
TASK_OFF_HEAP_MEMORY = ConfigOption(
    "taskmanager.memory.task.off-heap.size",
    MEMORY,
    None,
    "Off-heap memory of a worker, for slots that ask for some; no limit.",
)
MANAGED_MEMORY = ConfigOption(
    "taskmanager.memory.managed.size",
    MEMORY,
    None,
    "Managed memory of a worker, for slots that ask for some; no limit.",
)
TASK_SLOTS = ConfigOption(
    "taskmanager.numberOfTaskSlots",
    INT,
    1,
    "Tasks that a worker runs side by side.",
    minimum=1,
    maximum=MAX_PARALLELISM,
)
REDUNDANT_WORKERS = ConfigOption(
    "slotmanager.redundant-taskmanager-num",
    INT,
    0,
    "Spawned worker processes that wait, with the engine imported, to take the place of others when a job begins anew. "
    "As all workers of an attempt are new ones, as many as the job has shorten a recovery most.",
    minimum=0,
    maximum=MAX_PARALLELISM,
)
COMPRESSION_CODEC = ConfigOption(
    "taskmanager.network.compression.codec",
    enumeration("LZ4", "NONE"),
    "NONE",
    "How batches are compressed between workers; memory that they share is faster than any codec.",
)
BUFFERS_PER_CHANNEL = ConfigOption(
    "taskmanager.network.memory.buffers-per-channel",
    INT,
    2,
    "Memory segments that each channel between workers has for itself.",
    minimum=1,
    maximum=1 << 16,
)
FLOATING_BUFFERS = ConfigOption(
    "taskmanager.network.memory.floating-buffers-per-gate",
    INT,
    8,
    "Memory segments that the channels of a gate share on top.",
    minimum=0,
    maximum=1 << 16,
)
DEBLOAT_ENABLED = ConfigOption(
    "taskmanager.network.memory.buffer-debloat.enabled",
    BOOLEAN,
    False,
    "Whether the data in flight between workers follows the throughput of who reads it.",
)
DEBLOAT_TARGET = ConfigOption(
    "taskmanager.network.memory.buffer-debloat.target",
    DURATION,
    1000,
    "How long data in flight should take to be read.",
    minimum=1,
)
DEBLOAT_PERIOD = ConfigOption(
    "taskmanager.network.memory.buffer-debloat.period",
    DURATION,
    200,
    "How often that is looked at.",
    minimum=1,
)
WORKERS = ConfigOption(
    "pyflinkx.workers",
    enumeration("auto", "inline", "processes", "threads"),
    "auto",
    "Where tasks run: in the calling thread, in worker processes, in threads of this process; auto: in processes if "
    "any operator has more than one subtask, or in threads if none of them calls Python functions of the program's.",
)
START_METHOD = ConfigOption(
    "pyflinkx.workers.start-method",
    enumeration("spawn", "fork"),
    "spawn",
    "How worker processes start: as fresh interpreters, or as copies of the program (quicker, but unsafe when it has "
    "threads).",
)
TRANSPORT = ConfigOption(
    "pyflinkx.workers.transport",
    enumeration("auto", "shared-memory", "sockets"),
    "auto",
    "How records travel between worker processes; auto: through shared memory where the system has it (64-bit Linux), "
    "else through sockets.",
)
HEARTBEAT_INTERVAL = ConfigOption(
    "heartbeat.interval", DURATION, 10_000, "How often a worker says that it lives.", minimum=1
)
HEARTBEAT_TIMEOUT = ConfigOption(
    "heartbeat.timeout", DURATION, 50_000, "After how long without a sign of life a worker is given up.", minimum=1
)
CANCELLATION_TIMEOUT = ConfigOption(
    "task.cancellation.timeout",
    DURATION,
    180_000,
    "How long a cancelled task may take to end before its worker is killed.",
    minimum=0,
)
PROGRESS = ConfigOption(
    "pyflinkx.progress",
    enumeration("notebook", "auto", "on", "off"),
    "notebook",
    "Where a running job shows its progress: in a notebook; auto: on a terminal, too; on: everywhere; off: nowhere.",
)
TRACEBACKS = ConfigOption(
    "pyflinkx.tracebacks",
    enumeration("short", "full"),
    "short",
    "What the traceback of a failed job shows: the program's own frames and one of pyflinkx, or all frames.",
)
BATCH_SIZE = ConfigOption(
    "pyflinkx.batch.size", INT, 1024, "Records of a full batch of Python values.", minimum=1, maximum=1 << 24
)
COLUMNAR_BATCH_SIZE = ConfigOption(
    "pyflinkx.columnar.batch.size", INT, 131_072, "Rows of a full batch of columns.", minimum=1, maximum=1 << 30
)
AGG_PHASES = ConfigOption(
    "pyflinkx.agg-phase-strategy",
    enumeration("AUTO", "ONE_PHASE", "TWO_PHASE"),
    "AUTO",
    "Whether native aggregates of keys are computed in part before the exchange: never (ONE_PHASE), always "
    "(TWO_PHASE), or as long as that leaves little to exchange (AUTO).",
)
SEED: ConfigOption[str] = ConfigOption(
    "pyflinkx.seed",
    STRING,
    None,
    "From which the random numbers and UUIDs of runtime contexts follow, any text; by default each job has others.",
    fault=blank,
)

PYTHON_FILES: ConfigOption[str] = ConfigOption(
    "python.files",
    STRING,
    None,
    "Python files, packages (.zip, .whl, ...) and folders to be importable by workers, separated by commas.",
)
PYTHON_ARCHIVES: ConfigOption[str] = ConfigOption(
    "python.archives",
    STRING,
    None,
    "Archives to be extracted into the working folder of workers, separated by commas; file#folder names the folder.",
)
PYTHON_REQUIREMENTS: ConfigOption[str] = ConfigOption(
    "python.requirements",
    STRING,
    None,
    "Requirements file to be installed for workers; file#folder names a folder of packages to use instead of an index.",
)
PYTHON_EXECUTABLE: ConfigOption[str] = ConfigOption(
    "python.executable",
    STRING,
    None,
    "Interpreter of workers; by default the one that runs the program.",
    fault=blank,
)
LOG_LEVEL: ConfigOption[str] = ConfigOption(
    "python.logging.default.level",
    enumeration("OFF", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"),
    None,
    "Level of the root logger while a job runs, in the program and its workers; by default what the program has set.",
)
LOG_LEVEL_OVERRIDES: ConfigOption[dict[str, str]] = ConfigOption(
    "python.logging.level.overrides",
    MAP,
    None,
    "Levels of single loggers while a job runs, and of those below them, such as my.module:DEBUG,other:ERROR.",
)
ARCHIVE_SIZE = ConfigOption(
    "pyflinkx.archives.max-size",
    MEMORY,
    16 * GIBIBYTE,
    "What an archive of python.archives or python.files may hold when it is extracted.",
    minimum=1,
)
ARCHIVE_FILES = ConfigOption(
    "pyflinkx.archives.max-files", INT, 1_000_000, "How many files, folders and links an archive may hold.", minimum=1
)
ARCHIVE_RATIO = ConfigOption(
    "pyflinkx.archives.max-ratio",
    INT,
    200,
    "How often its own size an archive may hold, where that is more than 64 MiB.",
    minimum=1,
)
QUERYABLE_STATE = ConfigOption(
    "queryable-state.enable",
    BOOLEAN,
    False,
    "Whether programs of this machine that have the token may read the job's queryable state.",
)
QUERYABLE_STATE_PORTS = ConfigOption(
    "queryable-state.proxy.ports",
    STRING,
    "9069",
    'Where a job with queryable state listens, on 127.0.0.1: a port, several, or a range, such as "9069,9080-9099"; '
    "the first that is free is taken. 0 for any.",
    fault=not_ports,
)
QUERYABLE_STATE_TOKEN: ConfigOption[str] = ConfigOption(
    "pyflinkx.queryable-state.token-file",
    STRING,
    None,
    "File of the token, of 32 bytes or more, that those who ask for state must know; only its owner may read it. By "
    "default ~/.pyflinkx/queryable-state, which is made when it is missing.",
)

# Set by methods of ExecutionConfig that PyFlink programs call; typed, so that a wrong value is still an error.
CLOSURE_CLEANER = ConfigOption(
    "pipeline.closure-cleaner-level", enumeration("NONE", "TOP_LEVEL", "RECURSIVE"), "RECURSIVE"
)
AUTO_GENERATE_UIDS = ConfigOption("pipeline.auto-generate-uids", BOOLEAN, True)
FORCE_AVRO = ConfigOption("pipeline.force-avro", BOOLEAN, False)
FORCE_KRYO = ConfigOption("pipeline.force-kryo", BOOLEAN, False)
GENERIC_TYPES = ConfigOption("pipeline.generic-types", BOOLEAN, True)
LATENCY_INTERVAL = ConfigOption("metrics.latency.interval", DURATION, 0)
CANCELLATION_INTERVAL = ConfigOption("task.cancellation.interval", DURATION, 30_000, minimum=0)
TIME_CHARACTERISTIC = ConfigOption(
    "pipeline.time-characteristic", enumeration("ProcessingTime", "IngestionTime", "EventTime"), "EventTime"
)

WITH_EFFECT: tuple[ConfigOption[Any], ...] = (
    PARALLELISM,
    JOB_NAME,
    AUTO_WATERMARK_INTERVAL,
    JOB_MAX_PARALLELISM,
    OPERATOR_CHAINING,
    CHAINING_OF_DIFFERENT_MAX_PARALLELISM,
    OBJECT_REUSE,
    GLOBAL_JOB_PARAMETERS,
    CACHED_FILES,
    RUNTIME_MODE,
    BUFFER_TIMEOUT,
    BUFFER_TIMEOUT_ENABLED,
    SEGMENT_SIZE,
    NETWORK_MEMORY_MIN,
    NETWORK_MEMORY_MAX,
    NETWORK_MEMORY_FRACTION,
    WORKER_CPU_CORES,
    TASK_HEAP_MEMORY,
    TASK_OFF_HEAP_MEMORY,
    MANAGED_MEMORY,
    TASK_SLOTS,
    REDUNDANT_WORKERS,
    COMPRESSION_CODEC,
    BUFFERS_PER_CHANNEL,
    FLOATING_BUFFERS,
    DEBLOAT_ENABLED,
    DEBLOAT_TARGET,
    DEBLOAT_PERIOD,
    WORKERS,
    START_METHOD,
    TRANSPORT,
    HEARTBEAT_INTERVAL,
    HEARTBEAT_TIMEOUT,
    CANCELLATION_TIMEOUT,
    PROGRESS,
    TRACEBACKS,
    BATCH_SIZE,
    COLUMNAR_BATCH_SIZE,
    AGG_PHASES,
    SEED,
    PYTHON_FILES,
    PYTHON_ARCHIVES,
    PYTHON_REQUIREMENTS,
    PYTHON_EXECUTABLE,
    LOG_LEVEL,
    LOG_LEVEL_OVERRIDES,
    ARCHIVE_SIZE,
    ARCHIVE_FILES,
    ARCHIVE_RATIO,
    QUERYABLE_STATE,
    QUERYABLE_STATE_PORTS,
    QUERYABLE_STATE_TOKEN,
    *checkpointing.WITH_EFFECT,
    *RESTART_OPTIONS,
    *ROW_TIME_OPTIONS,
    *TABLE_OPTIONS,
    *query_options.QUERY_OPTIONS,
)

WITHOUT_EFFECT: tuple[ConfigOption[Any], ...] = (
    CLOSURE_CLEANER,
    AUTO_GENERATE_UIDS,
    FORCE_AVRO,
    FORCE_KRYO,
    GENERIC_TYPES,
    LATENCY_INTERVAL,
    CANCELLATION_INTERVAL,
    TIME_CHARACTERISTIC,
    *checkpointing.WITHOUT_EFFECT,
    *query_options.WITHOUT_EFFECT,
)

OPTIONS = {key: option for option in (*WITH_EFFECT, *WITHOUT_EFFECT) for key in (option.key, *option.deprecated_keys)}
