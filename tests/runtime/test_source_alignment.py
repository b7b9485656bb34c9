"""Aligned sources of several workers."""

import threading

from pyflinkx.operators.source_alignment import AlignmentGroups, WatermarkAlignment
from pyflinkx.runtime.control.source_alignment import AlignmentBoard, AlignmentReporter


def test_each_worker_hears_the_lowest_of_the_others_when_that_changes():
    board = AlignmentBoard()
    workers = [0, 1, 2]
    assert board.report(0, {"g": 5}, workers) == {1: {"g": 5}, 2: {"g": 5}}
    assert board.report(1, {"g": 9, "h": 1}, workers) == {0: {"g": 9, "h": 1}, 2: {"g": 5, "h": 1}}
    assert board.report(1, {"g": 10, "h": 1}, workers) == {0: {"g": 10, "h": 1}}
    assert board.report(0, {}, workers) == {1: {}, 2: {"g": 10, "h": 1}}
    assert board.report(0, {}, workers) == {}


def test_a_worker_reports_from_its_first_aligned_source_on_until_nobody_listens():
    groups = AlignmentGroups()
    sent, listening = [], threading.Event()

    def send(lowest):
        sent.append(lowest)
        listening.set()
        return len(sent) < 2

    reporter = AlignmentReporter(groups, send)
    groups.report("g", 1, 5)
    assert reporter.thread is None
    groups.join(WatermarkAlignment("g", 0, 1))
    assert listening.wait(30)
    groups.report("g", 1, 6)
    reporter.thread.join(30)
    assert sent == [{"g": 5}, {"g": 6}]
    reporter.close()


def test_closing_ends_the_thread():
    groups = AlignmentGroups()
    reporter = AlignmentReporter(groups, lambda lowest: True)
    groups.join(WatermarkAlignment("g", 0, 60_000))
    reporter.close()
    assert not reporter.thread.is_alive()
    groups.join(WatermarkAlignment("g", 0, 1))  # too late: nothing starts
    assert not reporter.thread.is_alive()
