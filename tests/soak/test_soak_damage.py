"""The soak of damaged checkpoints runs in small, so that it stays fit to run at length."""

import pytest

from pyflinkx.checkpoint.reader import StateReader
from tests.soak import soak_damage


def test_some_damage(capsys):
    soak_damage.main(["--runs", "40", "--pickles", "5", "--seed", "3"])
    assert capsys.readouterr().out.startswith("damage: 40 noticed, 0 not (")


def test_damage_that_nobody_sees_is_reported(monkeypatch, capsys):
    def unchecked(self, part):
        return self._input(part.file).read(part.offset, part.size) if part.file else part.data

    monkeypatch.setattr(StateReader, "_checked", unchecked)
    with pytest.raises(AssertionError, match="was not noticed"):
        soak_damage.main(["--runs", "400", "--pickles", "0"])
    assert "of seed 1 failed" in capsys.readouterr().err


def test_a_pickle_that_is_loaded_is_reported(monkeypatch, capsys):
    monkeypatch.setattr(StateReader, "_signed", lambda self, part, data: True)
    with pytest.raises(AssertionError):
        soak_damage.main(["--runs", "0", "--pickles", "5"])
    assert "of seed 1 failed" in capsys.readouterr().err
