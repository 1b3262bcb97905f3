"""A picture as a Mermaid flowchart, which Markdown pages show."""
from __future__ import annotations

from .labels import COLOURS, Scale, colour_of, lines_of
from .model import Box, Graph

SHAPES = {"parameter": ("[/", "/]"), "input": ("([", "])"), "output": ("([", "])"), "module": ("[[", "]]"), "constant": ("[", "]")}


def quoted(text: str) -> str:
    """Text as Mermaid takes it between quotes: entities for what would end it."""
    for character, entity in (("#", "#35;"), ("&", "#38;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        text = text.replace(character, entity) if character != "&" else text
    return text


def source(graph: Graph) -> str:
    """The flowchart; the same bytes for the same program."""
    lines = ["flowchart LR" if graph.across else "flowchart TB"]
    inside = graph.inside()
    lines += [f"  {box_line(box, graph)}" for box in inside[""]]
    for depth, cluster in graph.nested():
        indent = "  " * (depth + 1)
        if cluster is None:
            lines.append(f"{indent}end")
            continue
        times = f" ×{cluster.times}" if cluster.times > 1 else ""
        lines.append(f'{indent}subgraph {cluster.key}["{quoted(cluster.title + times).strip()}"]')
        lines += [f"{indent}  {box_line(box, graph)}" for box in inside.get(cluster.key, ())]
    lines += [f"  {a.source} -->{f'|{chr(34)}{quoted(a.label)}{chr(34)}|' if a.label else ''} {a.target}" for a in graph.arrows]
    scale = Scale(graph)
    for i, arrow in enumerate(graph.arrows):
        colour, width = scale.of(arrow)
        if colour:
            ink = {"bad": "#e5202e", "zero": "#c4cbd4"}.get(colour, colour)
            lines.append(f"  linkStyle {i} stroke:{ink},stroke-width:{width:g}px")
    used = dict.fromkeys([colour_of(b) for b in graph.boxes.values()])
    for name in used:
        fill, border, ink = COLOURS[name][0]
        lines.append(f"  classDef {name}_ fill:{fill},stroke:{border},color:{ink}")
    flagged = [b.id for b in graph.boxes.values() if b.flag]
    if flagged:
        lines += ["  classDef flag_ stroke:#e5202e,stroke-width:3px", f"  class {','.join(flagged)} flag_"]
    return "\n".join(lines) + "\n"


def box_line(box: Box, graph: Graph) -> str:
    """One node."""
    opening, closing = SHAPES.get(box.kind, ("(", ")"))
    lines = [line for line in lines_of(box, graph.clusters.get(box.scope)) if line.text]
    text = "<br/>".join([f"<b>{quoted(t)}</b>" if style == "title" else quoted(t) for t, style in lines])
    return f'{box.id}{opening}"{text}"{closing}:::{colour_of(box)}_'
