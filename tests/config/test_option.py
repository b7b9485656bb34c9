import pytest

from pyflinkx.config import options
from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import DOUBLE, DURATION, INT, STRING
from pyflinkx.errors import ConfigurationError

LIMIT = ConfigOption("app.limit", INT, 5, minimum=1, maximum=10)


def test_range():
    assert LIMIT.parse("10") == 10
    assert LIMIT.format(1) == "1"
    for text in ("0", "11", "x", ""):
        with pytest.raises(
            ConfigurationError, match=f"app.limit: '{text}' is not a whole number of 32 bits from 1 to 10"
        ):
            LIMIT.parse(text)
    with pytest.raises(ConfigurationError, match=r"app\.limit: '11' is not"):
        LIMIT.format(11)


@pytest.mark.parametrize("value", ["3", 3.0, None, True])
def test_values_of_another_type(value):
    with pytest.raises(ConfigurationError, match=r"app\.limit"):
        LIMIT.format(value)


def test_half_open_ranges():
    with pytest.raises(ConfigurationError, match='a duration such as "200 ms" or "PT1S", at least 0 ms'):
        ConfigOption("t", DURATION, minimum=0).parse("-PT1S")
    with pytest.raises(ConfigurationError, match=r"a number, at most 1\.0"):
        ConfigOption("f", DOUBLE, maximum=1.0).parse("2")


def test_nan_is_outside_of_every_range():
    for bounds in ({"minimum": 0.0}, {"maximum": 1.0}):
        with pytest.raises(ConfigurationError, match="NaN"):
            ConfigOption("f", DOUBLE, **bounds).parse("NaN")


def test_a_deprecated_key_is_named_as_it_was_written():
    with pytest.raises(ConfigurationError, match=r"^execution\.buffer-timeout: 'x'"):
        options.BUFFER_TIMEOUT.parse("x", "execution.buffer-timeout")


def test_long_values_are_cut_and_secrets_masked():
    with pytest.raises(ConfigurationError) as caught:
        LIMIT.parse("9" * 10_000)
    assert len(str(caught.value)) < 300
    with pytest.raises(ConfigurationError) as caught:
        ConfigOption("my.secret", INT).parse("hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "option", sorted(set(options.OPTIONS.values()), key=lambda option: option.key), ids=lambda option: option.key
)
def test_every_default_is_valid(option):
    if option.default is not None:
        assert option.parse(option.format(option.default)) == option.default


def test_what_has_an_effect_says_which():
    assert all(option.description.endswith(".") for option in options.WITH_EFFECT)
    assert not set(options.WITH_EFFECT) & set(options.WITHOUT_EFFECT)


@pytest.mark.parametrize(
    ("option", "good", "bad"),
    [
        (options.PARALLELISM, ["1", "-1", "32768"], ["0", "-2", "32769", "1.5"]),
        (options.JOB_MAX_PARALLELISM, ["-1", "128"], ["0", "32769"]),
        (options.SEGMENT_SIZE, ["4096", "32kb", "1g"], ["33kb", "2048", "2g"]),
        (options.RUNTIME_MODE, ["streaming", "STREAMING", "BATCH", "automatic"], ["fast", "batch-like"]),
        (options.BUFFER_TIMEOUT, ["0", "5 ms"], ["-1", "soon"]),
        (options.NETWORK_MEMORY_FRACTION, ["0", "0.5", "1"], ["1.1", "-0.1", "NaN", "Infinity"]),
        (options.PROGRESS, ["auto", "ON", "off"], ["yes", "true"]),
        (options.BATCH_SIZE, ["1", "1024"], ["0", "-5", "1e3", "99999999999"]),
    ],
)
def test_ranges_of_the_table(option, good, bad):
    for text in good:
        option.parse(text)
    for text in bad:
        with pytest.raises(ConfigurationError, match=option.key):
            option.parse(text)


def test_string_options_take_any_text():
    assert ConfigOption("name", STRING).parse("") == ""
