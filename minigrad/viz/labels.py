"""What is written on a box, and how wide that is: shared by all writers, so that they say the same."""
from __future__ import annotations

import math
from typing import NamedTuple

from .model import Arrow, Box, Cluster, Graph, bytes_text, count_text, norm_text

# Fill, border and text of each kind of box: on light, on dark. Blue carries weights, green lets through, violet normalises, ...
COLOURS = {
    "layer": (("#ddf0ff", "#3b82c4", "#0b3d66"), ("#12324f", "#4f9fe0", "#cfe8ff")),
    "activation": (("#fff0d9", "#d98a1f", "#6b3f05"), ("#4a3312", "#e0a04a", "#ffe6c2")),
    "norm": (("#efe6ff", "#8a63d2", "#42237d"), ("#35245a", "#a88be8", "#e9defd")),
    "pool": (("#d9f5ee", "#2f9e83", "#0d4f40"), ("#11413a", "#46b89d", "#c9f3e8")),
    "shape": (("#f1f3f5", "#9aa4af", "#3d4650"), ("#2b3138", "#76818d", "#d6dce2")),
    "loss": (("#ffe3ec", "#d6436e", "#76132f"), ("#511b2d", "#e8698f", "#ffd7e2")),
    "math": (("#eef2fa", "#6d83b3", "#2b3a5c"), ("#262f45", "#8297c7", "#dbe4f7")),
    "function": (("#e4f7fb", "#1793a8", "#0a4955"), ("#123f49", "#35b3c9", "#cdf3fa")),
    "module": (("#f7f9fc", "#5f7190", "#22314d"), ("#222a37", "#8191ad", "#e1e8f3")),
    "parameter": (("#fff8db", "#cfa520", "#5c4700"), ("#43380f", "#d8b43c", "#fff0bd")),
    "input": (("#e3f7e1", "#4f9d4a", "#1d4d1a"), ("#1c3f1b", "#6cba67", "#d7f5d4")),
    "constant": (("#ffffff", "#a9b1ba", "#4b5560"), ("#1f242a", "#6e7883", "#c4ccd4")),
    "output": (("#2f3b52", "#2f3b52", "#ffffff"), ("#dfe6f2", "#dfe6f2", "#1b2433")),
    "failed": (("#ffe0de", "#cf222e", "#7a0c14"), ("#5c1519", "#ff6b66", "#ffdcd9")),
}
LEGEND = {"layer": "weights", "activation": "activation", "norm": "normalisation", "pool": "pooling, sums", "shape": "views, indexing",
          "loss": "loss", "math": "arithmetic", "function": "autograd.Function", "parameter": "parameter", "input": "input",
          "constant": "no gradient"}


class Line(NamedTuple):
    """A line of text on a box. style: "title", "shape", "detail", "place", "memory" or "bad"."""
    text: str
    style: str


SIZES = {"title": 12.0, "shape": 10.0, "detail": 9.5, "place": 8.5, "memory": 8.5, "bad": 9.5}


def colour_of(box: Box) -> str:
    """The key of COLOURS for a box."""
    if box.flag == "failed":
        return "failed"
    return box.family if box.kind == "op" or box.kind == "module" and box.ops == 1 else box.kind


def lines_of(box: Box, around: Cluster | None = None) -> list[Line]:
    """The text of a box, from its name to the line of the program. around: its cluster, whose path need not be said again."""
    times = f" ×{box.times}" if box.times > 1 else ""
    title = box.title
    if around is not None and around.path and title.startswith(around.path + "."):
        title = title[len(around.path) + 1:]
    lines = [Line(title + times, "title")]
    if box.module:
        lines.append(Line(box.module, "detail"))
    if box.kind == "module":
        lines += [Line(short(o, 44), "detail") for o in box.options]
        if box.shape:
            lines.append(Line(box.shape, "shape"))
        counts = [f"{box.ops} ops" if box.ops > 1 else "", f"{count_text(box.parameters)} parameters" if box.parameters else "",
                  f"keeps {bytes_text(box.kept)}" if box.kept else ""]
        if any(counts):
            lines.append(Line(" · ".join([c for c in counts if c]), "memory"))
    else:
        if box.shape:
            lines.append(Line(f"{box.shape}  {box.dtype}" if box.dtype else box.shape, "shape"))
        if box.options:
            lines += [Line(short(text, 44), "detail") for text in grouped(box.options, 30)]
        memory = [f"keeps {bytes_text(box.kept)}" if box.kept else "", bytes_text(box.nbytes) if box.kind in ("parameter", "input") else "",
                  f"gradient {norm_text(box.gradient)}" if box.gradient is not None and box.kind in ("parameter", "input") else ""]
        if any(memory):
            lines.append(Line(" · ".join([m for m in memory if m]), "memory"))
    if box.line and box.kind in ("op", "function", "module"):
        lines.append(Line(box.line, "place"))
    if box.flag == "no gradient":
        lines.append(Line(f"no gradient{f': {box.note}' if box.note else ''}", "bad"))
    elif box.flag == "not finite":
        lines.append(Line(f"gradient {norm_text(box.gradient) if box.gradient is not None else 'NaN'}", "bad"))
    elif box.flag == "failed":
        lines += [Line(part, "bad") for part in wrapped(box.note, 52)]
    return lines


def short(text: str, most: int) -> str:
    """Cut in the middle of nowhere, with a sign that it is."""
    return text if len(text) <= most else text[:most - 1] + "…"


def grouped(words: tuple[str, ...], most: int) -> list[str]:
    """Options on as few lines as there is room."""
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + len(word) + 2 <= most:
            lines[-1] += f", {word}"
        else:
            lines.append(word)
    return lines


def wrapped(text: str, width: int) -> list[str]:
    """Words on lines of a width, eight at most."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) + 1 > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".lstrip()
    return lines[:8]


def details_of(box: Box) -> list[tuple[str, str]]:
    """Everything that is known of a box, in (what, value) pairs: for tooltips and the page."""
    pairs = [("", box.title), ("kind", box.kind if box.kind != "op" else f"op ({LEGEND.get(box.family, box.family)})"),
             ("module", box.path), ("shape", box.shape), ("dtype", box.dtype), ("size", bytes_text(box.nbytes) if box.nbytes else ""),
             *[("option" if box.kind != "module" else "made with", o) for o in box.options],
             ("ops inside", f"{box.ops}" if box.kind == "module" else ""),
             ("parameters", f"{box.parameters:,}" if box.parameters else ""),
             ("kept for backward", bytes_text(box.kept) if box.kept else "freed" if is_freed(box) else ""),
             *[("keeps", k) for k in box.keeps],
             ("gradient norm", norm_text(box.gradient) if box.gradient is not None else ""), ("flag", box.flag), ("note", box.note),
             ("line", box.line), ("code", box.code), ("repeated", f"×{box.times}" if box.times > 1 else "")]
    return [(what, value) for what, value in pairs if value]


def is_freed(box: Box) -> bool:
    """True for an op whose kept values a backward pass has used up."""
    return box.kept is None and box.kind in ("op", "function") and box.flag != "failed"


def tooltip(box: Box) -> str:
    """The same as lines."""
    return "\n".join([f"{what}: {value}" if what else value for what, value in details_of(box)])


# ---------------------------------------------------------------- gradients
class Scale:
    """Colour and width of arrows by the norms of gradients, on a logarithmic scale between the smallest and the largest."""
    STEPS = ("#a9c8ea", "#7fb0e2", "#5594d8", "#4a7fd6", "#6d68dc", "#9350d6", "#bb35cc")

    def __init__(self, graph: Graph) -> None:
        norms = [a.gradient for a in graph.arrows if a.gradient and math.isfinite(a.gradient)]
        self.shown = any(a.gradient is not None for a in graph.arrows)
        self.low, self.high = (min(norms), max(norms)) if norms else (1.0, 1.0)

    def place(self, gradient: float) -> float:
        """0 for the smallest, 1 for the largest."""
        if self.high <= self.low:
            return 0.5
        return (math.log(gradient) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))

    def of(self, arrow: Arrow) -> tuple[str, float]:
        """(colour or "", width) of an arrow; "bad" for NaN and Inf, "zero" for a gradient that vanished."""
        g = arrow.gradient
        if g is None:
            return "", 1.1
        if not math.isfinite(g):
            return "bad", 4.0
        if g == 0:
            return "zero", 1.0
        at = self.place(g)
        return self.STEPS[round(at * (len(self.STEPS) - 1))], round(1.2 + 3.6 * at, 1)


# ---------------------------------------------------------------- widths
# Widths of Helvetica's characters in thousandths of its size, from 32 on.
WIDTHS = (278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
          556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
          722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
          556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
          260, 334, 584)


def width_of(line: Line) -> float:
    """How wide a line is drawn, a little more than less: fonts differ."""
    units = sum([WIDTHS[ord(c) - 32] if 32 <= ord(c) < 127 else 600 for c in line.text])
    return units / 1000 * SIZES[line.style] * (1.12 if line.style == "title" else 1.06)


def size_of(box: Box, lines: list[Line]) -> tuple[float, float]:
    """Width and height of a box around its lines; that of a module has room for a sign that opens it."""
    margin = 44 if box.kind == "module" else 22
    return (round(max([width_of(line) for line in lines], default=0.0) + margin, 1),
            round(sum([SIZES[line.style] * 1.32 for line in lines]) + 11, 1))
