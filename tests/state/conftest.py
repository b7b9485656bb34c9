import pytest

from tests.state import backends


@pytest.fixture(scope="module", params=backends.KINDS)
def each_backend(request):
    """Runs the tests of a module, which make their state by ``backends.keyed_backend``, for each kind of backend."""
    before, backends.chosen = backends.chosen, backends.Chosen(request.param)
    yield
    backends.chosen.close()
    backends.chosen = before
