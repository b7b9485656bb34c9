"""Each planted bug still fits the code, and names a test that is there; ``make planted`` looks whether it is found."""

import shutil

import pytest

from tests.pages import ROOT
from tests.planted.run import patched, planted


@pytest.mark.parametrize("bug", planted(), ids=lambda bug: bug.name)
def test_the_patch_fits_and_its_test_is_there(bug, tmp_path):
    file, _, test = bug.test.partition("::")
    assert f"def {test}" in (ROOT / file).read_text(encoding="utf-8")
    if shutil.which("git") is None:
        pytest.skip("needs git")
    (source,) = [line[6:] for line in bug.path.read_text(encoding="utf-8").splitlines() if line.startswith("--- a/")]
    (tmp_path / source).parent.mkdir(parents=True)
    shutil.copy(ROOT / source, tmp_path / source)
    before = (tmp_path / source).read_text(encoding="utf-8")
    patched(bug.path, tmp_path)
    assert (tmp_path / source).read_text(encoding="utf-8") != before
