"""The example programs about sources and sinks."""

import threading
from collections import Counter
from pathlib import Path

import pytest

from pyflinkx.examples.datastream import custom_source, file_watch, word_count


def running_counts(words):
    """What a program prints that tells each word's count so far."""
    seen = Counter()
    for word in words:
        seen[word] += 1
        yield f"({word},{seen[word]})"


def test_word_count_to_the_terminal(capsys):
    word_count.main([])
    assert capsys.readouterr().out.splitlines() == list(running_counts(" ".join(word_count.WORDS).split()))


@pytest.mark.parametrize("parallelism", ["1", "2"])
def test_word_count_from_files_to_files(tmp_path, parallelism):
    text = "to be or not to be\nthat is the question\n"
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text(text)
    (tmp_path / "in" / "b.txt").write_text(text)
    target = tmp_path / "out"
    word_count.main(["--input", str(tmp_path / "in"), "--output", str(target), "--parallelism", parallelism])
    files = list(target.iterdir())
    assert all(file.name.startswith("counts-") and file.suffix == ".txt" for file in files)
    lines = [line for file in files for line in file.read_text().splitlines()]
    expected = Counter((text * 2).split())
    assert sorted(lines) == sorted(str((w, n + 1)) for w, count in expected.items() for n in range(count))


def test_custom_sources(capfd):
    for parallelism in ("1", "3"):
        custom_source.main(["--limit", "30", "--parallelism", parallelism])
        lines = capfd.readouterr().out.split("\n")
        found = {"prime": [], "collatz": []}
        for line in filter(None, lines):
            name, _, number = line.partition("> ")
            found[name.partition(":")[0]].append(int(number))
        assert sorted(found["prime"]) == [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]
        assert sorted(found["collatz"]) == sorted([6, 3, 10, 5, 16, 8, 4, 2, 1])


def test_file_watch(tmp_path, capsys):
    (tmp_path / "a").write_text("one\ntwo\n")
    watching = threading.Thread(target=file_watch.main, args=([str(tmp_path), "--lines", "3"],))
    watching.start()
    (tmp_path / ".b").write_text("three\n")
    Path(tmp_path / ".b").rename(tmp_path / "b")
    watching.join(60)
    assert sorted(capsys.readouterr().out.split()) == ["ONE", "THREE", "TWO"]
