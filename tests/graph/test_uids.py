"""Uids: what they follow from, what they do not, and the very digits of a program's, since state is found by them."""

import functools
import hashlib
import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.common import Configuration, Row, Types, WatermarkStrategy
from pyflinkx.connectors.number_seq import NumberSequenceSource
from pyflinkx.datastream import CoMapFunction, MapFunction, OutputTag, StreamExecutionEnvironment, agg, col
from pyflinkx.datastream.window import TumblingEventTimeWindows
from pyflinkx.errors import GraphError
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.graph.stream_graph import build_stream_graph
from pyflinkx.graph.transformation import Inserted, Transformation, Upstream

ROW = Types.ROW_NAMED(["key", "value"], [Types.LONG(), Types.LONG()])
ROWS = [Row(key=1, value=2)]
COLUMNS = {"key": np.array([1]), "value": np.array([2])}


def new_environment(**options):
    return StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(options))


def nodes_of(env):
    return env._graph(None).nodes


def own_uids(env):
    """The uids of all operators that are not adapters, in order."""
    inserted = ("ColumnsToRows", "RowsToColumns", "Local Aggregate", "Local Window Aggregate", "Join Input 1")
    return [node.uid for node in nodes_of(env) if node.name not in inserted]


def uid_of(stream):
    """The uid of the operator that makes a stream."""
    name = stream.get_name()
    stream.name("wanted")
    (node,) = [node for node in nodes_of(stream.get_execution_environment()) if node.name == "wanted"]
    stream.name(name)
    return node.uid


def sample(env):
    """A program of all kinds of operators."""
    late = OutputTag("late", ROW)
    rows = env.from_collection(ROWS, ROW).assign_timestamps_and_watermarks(
        WatermarkStrategy.for_monotonous_timestamps().with_timestamp_column("value")
    )
    columns = env.from_numpy(COLUMNS).filter(col("value") > 0)
    numbers = env.from_source(
        NumberSequenceSource(1, 3),
        WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda n, _: n),
        "numbers",
    )
    windows = rows.key_by("key").window(TumblingEventTimeWindows.of(10)).side_output_late_data(late)
    summed = windows.reduce(lambda a, b: b)
    summed.get_side_output(late).print()
    columns.key_by("key").agg(n=agg.count()).map(str).union(numbers.map(str), summed.map(str)).print()
    columns.select("value").map(lambda row: row.value).uid("values").map(str).print()


def test_the_uids_of_a_sample_program_never_change():
    env = new_environment()
    sample(env)
    found = [(node.name, node.uid) for node in nodes_of(env)]
    assert [name for name, _ in found] == [
        "Collection Source",
        "Timestamps/Watermarks",
        "NumPy Source",
        "Filter",
        "numbers",
        "Timestamps/Watermarks",
        "Window Reduce",
        "Print to Std. Out",
        "Aggregate",
        "ColumnsToRows",
        "Map",
        "Map",
        "Map",
        "Print to Std. Out",
        "Select",
        "ColumnsToRows",
        "Map",
        "Map",
        "Print to Std. Out",
    ]
    digest = hashlib.sha256(json.dumps(found).encode()).hexdigest()
    assert digest == "bec1d2730c32e5bee4dc6fcc4f44d6edfb2ed2f8ba1aebf79c866665e69ff118"


def test_the_format_is_the_documented_one():
    def xxh(*lines):
        return xxhash.xxh3_128_hexdigest("\n".join(lines).encode())

    env = new_environment()
    source = env.from_collection([1])
    first, second = source.map(str), source.map(str)
    first.uid("first")
    tag = OutputTag("side")
    both = first.union(second).map(str)
    side = both.get_side_output(tag).map(str)
    source_uid = xxh("uid 1", "Collection")
    second_uid = xxh("uid 1", "Map", "port 0", source_uid, "twin 1")
    both_uid = xxh("uid 1", "Map", "port 0", *sorted(["first", second_uid]))
    side_uid = xxh("uid 1", "Map", "port 0", f"{both_uid}/side")
    assert [node.uid for node in nodes_of(env)] == [source_uid, "first", second_uid, both_uid, side_uid]
    assert side.get_name() == "Map"


def test_the_format_of_inserted_operators_is_the_documented_one():
    env = new_environment(**{"pyflinkx.agg-phase-strategy": "TWO_PHASE"})
    numbers = env.from_source(
        NumberSequenceSource(1, 3),
        WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda n, _: n),
        "numbers",
    ).uid("numbers")
    env.from_numpy(COLUMNS).map(str).uid("text")
    found = {node.name: node.uid for node in nodes_of(env)}
    text = "\n".join(["inserted 1", "rows", "text", "port 0", "place 0"])
    assert found["ColumnsToRows"] == xxhash.xxh3_128_hexdigest(text.encode())
    assert found["Timestamps/Watermarks"] == xxhash.xxh3_128_hexdigest(b"inserted 1\ntimestamps\nnumbers")
    assert found["numbers"] == numbers.get_name() == "numbers"


PROGRAM = """
import sys
sys.path.insert(0, {folder!r})
from test_uids import new_environment, nodes_of, sample
env = new_environment()
sample(env)
print(" ".join(node.uid for node in nodes_of(env)))
"""


def test_another_process_with_other_hashes_gives_the_same_uids():
    env = new_environment()
    sample(env)
    program = PROGRAM.format(folder=str(Path(__file__).parent))
    environment = {"PYTHONHASHSEED": "12345", "PYTHONPATH": ":".join(filter(None, sys.path))}
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True
    ).stdout.split()
    assert found == [node.uid for node in nodes_of(env)]


# ---- what uids do not depend on ----


def pipeline(env, source=None, **names):
    stream = env.from_collection(ROWS, ROW) if source is None else source
    mapped = stream.map(lambda row: (row.key, row.value))
    summed = mapped.key_by(0).sum(1)
    for operator, name in ((mapped, names.get("mapped")), (summed, names.get("summed"))):
        if name is not None:
            operator.name(name)
    summed.print()
    return mapped, summed


def reference():
    env = new_environment()
    pipeline(env)
    return own_uids(env)


def test_names_leave_no_trace():
    env = new_environment()
    pipeline(env, mapped="pairs", summed="totals")
    assert own_uids(env) == reference()


def test_the_name_of_a_source_leaves_no_trace():
    def uids(name):
        env = new_environment()
        stream = env.from_source(NumberSequenceSource(1, 3), WatermarkStrategy.no_watermarks(), name)
        stream.map(str).print()
        return own_uids(env)

    assert uids("a") == uids("b")


def test_parallelism_leaves_no_trace():
    env = new_environment()
    env.set_parallelism(3)
    mapped, summed = pipeline(env)
    mapped.set_parallelism(2).set_max_parallelism(64)
    summed.set_parallelism(4)
    assert own_uids(env) == reference()


def test_chaining_leaves_no_trace():
    env = new_environment()
    env.disable_operator_chaining()
    mapped, _ = pipeline(env)
    mapped.start_new_chain().disable_chaining().slot_sharing_group("other").set_buffer_timeout(5).set_description("x")
    assert own_uids(env) == reference()


def test_partitioning_leaves_no_trace():
    env = new_environment()
    pipeline(env, env.from_collection(ROWS, ROW).rebalance())
    assert own_uids(env) == reference()


def test_columns_in_place_of_rows_leave_no_trace():
    env = new_environment()
    pipeline(env, env.from_numpy(COLUMNS))
    assert "ColumnsToRows" in [node.name for node in nodes_of(env)]
    assert own_uids(env) == reference()


@pytest.mark.parametrize("by", ["key", lambda row: row.key])
def test_keys_by_column_and_by_function_have_one_uid(by):
    def uids(by, make):
        env = new_environment()
        make(env).key_by(by).map(Identity()).print()
        return own_uids(env)

    rows = uids("key", lambda env: env.from_collection(ROWS, ROW))
    assert uids(by, lambda env: env.from_numpy(COLUMNS)) == rows
    assert uids(by, lambda env: env.from_collection(ROWS, ROW)) == rows


class Identity(MapFunction):
    def map(self, value):
        return value


@pytest.mark.parametrize(
    "use",
    [
        lambda stream: stream.filter(col("value") > 1).select("value").print(),
        lambda stream: stream.with_columns(twice=col("value") * 2).print(),
        lambda stream: stream.key_by("key").agg(n=agg.count()).print(),
        lambda stream: stream.key_by("key").count_window(5).agg(n=agg.count()).print(),
        lambda stream: stream.union(stream.map(lambda row: row, ROW)).map(str).print(),
    ],
)
def test_operators_on_columns_have_the_uids_of_those_on_rows(use):
    def uids(make):
        env = new_environment()
        use(make(env))
        return own_uids(env)

    assert uids(lambda env: env.from_numpy(COLUMNS)) == uids(lambda env: env.from_collection(ROWS, ROW))


@pytest.mark.parametrize("phases", ["ONE_PHASE", "TWO_PHASE", "AUTO"])
@pytest.mark.parametrize("parallelism", [1, 2])
def test_local_aggregates_leave_no_trace(phases, parallelism):
    env = new_environment(**{"pyflinkx.agg-phase-strategy": phases, "execution.runtime-mode": "BATCH"})
    env.set_parallelism(parallelism)
    env.from_numpy(COLUMNS).key_by("key").agg(n=agg.count()).map(str).print()
    split = "Local Aggregate" in [node.name for node in nodes_of(env)]
    assert split == (parallelism == 2 and phases != "ONE_PHASE")
    expected = new_environment()
    expected.from_numpy(COLUMNS).key_by("key").agg(n=agg.count()).map(str).print()
    assert own_uids(env) == own_uids(expected)


def test_watermarks_of_a_source_leave_no_trace():
    def uids(strategy):
        env = new_environment()
        env.from_source(NumberSequenceSource(1, 3), strategy, "numbers").map(str).print()
        return [node.uid for node in nodes_of(env) if node.name != "Timestamps/Watermarks"]

    timed = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda n, _: n)
    assert uids(timed) == uids(WatermarkStrategy.no_watermarks())


BESIDE = {
    "a source and a print": lambda env: env.from_collection([9]).print(),
    "a source and a map": lambda env: env.from_collection([9]).map(str).print(),
    "a source of another kind": lambda env: env.from_sequence(1, 3).map(str).print(),
    "columns": lambda env: env.from_numpy({"x": np.arange(3)}).filter(col("x") > 1).print(),
    "a stream with uids": lambda env: env.from_collection([9]).uid("other").map(str).uid("other map").print(),
    "keys of another kind": lambda env: env.from_sequence(1, 3).key_by(lambda n: n).sum().print(),
}


@pytest.mark.parametrize("beside", BESIDE.values(), ids=BESIDE)
@pytest.mark.parametrize("first", [True, False])
def test_unrelated_sources_leave_no_trace(beside, first):
    env = new_environment()
    if first:
        beside(env)
    mapped, summed = pipeline(env)
    if not first:
        beside(env)
    expected = reference()
    assert uid_of(summed) == expected[2]
    assert uid_of(mapped) == expected[1]


BRANCHES = {
    "a print": lambda stream: stream.print(),
    "a map": lambda stream: stream.map(str).print(),
    "a filter": lambda stream: stream.filter(bool).map(str).print(),
    "columns": lambda stream: stream.select("key").print(),
    "a side output": lambda stream: stream.get_side_output(OutputTag("side")).print(),
    "other keys": lambda stream: stream.key_by("value").count_window(5).reduce(lambda a, b: b).print(),
}


@pytest.mark.parametrize("branch", BRANCHES.values(), ids=BRANCHES)
@pytest.mark.parametrize("first", [True, False])
def test_unrelated_branches_leave_no_trace(branch, first):
    env = new_environment()
    stream = env.from_collection(ROWS, ROW)
    if first:
        branch(stream)
    mapped, summed = pipeline(env, stream)
    if not first:
        branch(stream)
    expected = reference()
    assert uid_of(summed) == expected[2]
    assert uid_of(mapped) == expected[1]
    assert uid_of(stream) == expected[0]


def test_a_cache_that_is_full_leaves_no_trace():
    env = new_environment()
    cached = env.from_collection([1, 2]).map(str).cache()
    mapped = cached.map(len)
    mapped.print()
    before = {node.name: node.uid for node in nodes_of(env)}
    env._program.forget()
    list(cached.execute_and_collect())
    mapped.print()
    after = {node.name: node.uid for node in nodes_of(env)}
    assert set(after) == {"Cache", "Map", "Print to Std. Out"}
    assert after["Cache"] == before["Cache"]


# ---- what tells operators apart ----


def test_two_operators_of_one_kind_in_one_place_differ():
    env = new_environment()
    source = env.from_collection([1])
    for _ in range(3):
        source.map(str).print()
    assert len({node.uid for node in nodes_of(env)}) == len(nodes_of(env)) == 7


def test_whole_programs_of_one_shape_differ():
    env = new_environment()
    pipeline(env)
    pipeline(env)
    assert len(set(own_uids(env))) == len(nodes_of(env))


def test_what_an_operator_reads_makes_its_uid():
    def uid(before):
        return uid_of(before(new_environment().from_collection([1])).map(str))

    plain = uid(lambda stream: stream)
    assert plain != uid(lambda stream: stream.filter(bool))
    assert plain != uid(lambda stream: stream.get_side_output(OutputTag("side")))
    assert uid(lambda stream: stream.filter(bool)) != uid(lambda stream: stream.flat_map(lambda x: [x]))


class Both(CoMapFunction):
    def map1(self, value):
        return value

    def map2(self, value):
        return value


def test_ports_are_told_apart():
    def uid(swap):
        env = new_environment()
        first, second = env.from_sequence(1, 2), env.from_collection([1])
        streams = (second, first) if swap else (first, second)
        return uid_of(streams[0].connect(streams[1]).map(Both()))

    assert uid(True) != uid(False)


def test_the_order_of_united_streams_leaves_no_trace():
    def uid(swap):
        env = new_environment()
        first, second = env.from_sequence(1, 2), env.from_collection([1])
        return uid_of(second.union(first).map(str) if swap else first.union(second).map(str))

    assert uid(True) == uid(False)


# ---- given uids ----


def test_a_given_uid_wins_and_a_uid_hash_over_that():
    env = new_environment()
    env.from_collection([1]).uid("source").map(str).uid("map").set_uid_hash("a" * 32).print().uid("sink")
    assert [node.uid for node in nodes_of(env)] == ["source", "a" * 32, "sink"]


def test_what_follows_a_given_uid_does_not_depend_on_what_is_before_it():
    def uid(before):
        stream = before(new_environment().from_collection([1])).map(str).uid("anchor")
        return uid_of(stream.map(len))

    assert uid(lambda stream: stream) == uid(lambda stream: stream.filter(bool).rebalance())


def test_a_uid_hash_changes_no_other_uid():
    def uid(pinned):
        stream = new_environment().from_collection([1]).map(str)
        return uid_of((stream.set_uid_hash("a" * 32) if pinned else stream).map(len))

    assert uid(True) == uid(False)


def test_a_uid_given_to_one_twin_leaves_the_other_its_own():
    def uid(given):
        source = new_environment().from_collection([1])
        first, second = source.map(str), source.map(str)
        if given:
            first.uid("first")
        return uid_of(second)

    assert uid(True) == uid(False)


def test_a_source_with_watermarks_is_found_by_its_own_uid_and_name():
    env = new_environment()
    timed = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda n, _: n)
    stream = env.from_source(NumberSequenceSource(1, 3), timed, "numbers").uid("positions").name("ours")
    stream.map(str).print()
    source, assigner, *_ = nodes_of(env)
    assert (source.kind, source.uid, source.name, stream.get_name()) == ("source", "positions", "ours", "ours")
    assert assigner.name == "Timestamps/Watermarks"


def test_one_uid_for_two_operators_names_both_lines():
    env = new_environment()
    env.from_collection([1]).map(str).uid("twice").map(len).uid("twice")
    with pytest.raises(GraphError, match=r"uid 'twice'.*'Map' \(.*test_uids.py:\d+\).*'Map' \(.*test_uids.py:\d+\)"):
        env._graph(None)


# ---- any program ----

SPEC = OperatorSpec.of(object)
PLAIN = st.sampled_from(["map", "filter", "flat_map"])


@st.composite
def programs(draw):
    """(operation, numbers of earlier operators that it reads), with adapters ("!") strewn in."""
    found = [("source", ())]
    for number in range(1, draw(st.integers(1, 12))):
        count = draw(st.integers(0, min(2, number)))
        reads = tuple(draw(st.lists(st.integers(0, number - 1), min_size=count, max_size=count)))
        found.append((draw(PLAIN) if reads else "source", reads))
    return found


def built(program, adapters=()):
    made = []
    for number, (operation, reads) in enumerate(program):
        ups = []
        for place, read in enumerate(reads):
            up = Upstream(made[read])
            for _ in range(adapters.count((number, place))):
                between = Transformation(
                    "Adapter", "operator", OperatorSpec.of(object), inputs=((up,),), inserted=Inserted("rows")
                )
                up = Upstream(between)
            ups.append(up)
        source = None if reads else object()
        kind = "operator" if reads else "source"
        made.append(
            Transformation(
                operation, kind, OperatorSpec.of(object) if reads else None, source, (tuple(ups),) if ups else ()
            )
        )
    return build_stream_graph(made, "job"), made


@settings(max_examples=200, deadline=None)
@given(programs(), st.data())
def test_adapters_anywhere_leave_no_trace(program, data):
    places = [(number, place) for number, (_, reads) in enumerate(program) for place in range(len(reads))]
    adapters = data.draw(st.lists(st.sampled_from(places), max_size=6)) if places else []
    plain, _ = built(program)
    adapted, _ = built(program, adapters)
    assert [node.uid for node in adapted.nodes if node.name != "Adapter"] == [node.uid for node in plain.nodes]
    assert len({node.uid for node in adapted.nodes}) == len(adapted.nodes)


@settings(max_examples=200, deadline=None)
@given(programs())
def test_uids_are_those_of_the_written_rule(program):
    """Against the rule as the page writes it, found by a naive model."""
    graph, _ = built(program)
    readers = {n: [m for m, (_, reads) in enumerate(program) if n in reads] for n in range(len(program))}

    @functools.cache
    def text(number):
        operation, reads = program[number]
        ports = ["port 0", *sorted(uid(read) for read in reads)] if reads else []
        return "\n".join(["uid 1", operation, *ports])

    @functools.cache
    def uid(number):
        twins = [other for other in range(len(program)) if text_or_none(other, number) == text(number)]
        twins.sort(key=lambda other: (not readers[other], other))
        place = twins.index(number)
        return xxhash.xxh3_128_hexdigest((text(number) + (f"\ntwin {place}" if place else "")).encode())

    def text_or_none(other, number):
        # Twins read the same operators; to ask others for their uids would not end.
        same = (program[other][0], sorted(program[other][1])) == (program[number][0], sorted(program[number][1]))
        return text(other) if same else None

    assert [node.uid for node in graph.nodes] == [uid(number) for number in range(len(program))]


def test_no_class_of_a_source_loses_its_operation():
    """A renamed class must keep what stands for it in uids."""
    import pyflinkx.connectors
    import pyflinkx.datastream.connectors.file_system
    from pyflinkx.connectors.source import Source

    for module in pkgutil.walk_packages(pyflinkx.connectors.__path__, "pyflinkx.connectors."):
        importlib.import_module(module.name)
    ours = ("pyflinkx.connectors", "pyflinkx.datastream")
    below = Source.__subclasses__()
    for cls in below:  # which grows meanwhile
        below += cls.__subclasses__()
    assert {cls.__name__: cls.operation for cls in below if cls.__module__.startswith(ours)} == {
        "AcknowledgedSource": "AcknowledgedSource",
        "ArrowSource": "ArrowSource",
        "AvroSource": "AvroSource",
        "BestEffortSource": "BestEffortSource",
        "CachedSource": "CachedSource",
        "ClientSource": "ClientSource",
        "CollectionSource": "Collection",
        "ColumnFilesSource": "ColumnFilesSource",
        "ColumnarSource": "Collection",
        "CsvSource": "CsvSource",
        "DataGeneratorSource": "DataGeneratorSource",
        "DatabaseSource": "JdbcSource",
        "DeltaSource": "DeltaSource",
        "FileSource": "FileSource",
        "FilesSource": "FilesSource",
        "FunctionSource": "FunctionSource",
        "GeneratedColumnsSource": "GeneratedColumnsSource",
        "GenericParquetSource": "GenericParquetSource",
        "HttpSource": "HttpSource",
        "HybridSource": "HybridSource",
        "IteratorSource": "IteratorSource",
        "JsonLinesSource": "JsonLinesSource",
        "KafkaSource": "KafkaSource",
        "MqttSource": "MqttSource",
        "NatsSource": "NatsSource",
        "NumberSequenceSource": "NumberSequenceSource",
        "OrcSource": "OrcSource",
        "ParquetSource": "ParquetSource",
        "QueueSource": "QueueSource",
        "RMQSource": "RMQSource",
        "RedisSource": "RedisSource",
        "RequestSource": "RequestSource",
        "SplittableSource": "SplittableSource",
        "TextFileSource": "TextFileSource",
        "WatchedFiles": "WatchedFiles",
        "WebSocketSource": "WebSocketSource",
    }
