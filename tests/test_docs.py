"""The pages for users are true: each program and command in them runs, and says what they say."""

from pathlib import Path

import pytest

from tests import pages

PAGES = pages.user_pages()
EVERY_PAGE = [*PAGES, *(page for page in pages.ROOT.glob("docs/**/*.md") if page not in PAGES)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_says_is_so(page, tmp_path):
    for run in pages.runs(page.read_text(encoding="utf-8")):
        fault = pages.fault(run, tmp_path, page.name)
        if fault is not None:
            pytest.fail(fault)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_is_shown_only_is_python_at_least(page):
    for block in pages.blocks(page.read_text(encoding="utf-8")):
        if block.language == "python":
            compile("\n" * (block.line - 1) + block.text, page.name, "exec")


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: str(page.relative_to(pages.ROOT)))
def test_links_lead_somewhere(page):
    assert pages.dead_links(page) == []


def test_pages_for_users_are_found(tmp_path):
    (tmp_path / "docs" / "internals").mkdir(parents=True)
    for name in ("README.md", "docs/new.md", "docs/architecture.md", "docs/internals/a.md"):
        (tmp_path / name).touch()
    assert pages.user_pages(tmp_path) == [tmp_path / "README.md", tmp_path / "docs/new.md"]
    assert all(page.exists() for page in PAGES)


PAGE = """
```python
a = 1
print("a", a)
```

Prose.

```text
a 1
```

```python continues
print(a + 1)
```

```text
2
```

```python file=job.py
import sys
print("job", sys.argv[1:])
```

```bash
python job.py x
```

```text
job ['x']
```

```python fails
raise ValueError("no")
```

```text
Traceback (most recent call last):
...
ValueError: no
```

```python fragment
absent.call()
```

```sh
not run
```
"""


def faults(text: str, folder: Path) -> list[str | None]:
    return [pages.fault(run, folder) for run in pages.runs(text)]


def test_a_page_runs_in_order(tmp_path):
    assert [len(run.blocks) for run in pages.runs(PAGE)] == [2, 1, 1, 1]
    assert faults(PAGE, tmp_path) == [None] * 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```python\nprint(1)\n```\n```text\n2\n```\n", "page:2: the page says\n2\n\nbut there came\n1\n"),
        ("```python\nprint(1)\n```\n```python continues\nprint(2)\n```\n```text\n3\n```\n", "page:5: the page says"),
        ("```python\nraise ValueError\n```\n", "page:2: exit status 1\n\nTraceback"),
        ("```python fails\nprint(1)\n```\n", "page:2: exit status 0"),
        ("```bash\nfalse\ntrue\n```\n", "page:2: exit status 1"),
        ("\n\n```python\n\n1 / 0\n```\n", "line 5, in <module>"),
    ],
)
def test_what_is_not_so_is_found(tmp_path, text, said):
    (found,) = faults(text, tmp_path)
    assert said in found


def test_an_unknown_word_is_refused():
    with pytest.raises(AssertionError, match="unknown word 'continue'"):
        pages.runs("```python continue\n```\n")


def test_dead_links_are_found(tmp_path):
    (tmp_path / "b.md").write_text("# Some `code`, and more\n", encoding="utf-8")
    page = tmp_path / "a.md"
    page.write_text(
        "[1](b.md#some-code-and-more) [2](c.md) [3](b.md#none) [4](https://x.example/) [5](#here)\n# Here\n",
        encoding="utf-8",
    )
    assert pages.dead_links(page) == ["c.md", "b.md#none"]
