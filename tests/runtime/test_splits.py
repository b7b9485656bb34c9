"""Splits are found once, whoever reads them."""

import os

import pytest

from pyflinkx.common import WatermarkStrategy
from pyflinkx.connectors.files.text import TextFileSource
from tests.datastream.conftest import EXECUTIONS, make_environment


class OnceSource(TextFileSource):
    """Adds a file to the folder each time somebody looks for splits, as a folder that is being written to."""

    def splits(self, parallelism):
        found = super().splits(parallelism)
        folder = os.path.dirname(found[0].path)
        with open(os.path.join(folder, f"late-{len(found)}.txt"), "w") as file:
            file.write("late\n")
        return found


@pytest.mark.parametrize("name", EXECUTIONS)
def test_a_folder_is_looked_at_once(tmp_path, name):
    for index in range(6):
        (tmp_path / f"{index}.txt").write_text(f"{index}\n")
    env = make_environment(name)
    lines = env.from_source(OnceSource(str(tmp_path)), WatermarkStrategy.no_watermarks(), "files")
    with lines.execute_and_collect() as results:
        assert sorted(results) == [str(index) for index in range(6)]
    assert len(list(tmp_path.iterdir())) == 7
