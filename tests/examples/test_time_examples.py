"""The examples of windows, triggers and joins: what they print, in any order of keys."""

import importlib

import pytest

PRINTED = {
    "windows_tumbling": """
        minute 0: north took 45
        minute 0: south took 12
        minute 1: north took 11
        minute 1: south took 5
        minute 2: south took 9
    """,
    "windows_sliding": """
        -20 to 10 s: press at most 61 degrees
        -20 to 10 s: drill at most 40 degrees
        -10 to 20 s: press at most 74 degrees
        -10 to 20 s: drill at most 40 degrees
        0 to 30 s: press at most 74 degrees
        0 to 30 s: drill at most 40 degrees
        10 to 40 s: press at most 74 degrees
        10 to 40 s: drill at most 43 degrees
        20 to 50 s: press at most 66 degrees
        20 to 50 s: drill at most 43 degrees
        30 to 60 s: press at most 58 degrees
        30 to 60 s: drill at most 43 degrees
        40 to 70 s: press at most 58 degrees
    """,
    "windows_session": """
        bob, 4 to 33 s: home
        ada, 1 to 74 s: home > books > cart
        bob, 50 to 79 s: books
        ada, 120 to 149 s: home
    """,
    "windows_session_dynamic_gap": """
        ada: 2 messages from second 0 to 8
        ada: 1 messages from second 25 to 25
        bob: 4 messages from second 0 to 45
    """,
    "windows_count": """
        tumbling window 0 of a: 3
        tumbling window 0 of b: 30
        tumbling window 1 of a: 9
        sliding window 0 of a: 4
        sliding window 1 of a: 8
    """,
    "custom_trigger": """
        north: 110 so far
        south: 90 so far
        north: 115
        south: 100
    """,
    "joins": """
        window: book was paid 12
        window: lamp was paid 15
        window: lamp was paid 16
        co-group: desk was not paid in its minute
        interval: book was paid 12 after 4 s
        interval: lamp was paid 15 after 5 s
        interval: desk was paid 210 after 6 s
    """,
}


@pytest.mark.parametrize("name", PRINTED)
def test_what_an_example_prints(name, capsys):
    importlib.import_module(f"pyflinkx.examples.datastream.{name}").main()
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert sorted(lines) == sorted(line.strip() for line in PRINTED[name].strip().splitlines())
