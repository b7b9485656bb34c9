"""What a configuration comes to."""

import logging

import pytest

from pyflinkx.checkpoint import configured
from pyflinkx.checkpoint.configured import WHOLE_STATE, checkpoint_settings, restore_settings
from pyflinkx.checkpoint.settings import CheckpointSettings, ClaimMode, RestoreSettings, Retention
from pyflinkx.config import checkpointing as options
from pyflinkx.config.configuration import Configuration
from pyflinkx.config.validation import validate
from pyflinkx.errors import ConfigurationError


@pytest.fixture(autouse=True)
def nothing_said_yet():
    configured.warn.cache_clear()


def of(pairs, batch=False):
    configuration = Configuration.from_dict(pairs)
    validate(configuration)
    return checkpoint_settings(configuration, batch)


def test_nothing_said():
    assert of({}) == CheckpointSettings()
    assert not of({}).enabled
    assert restore_settings(Configuration()) == RestoreSettings()


# Each key, what it is set to, and what it comes to; the names before Flink 2.0 come to the same.
CASES = [
    (("execution.checkpointing.interval",), "3 s", "interval", 3000),
    (("execution.checkpointing.mode",), "at_least_once", "exactly_once", False),
    (("execution.checkpointing.timeout",), "1 min", "timeout", 60_000),
    (("execution.checkpointing.min-pause",), "5 s", "min_pause", 5000),
    (("execution.checkpointing.max-concurrent-checkpoints",), "3", "max_concurrent", 3),
    (("execution.checkpointing.tolerable-failed-checkpoints",), "2", "tolerable_failures", 2),
    (
        ("execution.checkpointing.externalized-checkpoint-retention",),
        "RETAIN_ON_CANCELLATION",
        "retention",
        Retention.RETAIN_ON_CANCELLATION,
    ),
    (("execution.checkpointing.num-retained", "state.checkpoints.num-retained"), "4", "retained", 4),
    (("execution.checkpointing.unaligned.enabled", "execution.checkpointing.unaligned"), "true", "unaligned", True),
    (("execution.checkpointing.unaligned.forced",), "true", "force_unaligned", True),
    (
        ("execution.checkpointing.aligned-checkpoint-timeout", "execution.checkpointing.alignment-timeout"),
        "PT2S",
        "aligned_timeout",
        2000,
    ),
    (
        (
            "execution.checkpointing.checkpoints-after-tasks-finish",
            "execution.checkpointing.checkpoints-after-tasks-finish.enabled",
        ),
        "false",
        "after_tasks_finish",
        False,
    ),
    (
        ("execution.checkpointing.dir", "state.checkpoints.dir", "state.backend.fs.checkpointdir"),
        "s3://bucket/chk",
        "folder",
        "s3://bucket/chk",
    ),
    (("execution.checkpointing.create-subdir", "state.checkpoints.create-subdir"), "false", "subfolder", False),
    (
        ("execution.checkpointing.savepoint-dir", "state.savepoints.dir", "savepoints.state.backend.fs.dir"),
        "/var/savepoints",
        "savepoint_folder",
        "/var/savepoints",
    ),
    (("execution.checkpointing.snapshot-compression",), "true", "compressed", True),
    (
        (
            "execution.checkpointing.data-inline-threshold",
            "state.storage.fs.memory-threshold",
            "state.backend.fs.memory-threshold",
        ),
        "1 kb",
        "memory_threshold",
        1024,
    ),
    (("state.backend.type", "state.backend"), "rocksdb", "state_backend", "rocksdb"),
    (
        ("state.backend.type",),
        "org.apache.flink.contrib.streaming.state.EmbeddedRocksDBStateBackendFactory",
        "state_backend",
        "rocksdb",
    ),
    (("execution.checkpointing.incremental", "state.backend.incremental"), "true", "incremental", True),
    (("state.backend.rocksdb.localdir",), "/a, /b", "rocksdb_folders", ("/a", "/b")),
    (("pyflinkx.security.secret-file",), "/etc/secret", "secret_file", "/etc/secret"),
    (("state.backend.rocksdb.memory.fixed-per-slot",), "32mb", "rocksdb_memory", 32 << 20),
    (("state.backend.rocksdb.memory.write-buffer-ratio",), "0.25", "rocksdb_write_buffer_ratio", 0.25),
]


@pytest.mark.parametrize(("keys", "text", "name", "value"), CASES)
def test_each_key(keys, text, name, value):
    assert getattr(CheckpointSettings(), name) != value
    for key in keys:
        settings = of({key: text})
        assert getattr(settings, name) == value, key
        assert settings == CheckpointSettings(**{name: value})


def test_each_option_with_an_effect_is_tried():
    tried = {key for keys, *_ in CASES for key in keys}
    elsewhere = {options.STORAGE, options.RESTORE_PATH, options.ALLOW_NON_RESTORED, options.CLAIM_MODE}
    assert [option.key for option in options.WITH_EFFECT if option.key not in tried] == [
        option.key for option in options.WITH_EFFECT if option in elsewhere
    ]
    keys = {key for option in options.WITH_EFFECT if option not in elsewhere for key in option.deprecated_keys}
    assert keys <= tried


def test_no_interval_and_an_interval_of_0_are_no_checkpoints():
    assert of({"execution.checkpointing.interval": "0 s"}).interval is None


@pytest.mark.parametrize(
    ("backend", "storage", "kept", "threshold"),
    [
        ("hashmap", None, "hashmap", 20_480),
        ("jobmanager", None, "hashmap", WHOLE_STATE),
        ("filesystem", None, "hashmap", 20_480),
        ("rocksdb", "jobmanager", "rocksdb", WHOLE_STATE),
        ("jobmanager", "filesystem", "hashmap", 20_480),
        ("org.apache.flink.runtime.state.filesystem.FsStateBackendFactory", None, "hashmap", 20_480),
    ],
)
def test_a_state_backend_was_a_storage_too(backend, storage, kept, threshold):
    entries = {"state.backend": backend, "state.checkpoints.dir": "/chk"}
    if storage is not None:
        entries["state.checkpoint-storage"] = storage
    settings = of(entries)
    assert (settings.state_backend, settings.memory_threshold, settings.folder) == (kept, threshold, "/chk")


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"execution.checkpointing.interval": "5"}, "interval: '5' is neither 0 (no checkpoints) nor at least 10 ms"),
        ({"execution.checkpointing.interval": "-1 s"}, "interval: '-1 s' is not a duration"),
        ({"execution.checkpointing.timeout": "9 ms"}, "timeout: '9 ms' is not a duration"),
        ({"execution.checkpointing.mode": "SOMETIMES"}, "mode: 'SOMETIMES' is not one of EXACTLY_ONCE, AT_LEAST_ONCE"),
        ({"execution.checkpointing.num-retained": "0"}, "num-retained: '0' is not a whole number"),
        ({"execution.checkpointing.data-inline-threshold": "2 mb"}, "threshold: '2 mb' is not a memory size"),
        ({"execution.checkpointing.dir": " "}, "execution.checkpointing.dir: ' ' is empty"),
        ({"state.backend": "forst"}, "state.backend: 'forst' is not a state backend: hashmap, rocksdb, or as in older"),
        ({"state.backend": "com.acme.Backend"}, "state.backend: 'com.acme.Backend' is not a state backend"),
        ({"execution.savepoint-restore-mode": "MINE"}, "'MINE' is not one of NO_CLAIM, CLAIM, LEGACY"),
        (
            {"execution.checkpointing.storage": "filesystem"},
            "filesystem needs a folder: set execution.checkpointing.dir",
        ),
        ({"state.backend": "filesystem"}, "filesystem needs a folder: set execution.checkpointing.dir"),
        (
            {"execution.checkpointing.unaligned": True, "execution.checkpointing.max-concurrent-checkpoints": 2},
            "max-concurrent-checkpoints: 2 checkpoints cannot be under way at a time while",
        ),
        (
            {"execution.checkpointing.interval": "5 s", "execution.checkpointing.interval-during-backlog": "1 s"},
            "interval-during-backlog: 1000 ms is less than execution.checkpointing.interval, which is 5000 ms",
        ),
        ({"execution.checkpointing.interva": "5 s"}, "did you mean 'execution.checkpointing.interval'?"),
    ],
)
def test_what_cannot_be(entries, said):
    with pytest.raises(ConfigurationError) as caught:
        of(entries)
    assert said in str(caught.value)


def test_all_contradictions_are_named_at_once():
    with pytest.raises(ConfigurationError) as caught:
        of(
            {
                "execution.checkpointing.storage": "filesystem",
                "execution.checkpointing.unaligned": True,
                "execution.checkpointing.max-concurrent-checkpoints": 2,
            }
        )
    assert len(str(caught.value).splitlines()) == 2


def messages(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_a_batch_job_takes_none_and_says_so_once(caplog):
    entries = {"execution.checkpointing.interval": "1 s", "execution.checkpointing.dir": "/chk"}
    with caplog.at_level(logging.WARNING, "pyflinkx"):
        assert of(entries, batch=True) == CheckpointSettings(folder="/chk")
        assert not of(entries, batch=True).enabled
        of({}, batch=True)
    assert messages(caplog) == [
        "a batch job takes no checkpoints: execution.checkpointing.interval has no effect while execution.runtime-mode "
        "is BATCH"
    ]


def test_what_has_no_effect_says_so(caplog):
    with caplog.at_level(logging.WARNING, "pyflinkx"):
        unaligned = {"execution.checkpointing.unaligned": True, "execution.checkpointing.mode": "AT_LEAST_ONCE"}
        assert not of(unaligned).unaligned
        of(
            {
                "execution.checkpointing.interval": "1 s",
                "execution.checkpointing.externalized-checkpoint-retention": "DELETE_ON_CANCELLATION",
            }
        )
    first, second = messages(caplog)
    assert first.startswith(
        "execution.checkpointing.unaligned.enabled has no effect while execution.checkpointing.mode"
    )
    assert "has no effect without execution.checkpointing.dir" in second


@pytest.mark.parametrize("prefix", ["execution.state-recovery.", "execution.savepoint."])
def test_where_a_job_starts(prefix):
    mode = "execution.state-recovery.claim-mode" if "recovery" in prefix else "execution.savepoint-restore-mode"
    configuration = Configuration.from_dict(
        {f"{prefix}path": "/chk/7", f"{prefix}ignore-unclaimed-state": True, mode: "claim"}
    )
    validate(configuration)
    assert restore_settings(configuration) == RestoreSettings("/chk/7", True, ClaimMode.CLAIM)
    legacy = restore_settings(Configuration.from_dict({mode: "LEGACY"}))
    assert legacy.claim_mode is ClaimMode.NO_CLAIM
    with pytest.raises(ConfigurationError, match="'/chk/7' is no start for a batch job"):
        restore_settings(configuration, batch=True)
