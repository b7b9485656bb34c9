"""What follows from the metrics of a job's subtasks."""

from pyflinkx.graph.job_graph import JobGraph
from pyflinkx.runtime.drivers.job import Job
from pyflinkx.runtime.task.metrics import TaskMetrics


def test_jobs_name_every_subtask_once():
    class Named(Job):
        def all_metrics(self):
            return [("Map (1/1)", TaskMetrics(records_in=n)) for n in (1, 2, 3)]

    metrics = Named(JobGraph("job", (), ())).task_metrics()
    assert {name: task.records_in for name, task in metrics.items()} == {
        "Map (1/1)": 1,
        "Map (1/1) #2": 2,
        "Map (1/1) #3": 3,
    }
