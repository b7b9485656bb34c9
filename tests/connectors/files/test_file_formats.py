"""The table of the formats of files: every option is taken, and what is written is read again."""

import pytest

from pyflinkx.connectors.files.bulk import BulkStream
from pyflinkx.connectors.files.file_formats import FORMATS
from pyflinkx.errors import ConfigurationError
from pyflinkx.table import DataTypes
from tests.connectors.positions import new_reader, rest

ROW = DataTypes.ROW([DataTypes.FIELD("id", DataTypes.BIGINT()), DataTypes.FIELD("at", DataTypes.TIMESTAMP(3))])
OTHER = {
    "compression": "zstd",
    "compress": "snappy",
    "codec": "xz",
    "missing-columns": "error",
    "case-sensitive": "false",
    "stream-format": "true",
    "timestamp_mapping.legacy": "false",
}


def text_of(option):
    return OTHER.get(option.key) or option.type.format(option.default)


@pytest.mark.parametrize("name", FORMATS)
def test_options(name, tmp_path):
    found = FORMATS[name]
    given = {option.key: text_of(option) for option in found.options}
    path = tmp_path / "a"
    for options in ({}, given):
        with open(path, "wb", buffering=0) as file:
            writer = found.writers(ROW, options).create(BulkStream(file))
            for number in range(5):
                writer.add_element((number, None))
            writer.finish()
        source = found.source(str(path), ROW, options)
        source.check()
        assert rest(new_reader(source, source.splits(1)), 10, []) == [[number, None] for number in range(5)]


@pytest.mark.parametrize("name", FORMATS)
def test_options_that_cannot_be(name):
    found = FORMATS[name]
    with pytest.raises(ConfigurationError, match=f"the format '{name}' has no option 'nothing'; it has"):
        found.values({"nothing": "1"})
    for option in found.options:
        assert option.description
        if option.fault is not None:
            with pytest.raises(ConfigurationError, match=r"is none of"):
                found.values({option.key: "nothing"})
