"""A picture as one HTML page that needs no network. The look and the behaviour are in page.html, the data go in here."""
from __future__ import annotations

import json
from html import escape
from importlib.resources import files
from typing import Any

from .labels import COLOURS, LEGEND, SIZES, Scale, colour_of, details_of, lines_of, size_of
from .layout import Layout, place
from .model import Box, Graph, multiplicity, norm_text
from .smaller import absorb, collapse, module_box
from .svg import INKS, MARGIN


def source(graph: Graph, name: str, depth: int | None) -> str:
    """The page; the same bytes for the same program and layout engine. Modules from `depth` on are closed at first.

    It has a layout for each depth; for what a reader opens and closes beyond that, the page moves things by itself.
    """
    page = files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    text = json.dumps(data(graph, depth), ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    for mark, value in (("/*COLOURS*/", colours()), ("<!--TITLE-->", escape(f"{name}: computation graph")), ("/*DATA*/null", text)):
        page = page.replace(mark, value)
    return page


def colours() -> str:
    """Variables for light and dark."""
    sides = []
    for side in (0, 1):
        rules = [f"--{key}:{pair[side]}" for key, pair in INKS.items()]
        for key, kind in COLOURS.items():
            fill, border, ink = kind[side]
            rules.append(f"--{key}-f:{fill};--{key}-b:{border};--{key}-t:{ink}")
        sides.append(";".join(rules))
    light, dark = sides
    kinds = "".join([f".{key}>rect{{fill:var(--{key}-f);stroke:var(--{key}-b)}}.{key}>text{{fill:var(--{key}-t)}}"
                     f"i.{key}{{background:var(--{key}-f);border-color:var(--{key}-b)}}" for key in COLOURS])
    sizes = "".join([f"svg .{key}{{font-size:{size}px}}" for key, size in SIZES.items()])
    return (f":root{{{light}}}@media(prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}:root[data-theme=dark]{{{dark}}}"
            f"{kinds}{sizes}")


def data(graph: Graph, depth: int | None) -> dict[str, Any]:
    """What the page draws."""
    at = place(graph)
    levels, modules = graph.levels(), closed_modules(graph)
    layouts = [placed(collapse(graph, d)) for d in range(max(levels.values(), default=-1) + 1)]
    order = {box.id: i for i, box in enumerate(sorted(graph.boxes.values(), key=lambda b: b.order))}
    boxes = [{**card(box, graph), "id": box.id, "in": box.scope, "order": order[box.id], "at": rounded(at.boxes[box.id])}
             for box in graph.boxes.values()]
    clusters = [{"id": c.key, "in": c.parent, "name": c.name, "kind": c.kind, "module": c.is_module, "times": c.times,
                 "at": rounded(at.clusters[c.key]), "level": levels[c.key], "card": card(modules[c.key], graph),
                 "closed": depth is not None and c.is_module and levels[c.key] >= depth} for c in graph.clusters.values()]
    scale = Scale(graph)
    used = {colour_of(b) for b in graph.boxes.values()}
    return {"boxes": boxes, "clusters": clusters, "arrows": arrows_of(graph, at), "layouts": layouts, "margin": MARGIN,
            "message": graph.message, "summary": graph.summary(), "legend": [[k, v] for k, v in LEGEND.items() if k in used],
            "scale": [norm_text(scale.low), norm_text(scale.high), list(scale.STEPS)] if scale.shown else None}


def placed(graph: Graph) -> dict[str, Any]:
    """The layout at one depth: where boxes and closed modules go, frames, arrows."""
    at = place(graph)
    return {"at": {key: rounded(frame) for key, frame in at.boxes.items()}, "frames": {key: rounded(f) for key, f in at.clusters.items()},
            "arrows": arrows_of(graph, at)}


def arrows_of(graph: Graph, at: Layout) -> list[dict[str, Any]]:
    """Arrows with their curves and looks."""
    scale = Scale(graph)
    found = []
    for arrow, (points, label) in zip(graph.arrows, at.arrows):
        colour, width = scale.of(arrow)
        found.append({"from": arrow.source, "to": arrow.target, "name": arrow.name if arrow.times == 1 else "", "label": arrow.label,
                      "colour": colour, "width": width, "gradient": norm_text(arrow.gradient) if arrow.gradient is not None else "",
                      "points": [round(v, 1) for p in points for v in p], "place": rounded(label) if label else None})
    return found


def card(box: Box, graph: Graph) -> dict[str, Any]:
    """Text, size and details of a box."""
    lines = lines_of(box, graph.clusters.get(box.scope))
    return {"kind": colour_of(box), "flag": box.flag, "lines": [list(line) for line in lines], "size": list(size_of(box, lines)),
            "details": [list(pair) for pair in details_of(box)], "round": box.kind in ("input", "output")}


def rounded(numbers: tuple[float, ...]) -> list[float]:
    return [round(n, 1) for n in numbers]


def closed_modules(graph: Graph) -> dict[str, Box]:
    """For each cluster the box that stands for it when it is closed."""
    times = multiplicity(graph)
    found = {key: module_box(cluster) for key, cluster in graph.clusters.items()}
    for box in graph.boxes.values():
        key = box.scope
        while key:
            cluster = graph.clusters[key]
            absorb(found[key], box, times[box.scope] // times[cluster.parent] // cluster.times)
            key = cluster.parent
    for box in found.values():
        box.title = box.title or "repeated"
    return found
