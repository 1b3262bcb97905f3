"""A drawing in the DOT language."""
from __future__ import annotations

from .model import Box, Cluster, Model

STYLE = {
    "op": 'shape=box, style="rounded,filled", fillcolor="#eef3fb", color="#4a6fa5"',
    "parameter": 'shape=box, style=filled, fillcolor="#fdf3d7", color="#b8860b"',
    "leaf": 'shape=box, style=filled, fillcolor="#e7f5e6", color="#4f8a4c"',
    "constant": 'shape=box, style="filled,dashed", fillcolor="#f5f5f5", color="#8c8c8c"',
    "output": 'shape=box, style="filled,bold", fillcolor="#fbe4e4", color="#a54a4a"',
}
HEADER = ['rankdir=TB', 'node [fontname="Helvetica", fontsize=11, margin="0.12,0.06", height=0.3]',
          'edge [fontname="Helvetica", fontsize=9, color="#707070", fontcolor="#707070", arrowsize=0.7]',
          'graph [fontname="Helvetica", fontsize=11, nodesep=0.25, ranksep=0.35]']


def quoted(text: str) -> str:
    """A DOT string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def body(model: Model) -> list[str]:
    """The lines between the braces."""
    inside: dict[str, list[Box]] = {}
    for box in model.boxes:
        inside.setdefault(box.scope, []).append(box)
    lines = [f"{line};" for line in HEADER]
    lines += [box_line(box) for box in inside.get("", [])]
    counter = iter(range(1_000_000_000))
    stack: list[tuple[Cluster | None, int]] = [(c, 0) for c in reversed(model.clusters)]
    while stack:                                     # no recursion: modules may nest deeply
        cluster, depth = stack.pop()
        indent = "  " * depth
        if cluster is None:
            lines.append(f"{indent}}}")
            continue
        lines.append(f"{indent}subgraph cluster_{next(counter)} {{")
        lines.append(f'{indent}  label={quoted(cluster.title)}; labeljust=l; style="rounded,filled"; color="#c9c9c9"; '
                     f'fillcolor="{"#fafafa" if depth % 2 else "#f3f3f3"}";')
        lines += [f"{indent}  {box_line(box)}" for box in inside.get(cluster.key, [])]
        stack.append((None, depth))
        stack += [(child, depth + 1) for child in reversed(cluster.children)]
    lines += [f"{a.source} -> {a.target}" + (f" [label={quoted(a.label)}]" if a.label else "") + ";" for a in model.arrows]
    return lines


def box_line(box: Box) -> str:
    return f"{box.id} [label={quoted(chr(10).join([box.title, *box.details]))}, {STYLE[box.kind]}];"


def source(model: Model, name: str = "minigrad") -> str:
    """The whole file; the same bytes for the same program."""
    return f"digraph {name} {{\n" + "".join(f"  {line}\n" for line in body(model)) + "}\n"
