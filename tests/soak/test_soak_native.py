"""The soak of native operators runs in small, so that it stays fit to run at length."""

import pytest

from tests.soak import soak_native


@pytest.mark.parametrize("kind", soak_native.KINDS)
def test_some_cases_of_each_kind(kind, capsys):
    soak_native.main(["--runs", "100", "--seed", "3", "--kinds", kind])
    cases = 2 if kind.startswith("many") else 100
    assert capsys.readouterr().out.startswith(f"native {kind}: {cases} cases, ")


@pytest.mark.parametrize("model", ["expect_fixed", "expect_sessions"])
def test_a_wrong_answer_is_noticed(model, monkeypatch, capsys):
    monkeypatch.setattr(soak_native, model, lambda steps, *arguments: [([], []) for _ in steps])
    with pytest.raises(AssertionError):
        soak_native.main(["--runs", "50", "--kinds", "sliding,sessions"])
    assert "of seed 1 failed" in capsys.readouterr().err
