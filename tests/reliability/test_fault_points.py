"""A process dies, a call fails or takes long at each named place of checkpoints, and the job gives what it gives.

The long form, with each action alone and in random pairs, is tests.soak.soak_points.
"""

import pytest

from tests.reliability import points


def test_there_are_points_from_the_barrier_to_the_commit():
    found = points.all_points()
    assert len(found) == len(set(found)) >= 20


OF_WORKERS = [point for point in points.all_points() if point.startswith(("task.", "snapshot.", "checkpoint-file."))]
OF_CLIENT = [point for point in points.all_points() if point not in OF_WORKERS]


@pytest.mark.parametrize("some", [OF_WORKERS, OF_CLIENT])
def test_processes_die(some):
    """At one place after the other, as each does only once in a job."""
    report = points.run(",".join(f"{point}=crash@{1 + number % 3}" for number, point in enumerate(some)))
    report.check()
    assert len(report.reached) >= len(some) // 2


@pytest.mark.parametrize("options", [points.INLINE, points.WORKERS])
@pytest.mark.parametrize("action", ["error@2", "delay:30"])
def test_calls_fail_or_take_long(action, options):
    report = points.run(",".join(f"{point}={action}" for point in points.all_points()), options)
    report.check()
    assert len(report.reached) >= len(points.all_points()) // 2
