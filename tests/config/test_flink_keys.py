"""Every configuration key of Flink is known, whether it has an effect here or not."""

import logging
from pathlib import Path

import pytest

from pyflinkx.common import Configuration
from pyflinkx.config import options
from pyflinkx.config.flink_keys import CLOSED_NAMESPACES, KEYS, has_no_effect
from pyflinkx.config.validation import validate, warn_unknown
from pyflinkx.errors import ConfigurationError

# Of Flink 2.3 and 2.4, with the older names that they still read, and some of 1.12 to 1.20.
FLINK_KEYS = (Path(__file__).parent / "flink_keys.txt").read_text(encoding="utf-8").split()


def test_all_keys_of_flink_are_known():
    assert len(FLINK_KEYS) > 600
    assert [key for key in FLINK_KEYS if key not in options.OPTIONS and not has_no_effect(key)] == []


def test_none_is_taken_for_a_mistake(caplog):
    warn_unknown.cache_clear()
    with caplog.at_level(logging.WARNING, logger="pyflinkx.config"):
        validate(Configuration.from_dict({key: "1" for key in FLINK_KEYS if key not in options.OPTIONS}))
    assert not [record for record in caplog.records if "is not known" in record.getMessage()]


def test_keys_without_effect_stand_in_namespaces_that_are_looked_at():
    assert [key for key in KEYS if not key.startswith(CLOSED_NAMESPACES)] == []
    assert not KEYS & options.OPTIONS.keys()


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("pipeline.nmae", "pipeline.name"),
        ("execution.runtime.mode", "execution.runtime-mode"),
        ("python.loging.default.level", "python.logging.default.level"),
        ("paralelism.default", "parallelism.default"),
        ("pipeline.jar", "pipeline.jars"),
        ("pyflinkx.worker", "pyflinkx.workers"),
    ],
)
def test_what_resembles_a_key_is_a_mistake(key, meant):
    with pytest.raises(ConfigurationError, match=f"unknown configuration key '{key}'; did you mean '{meant}'"):
        validate(Configuration.from_dict({key: "1"}))
