import logging

import pytest

from pyflinkx.config.configuration import Configuration
from pyflinkx.config.validation import validate, warn_unknown, warn_without_effect
from pyflinkx.errors import ConfigurationError
from pyflinkx.names.absent import JAVA, TABLES


@pytest.fixture(autouse=True)
def nothing_logged_yet():
    warn_without_effect.cache_clear()
    warn_unknown.cache_clear()


def fault_text(entries):
    with pytest.raises(ConfigurationError) as caught:
        validate(Configuration.from_dict(entries))
    return str(caught.value)


def test_good_configurations():
    validate(Configuration())
    validate(
        Configuration.from_dict(
            {
                "parallelism.default": "4",
                "pipeline.name": "my job",
                "pipeline.max-parallelism": 128,
                "execution.buffer-timeout": "0 ms",
                "taskmanager.memory.network.max": "1 gb",
                "pyflinkx.progress": "auto",
                "app.threshold": "anything",
                "my.batch.size": "12",
            }
        )
    )


@pytest.mark.parametrize(
    ("key", "suggestion"),
    [
        ("pipeline.nam", "pipeline.name"),
        ("execution.checkpointing.intervall", "execution.checkpointing.interval"),
        ("pyflinkx.bach.size", "pyflinkx.batch.size"),
        ("paralelism.default", "parallelism.default"),
        ("pyflink.batch.size", "pyflinkx.batch.size"),
        ("taskmanager.memory.segment.size", "taskmanager.memory.segment-size"),
        ("python.fn-execution.bundle-size", "python.fn-execution.bundle.size"),
        ("Parallelism.default", "parallelism.default"),
    ],
)
def test_misspelt_keys(key, suggestion):
    assert fault_text({key: "1"}) == f"unknown configuration key {key!r}; did you mean {suggestion!r}?"


def test_an_unknown_key_that_looks_like_no_other():
    assert (
        fault_text({"pyflinkx.checkpoints.of.the.moon": "1"})
        == "unknown configuration key 'pyflinkx.checkpoints.of.the.moon'"
    )


def test_keys_of_other_versions_are_logged_once(caplog):
    configuration = Configuration.from_dict({"execution.something-quite.different": "x", "python.of.the-moon": "1"})
    with caplog.at_level(logging.WARNING, "pyflinkx.config"):
        validate(configuration)
        validate(configuration)
    assert [record.getMessage() for record in caplog.records] == [
        "configuration key execution.something-quite.different is not known: it has no effect",
        "configuration key python.of.the-moon is not known: it has no effect",
    ]


def test_every_fault_is_named_at_once():
    text = fault_text({"parallelism.default": "4x", "pyflinkx.batch.size": "0", "pipeline.nam": "x", "app.x": "y"})
    assert text.splitlines() == [
        "parallelism.default: '4x' is not a whole number of 32 bits from -1 to 32768",
        "pyflinkx.batch.size: '0' is not a whole number of 32 bits from 1 to 16777216",
        "unknown configuration key 'pipeline.nam'; did you mean 'pipeline.name'?",
    ]


def test_older_names_are_checked_too():
    assert (
        fault_text({"pipeline.operator-chaining": "maybe"})
        == "pipeline.operator-chaining: 'maybe' is not true or false"
    )


def test_contradictions():
    assert "parallelism.default: 8 is more than pipeline.max-parallelism, which is 4" in fault_text(
        {"parallelism.default": "8", "pipeline.max-parallelism": "4"}
    )
    assert "network.min: 64 mb is more than taskmanager.memory.network.max, which is 1 mb" in fault_text(
        {"taskmanager.memory.network.max": "1 mb"}
    )


@pytest.mark.parametrize(
    ("key", "topic"),
    [
        ("state.backend.rocksdb.log.level", None),
        ("execution.checkpointing.file-merging.enabled", None),
        ("state.changelog.storage", None),
        ("table.optimizer.multiple-input-enabled", TABLES),
        ("taskmanager.memory.managed.fraction", None),
        ("taskmanager.heap.mb", None),
        ("pipeline.jars", JAVA),
        ("python.client.executable", None),
        ("pipeline.auto-generate-uids", None),
    ],
)
def test_keys_without_effect_are_logged_once(key, topic, caplog):
    value = "false" if key == "pipeline.auto-generate-uids" else "1"
    configuration = Configuration.from_dict({key: value})
    with caplog.at_level(logging.WARNING, logger="pyflinkx.config"):
        validate(configuration)
        validate(configuration)
    assert [record.getMessage() for record in caplog.records] == [
        f"configuration key {key} is one of Flink's that has no effect in pyflinkx" + (f": {topic}" if topic else "")
    ]


def test_keys_without_effect_still_have_a_type():
    assert "task.cancellation.interval" in fault_text({"task.cancellation.interval": "soon"})
