import asyncio
import concurrent.futures
import copy
import pickle
import threading

import pytest

import pyflinkx.common
from pyflinkx.common import (
    CompletableFuture,
    ConfigOptions,
    Configuration,
    InputDependencyConstraint,
    JobExecutionResult,
    JobID,
    JobStatus,
)
from pyflinkx.errors import ConfigurationError

# pyflink.common exports this too; it wraps a Java object.
NOT_YET = {"AssignerWithPeriodicWatermarksWrapper"}
PYFLINK = NOT_YET | {
    "ByteArraySchema",
    "DeserializationSchema",
    "Encoder",
    "RestartStrategies",
    "RestartStrategyConfiguration",
    "SerializationSchema",
    "SimpleStringSchema",
    "TypeSerializer",
    "CompletableFuture",
    "ConfigOption",
    "ConfigOptions",
    "Configuration",
    "Duration",
    "ExecutionConfig",
    "InputDependencyConstraint",
    "Instant",
    "JobClient",
    "JobExecutionResult",
    "JobID",
    "JobStatus",
    "Row",
    "RowKind",
    "Time",
    "TypeInformation",
    "Types",
    "WatermarkStrategy",
}


def test_exports():
    assert set(pyflinkx.common.__all__) == PYFLINK - NOT_YET
    assert all(hasattr(pyflinkx.common, name) for name in pyflinkx.common.__all__)
    assert not any(hasattr(pyflinkx.common, name) for name in NOT_YET)


class TestConfigOptions:
    @pytest.mark.parametrize(
        ("build", "value", "wrong"),
        [
            ("boolean_type", True, 1),
            ("int_type", 5, 2**31),
            ("long_type", 2**40, 2**63),
            ("float_type", 0.5, "0.5"),
            ("double_type", 0.1, None),
            ("string_type", "/tmp", 5),
        ],
    )
    def test_types(self, build, value, wrong):
        typed = getattr(ConfigOptions.key("app.option"), build)()
        option = typed.default_value(value)
        assert (option.key, option.default) == ("app.option", value)
        configuration = Configuration()
        assert configuration.get(option) == value
        assert configuration.get(typed.no_default_value()) is None
        assert configuration.set(typed.no_default_value(), value).get(typed.no_default_value()) == value
        with pytest.raises(ConfigurationError, match="option"):
            typed.default_value(wrong)

    @pytest.mark.parametrize("key", ["", None, 5])
    def test_wrong_keys(self, key):
        with pytest.raises(ConfigurationError, match="key"):
            ConfigOptions.key(key)


class TestCompletableFuture:
    def test_result(self):
        future = CompletableFuture()
        assert not future.done()
        assert future.exception() is None
        threading.Timer(0, future.set_result, [5]).start()
        assert future.result() == 5
        assert future.done()
        assert future.exception() is None
        assert not future.cancel()
        assert not future.set_result(6)
        assert not future.set_exception(ValueError())
        assert future.result() == 5
        assert repr(future) == "CompletableFuture(done)"

    def test_exception(self):
        future = CompletableFuture()
        error = ValueError("no")
        assert future.set_exception(error)
        assert future.exception() is error
        with pytest.raises(ValueError, match="no"):
            future.result()

    def test_cancelled(self):
        future = CompletableFuture()
        assert future.cancel()
        assert future.cancelled()
        assert future.done()
        assert not future.set_result(1)
        assert isinstance(future.exception(), concurrent.futures.CancelledError)
        with pytest.raises(concurrent.futures.CancelledError):
            future.result()
        assert future.cancel()
        assert concurrent.futures.wait([future], timeout=600).done == {future}

    def test_callbacks_and_waits_of_other_futures(self):
        future, other = CompletableFuture(), CompletableFuture()
        seen = []
        future.add_done_callback(seen.append)
        future.set_result(1)
        assert seen == [future]
        assert concurrent.futures.wait([future, other], timeout=0).not_done == {other}
        with pytest.raises(concurrent.futures.TimeoutError):
            other.result(timeout=0.01)
        with pytest.raises(concurrent.futures.TimeoutError):
            other.exception(timeout=0.01)

    def test_coroutines_await_it(self):
        async def main():
            good, bad, left = CompletableFuture(), CompletableFuture(), CompletableFuture()
            threading.Timer(0, good.set_result, [5]).start()
            threading.Timer(0, bad.set_exception, [ValueError("no")]).start()
            assert await good == 5
            assert await asyncio.wrap_future(good) == 5
            with pytest.raises(ValueError, match="no"):
                await bad
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(left, 0.01)
            return [*(await asyncio.gather(good, bad, return_exceptions=True)), left.cancelled()]

        five, error, cancelled = asyncio.run(main())
        assert (five, type(error), cancelled) == (5, ValueError, True)


class TestJobs:
    def test_job_id(self):
        text = "0123456789abcdef" * 2
        assert str(JobID(text)) == str(JobID(text.upper())) == text
        assert JobID(text) == copy.deepcopy(JobID(text)) == pickle.loads(pickle.dumps(JobID(text)))
        assert hash(JobID(text)) == hash(JobID(text.upper()))
        assert JobID() != JobID()
        for wrong in ("", "xyz", text[1:], "g" * 32, 5):
            with pytest.raises(ValueError, match="32 hexadecimal digits"):
                JobID(wrong)

    def test_status(self):
        terminal = {status.name for status in JobStatus if status.is_terminal_state()}
        globally = {status.name for status in JobStatus if status.is_globally_terminal_state()}
        assert globally == {"FAILED", "CANCELED", "FINISHED"}
        assert terminal == globally | {"SUSPENDED"}
        assert [status.value for status in JobStatus] == list(range(10))

    def test_result(self):
        result = JobExecutionResult(JobID("0" * 32), 12, {"n": 5})
        assert result.get_job_id() == JobID("0" * 32)
        assert result.get_net_runtime() == 12
        assert result.get_accumulator_result("n") == 5
        assert result.get_accumulator_result("m") is None
        result.get_all_accumulator_results().clear()
        assert result.get_all_accumulator_results() == {"n": 5}
        assert str(result) == (
            f"Job with JobID {'0' * 32} has finished.\nJob Runtime: 12 ms\nAccumulator Results:\n- n: 5"
        )

    def test_constraint(self):
        assert [constraint.value for constraint in InputDependencyConstraint] == [0, 1]
