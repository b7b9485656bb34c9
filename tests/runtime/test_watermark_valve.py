"""How the watermarks of several inputs combine, idle ones left out."""

from pyflinkx.runtime.outputs import WatermarkValve


def test_an_idle_input_holds_nobody_back():
    valve = WatermarkValve(2)
    assert valve.watermark(0, 10) is None
    assert valve.idleness(1, True) == (10, None)
    assert valve.watermark(0, 12) == 12


def test_an_input_that_comes_back_late_does_not_count_until_it_has_caught_up():
    valve = WatermarkValve(2)
    valve.idleness(1, True)
    assert valve.watermark(0, 10) == 10
    assert valve.idleness(1, False) == (None, None)
    assert valve.watermark(1, 4) is None
    assert valve.watermark(0, 11) == 11
    assert valve.watermark(1, 12) is None
    assert valve.watermark(0, 15) == 12  # now both count


def test_when_the_last_active_input_becomes_idle_the_largest_watermark_is_due():
    valve = WatermarkValve(3)
    assert valve.watermark(0, 30) is valve.watermark(1, 10) is None
    assert valve.watermark(2, 5) == 5
    assert valve.idleness(0, True) == (None, None)
    assert valve.idleness(2, True) == (10, None)
    assert valve.idleness(1, True) == (30, True)
    assert valve.idleness(1, False) == (None, False)
