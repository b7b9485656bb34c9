"""A program whose job would run for ever, for tests that send it signals: ``endless_job.py FOLDER HOW [WHAT ...]``.

In FOLDER it says which processes run its functions (``running-PID``) and close them (``closed-PID``), and writes to
the file sink ``out``. HOW is how the job is executed.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

from pyflinkx.common import Configuration, Encoder, Row, Types, WatermarkStrategy
from pyflinkx.connectors.number_seq import NumberSequenceSource
from pyflinkx.datastream import MapFunction, StreamExecutionEnvironment
from pyflinkx.datastream.connectors.file_system import FileSink

folder, how, what = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]


class Slow(MapFunction):
    """Says that it runs, and that it is closed."""

    def open(self, runtime_context):
        self.said = False

    def map(self, value):
        if not self.said:
            self.said = True
            (folder / f"running-{os.getpid()}").touch()
        if "sleeps" in what:
            time.sleep(600)
        if "swallows" in what:
            what.remove("swallows")
            try:
                time.sleep(600)
            except BaseException:
                return value
        time.sleep(0.001)
        return value

    def close(self):
        if "lingers" in what:
            time.sleep(3)
        (folder / f"closed-{os.getpid()}").touch()


def finish(number, frame):
    print("the program's own handler", flush=True)
    sys.exit(7)


if __name__ == "__main__":
    if "handles" in what:
        signal.signal(signal.SIGTERM, finish)
    before = signal.getsignal(signal.SIGTERM)
    env = StreamExecutionEnvironment.get_execution_environment(
        Configuration.from_dict({"execution.runtime-mode": "STREAMING"})
    )
    subtasks = 2 if "parallel" in what else 1
    env.set_parallelism(subtasks)
    numbers = env.from_source(NumberSequenceSource(0, 2**62), WatermarkStrategy.no_watermarks(), "numbers")
    slow = numbers.map(Slow()).name("slow")
    sink = FileSink.for_row_format(str(folder / "out"), Encoder.simple_string_encoder()).build()
    if how in ("collect", "table"):
        rows = slow.map(Row, Types.ROW_NAMED(["number"], [Types.LONG()]))
        for _ in rows.execute_and_collect() if how == "collect" else rows.to_arrow():
            pass
    slow.map(str).sink_to(sink)
    if how == "execute":
        env.execute("endless")
    elif how == "thread":
        thread = threading.Thread(target=env.execute, args=("endless",), daemon=True)
        thread.start()
        while len(list(folder.glob("running-*"))) < subtasks:
            time.sleep(0.01)
        print("same handler" if signal.getsignal(signal.SIGTERM) is before else "another handler", flush=True)
        thread.join()
    else:
        client = env.execute_async("endless")
        print("same handler" if signal.getsignal(signal.SIGTERM) is before else "another handler", flush=True)
        if how == "wait":
            client.get_job_execution_result().result()
        while len(list(folder.glob("running-*"))) < subtasks:
            time.sleep(0.01)
