"""What errors say: operator and line, and values cut short, whatever a value's repr() does."""

import pytest

from pyflinkx.common import Row, SimpleStringSchema, Types
from pyflinkx.datastream import StreamExecutionEnvironment, agg, col, lit
from pyflinkx.datastream.formats.json import JsonRowDeserializationSchema
from pyflinkx.errors import CorruptDataError, PyflinkxError, TypeInformationError


def environment():
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(1)
    return env


def written(write):
    env = environment()
    write(env.from_collection(["a"], Types.STRING()))
    env.execute()


UNFIT = {
    "text file": lambda path: list(environment().read_text_file(str(path / "none")).execute_and_collect()),
    "socket source": lambda path: list(environment().socket_text_stream("127.0.0.1", 9).execute_and_collect()),
    "text sink": lambda path: written(lambda stream: stream.write_as_text(str(path / "none" / "x"))),
    "text sink, folder": lambda path: written(lambda stream: stream.write_as_text(str(path))),
    "socket sink": lambda path: written(lambda stream: stream.write_to_socket("127.0.0.1", 9, SimpleStringSchema())),
}


@pytest.mark.parametrize("what", UNFIT)
def test_what_cannot_be_read_or_written_names_operator_and_line(tmp_path, what):
    with pytest.raises(PyflinkxError) as caught:
        UNFIT[what](tmp_path)
    assert str(caught.value).count("operator '") == 1
    assert "test_error_texts.py:" in str(caught.value)


class Mute:
    """Shows nothing of itself."""

    def __init__(self, error):
        self.error = error

    def __repr__(self):
        raise self.error


STREAMS = {
    "a record": lambda stream: stream.map(lambda value: 1 / 0),
    "a declared type": lambda stream: stream.map(lambda value: value, Types.LONG()),
    "a key": lambda stream: stream.key_by(lambda value: value).reduce(lambda one, other: one),
    "a partition": lambda stream: stream.full_window_partition().reduce(lambda one, other: 1 / 0),
}


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3), KeyboardInterrupt(), GeneratorExit()], ids=repr)
@pytest.mark.parametrize("what", STREAMS)
def test_a_value_that_cannot_be_shown_is_an_error_all_the_same(what, error):
    stream = environment().from_collection([1, 2]).map(lambda value: Mute(error))
    with pytest.raises(PyflinkxError, match="operator '") as caught:
        list(STREAMS[what](stream).execute_and_collect())
    assert "test_error_texts.py:" in str(caught.value)


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3), GeneratorExit()], ids=repr)
def test_a_collection_of_values_that_cannot_be_shown(error):
    with pytest.raises(TypeInformationError, match="value 0 of the collection"):
        environment().from_collection([Mute(error)], Types.LONG())


LONG_TEXT = "7" * 3_000_000


@pytest.mark.parametrize(
    "make", [lambda: lit(LONG_TEXT).cast("int32"), lambda: col("text").cast("int32"), lambda: lit(LONG_TEXT) * 2]
)
def test_long_values_are_cut(make):
    rows = [Row(LONG_TEXT)]
    stream = environment().from_collection(rows, Types.ROW_NAMED(["text"], [Types.STRING()]))
    with pytest.raises(PyflinkxError) as caught:
        stream.select(x=make()).to_arrow()
    assert "7777" in str(caught.value) or "text" in str(caught.value)
    assert len(str(caught.value)) < 2_000


@pytest.mark.parametrize("number", ["1e999", "-1e999", '"1e400"'])
@pytest.mark.parametrize("kind", [Types.DOUBLE(), Types.FLOAT()], ids=str)
def test_numbers_of_json_that_no_double_holds(number, kind):
    schema = JsonRowDeserializationSchema.builder().type_info(Types.ROW_NAMED(["a"], [kind])).build()
    with pytest.raises(CorruptDataError, match=r"expected (DOUBLE|FLOAT)"):
        schema.deserialize(f'{{"a": {number}}}'.encode())


COUNTED = {
    "list": (Types.LIST(Types.LONG()), [[1], None, []], 2),
    "row": (Types.ROW_NAMED(["z"], [Types.LONG()]), [Row(1), None, Row(None)], 2),
    "map": (Types.MAP(Types.STRING(), Types.LONG()), [{"a": 1}, None], 1),
    "pickled": (Types.PICKLED_BYTE_ARRAY(), [{1}, {2}], 2),
}


@pytest.mark.parametrize("kind", COUNTED)
def test_columns_of_any_type_are_counted(kind):
    type_info, values, count = COUNTED[kind]
    rows = [Row(1, value) for value in values]
    stream = environment().from_collection(rows, Types.ROW_NAMED(["k", "a"], [Types.LONG(), type_info]))
    found = stream.key_by("k").agg(n=agg.count("a")).to_arrow().column("n").to_pylist()
    assert found[-1] == count


def test_upper_and_lower_case_are_those_of_python():
    pyarrow = pytest.importorskip("pyarrow")
    letters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    values = [*letters, "Straße", "ΟΔΟΣ ΣΑΣ", "İstanbul ﬁn", "plain", None]
    for type_ in (pyarrow.string(), pyarrow.large_string()):
        table = pyarrow.table({"a": pyarrow.array(values, type_)})
        stream = environment().from_arrow(table)
        made = stream.select(u=col("a").upper(), l=col("a").lower(), c=lit("Straße").upper()).to_arrow()
        assert made.column("u").to_pylist() == [value and value.upper() for value in values]
        assert made.column("l").to_pylist() == [value and value.lower() for value in values]
        assert set(made.column("c").to_pylist()) == {"STRASSE"}
