import pytest

from pyflinkx._core.records.row import Row
from pyflinkx.datastream.connectors.file_system import FileSource
from pyflinkx.datastream.formats.csv import CsvReaderFormat, CsvSchema
from pyflinkx.errors import ConfigurationError, SourceError
from pyflinkx.types.typeinfo import Types
from tests.connectors.reading import read_all


def builder():
    return (
        CsvSchema.builder()
        .add_number_column("i", Types.INT())
        .add_string_column("s")
        .add_boolean_column("b")
        .add_number_column("d", Types.DOUBLE())
    )


def read(tmp_path, schema, text):
    path = tmp_path / "file.csv"
    path.write_text(text)
    return read_all(FileSource.for_record_stream_format(CsvReaderFormat.for_schema(schema.build()), str(path)).build())


ROW = Row(i=1, s="a", b=True, d=1.0)


# PyFlink 2.3 gives the same rows for the same files.
@pytest.mark.parametrize(
    ("schema", "text", "rows"),
    [
        (builder(), "1,a,true,1\n", [ROW]),
        (builder(), "1,#a,TRUE, 1e0 \n", [Row(i=1, s="#a", b=True, d=1.0)]),
        (builder(), '1,"a ""q"" \n b",true,1\n2,a"b,true,1\n', [
            Row(i=1, s='a "q" \n b', b=True, d=1.0), Row(i=2, s='a"b', b=True, d=1.0),
        ]),
        (builder().set_use_header(), "i,s,b,d\n1,a,true,1\n", [ROW]),
        (builder().set_use_header(), "w,x,y,z\n1,a,true,1\n", [ROW]),
        (builder().set_use_header().set_strict_headers(), "i,s,b,d\n1,a,true,1\n", [ROW]),
        (builder().set_skip_first_data_row(), "i,s,b,d\n1,a,true,1\n", [ROW]),
        (builder().set_null_value("NA"), "NA,NA,NA,NA\n1,,true,1\n", [
            Row(i=None, s=None, b=None, d=None), Row(i=1, s="", b=True, d=1.0),
        ]),
        (builder().set_escape_char("\\"), '1,a\\,b,true,1\n2,"a\\"b",true,1\n', [
            Row(i=1, s="a,b", b=True, d=1.0), Row(i=2, s='a"b', b=True, d=1.0),
        ]),
        (builder().disable_quote_char(), '1,"a",true,1\n', [Row(i=1, s='"a"', b=True, d=1.0)]),
        (builder().set_column_separator("|"), "1|a|true|1\n", [ROW]),
        (builder().set_line_separator("|"), "1,a,true,1\r\n", [ROW]),
    ],
)  # fmt: skip
def test_rows(tmp_path, schema, text, rows):
    assert read(tmp_path, schema, text) == rows


# PyFlink 2.3 refuses them too.
@pytest.mark.parametrize(
    ("schema", "text"),
    [
        (builder(), "x,a,true,1\n"),
        (builder(), "1_0,a,true,1\n"),
        (builder(), ",a,true,1\n"),
        (builder(), "1,a\n"),
        (builder(), "1,a,true,1,extra\n"),
        (builder(), "3000000000,a,true,1\n"),
        (builder(), '3,"ab"c,true,2\n'),
        (builder().set_use_header(), "s,i,d,b\na,1,2.5,true\n"),
        (builder().set_use_header(), "i,s,b,d,e\n1,a,true,1,7\n"),
        (builder().set_use_header().set_strict_headers(), "s,i,d,b\na,1,2.5,true\n"),
    ],
)
def test_files_that_do_not_fit(tmp_path, schema, text):
    with pytest.raises(SourceError, match=r"file.csv:\d: "):
        read(tmp_path, schema, text)


def test_arrays(tmp_path):
    schema = CsvSchema.builder().add_array_column("a").add_array_column("b", ",", Types.INT())
    assert read(tmp_path, schema, 'x;;y,"1,2"\n,3\n') == [Row(a=["x", "", "y"], b=[1, 2]), Row(a=[], b=[3])]
    assert read(tmp_path, schema.set_array_element_separator("|"), "x|y,1|2\n") == [Row(a=["x", "y"], b=[1, 2])]


def test_arrays_without_separators(tmp_path):
    schema = CsvSchema.builder().add_string_column("s").add_array_column("a", "|").add_array_column("b", "|")
    assert read(tmp_path, schema.remove_array_element_separator(1), "s,x;y,x;y|z\n") == [
        Row(s="s", a=["x", "y"], b=["x;y", "z"])
    ]
    assert read(tmp_path, schema.disable_array_element_separator(), "s,x;y,\n") == [Row(s="s", a=["x;y"], b=[])]
    assert read(tmp_path, schema.set_array_element_separator("/"), "s,x/y,z\n") == [Row(s="s", a=["x", "y"], b=["z"])]
    with pytest.raises(ConfigurationError, match="there is no column 3: there are 3"):
        schema.remove_array_element_separator(3)


def test_comments(tmp_path):
    schema = CsvSchema.builder().add_string_column("s").add_string_column("t")
    text = 'a,b\n# a, "comment\n  #c,d\n"x\n#y",z\n'
    assert read(tmp_path, schema.set_allow_comments(), text) == [Row(s="a", t="b"), Row(s="x\n#y", t="z")]
    assert read(tmp_path, schema.set_allow_comments(False), "a,b\n#c,d\n") == [Row(s="a", t="b"), Row(s="#c", t="d")]
    header = CsvSchema.builder().add_string_column("s").set_use_header().set_strict_headers().set_allow_comments()
    assert read(tmp_path, header, "# who\ns\n#\na\n") == [Row(s="a")]
    assert "comments? true, any-properties? N/A" in str(header.build())


def test_further_fields_can_be_left_out(tmp_path):
    schema = builder().set_any_property_name("rest")
    assert read(tmp_path, schema, "1,a,true,1\n\n1,a,true,1,extra,more\n") == [ROW, ROW]
    with pytest.raises(SourceError, match=r"file.csv:1: expected 4 columns, got 3"):
        read(tmp_path, schema, "1,a,true\n")
    assert "any-properties? rest" in str(schema.build())


def test_columns():
    schema = builder()
    assert (schema.size(), len(schema)) == (4, 4)
    more = CsvSchema.builder().add_string_column("t").add_columns_from(schema.build()).build()
    assert (more.size(), len(more)) == (5, 5)
    # As PyFlink 2.3 prints it.
    assert str(schema.build()) == (
        '[CsvSchema: columns=["i"/NUMBER,"s"/STRING,"b"/BOOLEAN,"d"/NUMBER], header? false, skipFirst? false, '
        "comments? false, any-properties? N/A]"
    )
    assert len(schema.clear_columns()) == 0
    assert schema.add_number_column("n").build()._columns[0].type_info == Types.LONG()


def test_a_schema_is_not_changed_by_its_builder():
    one = CsvSchema.builder().add_string_column("a")
    schema = one.build()
    one.add_string_column("b").set_column_separator(";")
    assert len(schema) == 1
    assert CsvReaderFormat.for_schema(schema).source(("x",)).format.delimiter == ","


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: builder().set_column_separator(",,"), "Column separator must be a single char, got ,,"),
        (lambda: builder().set_quote_char(""), "Quote char must be a single char, got "),
        (lambda: builder().set_escape_char("ab"), "Escape char must be a single char, got ab"),
        (lambda: builder().add_string_column("i"), "there is a column 'i' already"),
        (lambda: builder().add_number_column("n", Types.STRING()), "the type of a number column is one such as"),
        (lambda: CsvReaderFormat.for_schema(builder()), "a schema is a CsvSchema, made by CsvSchema.builder()"),
        (
            lambda: FileSource.for_record_stream_format(CsvReaderFormat.for_schema(CsvSchema.builder().build()), "x"),
            "a schema has at least one field",
        ),
    ],
)
def test_what_cannot_be(wrong, message):
    with pytest.raises(ConfigurationError) as caught:
        wrong()
    assert message in str(caught.value)
    assert isinstance(caught.value, ValueError)
