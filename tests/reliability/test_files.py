"""Files of columns and tables of Delta Lake under kills. The long form is tests.soak.soak_files."""

from pyflinkx.testing.kills import Faults, run_under_faults
from tests.reliability import files_job

COUNT = 600
OPTIONS = {
    "parallelism.default": "2",
    "pyflinkx.workers": "processes",
    "pyflinkx.workers.start-method": "fork",
    "pyflinkx.batch.size": "64",
}


def test_files_lose_and_repeat_nothing():
    faults = Faults(kills=2, client_kills=1, gap=0.3, seed=5)
    report = run_under_faults(
        files_job.program_of(COUNT), faults, files_job.expected(COUNT), OPTIONS, results=files_job.results
    )
    assert report.check().records == len(files_job.expected(COUNT))
    assert report.happened
