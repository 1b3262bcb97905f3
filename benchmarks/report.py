"""docs/benchmarks.md: an overview, the picture, and a table for each run."""
from __future__ import annotations

from pathlib import Path

from .family import NAMES, load
from .figures import HEADINGS, SECONDS, faults, in_order, library_name, means, shown
from .machine import ROOT
from .run import Run

DOCUMENT = ROOT / "docs" / "benchmarks.md"
PICTURE = ROOT / "docs" / "images" / "benchmarks.svg"

INTRODUCTION = """\
# Benchmarks

    python -m benchmarks

A ratio is minigrad's time (or memory) divided by the other library's: below 1, minigrad is faster (or smaller). Each library runs in a
process of its own, with the same number of threads, on the same workload, which is one piece of code for minigrad and PyTorch. First both
must give the same values; then they run in turn, round after round. A ratio is the median of the rounds' ratios, with the 90 % interval
that resampling the rounds gives (bootstrap); a mean is geometric. CPU time is that of all threads of the process together: with one thread
it is the figure that other work on the machine disturbs least. Wall time with all cores is what a user waits for. Faults are minor page
faults per call, minigrad's and the other's. [How to run and read them](../benchmarks/README.md).
"""


def ordered(runs: list[Run]) -> list[Run]:
    return sorted(runs, key=lambda run: (NAMES.index(run.family), run.threads))


def table(header: list[str], rows: list[list[str]]) -> str:
    """Markdown; every column but the first to the right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def machines(runs: list[Run]) -> str:
    """Each machine once, with its versions and dates."""
    texts: dict[str, list[str]] = {}
    for run in runs:
        m = run.machine
        texts.setdefault(f"- {m['cpu']}; {m['cores']} cores; {m['system']}; {m['versions']}", []).append(m["date"])
    return "".join(f"{text}; {' to '.join(sorted({min(dates), max(dates)}))}\n" for text, dates in texts.items())


def overview(runs: list[Run]) -> str:
    """Geometric means: a row for each group of workloads and library, a column for each measure and number of threads."""
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for run in runs:
        family = load(run.family)
        first, *others = in_order(family.measures, run.threads)
        for measure in (first, *(name for name in others if name not in SECONDS)):
            column = f"{HEADINGS[measure]}, {threads(run)}" if measure in SECONDS else HEADINGS[measure]
            for name, mean in means(run.results, measure, at_least=1).items():
                row = family.title + (f": {name}" if name else ""), library_name(run.against)
                cells.setdefault(row, {})[column] = f"{mean:.2f}"
    columns = list(dict.fromkeys(column for row in cells.values() for column in row))
    return table(["geometric mean of the ratios", "against", *columns],
                 [[*row, *(values.get(column, "") for column in columns)] for row, values in cells.items()])


def threads(run: Run) -> str:
    return "1 thread" if run.threads == 1 else f"{run.threads} threads"


def details(run: Run) -> str:
    """One run: a row for each workload, then the means, then what was not timed and why."""
    names = in_order(load(run.family).measures, run.threads)
    counted = any(result.faults_ours or result.faults_theirs for result in run.results)
    header = ["workload", *(cell for name in names for cell in (f"minigrad, {HEADINGS[name]}", library_name(run.against), "ratio", "90 %")),
              *(["faults"] if counted else [])]
    rows = []
    for result in run.results:
        if result.measures:
            cells = [(shown(p.ours, name), shown(p.theirs, name), f"**{p.ratio:.2f}**", f"{p.low:.2f} .. {p.high:.2f}")
                     for name in names for p in [result.measures[name]]]
            rows.append([result.work, *(cell for four in cells for cell in four), *([faults(result)] if counted else [])])
    averages = {name: means(run.results, name) for name in names}
    for group in averages[names[0]]:
        rows.append([f"*geometric mean{', ' + group if group else ''}*",
                     *(cell for name in names for cell in ("", "", f"**{averages[name][group]:.2f}**", "")), *([""] if counted else [])])
    m = run.machine
    text = (f"### {threads(run)}, against {library_name(run.against)}\n"
            f"{run.rounds} rounds; load {m['load']} before, {run.load_after} after; {m['date']}, commit {m['commit']}.\n\n")
    notes = [f"- {result.work}: {result.note}\n" for result in run.results if result.note]
    return text + table(header, rows) + ("\nNot timed:\n" + "".join(notes) if notes else "")


def document(runs: list[Run], picture: bool) -> str:
    """The whole page."""
    runs = ordered(runs)
    parts = [INTRODUCTION, machines(runs), "## Overview\n" + overview(runs)]
    if picture:
        parts.append(f"![Ratio to PyTorch of each workload, with its interval](images/{PICTURE.name})\n")
    for name in NAMES:
        here = [run for run in runs if run.family == name]
        if here:
            family = load(name)
            parts.append(f"## {family.title}\n{family.about}\n\n    python -m benchmarks {name}\n")
            parts += [details(run) for run in here]
    return "\n".join(parts)


def write(runs: list[Run], document_path: Path = DOCUMENT, picture_path: Path = PICTURE) -> None:
    """The page and, where Matplotlib is installed and there is a PyTorch side, the picture."""
    from .plot import draw
    drawn = draw(ordered([run for run in runs if run.against == "torch"]), picture_path)
    document_path.write_text(document(runs, drawn), encoding="utf-8")
