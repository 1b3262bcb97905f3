"""A picture as SVG: one file that is at home on light and dark pages."""
from __future__ import annotations

from html import escape
from math import hypot

from .labels import COLOURS, SIZES, Scale, colour_of, lines_of, tooltip
from .layout import Frame, Layout, Point
from .model import Arrow, Box, Cluster, Graph, norm_text

FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
MARGIN = 14.0
# name -> (light, dark) of everything that is no box
INKS = {"page": ("#ffffff", "#12161c"), "frame": ("#d3dbe6", "#3a4452"), "frame0": ("#f6f8fb", "#1a2029"), "frame1": ("#edf1f6", "#212933"),
        "title": ("#22314d", "#dbe4f0"), "soft": ("#66707d", "#97a3b3"), "arrow": ("#93a0b2", "#6d7b8d"), "bad": ("#e5202e", "#ff5f5a"),
        "zero": ("#c4cbd4", "#4a5563"), "badge": ("#3b4a63", "#c3d0e4")}


def style() -> str:
    """Colours as classes, for light and for dark."""
    both = []
    for side in (0, 1):
        rules = [f"--{name}:{pair[side]}" for name, pair in INKS.items()]
        for name, pair in COLOURS.items():
            fill, border, ink = pair[side]
            rules.append(f"--{name}-f:{fill};--{name}-b:{border};--{name}-t:{ink}")
        both.append(";".join(rules))
    kinds = "".join([f".{name}>rect{{fill:var(--{name}-f);stroke:var(--{name}-b)}}.{name}>text{{fill:var(--{name}-t)}}"
                     for name in COLOURS])
    sizes = "".join([f".{name}{{font-size:{size}px}}" for name, size in SIZES.items()])
    return (f".mg{{{both[0]}}}@media(prefers-color-scheme:dark){{.mg{{{both[1]}}}}}"
            f".mg text{{font-family:{FONT};text-anchor:middle}}{kinds}{sizes}"
            ".mg .title{font-weight:bold}.mg .detail,.mg .place,.mg .memory{opacity:.78}.mg .bad{fill:var(--bad);font-weight:bold}"
            ".mg .constant>rect{stroke-dasharray:3 2.5}.mg .module>rect{stroke-width:1.5}.mg .flag>rect{stroke:var(--bad);stroke-width:2.2}"
            ".mg .name{font-size:12px;font-weight:bold;text-anchor:start;fill:var(--title)}"
            ".mg .kind{font-weight:normal;fill:var(--soft)}"
            ".mg .label{font-size:9px;fill:var(--soft)}.mg .times{font-size:11px;font-weight:bold;fill:var(--page)}")


def draw(graph: Graph, at: Layout) -> str:
    """The picture at a layout; the same bytes for the same program and layout engine."""
    width, height = at.width + 2 * MARGIN, at.height + 2 * MARGIN
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" class="mg" width="{width:.0f}" height="{height:.0f}" '
           f'viewBox="0 0 {width:.1f} {height:.1f}" role="img" aria-label="computation graph: {escape(graph.summary())}">',
           f"<style>{style()}</style>", f'<rect width="{width:.1f}" height="{height:.1f}" rx="10" fill="var(--page)"/>']
    out.append(f'<g transform="translate({MARGIN:g} {MARGIN:g})">')
    for depth, cluster in graph.nested():
        if cluster is not None:
            out.append(frame(cluster, at.clusters[cluster.key], depth))
    scale = Scale(graph)
    for arrow, (points, place) in zip(graph.arrows, at.arrows):
        out.append(line(arrow, points, place, scale))
    for box in graph.boxes.values():
        out.append(card(box, at.boxes[box.id], graph.clusters.get(box.scope)))
    return "\n".join([*out, "</g>", "</svg>", ""])


def frame(cluster: Cluster, where: Frame, depth: int) -> str:
    """A module's frame with its title."""
    x, y, w, h = where
    dash = "" if cluster.kind else ' stroke-dasharray="5 4"'
    out = (f'<g id="{cluster.key}"><rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="9" fill="var(--frame{depth % 2})" '
           f'stroke="var(--frame)"{dash}/>')
    if cluster.kind or cluster.name:
        name = f"{escape(cluster.name)} " if cluster.name else ""
        out += f'<text x="{x + 10:.1f}" y="{y + 17:.1f}" class="name">{name}<tspan class="kind">{escape(cluster.kind)}</tspan></text>'
    if cluster.times > 1:
        out += badge(x + w, y, cluster.times)
    return out + "</g>"


def badge(x: float, y: float, times: int) -> str:
    """`×12` on the upper right corner of something."""
    w = 15 + 6.5 * len(str(times))
    return (f'<rect x="{x - w - 6:.1f}" y="{y - 8:.1f}" width="{w:.1f}" height="17" rx="8.5" fill="var(--badge)"/>'
            f'<text x="{x - w / 2 - 6:.1f}" y="{y + 4.4:.1f}" class="times">×{times}</text>')


def card(box: Box, where: Frame, around: Cluster | None) -> str:
    """A box with its text."""
    x, y, w, h = where
    flag = " flag" if box.flag else ""
    radius = h / 2 if box.kind in ("input", "output") and h < 60 else 7
    out = [f'<g id="{box.id}" class="{colour_of(box)}{flag}"><title>{escape(tooltip(box))}</title>'
           f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="{radius:.1f}"/>']
    lines = lines_of(box, around)
    below = y + 5.5
    for text, kind in lines:
        below += SIZES[kind] * 1.32
        if text:
            out.append(f'<text x="{x + w / 2:.1f}" y="{below - SIZES[kind] * 0.3:.1f}" class="{kind}">{escape(text)}</text>')
    return "".join(out) + "</g>"


def line(arrow: Arrow, points: list[Point], label: Point | None, scale: Scale) -> str:
    """An arrow along its curve; a gradient shows in colour and width."""
    colour, width = scale.of(arrow)
    ink = f"var(--{colour})" if colour in ("bad", "zero") else colour or "var(--arrow)"
    path = "M{:.1f} {:.1f}C".format(*points[0]) + " ".join([f"{x:.1f} {y:.1f}" for x, y in points[1:]])
    tip = head(points, 5.5 + width * 0.8)
    title = f"<title>gradient norm {norm_text(arrow.gradient)}</title>" if arrow.gradient is not None else ""
    dash = ' stroke-dasharray="3 3"' if colour == "zero" else ""
    out = (f'<g>{title}<path d="{path}" fill="none" stroke="{ink}" stroke-width="{width:g}"{dash}/>'
           f'<path d="{tip}" fill="{ink}"/>')
    if label is not None:
        out += f'<text x="{label[0]:.1f}" y="{label[1] + 3:.1f}" class="label">{escape(arrow.label)}</text>'
    return out + "</g>"


def head(points: list[Point], size: float) -> str:
    """The triangle at the end of a curve."""
    tip = points[-1]
    back = next((p for p in reversed(points[:-1]) if hypot(tip[0] - p[0], tip[1] - p[1]) > 0.5), (tip[0], tip[1] - 1))
    n = hypot(tip[0] - back[0], tip[1] - back[1])
    dx, dy = (tip[0] - back[0]) / n * size, (tip[1] - back[1]) / n * size
    a = tip[0] - dx - dy * 0.42, tip[1] - dy + dx * 0.42
    b = tip[0] - dx + dy * 0.42, tip[1] - dy - dx * 0.42
    return "M{:.1f} {:.1f}L{:.1f} {:.1f} {:.1f} {:.1f}Z".format(*tip, *a, *b)
