"""The table of ratios, as text (Markdown), as data and as a chart."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.engines import ROOT
from bench.plan import LATENCY, Case, Limit

if TYPE_CHECKING:
    from bench.run import Seen

PAGE = ROOT / "docs" / "performance.md"
CHART = ROOT / "docs" / "performance.svg"
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
NAMES = {
    "plain": "plain loop",
    "bytewax": "Bytewax",
    "flink": "PyFlink",
    "flinksql": "Flink SQL",
    "polars": "Polars",
    "duckdb": "DuckDB",
    "datafusion": "DataFusion",
    "pathway": "Pathway",
    "self": "pyflinkx, 1 worker",
}


@dataclass
class Line:
    """pyflinkx against one peer in one job; ``target`` is the ratio to reach, None where there is none."""

    job: str
    what: str
    rate: list[float]
    peer: str
    version: str
    peer_rows: int
    peer_rate: list[float]
    ratios: list[float]
    cpu_ratio: float | None
    target: float | None
    why_absent: str

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        if not self.ratios:
            return "not measured"
        return "met" if median(self.ratios) >= self.target else "**missed**"


@dataclass
class Report:
    machine: dict[str, Any]
    scale: float
    turns: int
    lines: list[Line] = field(default_factory=list)
    latencies: list[Seen] = field(default_factory=list)
    limits: list[tuple[Limit, Seen]] = field(default_factory=list)
    cases: list[tuple[Case, list[Seen]]] = field(default_factory=list)

    def add_case(self, case: Case, seen: list[Seen]) -> None:
        self.cases.append((case, seen))
        ours, peers = seen[0], seen[1:]
        measured = [peer for peer in peers if peer.rates]
        best = max(measured, key=lambda peer: median(peer.rates)).engine if measured else None
        targets = {best if target.peer == "best" else target.peer: target.ratio for target in case.targets}
        # Without any peer, or without pyflinkx, a line still tells that and why.
        for peer in peers or [None]:
            self.lines.append(line(case, ours, peer, targets.get(peer.engine) if peer else None))

    def add_latency(self, seen: list[Seen]) -> None:
        self.latencies += seen

    def add_limit(self, limit: Limit, seen: Seen) -> None:
        self.limits.append((limit, seen))

    def data(self) -> dict[str, Any]:
        """Everything that was seen."""
        return {
            "machine": self.machine,
            "scale": self.scale,
            "turns": self.turns,
            "jobs": [{"job": asdict(case), "seen": [asdict(one) for one in seen]} for case, seen in self.cases],
            "lines": [{**asdict(line), "verdict": line.verdict} for line in self.lines],
            "latency": [asdict(one) for one in self.latencies],
            "limits": [{"limit": asdict(limit), "seen": asdict(seen)} for limit, seen in self.limits],
        }

    def text(self) -> str:
        parts = [self.preface()]
        if self.lines:
            parts.append(table(LINE_HEADS, [line_cells(line) for line in self.lines]))
        if self.latencies:
            parts.append(latency_table(self.latencies))
        if self.limits:
            parts.append(
                table(["What", "Seen (least to most)", "Bound", ""], [limit_cells(*one) for one in self.limits])
            )
        return "\n\n".join(parts) + "\n"

    def preface(self) -> str:
        machine = self.machine
        return (
            f"Seen on {machine['date']} at commit {machine['commit']}: {machine['processor']}, {machine['cores']}"
            f" cores, CPython {machine['python']}, load {machine['load']} at the start; {self.turns} turns each, "
            f"{self.scale:g} of the full number of rows. Rates are millions of rows a second, medians. A ratio is "
            "pyflinkx's rate by the peer's, the median of the turns, with the least and the largest; the ratio of "
            "processor time stands beside that of wall clock."
        )


LINE_HEADS = ["Job", "pyflinkx", "Peer", "Its rate", "Ratio (least to largest)", "By processor time", "Target", ""]


def line(case: Case, ours: Seen, peer: Seen | None, target: float | None) -> Line:
    why = f"pyflinkx absent: {ours.why_absent}" if ours.why_absent else ""
    if peer is None:
        return Line(case.name, case.what, ours.rates, "", "", 0, [], [], None, None, why)
    why = why or (f"absent: {peer.why_absent}" if peer.why_absent else "")
    pairs = list(zip(ours.rates, peer.rates, strict=False))
    ratios = [own / other for own, other in pairs]
    cpu = [own / other for own, other in zip(ours.cpu_rates, peer.cpu_rates, strict=False)]
    return Line(
        case.name,
        case.what,
        ours.rates,
        peer.engine,
        peer.version,
        peer.rows,
        peer.rates,
        ratios,
        # The processes of a job on workers come and go, so their processor time is not seen.
        median(cpu) if cpu and peer.engine != "self" else None,
        target,
        why,
    )


def line_cells(line: Line) -> list[str]:
    peer = NAMES.get(line.peer, "")
    # A version says who it is, but for the plain loop.
    version = line.version if line.peer not in ("plain", "self") else f"{peer}, {line.version}"
    return [
        f"{line.job}: {line.what}",
        millions(median(line.rate)) if line.rate else "-",
        (version if line.version else peer) or "-",
        millions(median(line.peer_rate)) if line.peer_rate else line.why_absent or "-",
        spread(line.ratios) if line.ratios else line.why_absent or "-",
        f"{line.cpu_ratio:.3g}" if line.cpu_ratio is not None else "",
        f"{line.target:g}" if line.target is not None else "",
        line.verdict,
    ]


def latency_table(seen: list[Seen]) -> str:
    rows = []
    for one in seen:
        who = f"pyflinkx {one.version}" if one.engine == "pyflinkx" else one.version or NAMES[one.engine]
        if one.why_absent:
            rows.append([who, f"absent: {one.why_absent}", "", "", ""])
            continue
        figures = one.figures[0]
        held = all(figures[name] <= bound for name, bound in LATENCY.bounds.items())
        verdict = ("met" if held else "**missed**") if one.engine == "pyflinkx" else ""
        rows.append([who, *(f"{figures[name]:.2f} ms" for name in ("p50", "p99", "p99.9")), verdict])
    bounds = " and ".join(f"{name} within {bound:g} ms" for name, bound in LATENCY.bounds.items())
    return table([f"W9: {LATENCY.what}", "p50", "p99", "p99.9", f"Target: {bounds}"], rows)


def limit_cells(limit: Limit, seen: Seen) -> list[str]:
    bound = f"{'at least' if limit.at_least else 'at most'} {limit.bound:g} {limit.unit}"
    figures = [turn["figure"] for turn in seen.figures]
    if seen.why_absent or not figures:
        return [limit.what, f"absent: {seen.why_absent}", bound, "not measured"]
    return [
        limit.what,
        spread(figures) + f" {limit.unit}",
        bound,
        "met" if limit.met(median(figures)) else "**missed**",
    ]


def millions(rate: float) -> str:
    return f"{rate / 1e6:.3g}"


def spread(values: list[float]) -> str:
    return f"{median(values):.3g} ({min(values):.3g} to {max(values):.3g})"


def table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |" for cells in lines)


def write_page(report: Report) -> None:
    """Put the report between the markers of docs/performance.md, and draw the chart."""
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    chart = ""
    if any(line.ratios for line in report.lines):
        draw(report)
        chart = "\n![Ratios of pyflinkx's rate to its peers'](performance.svg)\n"
    PAGE.write_text(f"{before}{BEGIN}\n{report.text()}{chart}{END}{after}")


def draw(report: Report) -> None:
    """A bar for each ratio, on a logarithmic scale, and a mark where its target is."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "pyflinkx"  # so that the same figures give the same file
    matplotlib.rcParams["svg.fonttype"] = "none"
    import matplotlib.pyplot as plot

    lines = [line for line in report.lines if line.ratios][::-1]
    middle = [median(line.ratios) for line in lines]
    spread = [
        [value - min(line.ratios) for value, line in zip(middle, lines, strict=True)],
        [max(line.ratios) - value for value, line in zip(middle, lines, strict=True)],
    ]
    figure, axes = plot.subplots(figsize=(9, 0.8 + 0.3 * len(lines)))
    colours = ["#c44e52" if "missed" in line.verdict else "#4c72b0" for line in lines]
    axes.barh(range(len(lines)), middle, xerr=spread, color=colours, height=0.65, error_kw={"elinewidth": 0.8})
    for row, line in enumerate(lines):
        if line.target is not None:
            axes.plot([line.target] * 2, [row - 0.45, row + 0.45], color="black", linewidth=2)
        axes.annotate(
            f" {middle[row]:.3g} x", (max(line.ratios), row), va="center", fontsize=8, textcoords="offset points",
            xytext=(3, 0),
        )  # fmt: skip
    labels = [f"{line.job}  {NAMES[line.peer]}" for line in lines]
    axes.set_yticks(range(len(lines)), labels, fontsize=8)
    axes.set_xscale("log")
    # A bar on a logarithmic scale has no natural zero: all begin at the same power of ten.
    low = min(0.5, *(min(line.ratios) / 1.5 for line in lines))
    axes.set_xlim(low, max(max(line.ratios) for line in lines) * 3)
    axes.axvline(1, color="grey", linewidth=0.8)
    axes.set_xlabel("pyflinkx's rate by the peer's (black: the target)")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(CHART, metadata={"Date": None})
    figure.savefig(ROOT / "build" / "bench" / "performance.png", dpi=120)
    plot.close(figure)
