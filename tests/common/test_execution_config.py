import pytest

from pyflinkx.common import Configuration, ExecutionConfig
from pyflinkx.config.validation import validate
from pyflinkx.errors import ConfigurationError

SWITCHES = [
    ("closure_cleaner", "is_closure_cleaner_enabled", True),
    ("force_kryo", "is_force_kryo_enabled", False),
    ("force_avro", "is_force_avro_enabled", False),
    ("auto_generated_uids", "has_auto_generated_uids_enabled", True),
    ("object_reuse", "is_object_reuse_enabled", False),
]

NUMBERS = [
    ("parallelism", 1),
    ("max_parallelism", -1),
    ("auto_watermark_interval", 200),
    ("latency_tracking_interval", 0),
    ("task_cancellation_interval", 30_000),
    ("task_cancellation_timeout", 180_000),
]


@pytest.mark.parametrize(("name", "getter", "default"), SWITCHES)
def test_switches(name, getter, default):
    config = ExecutionConfig()
    assert getattr(config, getter)() is default
    assert getattr(config, f"enable_{name}")() is config
    assert getattr(config, getter)() is True
    assert getattr(config, f"disable_{name}")() is config
    assert getattr(config, getter)() is False


def test_generic_types_are_asked_for_the_other_way_round():
    config = ExecutionConfig()
    assert config.has_generic_types_disabled() is False
    assert config.disable_generic_types().has_generic_types_disabled() is True
    assert config.enable_generic_types().has_generic_types_disabled() is False


@pytest.mark.parametrize(("name", "default"), NUMBERS)
def test_numbers(name, default):
    config = ExecutionConfig()
    assert getattr(config, f"get_{name}")() == default
    assert getattr(config, f"set_{name}")(12) is config
    assert getattr(config, f"get_{name}")() == 12
    with pytest.raises(ConfigurationError):
        getattr(config, f"set_{name}")("12")


@pytest.mark.parametrize(
    ("setter", "number"),
    [
        ("set_parallelism", 0),
        ("set_parallelism", -3),
        ("set_parallelism", 40_000),
        ("set_max_parallelism", 0),
        ("set_auto_watermark_interval", -1),
        ("set_task_cancellation_timeout", -1),
    ],
)
def test_numbers_out_of_range(setter, number):
    with pytest.raises(ConfigurationError, match=str(number)):
        getattr(ExecutionConfig(), setter)(number)


def test_parallelism_flags():
    config = ExecutionConfig().set_parallelism(4)
    assert config.set_parallelism(ExecutionConfig.PARALLELISM_UNKNOWN).get_parallelism() == 4
    assert config.set_parallelism(ExecutionConfig.PARALLELISM_DEFAULT).get_parallelism() == 1
    assert (ExecutionConfig.PARALLELISM_DEFAULT, ExecutionConfig.PARALLELISM_UNKNOWN) == (-1, -2)


def test_it_writes_through_to_its_configuration():
    configuration = Configuration()
    config = ExecutionConfig(configuration)
    config.set_auto_watermark_interval(5).enable_object_reuse()
    assert configuration.to_dict() == {"pipeline.auto-watermark-interval": "5 ms", "pipeline.object-reuse": "true"}
    configuration.set_string("pipeline.auto-watermark-interval", "1 min")
    assert config.get_auto_watermark_interval() == 60_000
    validate(configuration)


def test_global_job_parameters():
    config = ExecutionConfig()
    assert config.get_global_job_parameters() == {}
    parameters = {"a:b": "1,2", "quote": "it's", "number": 5, "": "", "url": "http://x:1/"}
    config.set_global_job_parameters(parameters)
    assert config.get_global_job_parameters() == {key: str(value) for key, value in parameters.items()}


def test_no_jvm_no_registrations():
    config = ExecutionConfig()
    assert config.get_default_kryo_serializer_classes() == {}
    assert config.get_registered_kryo_types() == config.get_registered_pojo_types() == []


def test_snapshot_compression():
    assert ExecutionConfig().is_use_snapshot_compression() is False
    assert ExecutionConfig().set_use_snapshot_compression(True).is_use_snapshot_compression() is True


def test_equality():
    assert ExecutionConfig().set_parallelism(2) == ExecutionConfig().set_parallelism(2)
    assert hash(ExecutionConfig().set_parallelism(2)) == hash(ExecutionConfig().set_parallelism(2))
    assert ExecutionConfig().set_parallelism(2) != ExecutionConfig()
