"""The examples of state, timers, side outputs, connected and broadcast streams, asynchronous I/O and loops."""

import importlib

import pytest

EXPECTED = {
    "state_access": [
        "('ann', 20, [20])",
        "('bob', 5, [5])",
        "('ann', 27, [20, 7])",
        "('ann', 30, [7, 3])",
        "('bob', 13, [5, 8])",
    ],
    "event_time_timer": ["('order 2', 11)", "('order 3', 12)"],
    "process_json_data": [
        '{"id": 1, "name": "Flink", "tel": {"country": 49, "number": 1230}}',
        '{"id": 4, "name": "world", "tel": {"country": 49, "number": 1240}}',
        'broken> Expecting value: {"id": 3, "name": ',
    ],
    "connected_streams": ["(1, 'airport', 31.0)", "(2, 'harbour', 12.5)", "(3, 'station', 8.0)"],
    "broadcast_state": ["('heat', 71)", "('heat', 95)", "('smoke', 7)"],
    "side_output": ["invalid> p2 is -5", "large> (p3,20000)", "paid> (p1,12)", "paid> (p4,80)"],
    "async_io": ["(Norway,Oslo)", "(Italy,Rome)", "(Japan,Tokyo)", "(Peru,Lima)"],
    "iteration": ["(6, 8)", "(7, 16)", "(8, 3)"],
}
IN_ORDER = {"state_access", "event_time_timer", "async_io"}


@pytest.mark.parametrize("name", EXPECTED)
def test_it_prints_what_it_should(name, capfd):
    importlib.import_module(f"pyflinkx.examples.datastream.{name}").main()
    lines = capfd.readouterr().out.splitlines()
    if name in IN_ORDER:
        assert lines == EXPECTED[name]
    else:
        assert sorted(lines) == sorted(EXPECTED[name])
