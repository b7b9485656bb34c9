"""The soak of windows runs in small, so that it stays fit to run at length."""

import pytest

from tests.soak import soak_windows


@pytest.mark.parametrize("kind", soak_windows.KINDS)
def test_some_cases_of_each_kind(kind, capsys):
    soak_windows.main(["--runs", "150", "--seed", "3", "--kinds", kind])
    assert capsys.readouterr().out.startswith(f"{kind}: 150 cases, ")


def test_a_wrong_answer_is_noticed(monkeypatch, capsys):
    monkeypatch.setattr(soak_windows, "expect_fixed", lambda steps, *arguments: [([], []) for _ in steps])
    with pytest.raises(AssertionError):
        soak_windows.main(["--runs", "50", "--kinds", "tumbling"])
    assert "of seed 1 failed" in capsys.readouterr().err
