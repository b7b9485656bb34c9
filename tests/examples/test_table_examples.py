"""The examples of SQL and tables."""

import importlib
import sys

import pytest

EXPECTED = {
    "datagen_print": [f"+I[{number}, 20.00, 2024-01-01T12:00]" for number in range(1, 6)],
    "files_to_files": [
        "cheap:",
        '{"id":2,"city":"Rome","fare":7.25,"started":"2024-01-01 08:05:00"}',
        "dear:",
        '{"id":1,"city":"Oslo","fare":12.50,"started":"2024-01-01 08:00:00"}',
        '{"id":3,"city":"Oslo","fare":30.00,"started":"2024-01-01 08:20:00"}',
    ],
    "streams_and_tables": ["ROME: ride 2", "OSLO: ride 3"],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_it_prints_what_it_should(name, capfd, monkeypatch):
    monkeypatch.setattr(sys, "argv", [name])
    importlib.import_module(f"pyflinkx.examples.table.{name}").main()
    assert capfd.readouterr().out.splitlines() == EXPECTED[name]
