import pytest

from tests.operators.window_cases import SameTrigger


@pytest.fixture(params=[None, SameTrigger()], ids=["aligned", "general"])
def trigger(request):
    return request.param
