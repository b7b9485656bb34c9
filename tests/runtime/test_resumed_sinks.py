"""A job that goes on from a checkpoint finds what it has written itself, where nothing may be overwritten."""

import shutil

import pytest

from pyflinkx.common import Configuration
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.errors import SinkError
from pyflinkx.faults import Fault, switched

SINKS = {
    "text": lambda stream, path: stream.write_as_text(str(path)),
    "csv": lambda stream, path: stream.map(lambda value: (value,)).write_as_csv(str(path)),
}


def run(folder, sink, restore=None, uid="sink"):
    """Run it, and keep its last checkpoint, as if the client had been killed when all was committed."""
    options = {
        "execution.checkpointing.interval": "1 h",
        "execution.checkpointing.dir": str(folder / "checkpoints"),
        "execution.checkpointing.create-subdir": False,
        "restart-strategy.type": "none",
    }
    if restore is not None:
        options["execution.state-recovery.path"] = str(restore)
        options["execution.state-recovery.ignore-unclaimed-state"] = True
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(options)).set_parallelism(1)
    SINKS[sink](env.from_collection([1, 2, 3]).uid("numbers"), folder / "out").uid(uid)
    keep = Fault(lambda _: shutil.copytree(folder / "checkpoints", folder / "kept", dirs_exist_ok=True))
    with switched({"checkpoint.job-ended": keep}):
        env.execute()


@pytest.mark.parametrize("sink", SINKS)
def test_it_goes_on_from_its_last_checkpoint(tmp_path, sink):
    run(tmp_path, sink)
    written = (tmp_path / "out").read_text()
    assert written.split() == ["1", "2", "3"]
    with pytest.raises(SinkError, match="exists already"):
        run(tmp_path, sink)
    [last] = (tmp_path / "kept").glob("chk-*")
    with pytest.raises(SinkError, match="exists already"):  # it is another sink's
        run(tmp_path, sink, last, uid="another")
    run(tmp_path, sink, last)
    assert (tmp_path / "out").read_text() == written
