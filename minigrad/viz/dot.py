"""A picture in the DOT language."""
from __future__ import annotations

from collections.abc import Iterable
from html import escape
from itertools import count

from .labels import COLOURS, SIZES, Scale, colour_of, lines_of, tooltip
from .model import Arrow, Box, Cluster, Graph, norm_text
from .ranks import below_each_other, beside, is_trunk

FONT = "Helvetica,Arial,sans-serif"
HEADER = ["graph [rankdir={direction}, newrank=true, nodesep=0.25, ranksep=0.36, bgcolor=white, pad=0.25, "
          f'fontname="{FONT}", fontsize=11]',
          f'node [shape=box, style="rounded,filled", fontname="{FONT}", fontsize=12, margin="0.13,0.06", height=0.3]',
          f'edge [fontname="{FONT}", fontsize=8.5, color="#8a94a3", fontcolor="#66707d", arrowsize=0.6]']
INK = {"shape": "#3d4650", "detail": "#57606a", "place": "#7a8490", "memory": "#7a8490", "bad": "#cf222e"}
BAD = "#e5202e"


def direction(graph: Graph) -> str:
    """Graphviz's word for it."""
    return "LR" if graph.across else "TB"


def quoted(text: str) -> str:
    """A DOT string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def body(graph: Graph) -> list[str]:
    """The lines between the braces."""
    inside = graph.inside()
    lines = [f"{line};".replace("{direction}", direction(graph)) for line in HEADER]
    aside = beside(graph)
    lines += [box_line(box) for box in inside[""]]
    lines += [f"{row};" for row in rows(inside[""], aside)]
    number = count()
    for depth, cluster in graph.nested():
        indent = "  " * depth
        if cluster is None:
            lines.append(f"{indent}}}")
            continue
        lines.append(f"{indent}subgraph cluster_{next(number)} {{")
        lines.append(f"{indent}  {cluster_line(cluster, depth)}")
        lines += [f"{indent}  {box_line(box, cluster)}" for box in inside.get(cluster.key, ())]
        lines += [f"{indent}  {row};" for row in rows(inside.get(cluster.key, ()), aside)]
    scale, right = Scale(graph), on_the_right(aside)
    lines += [arrow_line(arrow, scale, is_trunk(arrow, graph), (arrow.source, arrow.target) in right) for arrow in graph.arrows]
    lines += [f"{a} -> {b} [style=invis];" for a, b in below_each_other(graph)]
    return lines


def rows(boxes: Iterable[Box], aside: dict[str, tuple[str, ...]]) -> list[str]:
    """Ops with what stands beside them."""
    return [f"{{ rank=same; {'; '.join([aside[b.id][0], b.id, *aside[b.id][1:]])} }}" for b in boxes if b.id in aside]


def on_the_right(aside: dict[str, tuple[str, ...]]) -> set[tuple[str, str]]:
    """Arrows that are given the other way round: from the op to what stands on its right."""
    return {(keys[1], op) for op, keys in aside.items() if len(keys) > 1}


def box_line(box: Box, around: Cluster | None = None) -> str:
    """One node, with its text in small HTML."""
    fill, border, ink = COLOURS[colour_of(box)][0]
    rows = []
    for text, style in lines_of(box, around):
        text = escape(text, quote=False)
        if style == "title":
            rows.append(f'<font color="{ink}"><b>{text}</b></font>' if text else " ")
        else:
            colour = "#c9d2e0" if box.kind == "output" else INK[style]
            rows.append(f'<font point-size="{SIZES[style]:g}" color="{colour}">{text}</font>')
    more = []
    if box.kind == "constant":
        more.append('style="rounded,filled,dashed"')
    if box.kind == "module":
        more.append('style="rounded,filled"')
        more.append("penwidth=1.4")
    if box.flag:
        more += [f'color="{BAD}"', "penwidth=2.2"]
    else:
        more.append(f'color="{border}"')
    return f"{box.id} [label=<{'<br/>'.join(rows)}>, fillcolor=\"{fill}\", {', '.join(more)}, tooltip={quoted(tooltip(box))}];"


def cluster_line(cluster: Cluster, depth: int) -> str:
    """The attributes of a module's frame."""
    fill = ("#f8fafc", "#f1f5f9")[depth % 2]
    if not cluster.kind:
        return (f'label=<<b>×{cluster.times}</b>>; labeljust=r; style="rounded,filled,dashed"; color="#7c8aa0"; fillcolor="{fill}"; '
                'fontcolor="#3b4a63"; margin=9;')
    times = f" <b>×{cluster.times}</b>" if cluster.times > 1 else ""
    name = f"<b>{escape(cluster.name, quote=False)}</b>  " if cluster.name else ""
    return (f'label=<{name}<font color="#66707d">{escape(cluster.kind, quote=False)}</font>{times}>; labeljust=l; style="rounded,filled"; '
            f'color="#cbd5e1"; fillcolor="{fill}"; fontcolor="#22314d"; margin=9; tooltip={quoted(cluster.title)};')


def arrow_line(arrow: Arrow, scale: Scale, trunk: bool, reverse: bool) -> str:
    """One edge; a gradient shows in colour and width. reverse: said from its end, as it leads to the left."""
    colour, width = scale.of(arrow)
    more = [f"label={quoted(arrow.label)}"] if arrow.label else []
    if trunk:
        more.append("weight=8")
    if colour:
        more.append(f'color="{BAD if colour == "bad" else "#c0c7d0" if colour == "zero" else colour}"')
        more.append(f"penwidth={width:g}")
        if colour == "zero":
            more.append("style=dashed")
        text = f"gradient norm {norm_text(arrow.gradient or 0.0)}"
        more.append(f"tooltip={quoted(text)}")
    ends = [arrow.source, arrow.target]
    if reverse:
        more.append("dir=back")
        ends.reverse()
    return f"{' -> '.join(ends)}{' [' + ', '.join(more) + ']' if more else ''};"


def source(graph: Graph, name: str = "minigrad") -> str:
    """The whole file; the same bytes for the same program."""
    return f"digraph {quoted(name)} {{\n" + "".join(f"  {line}\n" for line in body(graph)) + "}\n"
