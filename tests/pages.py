"""Programs, commands and links of the pages for users, as a reader would try them.

A page's programs run in order in one folder, each in a fresh interpreter. What stands in the first line of a block
says how:

- ``python``: a program; ``bash``: commands, with this interpreter's ``python`` and ``pyflinkx`` first in PATH.
- ``python file=job.py``: it is kept under that name, for the blocks after it.
- ``python continues``: it goes on from the program before it, in the same interpreter.
- ``python fails``, ``bash fails``: it ends with an exit status other than 0, and its output has that of errors, too.
- ``python fragment``, ``bash fragment``: it is shown only, and must be valid Python or shell at least; with ``file=``
  it is kept for the blocks after it.

The next block, if it is ``text``, is what comes out; ``...`` in it stands for anything, and a line of ``...`` alone for
any number of lines.
"""

import doctest
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Pages about the project itself, or written by a script.
INTERNAL = {"architecture", "compatibility", "performance", "reliability"}

FENCE = re.compile(r"^```(\w*)[ \t]*([^\n]*)\n(.*?)^```[ \t]*$", re.DOTALL | re.MULTILINE)
MARK = "\x1e"  # printed between programs that go on from one another
WORDS = {"continues", "fails", "fragment"}
SECONDS = 600


@dataclass
class Block:
    """One fenced block.

    Args:
        language: ``python``, ``bash``, ``text``, ...
        words: the rest of its first line.
        text: what is in it.
        line: of the page, of the text's first line, from 1.
        output: what the page says comes out; None if it does not say.
    """

    language: str
    words: list[str]
    text: str
    line: int
    output: str | None = None

    @property
    def file(self) -> str | None:
        return next((word.removeprefix("file=") for word in self.words if word.startswith("file=")), None)


@dataclass
class Run:
    """What one interpreter or shell runs: a block and those that go on from it."""

    blocks: list[Block] = field(default_factory=list)

    @property
    def fails(self) -> bool:
        return "fails" in self.blocks[-1].words


def user_pages(root: Path = ROOT) -> list[Path]:
    """The pages whose programs run."""
    return [root / "README.md", *sorted(page for page in root.glob("docs/*.md") if page.stem not in INTERNAL)]


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page; a block of text after one that runs is its output."""
    found: list[Block] = []
    for match in FENCE.finditer(text):
        language, rest, body = match.groups()
        if language == "text" and found and found[-1].language in ("python", "bash") and found[-1].output is None:
            found[-1].output = body
            continue
        block = Block(language, rest.split(), body, text.count("\n", 0, match.start(3)) + 1)
        for word in block.words if language in ("python", "bash") else ():
            assert word in WORDS or word.startswith("file="), f"line {block.line - 1}: unknown word {word!r}"
        found.append(block)
    return found


def runs(text: str) -> list[Run]:
    """What of a page runs, in order."""
    found: list[Run] = []
    for block in blocks(text):
        if block.language not in ("python", "bash"):
            continue
        if "continues" in block.words:
            assert found, f"line {block.line}: there is no program before it to go on from"
            found[-1].blocks.append(block)
        elif "fragment" not in block.words or block.file is not None:
            found.append(Run([block]))
    return found


def program(run: Run) -> str:
    """The program of a run; its lines have the numbers that they have in the page."""
    lines: list[str] = []
    for block in run.blocks:
        if lines:
            lines.append(f"print({MARK!r}, flush=True)")
        lines += [""] * (block.line - 1 - len(lines))
        lines += block.text.splitlines()
    return "\n".join(lines) + "\n"


def fault(run: Run, folder: Path, name: str = "page") -> str | None:
    """Carry out a run; what is wrong with how it ended and what came out, or None.

    Args:
        run: what runs.
        folder: where it runs, and keeps its files.
        name: of the page, for the message.
    """
    first = run.blocks[0]
    where = f"{name}:{first.line}"
    if first.language == "python":
        file = first.file or f"{Path(name).stem.replace('-', '_')}_{first.line}.py"
        (folder / file).write_text(program(run), encoding="utf-8")
        if "fragment" in first.words:
            return None
        command = [sys.executable, file]
    else:
        command = ["bash", "-euo", "pipefail", "-c", first.text]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if run.fails else subprocess.PIPE,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    if (done.returncode != 0) != run.fails:
        return f"{where}: exit status {done.returncode}\n{done.stdout}\n{done.stderr or ''}"
    printed = done.stdout.split(MARK + "\n")
    for block, got in zip(run.blocks, printed, strict=True):
        if block.output is not None and not fits(block.output, got):
            return f"{name}:{block.line}: the page says\n{block.output}\nbut there came\n{got}"
    return None


def fits(expected: str, got: str) -> bool:
    """Whether output is what a page says."""
    return doctest.OutputChecker().check_output(expected, got, doctest.ELLIPSIS)


def environment() -> dict[str, str]:
    """The environment of a reader who has pyflinkx installed."""
    found = {name: value for name, value in os.environ.items() if name not in ("FLINK_CONF_DIR", "PYTHONSAFEPATH")}
    found["PATH"] = os.pathsep.join((os.path.dirname(sys.executable), found.get("PATH", os.defpath)))
    found["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), found.get("PYTHONPATH"))))
    found["PYTHONIOENCODING"] = "utf-8"
    return found


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.*)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(page: Path) -> list[str]:
    """Relative links of a page that lead nowhere."""
    found = []
    for target in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            found.append(target)
    return found
