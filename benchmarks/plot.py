"""The picture: for each workload the ratio to PyTorch with its interval, sorted, on a logarithmic axis."""
from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from .family import load
from .figures import HEADINGS, in_order, means
from .rounds import Paired
from .run import Run

INK = "#808080"                                      # read on white and on black
COLOURS = ("#2a9d8f", "#e07a3f")                     # of the first number of threads, of the others


class Dot(NamedTuple):
    """One ratio. series: 0 for the row's first number of threads, 1 for the next."""

    row: str
    series: int
    paired: Paired


def dots(runs: list[Run]) -> tuple[list[Dot], list[str]]:
    """What to draw, and what the series are called. Of a family that is one row, the geometric mean of each group."""
    found, names = [], {}
    for run in runs:
        family = load(run.family)
        measure = in_order(family.measures, run.threads)[0]
        series = int(run.threads > 1)
        if measure in ("cpu", "wall"):
            names[series] = f"{HEADINGS[measure]}, {'1 thread' if run.threads == 1 else f'{run.threads} threads'}"
        suffix = "" if measure in ("cpu", "wall") else f" ({HEADINGS[measure]})"
        if family.one_row:
            found += [Dot(f"{family.title}: {group}", series, Paired(mean, 1.0, mean, mean, mean))
                      for group, mean in means(run.results, measure, at_least=1).items()]
        else:
            found += [Dot(f"{family.title}: {result.work}{suffix}", series, result.measures[measure])
                      for result in run.results if result.measures]
    return found, [names.get(series, "") for series in (0, 1)]


def figure(runs: list[Run]) -> Any:
    """A Matplotlib figure, or None where Matplotlib is missing or there is nothing to draw."""
    try:
        from matplotlib.figure import Figure
        from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
    except ImportError:
        return None
    found, names = dots(runs)
    if not found:
        return None
    last = {dot.row: dot.paired.ratio for dot in sorted(found, key=lambda dot: dot.series)}      # several threads count, where there are
    rows = sorted(last, key=lambda row: last[row], reverse=True)
    height = 0.19 * len(rows) + 1.2
    drawing = Figure(figsize=(10, height))
    axes = drawing.add_axes((0.5, 0.6 / height, 0.47, 1 - 1.2 / height))
    for series, name in enumerate(names):
        mine = [dot for dot in found if dot.series == series]
        at = [rows.index(dot.row) + (0.14 if series else -0.14) for dot in mine]
        low, high = ([getattr(dot.paired, end) for dot in mine] for end in ("low", "high"))
        axes.hlines(at, low, high, color=COLOURS[series], linewidth=1.2)
        axes.plot([dot.paired.ratio for dot in mine], at, "o", markersize=3.2, color=COLOURS[series], label=name or None)
    axes.set_facecolor("none")
    axes.set_xscale("log")
    axes.axvline(1.0, color=INK, linewidth=1.0)
    axes.xaxis.set_major_locator(FixedLocator([0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlim(min(0.4, *(dot.paired.low for dot in found)) / 1.1, max(2.5, *(dot.paired.high for dot in found)) * 1.1)
    axes.set_ylim(-0.8, len(rows) - 0.2)
    axes.set_yticks(range(len(rows)), rows, fontsize=7)
    axes.tick_params(colors=INK, labelcolor=INK, length=0)
    axes.xaxis.grid(True, color=INK, alpha=0.25, linewidth=0.6)
    axes.tick_params(axis="x", labeltop=True, labelsize=8)
    axes.set_xlabel("minigrad / PyTorch (below 1: minigrad is faster, or smaller)", color=INK, fontsize=8)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if any(names):
        drawing.legend(loc="upper left", frameon=False, labelcolor=INK, fontsize=8)
    return drawing


def draw(runs: list[Run], path: Path) -> bool:
    """Write the picture; False where there is none. The same runs give the same bytes."""
    drawing = figure(runs)
    if drawing is None:
        return False
    from matplotlib import rc_context
    path.parent.mkdir(parents=True, exist_ok=True)
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "minigrad", "font.family": "sans-serif"}):
        drawing.savefig(path, transparent=True, metadata={"Date": None, "Creator": None})
    return True
