"""Codecs against pickle (protocol 5) and, if it is installed, msgspec (MessagePack).

Run: pytest bench/micro/bench_codec.py, or, for the ratios alone: python -m bench.micro.bench_codec
"""

import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import pytest

from pyflinkx._core.records.row import Row
from pyflinkx.types.codecs import codec_of
from pyflinkx.types.structured import DataclassTypeInfo, NamedTupleTypeInfo
from pyflinkx.types.typeinfo import Types

try:
    import msgspec
except ImportError:
    msgspec = None

ROUNDS = 1000


@dataclass
class Reading:
    time: int
    sensor: str
    value: float
    valid: bool


class Sample(NamedTuple):
    time: int
    sensor: str
    value: float
    valid: bool


FIELDS = [Types.LONG(), Types.STRING(), Types.DOUBLE(), Types.BOOLEAN()]
NAMES = ["time", "sensor", "value", "valid"]
VALUES = (1_700_000_000_123, "sensor-17", 21.5, True)
SUBJECTS: dict[str, tuple[Any, Any]] = {
    "tuple": (Types.TUPLE(FIELDS), VALUES),
    "row": (Types.ROW_NAMED(NAMES, FIELDS), Row(**dict(zip(NAMES, VALUES, strict=True)))),
    "named tuple": (NamedTupleTypeInfo(Sample, FIELDS), Sample(*VALUES)),
    "dataclass": (DataclassTypeInfo(Reading, FIELDS), Reading(*VALUES)),
}


def encoders(name: str) -> dict[str, tuple[Any, ...]]:
    """What turns the subject into bytes, by library: a function and its arguments."""
    type_info, value = SUBJECTS[name]
    found: dict[str, tuple[Any, ...]] = {
        "codec": (codec_of(type_info).encode_one, value),
        "pickle": (pickle.dumps, value, 5),
    }
    if msgspec is not None and name != "row":
        found["msgspec"] = (msgspec.msgpack.Encoder().encode, value)
    return found


def decoders(name: str) -> dict[str, tuple[Any, ...]]:
    """What turns those bytes back, by library: a function and its argument."""
    type_info, value = SUBJECTS[name]
    data = {library: function(*arguments) for library, (function, *arguments) in encoders(name).items()}
    found: dict[str, tuple[Any, ...]] = {
        "codec": (codec_of(type_info).decode_one, data["codec"]),
        "pickle": (pickle.loads, data["pickle"]),
    }
    if msgspec is not None and name != "row":
        shape = tuple[int, str, float, bool] if name == "tuple" else type(value)
        found["msgspec"] = (msgspec.msgpack.Decoder(shape).decode, data["msgspec"])
    return found


def repeat(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function of one or two arguments ROUNDS times, with nothing but the calls in the loop."""
    if len(arguments) == 2:
        first, second = arguments
        for _ in range(ROUNDS - 1):
            function(first, second)
    else:
        (only,) = arguments
        for _ in range(ROUNDS - 1):
            function(only)
    return function(*arguments)


LIBRARIES = ["codec", "pickle", "msgspec"]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", SUBJECTS)
def test_encode_record(benchmark, name, library):
    call = encoders(name).get(library) or pytest.skip(f"{library} is absent or does not know a {name}")
    benchmark.group = f"encode a {name} of 4 fields, {ROUNDS} times"
    data = benchmark(repeat, *call)
    assert decoders(name)[library][0](data) == SUBJECTS[name][1]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", SUBJECTS)
def test_decode_record(benchmark, name, library):
    call = decoders(name).get(library) or pytest.skip(f"{library} is absent or does not know a {name}")
    benchmark.group = f"decode a {name} of 4 fields, {ROUNDS} times"
    assert benchmark(repeat, *call) == SUBJECTS[name][1]


@pytest.mark.parametrize("library", ["codec", "pickle"])
@pytest.mark.parametrize("name", SUBJECTS)
def test_encode_batch(benchmark, name, library):
    type_info, value = SUBJECTS[name]
    codec = codec_of(type_info)
    values = [pickle.loads(pickle.dumps(value, 5)) for _ in range(ROUNDS)]  # pickle would write one object once
    benchmark.group = f"encode a batch of {ROUNDS} {name}s"
    data = benchmark(codec.encode_batch if library == "codec" else partial(pickle.dumps, protocol=5), values)
    assert (codec.decode_batch(data) if library == "codec" else pickle.loads(data)) == values


@pytest.mark.parametrize("library", ["codec", "pickle"])
@pytest.mark.parametrize("name", SUBJECTS)
def test_decode_batch(benchmark, name, library):
    type_info, value = SUBJECTS[name]
    codec = codec_of(type_info)
    values = [pickle.loads(pickle.dumps(value, 5)) for _ in range(ROUNDS)]
    benchmark.group = f"decode a batch of {ROUNDS} {name}s"
    data = codec.encode_batch(values) if library == "codec" else pickle.dumps(values, 5)
    assert benchmark(codec.decode_batch if library == "codec" else pickle.loads, data) == values


@pytest.mark.parametrize("call", ["conform", "encode"])
@pytest.mark.parametrize("name", SUBJECTS)
def test_conform_batch(benchmark, name, call):
    """What declared types cost: looking at records that have the shape, held against encoding them."""
    type_info, value = SUBJECTS[name]
    codec = codec_of(type_info)
    values = [pickle.loads(pickle.dumps(value, 5)) for _ in range(ROUNDS)]
    benchmark.group = f"conform a batch of {ROUNDS} {name}s"
    result = benchmark(codec.conform_batch if call == "conform" else codec.encode_batch, values)
    assert call == "encode" or result is values


def best_seconds(calls: dict[str, Callable[[], Any]], rounds: int = 60) -> dict[str, float]:
    """The least processor time of each of several calls, taken in turn so that all meet the same machine."""
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for library, call in calls.items():
            started = time.process_time()
            call()
            best[library] = min(best[library], time.process_time() - started)
    return best


def main() -> None:
    """Print how many times as fast as pickle 5 the codecs are, record by record."""
    for name in SUBJECTS:
        data = {library: call[1] for library, call in decoders(name).items()}
        encoding = best_seconds({library: partial(repeat, *call) for library, call in encoders(name).items()})
        decoding = best_seconds({library: partial(repeat, *call) for library, call in decoders(name).items()})
        for library in data:
            if library != "codec":
                print(
                    f"{name} of 4 fields against {library}: encode {encoding[library] / encoding['codec']:.1f} x, "
                    f"decode {decoding[library] / decoding['codec']:.1f} x "
                    f"({encoding['codec'] / ROUNDS * 1e9:.0f} and {decoding['codec'] / ROUNDS * 1e9:.0f} ns; "
                    f"{len(data['codec'])} bytes for {len(data[library])})"
                )


if __name__ == "__main__":
    main()
