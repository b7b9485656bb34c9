"""Writes the pages that follow from the code: docs/options.md, docs/metrics.md and docs/sql-functions.md.

Run with --write to write them; without, to see whether they are true (exit status 1 when they are not).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"

if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from ci.functions_page import functions_page  # noqa: E402 - after the path
from pyflinkx.config import options  # noqa: E402 - after the path
from pyflinkx.config.flink_keys import CLOSED_NAMESPACES, KEYS, PREFIXES  # noqa: E402
from pyflinkx.config.option import ConfigOption  # noqa: E402
from pyflinkx.names.absent import topic_of_key  # noqa: E402
from pyflinkx.operators import metrics  # noqa: E402
from pyflinkx.operators.base import COUNTERS  # noqa: E402
from pyflinkx.runtime.task.metrics import METRICS  # noqa: E402


def cell(text: str) -> str:
    """Text as a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """A table in Markdown."""
    heads = list(heads)
    return [
        f"| {' | '.join(heads)} |",
        "|" + "---|" * len(heads),
        *(f"| {' | '.join(map(cell, row))} |" for row in rows),
        "",
    ]


def default(option: ConfigOption[Any]) -> str:
    """An option's default, as it could be set."""
    if option.default is None or option.default == options.MAX_LONG:
        return ""
    return f"`{option.type.format(option.default)}`"


def described(option: ConfigOption[Any]) -> list[str]:
    """The cells of an option with an effect."""
    text = option.description
    if option.deprecated_keys:
        text += " Also as " + ", ".join(f"`{key}`" for key in option.deprecated_keys) + "."
    return [f"`{option.key}`", option.expected(), default(option), text]


def options_page() -> str:
    """The text of docs/options.md."""
    with_effect = sorted(options.WITH_EFFECT, key=lambda option: option.key)
    without = sorted({*(option.key for option in options.WITHOUT_EFFECT), *KEYS})
    lines = [
        "# Options",
        "",
        "Written by `ci/pages.py` from the code (`make pages`); a test fails when it is not true.",
        "",
        "An option is set, later ones over earlier ones, in a configuration file (`config.yaml` in the folder that the",
        "environment variable `FLINK_CONF_DIR` names, or `pyflinkx run --config path`), by the program (a",
        "`Configuration` for `get_execution_environment`, or a setter), and on the command line (`pyflinkx run -D",
        "key=value`). Keys, types and defaults are Flink's where it has the key.",
        "",
        "A key that resembles a known one is refused, with the one that was meant. Another unknown key of",
        f"{', '.join(f'`{name}`' for name in CLOSED_NAMESPACES if name != 'pyflinkx.')} is logged as unknown, one of",
        "`pyflinkx.` is refused, and any other is the program's own.",
        "",
        "## With an effect",
        "",
        *table(["Key", "Value", "Default", "What it does"], map(described, with_effect)),
        "## Accepted without effect",
        "",
        "These keys of Flink are accepted, and logged once: what they set is not there, or is not needed. Where a key",
        "is for what is not in this version, the log says so.",
        "",
        *(f"- `{key}`" + (f": {topic.said}" if (topic := topic_of_key(key)) else "") for key in without),
        "",
        "So is every key that begins with one of these:",
        "",
        ", ".join(f"`{prefix}`" for prefix in sorted(PREFIXES)) + ".",
        "",
    ]
    return "\n".join(lines)


def first_line(thing: Any) -> str:
    """The first line of a docstring."""
    return str(thing.__doc__).strip().splitlines()[0]


def metrics_page() -> str:
    """The text of docs/metrics.md."""
    kinds = [metrics.Counter, metrics.Gauge, metrics.Meter, metrics.Distribution]
    lines = [
        "# Metrics",
        "",
        "Written by `ci/pages.py` from the code (`make pages`); a test fails when it is not true.",
        "",
        "## Of a subtask",
        "",
        "`JobClient.get_metrics()` gives these by the name of each subtask, such as `Map (1/2)`, while the job runs",
        "and after its end. Those of workers are as old as their last heartbeat (`heartbeat.interval`).",
        "",
        *table(["Metric", "What it is"], ([f"`{metric.name}`", metric.description] for metric in METRICS)),
        "## Of functions",
        "",
        "A function makes metrics of its own with `runtime_context.get_metrics_group()`; they follow those of its",
        "subtask, as `operator.group.metric`.",
        "",
        *table(
            ["Made by", "What it does", "Value"],
            ([f"`{kind.__name__.lower()}(name)`", first_line(kind), first_line(kind.value)] for kind in kinds),
        ),
        "## Of a job",
        "",
        "The accumulators of a `JobExecutionResult` have what the operators counted, over all subtasks, as",
        "`operator.counter`.",
        "",
        *table(["Counter", "What it counts"], ([f"`{name}`", text] for name, text in COUNTERS.items())),
    ]
    return "\n".join(lines).rstrip() + "\n"


PAGES = {
    "options.md": options_page,
    "metrics.md": metrics_page,
    "sql-functions.md": lambda: functions_page(table),
}


def main() -> int:
    """Write or check the pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--write", action="store_true", help="write the pages")
    write = parser.parse_args().write
    stale = 0
    for name, text in PAGES.items():
        page = DOCS / name
        if write:
            page.write_text(text(), encoding="utf-8")
        elif not page.exists() or page.read_text(encoding="utf-8") != text():
            print(f"docs/{name} is not true any more: run `make pages`", file=sys.stderr)
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())
