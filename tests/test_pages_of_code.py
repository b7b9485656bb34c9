"""docs/options.md and docs/metrics.md say what is in the code, and all of it."""

import importlib.util
import re

import pytest

from pyflinkx.config import checkpointing, options, query_options, restart_options, row_time_options, table_options
from pyflinkx.config.option import ConfigOption
from pyflinkx.operators.base import COUNTERS
from pyflinkx.runtime.task.metrics import METRICS, TaskMetrics
from tests.pages import ROOT


def load_script():
    spec = importlib.util.spec_from_file_location("pages", ROOT / "ci" / "pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = load_script()


@pytest.mark.parametrize("name", script.PAGES)
def test_the_page_is_true(name):
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == script.PAGES[name](), "run `make pages`"


def test_every_option_is_described():
    modules = (options, checkpointing, query_options, restart_options, row_time_options, table_options)
    declared = {option for module in modules for option in vars(module).values() if isinstance(option, ConfigOption)}
    assert declared == {*options.WITH_EFFECT, *options.WITHOUT_EFFECT}
    assert [option.key for option in options.WITH_EFFECT if not option.description.endswith((".", "..."))] == []
    assert [option.key for option in options.WITH_EFFECT if f"| `{option.key}` |" not in script.options_page()] == []


def test_every_counter_is_described():
    sources = [path.read_text(encoding="utf-8") for end in ("py", "pyx") for path in ROOT.glob(f"pyflinkx/**/*.{end}")]
    counted = {name for text in sources for name in re.findall(r"[\"'`](num[A-Z]\w+)[\"'`]", text)}
    of_delta_lake = {"numRecords"}  # of its statistics of a file
    assert counted - {metric.name for metric in METRICS} - of_delta_lake <= COUNTERS.keys()


def test_every_metric_of_a_subtask_is_described():
    assert [*TaskMetrics(user={"mine": 1}).named()] == [*(metric.name for metric in METRICS), "mine"]


def test_cells_keep_to_their_columns():
    assert script.table(["a", "b"], [["x|y", "z\nz"]]) == ["| a | b |", "|---|---|", "| x\\|y | z z |", ""]
