"""What a package index shows of the project."""

import re
import sys

import pytest

import pyflinkx
from pyflinkx.names.absent import PAGE
from tests.pages import ROOT, anchors

tomllib = pytest.importorskip("tomllib", reason="Python 3.11 has it")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
HOME = PROJECT["urls"]["Repository"]


def missing(url):
    """Whether a URL of this project names a page or section that there is not."""
    path, _, section = url.removeprefix(f"{HOME}/blob/main/").partition("#")
    page = ROOT / path
    return not page.exists() or (section != "" and section not in anchors(page.read_text(encoding="utf-8")))


def test_urls_lead_to_pages_that_there_are():
    assert [url for url in [*PROJECT["urls"].values(), PAGE] if "/blob/" in url and missing(url)] == []
    assert all(url.startswith(HOME) for url in [*PROJECT["urls"].values(), PAGE])


def test_links_of_the_readme_work_elsewhere():
    links = re.findall(r"\]\(([^)\s]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(links) > 4
    assert [link for link in links if not link.startswith("https://")] == []
    assert [link for link in links if link.startswith(HOME) and missing(link)] == []


def test_versions_of_python():
    versions = [re.fullmatch(r".* :: Python :: 3\.(\d+)", line) for line in PROJECT["classifiers"]]
    minors = [int(match[1]) for match in versions if match]
    assert minors == list(range(int(PROJECT["requires-python"].removeprefix(">=3.")), 14))
    assert sys.version_info[1] in minors
    assert PROJECT["version"] == pyflinkx.__version__


def test_the_summary_promises_nothing_that_is_absent():
    said = " ".join([PROJECT["description"], *PROJECT["keywords"], *PROJECT["classifiers"]]).lower()
    assert not re.search(r"exactly.once|guarantee|checkpoint|\bsql\b|kafka|windows ::|macos", said)
