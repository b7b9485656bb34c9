"""A notebook, run by a real kernel: what its cells show."""

import re

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

SETUP = """
from pyflinkx.common import Types
from pyflinkx.datastream import StreamExecutionEnvironment
env = StreamExecutionEnvironment.get_execution_environment()
SALE = Types.ROW_NAMED(["shop", "amount"], [Types.STRING(), Types.INT()])
sales = env.from_collection([("x", 1), ("y", 0), ("x", 3)], SALE)
"""
WRONG = """
wrong = sales.map(lambda sale: sale.no_such_field)
wrong.print()
"""
FAILING = """
def share(sale) -> tuple[str, int]:
    return sale.shop, 6 // sale.amount

env.set_parallelism({parallelism})
sales.map(share).to_pandas()
"""


def run(tmp_path, *cells):
    """The outputs of each cell."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": tmp_path}}
    )
    client.execute()
    return [cell.outputs for cell in notebook.cells]


def of_kind(outputs, kind):
    return [output for output in outputs if output.output_type == kind]


def shown(outputs):
    """What the cell's last expression gives, as text and as HTML."""
    (result,) = of_kind(outputs, "execute_result")
    return result.data["text/plain"], result.data.get("text/html", "")


@pytest.fixture(autouse=True)
def kernel_warnings_are_no_errors():
    """Those of the client's own libraries."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def test_cells_show_streams_and_records_and_run_what_they_need(tmp_path):
    setup, wrong, stream, head, frame, schema, environment = run(
        tmp_path, SETUP, WRONG, "sales", "sales.head(2)", "sales.to_pandas()", "sales.schema", "env"
    )
    assert setup == []
    assert shown(wrong)[0] == "<DataStreamSink 'Print to Std. Out'>"
    assert shown(stream)[0] == "<DataStream 'Collection Source': records of {shop: String, amount: Integer}>"
    assert "<td>amount</td><td>Integer</td>" in shown(stream)[1]
    assert "<tr><td>x</td><td>1</td></tr><tr><td>y</td><td>0</td></tr>" in shown(head)[1]
    assert re.search(r"x +1\n", shown(frame)[0])
    (progress,) = of_kind(frame, "display_data")
    assert re.match(r"Flink Streaming Job  in 3  out 3  ", progress.data["text/plain"])
    assert shown(schema)[0] == "{shop: String, amount: Integer}"
    assert "sinks to execute: Print to Std. Out" in shown(environment)[0]


@pytest.mark.parametrize("parallelism", [1, 2])
def test_a_failure_shows_the_cells_line(tmp_path, parallelism):
    _, outputs, after = run(tmp_path, SETUP, FAILING.format(parallelism=parallelism), "sales.head()")
    (error,) = of_kind(outputs, "error")
    assert error.ename == "JobExecutionError"
    text = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(error.traceback))
    assert "6 // sale.amount" in text
    assert "ZeroDivisionError" in text
    assert len(re.findall(r"pyflinkx/[\w/]*\.pyx?", text)) <= 1, text
    assert "x" in shown(after)[0]


def test_progress_is_updated_in_place_and_can_be_turned_off(tmp_path):
    slow = """
import time
def slow(x):
    time.sleep(0.05)
    return x
env.from_collection(range(20)).map(slow).add_sink(lambda x: None)
result = env.execute("slow")
"""
    off = """
from pyflinkx.common import Configuration
env.configure(Configuration.from_dict({"pyflinkx.progress": "off"}))
"""
    _, first, _, second = run(tmp_path, SETUP, slow, off, slow)
    (progress,) = of_kind(first, "display_data")
    assert progress.data["text/plain"].startswith("slow  in 20  out 20")
    assert of_kind(first, "stream") == []
    assert second == []
