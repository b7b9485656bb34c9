"""Where a program begins and is executed."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from pyflinkx.common.configuration import Configuration
from pyflinkx.common.execution_config import ExecutionConfig
from pyflinkx.common.job_client import JobClient, execution_result
from pyflinkx.common.job_execution_result import JobExecutionResult
from pyflinkx.common.typeinfo import TypeInformation
from pyflinkx.common.watermark_strategy import WatermarkStrategy
from pyflinkx.config import options
from pyflinkx.config.cached_files import ENTRY_DELIMITER, CachedFile, cached_files
from pyflinkx.config.dependencies import (
    FILE_DELIMITER,
    PARAMETER_DELIMITER,
    archive_target,
)
from pyflinkx.config.dynamic import dynamic_properties, file_properties
from pyflinkx.config.from_environment import chosen
from pyflinkx.config.log_levels import IN_FORCE, log_levels
from pyflinkx.config.validation import validate
from pyflinkx.connectors.collect import CollectBuffer, CollectSink
from pyflinkx.connectors.collection import CollectionSource
from pyflinkx.connectors.source import Source
from pyflinkx.datastream.calls import result_type
from pyflinkx.datastream.checkpoint_methods import CheckpointMethods
from pyflinkx.datastream.collect import CloseableIterator
from pyflinkx.datastream.collections import collection_stream
from pyflinkx.datastream.data_stream import DataStream
from pyflinkx.datastream.dependency_paths import dependency_path, without
from pyflinkx.datastream.execution_mode import RuntimeExecutionMode
from pyflinkx.datastream.former_methods import FormerMethods
from pyflinkx.datastream.operator_settings import buffer_timeout, key_groups, positive, text
from pyflinkx.datastream.sources import SourceMethods
from pyflinkx.datastream.table_sources import TableSourceMethods
from pyflinkx.errors import ConfigurationError, GraphError, JobExecutionError
from pyflinkx.graph.nodes import DEFAULT_BUFFER_TIMEOUT
from pyflinkx.graph.program import Program
from pyflinkx.graph.runtime_mode import runs_as_batch
from pyflinkx.graph.settings import Settings
from pyflinkx.graph.slot_sharing import SlotSharingGroup
from pyflinkx.graph.stream_graph import StreamGraph, build_stream_graph
from pyflinkx.graph.transformation import Transformation, Upstream
from pyflinkx.graph.unexecuted import UNEXECUTED
from pyflinkx.names.asking import Answering, answers, offering
from pyflinkx.plan.stream import Stream
from pyflinkx.runtime.task.clock import SystemClock
from pyflinkx.runtime.tracebacks import Tracebacks

if TYPE_CHECKING:
    from pyflinkx.runtime.drivers.job import Job

__all__ = ["StreamExecutionEnvironment"]

DEFAULT_JOB_NAME = "Flink Streaming Job"
ENDED = object()

log = logging.getLogger("pyflinkx")


@answers("datastream.stream_execution_environment.StreamExecutionEnvironment")
class StreamExecutionEnvironment(
    SourceMethods, TableSourceMethods, CheckpointMethods, FormerMethods, metaclass=Answering
):
    """Makes streams from sources, and runs the program that is built on them.

    Get one by :meth:`get_execution_environment`.

    Example:
        >>> env = StreamExecutionEnvironment.get_execution_environment()
        >>> env.from_collection(["to be", "or not"]).flat_map(str.split).print()
        <DataStreamSink 'Print to Std. Out'>
        >>> result = env.execute("words")
        to
        be
        or
        not
    """

    _default_local_parallelism: ClassVar[int | None] = None

    def __init__(self, configuration: Configuration | None = None) -> None:
        self._configuration = Configuration()
        if self._default_local_parallelism is not None:
            self._configuration.set(options.PARALLELISM, self._default_local_parallelism)
        for key, value in file_properties().items():
            self._configuration.set_string(key, value)
        if configuration is not None:
            self._configuration.add_all(configuration)
        for key, value in dynamic_properties().items():
            self._configuration.set_string(key, value)
        self._config = ExecutionConfig(self._configuration)
        self._program = Program()
        UNEXECUTED.watch(self, self._program)
        self._slot_sharing_groups: dict[str, SlotSharingGroup] = {}
        self._clock: Any = SystemClock()
        self._last_result: JobExecutionResult | JobExecutionError | None = None

    def __repr__(self) -> str:
        from pyflinkx.datastream.shown import environment_text

        return environment_text(self)

    @staticmethod
    def get_execution_environment(configuration: Configuration | None = None) -> StreamExecutionEnvironment:
        """An environment for the context that the program runs in.

        Args:
            configuration: its options. They win over those of the configuration file: the one of ``pyflinkx run
                --config``, else ``config.yaml`` in the folder that the environment variable FLINK_CONF_DIR names.
                Options given on the command line (``pyflinkx run -D key=value``) win over both.

        Raises:
            ConfigurationError: the configuration file cannot be read.
            MissingExtraError: reading it needs a package that is not installed.
        """
        return StreamExecutionEnvironment(configuration)

    @staticmethod
    def create_local_environment(
        parallelism: int | None = None, configuration: Configuration | None = None
    ) -> StreamExecutionEnvironment:
        """An environment whose jobs run on this machine, whatever the context.

        Args:
            parallelism: of operators that name none; by default that of ``set_default_local_parallelism``, else 1.
            configuration: its options.
        """
        environment = StreamExecutionEnvironment(configuration)
        return environment if parallelism is None else environment.set_parallelism(parallelism)

    # ---- settings ----

    def get_config(self) -> ExecutionConfig:
        """The execution config; changes to it hold for this environment."""
        return self._config

    def configure(self, configuration: Configuration) -> None:
        """Set options, over those set before."""
        self._configuration.add_all(configuration)

    def set_parallelism(self, parallelism: int) -> StreamExecutionEnvironment:
        """Parallelism of operators that name none."""
        self._config.set_parallelism(positive(parallelism, "parallelism"))
        return self

    def get_parallelism(self) -> int:
        """Parallelism of operators that name none."""
        return self._config.get_parallelism()

    def get_default_local_parallelism(self) -> int:
        """Parallelism of environments whose program and configuration name none; 1 unless it was set."""
        return 1 if self._default_local_parallelism is None else self._default_local_parallelism

    def set_default_local_parallelism(self, parallelism: int) -> None:
        """Set the parallelism of environments made from now on whose program and configuration name none."""
        StreamExecutionEnvironment._default_local_parallelism = positive(parallelism, "parallelism")

    def set_max_parallelism(self, max_parallelism: int) -> StreamExecutionEnvironment:
        """Number of key groups of operators that name none, at most 32,768."""
        self._config.set_max_parallelism(key_groups(max_parallelism))
        return self

    def get_max_parallelism(self) -> int:
        """Number of key groups of operators that name none; -1 when it follows from the parallelism."""
        return self._config.get_max_parallelism()

    def set_runtime_mode(self, execution_mode: RuntimeExecutionMode) -> StreamExecutionEnvironment:
        """Have the program give its results as records come, or once at the end of all input.

        In BATCH mode no record is late: windows fire when the input has ended, ``reduce`` and the aggregations of a
        keyed stream give one result per key, functions with keyed state see the records of a key together and in the
        order of their timestamps, and processing-time timers fire at the end.

        Args:
            execution_mode: STREAMING (the default), BATCH, or AUTOMATIC: BATCH if every source is bounded.

        Raises:
            GraphError: it is no RuntimeExecutionMode.
        """
        if not isinstance(execution_mode, RuntimeExecutionMode):
            raise GraphError(f"set_runtime_mode() takes a RuntimeExecutionMode, not {execution_mode!r}")
        self._configuration.set(options.RUNTIME_MODE, execution_mode.value)
        return self

    def _runtime_mode_is_batch(self) -> bool:
        """Whether the program, as far as it is built, would run in batch mode; GraphError if it could not."""
        return runs_as_batch(self._configuration.value_of(options.RUNTIME_MODE), self._program.roots)

    def set_buffer_timeout(self, timeout_millis: int) -> StreamExecutionEnvironment:
        """How long a record may wait for its batch to fill before it is sent to another task.

        Args:
            timeout_millis: milliseconds; 0 to send every record at once, -1 to wait until the batch is full.
        """
        timeout = buffer_timeout(timeout_millis)
        self._configuration.set(options.BUFFER_TIMEOUT_ENABLED, timeout >= 0)
        if timeout >= 0:
            self._configuration.set(options.BUFFER_TIMEOUT, timeout)
        return self

    def get_buffer_timeout(self) -> int:
        """How long (ms) a record may wait for its batch to fill; -1 for until it is full."""
        if not self._configuration.get(options.BUFFER_TIMEOUT_ENABLED):
            return -1
        return self._configuration.get(options.BUFFER_TIMEOUT, DEFAULT_BUFFER_TIMEOUT)

    def register_slot_sharing_group(self, slot_sharing_group: SlotSharingGroup) -> StreamExecutionEnvironment:
        """Describe the resources of a slot sharing group, for operators that name the group only.

        Args:
            slot_sharing_group: the group; replaces what was registered under its name.
        """
        if not isinstance(slot_sharing_group, SlotSharingGroup):
            raise GraphError(f"register_slot_sharing_group() takes a SlotSharingGroup, not {slot_sharing_group!r}")
        self._slot_sharing_groups[slot_sharing_group.name] = slot_sharing_group
        return self

    def disable_operator_chaining(self) -> StreamExecutionEnvironment:
        """Run every operator in a task of its own."""
        self._configuration.set(options.OPERATOR_CHAINING, False)
        return self

    def is_chaining_enabled(self) -> bool:
        """Whether operators may share a task."""
        return self._configuration.get(options.OPERATOR_CHAINING) is True

    def is_chaining_of_operators_with_different_max_parallelism_enabled(self) -> bool:
        """Whether operators of different max parallelism may share a task, where chaining is enabled at all."""
        return self._configuration.get(options.CHAINING_OF_DIFFERENT_MAX_PARALLELISM) is True

    # ---- files and Python dependencies ----

    def register_cached_file(self, file_path: str, name: str, executable: bool = False) -> None:
        """Have functions find a file by name: ``runtime_context.get_distributed_cache().get_file(name)``.

        Args:
            file_path: a file or folder of this machine; workers run there too, so it is not copied.
            name: what functions ask for; replaces what was registered under it.
            executable: whether the file must be executable.

        Raises:
            GraphError: there is no such file, it is not executable, or path or name have a comma or semicolon.
        """
        call = "register_cached_file()"
        path = dependency_path(file_path, call, os.path.exists, "")
        file = CachedFile(text(name, call), path, executable)
        fault = file.fault()
        if fault is not None:
            raise GraphError(f"{call}: {fault}")
        files = {**cached_files(self._configuration), file.name: file}
        try:
            entries = ENTRY_DELIMITER.join(each.entry() for each in files.values())
        except ConfigurationError as error:
            raise GraphError(f"{call}: {error}") from None
        self._configuration.set(options.CACHED_FILES, entries)

    def add_python_file(self, file_path: str) -> None:
        """Make a Python file, a package (.zip, .whl, ...) or a folder importable by the job's workers.

        Args:
            file_path: on this machine; comes before those added earlier.

        Raises:
            GraphError: there is no such file, or its path has a comma.
        """
        path = dependency_path(file_path, "add_python_file()", os.path.exists, FILE_DELIMITER)
        files = self._configuration.get(options.PYTHON_FILES)
        self._configuration.set(options.PYTHON_FILES, path if not files else FILE_DELIMITER.join((path, files)))

    def add_python_archive(self, archive_path: str, target_dir: str | None = None) -> None:
        """Have an archive (zip, tar, tar.gz, ...) extracted into the working folder of the job's workers.

        Functions open what is in it by a relative path: ``open("target_dir/data.txt")``. The job fails if it holds more
        than ``pyflinkx.archives.max-size``, ``.max-files`` and ``.max-ratio`` allow (16 GiB, 1,000,000 files and
        folders, 200 times its own size).

        Args:
            archive_path: on this machine.
            target_dir: the folder that it is extracted to; by default one with the archive's name.

        Raises:
            GraphError: there is no such file, the folder does not lie below the working folder, or a path has a comma
                or ``#``.
        """
        call = "add_python_archive()"
        path = dependency_path(archive_path, call, os.path.isfile, FILE_DELIMITER + PARAMETER_DELIMITER)
        if target_dir is not None:
            try:
                archive_target(without(text(target_dir, call), call, FILE_DELIMITER), call)
            except ConfigurationError as error:
                raise GraphError(str(error)) from None
            path = PARAMETER_DELIMITER.join((path, target_dir))
        archives = self._configuration.get(options.PYTHON_ARCHIVES)
        self._configuration.set(
            options.PYTHON_ARCHIVES, path if not archives else FILE_DELIMITER.join((archives, path))
        )

    def set_python_requirements(self, requirements_file_path: str, requirements_cache_dir: str | None = None) -> None:
        """Have the packages of a requirements file installed, by pip, for the job's workers only.

        Args:
            requirements_file_path: on this machine.
            requirements_cache_dir: a folder of packages (``pip download -d``) to be used instead of an index.

        Raises:
            GraphError: there is no such file or folder, or the file's path has a ``#``.
        """
        call = "set_python_requirements()"
        path = dependency_path(requirements_file_path, call, os.path.isfile, PARAMETER_DELIMITER)
        if requirements_cache_dir is not None:
            path += PARAMETER_DELIMITER + dependency_path(requirements_cache_dir, call, os.path.isdir, "")
        self._configuration.set(options.PYTHON_REQUIREMENTS, path)

    def set_python_executable(self, python_exec: str) -> None:
        """Run the job's workers with another interpreter; pyflinkx must be installed for it.

        Args:
            python_exec: a path, a name to look up in PATH, or a path into an archive (``"env.zip/env/bin/python"``).
        """
        self._configuration.set(options.PYTHON_EXECUTABLE, text(python_exec, "set_python_executable()"))

    # ---- sources ----

    def from_collection(self, collection: list[Any], type_info: TypeInformation | None = None) -> DataStream:
        """A stream of the items of a collection.

        Args:
            collection: the records. Dicts, dataclasses and NamedTuples of one shape need no type to have columns.
            type_info: their type, which each of them gets; one that cannot is a TypeInformationError.
        """
        return collection_stream(self, CollectionSource(collection, type_info), type_info)

    def from_source(
        self,
        source: Source,
        watermark_strategy: WatermarkStrategy,
        source_name: str,
        type_info: TypeInformation | None = None,
    ) -> DataStream:
        """A stream of the records of a source.

        Args:
            source: where they come from.
            watermark_strategy: their event time; ``WatermarkStrategy.no_watermarks()`` for none.
            source_name: the operator's name.
            type_info: type of the records; by default what the source says.
        """
        if not isinstance(source, Source):
            raise GraphError(f"from_source() takes a Source, not {source!r} ({type(source).__name__})")
        if not isinstance(watermark_strategy, WatermarkStrategy):
            raise GraphError(f"from_source() takes a WatermarkStrategy, not {watermark_strategy!r}")
        stream = self._source_stream(source, source_name, type_info)
        if watermark_strategy.gives_nothing():
            return stream
        return stream._timed_by_split(watermark_strategy)

    def read_text_file(self, file_path: str, charset_name: str = "UTF-8") -> DataStream:
        """A stream of the lines of a text file, or of the files of a folder."""
        from pyflinkx.connectors.files.text import TextFileSource

        return self._source_stream(TextFileSource(file_path, charset_name), "Text File Source", None)

    # ---- execution ----

    def execute(self, job_name: str | None = None) -> JobExecutionResult:
        """Run the program to its end.

        In the main thread of a program that does not handle SIGTERM itself, that signal cancels the job: functions are
        closed, unfinished files removed, and the program ends with exit code 143.

        Args:
            job_name: by default ``pipeline.name``, else "Flink Streaming Job".

        Returns:
            Id and run time; among its accumulators what the operators counted, as ``operator.counter``
            (``numRecordsIn``, ``numRecordsOut``, ``numBadRecords``, ``numLateRecordsDropped``).

        Raises:
            GraphError: the program has no operators, or they do not fit together.
            ConfigurationError: an option is unknown or ill-typed.
            SourceError, SinkError: a source cannot be read, a sink cannot be written.
            JobExecutionError: a user function raised; its exception is the cause.
        """
        from pyflinkx.runtime.drivers.termination import cancelled_by_sigterm

        with self._tracebacks():
            graph = self._take_graph(job_name)
            with self._around() as listener:
                job = self._job(graph, listener)
                log.info("job '%s' (%s) starts", graph.name, job.job_id)
                with cancelled_by_sigterm(job):
                    done = job.run()
                result = execution_result(done)
        log.info("job '%s' (%s) finished after %d ms", graph.name, job.job_id, result.get_net_runtime())
        self._last_result = result
        return result

    def get_last_job_execution_result(self) -> JobExecutionResult | None:
        """The result of the last job of this environment that ran to its end; None before the first.

        It is that of ``execute()``, of ``to_arrow()``, ``to_pandas()``, ``to_polars()``, or of an
        ``execute_and_collect()`` that was read to its end; jobs of ``execute_async()`` have a JobClient for it.

        Raises:
            JobExecutionError: that job's accumulators of one name do not fit together.

        Example:
            >>> env = StreamExecutionEnvironment.get_execution_environment()
            >>> table = env.from_numpy({"key": [1, 2, 3]}).to_arrow()
            >>> env.get_last_job_execution_result().get_late_records()
            {}
        """
        if isinstance(self._last_result, JobExecutionError):
            raise self._last_result
        return self._last_result

    def execute_async(self, job_name: str = DEFAULT_JOB_NAME) -> JobClient:
        """Start the program and go on at once.

        Args:
            job_name: its name.

        Returns:
            What tells of the job and cancels it. A job that still runs when the interpreter ends is cancelled, with a
            warning; one that has failed without anybody asking for its result is logged as ERROR.

        Raises:
            GraphError, ConfigurationError: as ``execute``; what happens later comes with the job's result.
        """
        from pyflinkx.runtime.drivers.job_thread import JobThread

        with self._tracebacks(), ExitStack() as stack:
            graph = self._take_graph(job_name)
            listener = stack.enter_context(self._around())
            job = self._job(graph, listener)
            return JobClient(JobThread(job, stack.pop_all()))

    def get_execution_plan(self) -> str:
        """The program as JSON, in Flink's form; the program can still be executed."""
        plan = self._graph(None).to_json()
        self._program.explained = True
        return plan

    def close(self) -> None:
        """Forget the program."""
        self._program.forget()

    def _collect(self, stream: DataStream, job_name: str | None, peek: bool = False) -> CloseableIterator:
        buffer = CollectBuffer()
        subtasks = stream._value.subtasks_that_keep_order(self._program.settings)
        end = stream._end_of("Collect", CollectSink(buffer), subtasks)
        if peek:
            graph = self._graph_of(end, job_name, peek)
        else:
            self._program.add(end)
            graph = self._take_graph(job_name)
        return CloseableIterator(self._steps(graph), buffer, self._tracebacks())

    def _steps(self, graph: StreamGraph) -> Iterator[None]:
        from pyflinkx.runtime.drivers.termination import cancelled_by_sigterm

        with self._around() as listener:
            job = self._job(graph, listener)
            with closing(job.run_by_steps()) as steps:
                while True:
                    # By the step: between two of them the program's own code runs, and perhaps in another thread.
                    with cancelled_by_sigterm(job):
                        if next(steps, ENDED) is ENDED:
                            break
                    yield
        try:
            self._last_result = execution_result(job.result())
        except JobExecutionError as error:  # the records are there all the same
            self._last_result = error

    @contextmanager
    def _around(self) -> Iterator[Any]:
        """What there is around a job as long as it runs: its listener, and the levels of loggers."""
        from pyflinkx.metrics.progress import progress_line

        levels = IN_FORCE.during(log_levels(self._configuration))
        with levels, progress_line(chosen(self._configuration, options.PROGRESS)) as listener:
            yield listener

    def _tracebacks(self) -> Tracebacks:
        """Frames a call that runs a job."""
        return Tracebacks(full=chosen(self._configuration, options.TRACEBACKS) == "full")

    def _job(self, graph: StreamGraph, listener: Any) -> Job:
        # What runs a job is loaded by the first one: the import of the API takes half as long without it.
        from pyflinkx.checkpoint.configured import checkpoint_settings, restore_settings
        from pyflinkx.graph.job_graph import build_job_graph
        from pyflinkx.runtime.drivers.local_cluster import make_job

        validate(self._configuration)
        parameters = self._config.get_global_job_parameters()
        batch = runs_as_batch(self._configuration.value_of(options.RUNTIME_MODE), graph.nodes)
        job_graph = build_job_graph(
            graph, checkpoint_settings(self._configuration, batch), restore_settings(self._configuration, batch)
        )
        job = make_job(job_graph, self._configuration, self._clock, parameters, listener)
        job.tracebacks = self._tracebacks()
        return job

    def _take_graph(self, job_name: str | None) -> StreamGraph:
        """The graph of the program so far; the next program starts empty."""
        graph = self._graph(job_name)
        self._program.forget()
        return graph

    def _graph_of(self, end: Transformation, job_name: str | None, peek: bool = False) -> StreamGraph:
        """The graph of what one end of a stream needs; what else the program has so far is left to the next job.

        Args:
            end: the end.
            job_name: the job's name.
            peek: whether what the end needs is left to the next job, too.
        """
        ends = self._program.with_loops(end)
        graph = self._graph(job_name, ends)
        if not peek:
            self._program.has_run(ends)
        return graph

    def _graph(self, job_name: str | None, roots: Sequence[Transformation] | None = None) -> StreamGraph:
        from pyflinkx.datastream.cached_data_stream import caches

        validate(self._configuration)
        groups = self.get_max_parallelism()
        if roots is None:
            # As in Flink, a source that nobody reads is not run, where there is anything else.
            roots = [root for root in self._program.roots if root.kind != "source"] or self._program.roots
        kept, sinks = caches(roots)
        graph = build_stream_graph(
            [*roots, *sinks],
            name=job_name or self._configuration.get(options.JOB_NAME, DEFAULT_JOB_NAME),
            parallelism=self.get_parallelism(),
            max_parallelism=groups if groups > 0 else None,
            chaining=self.is_chaining_enabled(),
            buffer_timeout=self.get_buffer_timeout(),
            slot_sharing_groups=self._slot_sharing_groups.values(),
            chaining_of_different_max_parallelism=(
                self.is_chaining_of_operators_with_different_max_parallelism_enabled()
            ),
            settings=self._program.settings,
            kept=kept,
        )
        from pyflinkx.plan.columnar_sources import read_as_columns  # not every program gets here
        from pyflinkx.plan.two_phase import in_two_phases

        phases = self._configuration.value_of(options.AGG_PHASES)
        return in_two_phases(read_as_columns(graph), phases, self._configuration.value_of(options.RUNTIME_MODE))

    # ---- building ----

    def _source_stream(self, source: Source, name: str, type_info: TypeInformation | None) -> DataStream:
        return self._stream(self._source_value(source, name, type_info))

    def _source_value(
        self, source: Source, name: str, type_info: TypeInformation | None, parallelism: int | None = None
    ) -> Stream:
        """The stream of a source that is not yet a part of the program; parallelism: if not the source's own."""
        record_type = result_type(type_info or source.output_type)
        transformation = Transformation(
            operation=source.operation,
            kind="source",
            source=source,
            columnar=source.columnar,
            schema=source.schema,
            native=source.columnar,
            output_type=record_type.known,
            type_declared=record_type.declared is not None,
            settings=Settings(name=name, parallelism=source.parallelism if parallelism is None else parallelism),
        )
        return Stream((Upstream(transformation),), record_type._replace(columns=source.schema))

    def _stream(self, made: Stream) -> DataStream:
        """The stream of an operator that is new in the program."""
        self._program.add(made.upstreams[0].transformation)
        return DataStream(self, made)


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
