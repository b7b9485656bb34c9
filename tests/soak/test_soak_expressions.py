"""The soak of expressions runs in small, so that it stays fit to run at length; hypothesis chooses more cases."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.soak import soak_expressions


@pytest.mark.parametrize("kind", soak_expressions.KINDS)
def test_some_cases_of_each_kind(kind, capsys):
    soak_expressions.main(["--runs", "60", "--seed", "3", "--kinds", kind])
    assert capsys.readouterr().out.startswith(f"expressions {kind}: 60 cases, ")


@given(st.sampled_from(soak_expressions.KINDS), st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_any_case_agrees_with_the_model(kind, seed):
    soak_expressions.case(kind, random.Random(seed))


def test_a_wrong_answer_is_noticed(monkeypatch, capsys):
    monkeypatch.setattr(soak_expressions, "evaluate", lambda expression, row: 12345)
    with pytest.raises(AssertionError):
        soak_expressions.main(["--runs", "50", "--kinds", "int"])
    assert "of seed 1 failed" in capsys.readouterr().err
