import pickle

import pytest

from pyflinkx.errors import ConfigurationError, CorruptDataError
from pyflinkx.types.serialization import ByteArraySchema, Encoder, RowFieldExtractorSchema, SimpleStringSchema
from pyflinkx.types.typeinfo import Types


@pytest.mark.parametrize("charset", ["UTF-8", "ISO-8859-1", "utf-16"])
def test_strings_come_back(charset):
    schema = pickle.loads(pickle.dumps(SimpleStringSchema(charset)))
    assert schema.serialize("é") == "é".encode(charset)
    assert schema.deserialize(schema.serialize("né")) == "né"
    assert schema.get_produced_type() == Types.STRING()
    assert not schema.is_end_of_stream("")


def test_what_is_no_string():
    with pytest.raises(TypeError, match="writes str, not 1"):
        SimpleStringSchema().serialize(1)
    with pytest.raises(CorruptDataError, match="no valid utf-8"):
        SimpleStringSchema().deserialize(b"\xff")
    with pytest.raises(ConfigurationError, match="no charset 'x'"):
        SimpleStringSchema("x")
    with pytest.raises(TypeError, match="a charset is a str"):
        SimpleStringSchema(8)


def test_bytes():
    schema = ByteArraySchema()
    assert schema.serialize(bytearray(b"ab")) == b"ab" == schema.deserialize(b"ab")
    assert schema.get_produced_type() == Types.PRIMITIVE_ARRAY(Types.BYTE())
    with pytest.raises(TypeError, match="writes bytes, not 'a'"):
        schema.serialize("a")


def test_a_field_of_a_row():
    assert RowFieldExtractorSchema(1).serialize(("a", b"b")) == b"b"
    assert RowFieldExtractorSchema(0).serialize((None,)) == b""
    with pytest.raises(TypeError, match="field 0 holds no bytes but 'a'"):
        RowFieldExtractorSchema(0).serialize(("a",))
    with pytest.raises(ConfigurationError, match="Field index must be non-negative, got: -1"):
        RowFieldExtractorSchema(-1)
    with pytest.raises(TypeError, match="field_index is an int"):
        RowFieldExtractorSchema("a")


def test_lines():
    encoder = pickle.loads(pickle.dumps(Encoder.simple_string_encoder("latin-1")))
    assert encoder.encode("é") + encoder.encode(1) == b"\xe9\n1\n"
