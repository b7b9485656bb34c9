import os

import pytest

from pyflinkx.config.paths import absolute


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.csv", "{}/a.csv"),
        ("./b/../a.csv", "{}/./b/../a.csv"),
        ("b//a.csv", "{}/b/a.csv"),
        ("/x/./a.csv", "/x/a.csv"),
        ("/x/../a.csv", "/x/../a.csv"),
        ("..a/b..", "{}/..a/b.."),
    ],
)
def test_absolute_paths(tmp_path, monkeypatch, path, expected):
    monkeypatch.chdir(tmp_path)
    assert absolute(path) == expected.format(tmp_path)


def test_the_parent_of_a_linked_folder_is_reached(tmp_path, monkeypatch):
    (tmp_path / "real/inner").mkdir(parents=True)
    (tmp_path / "real/file").write_text("behind the link")
    (tmp_path / "link").symlink_to(tmp_path / "real/inner")
    monkeypatch.chdir(tmp_path)
    found = absolute("link/../file")
    monkeypatch.chdir(os.sep)
    with open(found) as file:
        assert file.read() == "behind the link"
