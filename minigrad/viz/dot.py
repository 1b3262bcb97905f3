"""A picture in the DOT language."""
from __future__ import annotations

from html import escape
from itertools import count

from .labels import COLOURS, SIZES, Scale, colour_of, lines_of, size_of, tooltip
from .model import Arrow, Box, Cluster, Graph, norm_text

FONT = "Helvetica,Arial,sans-serif"
HEADER = ["graph [rankdir=TB, nodesep=0.22, ranksep=0.34, bgcolor=white, pad=0.25, fontname=\"" + FONT + "\", fontsize=11]",
          f'node [shape=box, style="rounded,filled", fontname="{FONT}", fontsize=12, margin="0.13,0.06", height=0.3]',
          f'edge [fontname="{FONT}", fontsize=8.5, color="#8a94a3", fontcolor="#66707d", arrowsize=0.6]']
INK = {"shape": "#3d4650", "detail": "#57606a", "place": "#7a8490", "memory": "#7a8490", "bad": "#cf222e"}
BAD = "#e5202e"
TRUNK = ("op", "function", "module", "input")


def quoted(text: str) -> str:
    """A DOT string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def body(graph: Graph) -> list[str]:
    """The lines between the braces."""
    inside = graph.inside()
    lines = [f"{line};" for line in HEADER]
    if graph.message:
        lines.append(f"labelloc=t; fontcolor={quoted(BAD)}; label={quoted(graph.message)};")
    lines += [box_line(box) for box in inside[""]]
    number = count()
    for depth, cluster in graph.nested():
        indent = "  " * depth
        if cluster is None:
            lines.append(f"{indent}}}")
            continue
        lines.append(f"{indent}subgraph cluster_{next(number)} {{")
        lines.append(f"{indent}  {cluster_line(cluster, depth)}")
        lines += [f"{indent}  {box_line(box, cluster)}" for box in inside.get(cluster.key, ())]
    scale = Scale(graph)
    lines += [arrow_line(arrow, scale, is_trunk(arrow, graph)) for arrow in graph.arrows]
    lines += [f"{a} -> {b} [style=invis];" for a, b in below_each_other(graph)]
    return lines


def below_each_other(graph: Graph) -> list[tuple[str, str]]:
    """Pairs of boxes that have no arrow and yet belong below each other: the parameters of a module below what it takes, so that
    modules stand below each other and not side by side."""
    into: dict[str, list[Box]] = {}
    for arrow in graph.arrows:
        into.setdefault(arrow.target, []).append(graph.boxes[arrow.source])
    found: dict[tuple[str, str], None] = {}
    for sources in into.values():
        trunk = [b for b in sources if b.kind in TRUNK]
        for box in sources:
            if box.kind not in TRUNK:
                found.update(dict.fromkeys([(b.id, box.id) for b in trunk if b.scope != box.scope and b.order < box.order]))
    return list(found)


def is_trunk(arrow: Arrow, graph: Graph) -> bool:
    """From op to op: those stand below each other, parameters aside."""
    return graph.boxes[arrow.source].kind in TRUNK


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


def arrow_line(arrow: Arrow, scale: Scale, trunk: bool) -> str:
    """One edge; a gradient shows in colour and width."""
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
    return f"{arrow.source} -> {arrow.target}{' [' + ', '.join(more) + ']' if more else ''};"


def source(graph: Graph, name: str = "minigrad") -> str:
    """The whole file; the same bytes for the same program."""
    return f"digraph {quoted(name)} {{\n" + "".join(f"  {line}\n" for line in body(graph)) + "}\n"


def skeleton(graph: Graph) -> str:
    """What a layout engine needs of it: boxes of a size, frames with room for their titles, arrows. No text to be measured."""
    inside = graph.inside()
    lines = ["graph [rankdir=TB, nodesep=0.25, ranksep=0.36]", "node [shape=box, fixedsize=true, label=\"\"]", "edge [arrowhead=none]"]

    def node(box: Box, around: Cluster | None = None) -> str:
        w, h = size_of(lines_of(box, around))
        return f"{box.id} [width={w / 72:.3f}, height={h / 72:.3f}]"
    lines += [node(box) for box in inside[""]]
    for _, cluster in graph.nested():
        if cluster is None:
            lines.append("}")
            continue
        title = f"{cluster.title} ×{cluster.times}  " if cluster.times > 1 else cluster.title
        lines.append(f"subgraph cluster_{cluster.key} {{ margin=11; fontsize=12.5; label={quoted(title)}; labeljust=l; ")
        lines += [node(box, cluster) for box in inside.get(cluster.key, ())]
    for a in graph.arrows:
        more = [f"label={quoted(a.label)}, fontsize=9"] if a.label else []
        if is_trunk(a, graph):
            more.append("weight=8")
        lines.append(f"{a.source} -> {a.target}" + (f" [{', '.join(more)}]" if more else ""))
    lines += [f"{a} -> {b} [style=invis]" for a, b in below_each_other(graph)]
    return "digraph {\n" + "".join([f"{line}{'' if line.endswith(('}', '; ')) else ';'}\n" for line in lines]) + "}\n"
