import pytest

from pyflinkx._core.memory import MemoryBudget


def test_budget_starts_empty():
    budget = MemoryBudget(1000)
    assert (budget.used, budget.peak, budget.limit) == (0, 0, 1000)


def test_unlimited_budget_has_no_limit():
    assert MemoryBudget().limit is None


def test_negative_limit_is_refused():
    with pytest.raises(ValueError, match="negative"):
        MemoryBudget(-1)
