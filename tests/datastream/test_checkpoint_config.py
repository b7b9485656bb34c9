"""CheckpointConfig, storages, state backends, and what the environment has of them, as PyFlink 2.3."""

import importlib
import inspect
import logging
import re

import pytest

from pyflinkx.common import Configuration, Duration
from pyflinkx.datastream import (
    CheckpointConfig,
    CheckpointingMode,
    CheckpointStorage,
    CustomCheckpointStorage,
    CustomStateBackend,
    EmbeddedRocksDBStateBackend,
    ExternalizedCheckpointCleanup,
    ExternalizedCheckpointRetention,
    FileSystemCheckpointStorage,
    FsStateBackend,
    HashMapStateBackend,
    JobManagerCheckpointStorage,
    MemoryStateBackend,
    PredefinedOptions,
    RocksDBStateBackend,
    RuntimeExecutionMode,
    StateBackend,
    StreamExecutionEnvironment,
)
from pyflinkx.datastream.former_methods import say_once
from pyflinkx.errors import ConfigurationError, GraphError
from pyflinkx.runtime.drivers import local_cluster


@pytest.fixture
def env():
    return StreamExecutionEnvironment.get_execution_environment()


def entries(env):
    return env.get_config().get_configuration().to_dict()


def test_defaults(env):
    config = env.get_checkpoint_config()
    assert env.get_checkpoint_config() is config
    assert not config.is_checkpointing_enabled()
    assert config.get_checkpoint_interval() == env.get_checkpoint_interval() == -1
    assert config.get_checkpointing_mode() is env.get_checkpointing_mode() is CheckpointConfig.DEFAULT_MODE
    assert env.get_checkpointing_consistency_mode() is CheckpointingMode.EXACTLY_ONCE
    assert config.get_checkpoint_timeout() == CheckpointConfig.DEFAULT_TIMEOUT == 600_000
    assert config.get_min_pause_between_checkpoints() == CheckpointConfig.DEFAULT_MIN_PAUSE_BETWEEN_CHECKPOINTS == 0
    assert config.get_max_concurrent_checkpoints() == CheckpointConfig.DEFAULT_MAX_CONCURRENT_CHECKPOINTS == 1
    assert config.is_fail_on_checkpointing_errors()
    assert config.get_tolerable_checkpoint_failure_number() == 0
    assert not config.is_externalized_checkpoints_enabled()
    assert config.get_externalized_checkpoint_retention() is ExternalizedCheckpointRetention.NO_EXTERNALIZED_CHECKPOINTS
    assert not config.is_unaligned_checkpoints_enabled()
    assert not env.is_unaligned_checkpoints_enabled()
    assert config.get_aligned_checkpoint_timeout() == config.get_alignment_timeout() == Duration.of_millis(0)
    assert not config.is_force_unaligned_checkpoints()
    assert not env.is_force_unaligned_checkpoints()
    assert env.is_changelog_state_backend_enabled() is None
    assert env.get_default_savepoint_directory() is None
    assert env.get_state_backend() is None
    assert config.get_checkpoint_storage() is None
    assert entries(env) == {}


@pytest.mark.parametrize(
    ("call", "value", "ask", "told", "written"),
    [
        ("set_checkpoint_interval", 5000, "get_checkpoint_interval", 5000, "interval: 5000 ms"),
        ("set_checkpoint_timeout", 60_000, "get_checkpoint_timeout", 60_000, "timeout: 60000 ms"),
        ("set_min_pause_between_checkpoints", 7, "get_min_pause_between_checkpoints", 7, "min-pause: 7 ms"),
        ("set_max_concurrent_checkpoints", 2, "get_max_concurrent_checkpoints", 2, "max-concurrent-checkpoints: 2"),
        ("set_tolerable_checkpoint_failure_number", 2, "is_fail_on_checkpointing_errors", False, "checkpoints: 2"),
        (
            "set_fail_on_checkpointing_errors",
            False,
            "get_tolerable_checkpoint_failure_number",
            2147483647,
            "checkpoints: 2147483647",
        ),
        (
            "set_checkpointing_mode",
            CheckpointingMode.AT_LEAST_ONCE,
            "get_checkpointing_mode",
            CheckpointingMode.AT_LEAST_ONCE,
            "mode: AT_LEAST_ONCE",
        ),
        (
            "set_externalized_checkpoint_retention",
            ExternalizedCheckpointRetention.DELETE_ON_CANCELLATION,
            "is_externalized_checkpoints_enabled",
            True,
            "retention: DELETE_ON_CANCELLATION",
        ),
        (
            "enable_externalized_checkpoints",
            ExternalizedCheckpointCleanup.RETAIN_ON_CANCELLATION,
            "get_externalized_checkpoint_cleanup",
            ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION,
            "retention: RETAIN_ON_CANCELLATION",
        ),
        ("enable_unaligned_checkpoints", True, "is_unaligned_checkpoints_enabled", True, "unaligned.enabled: true"),
        (
            "set_aligned_checkpoint_timeout",
            Duration.of_seconds(2),
            "get_alignment_timeout",
            Duration.of_seconds(2),
            "aligned-checkpoint-timeout: 2000 ms",
        ),
        (
            "set_alignment_timeout",
            Duration.of_seconds(2),
            "get_aligned_checkpoint_timeout",
            Duration.of_seconds(2),
            "aligned-checkpoint-timeout: 2000 ms",
        ),
        ("set_force_unaligned_checkpoints", True, "is_force_unaligned_checkpoints", True, "unaligned.forced: true"),
    ],
)
def test_setters_write_the_configuration(env, call, value, ask, told, written):
    config = env.get_checkpoint_config()
    assert getattr(config, call)(value) is config
    assert getattr(config, ask)() == told
    ((key, text),) = entries(env).items()
    assert re.fullmatch(rf"execution\.checkpointing\.[\w.-]*{re.escape(written)}", f"{key}: {text}")


def test_every_setter_of_pyflink_is_tried():
    setters = {name for name in dir(CheckpointConfig) if name.startswith(("set_", "enable_"))}
    source = inspect.getsource(importlib.import_module(__name__))
    assert {name for name in setters if name not in source} <= {
        "set_checkpointing_consistency_mode",
        "set_externalized_checkpoint_cleanup",
    }


def test_unaligned_needs_exactly_once(env):
    config = env.get_checkpoint_config().enable_unaligned_checkpoints()
    config.set_checkpointing_mode(CheckpointingMode.AT_LEAST_ONCE)
    assert not config.is_unaligned_checkpoints_enabled()
    config.set_checkpointing_mode(CheckpointingMode.EXACTLY_ONCE)
    assert env.is_unaligned_checkpoints_enabled()
    assert not config.disable_unaligned_checkpoints().is_unaligned_checkpoints_enabled()


@pytest.mark.parametrize(
    ("call", "value", "error"),
    [
        ("set_checkpoint_interval", 9, ConfigurationError),
        ("set_checkpoint_interval", 0, ConfigurationError),
        ("set_checkpoint_interval", -1, ConfigurationError),
        ("set_checkpoint_interval", 1.5, ConfigurationError),
        ("set_checkpoint_interval", True, ConfigurationError),
        ("set_checkpoint_timeout", 9, ConfigurationError),
        ("set_min_pause_between_checkpoints", -1, ConfigurationError),
        ("set_max_concurrent_checkpoints", 0, ConfigurationError),
        ("set_tolerable_checkpoint_failure_number", -1, ConfigurationError),
        ("set_checkpointing_mode", "EXACTLY_ONCE", GraphError),
        ("set_externalized_checkpoint_retention", 1, GraphError),
        ("set_aligned_checkpoint_timeout", 3, GraphError),
        ("enable_unaligned_checkpoints", "yes", ConfigurationError),
        ("set_checkpoint_storage", "/tmp", GraphError),
        ("set_checkpoint_storage_dir", "", GraphError),
    ],
)
def test_setters_refuse_what_cannot_be(env, call, value, error):
    with pytest.raises(error):
        getattr(env.get_checkpoint_config(), call)(value)
    assert entries(env) == {}


def test_enable_checkpointing(env):
    assert env.enable_checkpointing(1000) is env
    assert (env.get_checkpoint_interval(), env.get_checkpointing_mode()) == (1000, CheckpointingMode.EXACTLY_ONCE)
    env.enable_checkpointing(2000, CheckpointingMode.AT_LEAST_ONCE)
    assert (env.get_checkpoint_interval(), env.get_checkpointing_mode()) == (2000, CheckpointingMode.AT_LEAST_ONCE)
    assert env.get_checkpoint_config().is_checkpointing_enabled()
    with pytest.raises(ConfigurationError, match="neither 0"):
        env.enable_checkpointing(3)


def test_the_configuration_is_what_getters_read():
    env = StreamExecutionEnvironment.get_execution_environment(
        Configuration.from_dict({"execution.checkpointing.interval": "2 min", "state.savepoints.dir": "/sp"})
    )
    assert env.get_checkpoint_interval() == 120_000
    assert env.get_default_savepoint_directory() == "/sp"
    assert env.set_default_savepoint_directory("/other").get_default_savepoint_directory() == "/other"
    with pytest.raises(GraphError):
        env.set_default_savepoint_directory(7)


@pytest.mark.parametrize(
    ("backend", "shown", "written"),
    [
        (HashMapStateBackend(), "HashMapStateBackend()", {"state.backend.type": "hashmap"}),
        (EmbeddedRocksDBStateBackend(), "EmbeddedRocksDBStateBackend()", {"state.backend.type": "rocksdb"}),
        (
            EmbeddedRocksDBStateBackend(True),
            "EmbeddedRocksDBStateBackend(True)",
            {"state.backend.type": "rocksdb", "execution.checkpointing.incremental": "true"},
        ),
        (
            MemoryStateBackend(),
            "MemoryStateBackend()",
            {"state.backend.type": "hashmap", "execution.checkpointing.storage": "jobmanager"},
        ),
        (
            FsStateBackend("/chk", "/sp", 100),
            "FsStateBackend()",
            {
                "state.backend.type": "hashmap",
                "execution.checkpointing.storage": "filesystem",
                "execution.checkpointing.dir": "/chk",
                "execution.checkpointing.savepoint-dir": "/sp",
                "execution.checkpointing.data-inline-threshold": "100 bytes",
            },
        ),
        (
            RocksDBStateBackend("/chk", False),
            "RocksDBStateBackend(False)",
            {
                "state.backend.type": "rocksdb",
                "execution.checkpointing.incremental": "false",
                "execution.checkpointing.storage": "filesystem",
                "execution.checkpointing.dir": "/chk",
            },
        ),
        (
            RocksDBStateBackend(checkpoint_stream_backend=MemoryStateBackend(savepoint_path="/sp")),
            "RocksDBStateBackend()",
            {
                "state.backend.type": "rocksdb",
                "execution.checkpointing.storage": "jobmanager",
                "execution.checkpointing.savepoint-dir": "/sp",
            },
        ),
    ],
)
def test_state_backends(env, backend, shown, written):
    assert isinstance(backend, StateBackend)
    assert env.set_state_backend(backend) is env
    assert env.get_state_backend() is backend
    assert repr(backend) == shown
    assert entries(env) == written


@pytest.mark.parametrize(
    ("pairs", "kind"),
    [
        ({"state.backend": "hashmap"}, HashMapStateBackend),
        ({"state.backend.type": "rocksdb"}, EmbeddedRocksDBStateBackend),
        ({"state.backend": "jobmanager"}, MemoryStateBackend),
        ({"state.backend": "filesystem", "state.checkpoints.dir": "/chk"}, FsStateBackend),
    ],
)
def test_state_backends_of_the_configuration(pairs, kind):
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(pairs))
    assert type(env.get_state_backend()) is kind


def test_rocksdb_has_settings(env):
    backend = EmbeddedRocksDBStateBackend()
    assert backend.get_predefined_options() is PredefinedOptions.DEFAULT
    assert (backend.get_db_storage_paths(), backend.get_number_of_transfer_threads()) == ([], 4)
    assert not backend.is_incremental_checkpoints_enabled()
    assert backend.get_options() is None
    backend.set_db_storage_paths("/a", "/b")
    backend.set_predefined_options(PredefinedOptions.FLASH_SSD_OPTIMIZED)
    backend.set_number_of_transfer_threads(2)
    env.set_state_backend(backend)
    again = StreamExecutionEnvironment.get_execution_environment(
        Configuration.from_dict(entries(env))
    ).get_state_backend()
    assert again.get_db_storage_paths() == ["/a", "/b"]
    assert again.get_predefined_options() is PredefinedOptions.FLASH_SSD_OPTIMIZED
    assert again.get_number_of_transfer_threads() == 2
    for call in (
        lambda: backend.set_db_storage_paths("relative"),
        lambda: backend.set_db_storage_paths("/a,b"),
        lambda: backend.set_predefined_options("DEFAULT"),
        lambda: backend.set_options("com.acme.Factory"),
        lambda: RocksDBStateBackend(),
        lambda: env.set_state_backend("rocksdb"),
        lambda: env.set_state_backend(StateBackend()),
        lambda: CustomStateBackend(object()),
        lambda: CustomCheckpointStorage(object()),
        lambda: env.get_checkpoint_config().set_checkpoint_storage(CheckpointStorage()),
    ):
        with pytest.raises(GraphError):
            call()
    with pytest.raises(ConfigurationError):
        backend.set_number_of_transfer_threads(0)
    with pytest.raises(TypeError):
        EmbeddedRocksDBStateBackend("yes")


def test_storages(env):
    config = env.get_checkpoint_config()
    files = FileSystemCheckpointStorage("file:///chk", 512, 8192)
    assert (files.get_min_file_size_threshold(), files.get_write_buffer_size()) == (512, 8192)
    assert (files.get_checkpoint_path(), files.get_savepoint_path()) == ("file:///chk", None)
    assert config.set_checkpoint_storage(files) is config
    assert config.get_checkpoint_storage() is files
    env.set_default_savepoint_directory("/sp")
    again = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(entries(env)))
    found = again.get_checkpoint_config().get_checkpoint_storage()
    assert (found.get_checkpoint_path(), found.get_savepoint_path()) == ("file:///chk", "/sp")
    assert (found.get_min_file_size_threshold(), found.get_write_buffer_size()) == (512, 8192)
    config.set_checkpoint_storage(JobManagerCheckpointStorage())
    assert entries(env)["execution.checkpointing.storage"] == "jobmanager"
    assert config.set_checkpoint_storage_dir("/there").get_checkpoint_storage().get_checkpoint_path() == "/there"
    memory = JobManagerCheckpointStorage("/manifests", 100)
    assert (memory.get_checkpoint_path(), memory.get_max_state_size()) == ("/manifests", 100)
    assert memory.get_savepoint_path() is None
    for arguments in ((), (None,), ("/chk", 2 << 20), ("/chk", -2), ("/chk", True)):
        with pytest.raises(ValueError, match=r"checkpoint_path|file_state_size_threshold"):
            FileSystemCheckpointStorage(*arguments)


def test_the_change_log_says_what_it_does_here(env, caplog):
    say_once.cache_clear()
    with caplog.at_level(logging.WARNING, "pyflinkx"):
        assert env.enable_changelog_state_backend(True) is env
        assert env.is_changelog_state_backend_enabled() is True
        env.enable_changelog_state_backend(False)
    assert env.is_changelog_state_backend_enabled() is False
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        "enable_changelog_state_backend() has no effect"
    ]


class Made(Exception):
    """Carries the job graph out of the driver."""


@pytest.mark.parametrize("mode", [RuntimeExecutionMode.STREAMING, RuntimeExecutionMode.BATCH])
def test_the_settings_reach_the_job(env, mode, monkeypatch):
    def made(graph, *_):
        raise Made(graph)

    monkeypatch.setattr(local_cluster, "make_job", made)
    env.set_runtime_mode(mode)
    env.enable_checkpointing(1000).get_checkpoint_config().set_min_pause_between_checkpoints(5)
    env.from_collection([1]).print()
    with pytest.raises(Made) as caught:
        env.execute()
    (graph,) = caught.value.args
    assert graph.checkpoints.interval == (1000 if mode is RuntimeExecutionMode.STREAMING else None)
    assert graph.checkpoints.min_pause == 5
    assert graph.restore.path is None


def test_contradictions_stop_a_job_before_it_starts(env):
    env.get_checkpoint_config().enable_unaligned_checkpoints().set_max_concurrent_checkpoints(2)
    env.from_collection([1]).print()
    with pytest.raises(ConfigurationError, match="cannot be under way at a time"):
        env.execute()
