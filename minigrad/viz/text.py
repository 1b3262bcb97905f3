"""A picture as a tree of text, for terminals."""
from __future__ import annotations

from .model import Box, Cluster, Graph, bytes_text, count_text, norm_text


def source(graph: Graph) -> str:
    """Modules with their ops in the order in which they ran; each op with what it takes, shapes, memory and line."""
    numbers = {box.id: f"%{i}" for i, box in enumerate(sorted(graph.boxes.values(), key=lambda b: b.order))}
    takes: dict[str, list[str]] = {}
    for arrow in graph.arrows:
        takes.setdefault(arrow.target, []).append(numbers[arrow.source])
    rows: list[tuple[str, str]] = []
    items: dict[str, list[tuple[tuple[int, int], Box | Cluster]]] = {}
    first: dict[str, tuple[int, int]] = {}
    for key, boxes in graph.inside().items():
        items[key] = [(b.order, b) for b in boxes]
    for cluster in reversed(graph.clusters.values()):
        inner = items.setdefault(cluster.key, [])
        first[cluster.key] = min([order for order, _ in inner], default=(0, 0))
        items.setdefault(cluster.parent, []).append((first[cluster.key], cluster))
    stack: list[tuple[str, str, Box | Cluster]] = []
    push(stack, items[""], "", top=True)
    while stack:                                     # no recursion: modules may nest deeply
        branch, below, item = stack.pop()
        if isinstance(item, Cluster):
            times = f" ×{item.times}" if item.times > 1 else ""
            rows.append((f"{branch}{item.title or 'repeated'}{times}", f"({item.detail})" if item.detail else ""))
            push(stack, items[item.key], below)
        else:
            rows.append((f"{branch}{head(item, numbers[item.id], takes.get(item.id, []))}", tail(item)))
    width = min(max([len(left) for left, _ in rows], default=0), 64)
    lines = [f"{left:<{width}}  {right}".rstrip() for left, right in rows]
    message = [graph.message] if graph.message else []
    return "\n".join([*message, *lines, graph.summary(), ""])


def push(stack: list[tuple[str, str, Box | Cluster]], items: list[tuple[tuple[int, int], Box | Cluster]], indent: str,
         top: bool = False) -> None:
    """Put the items of a module on the stack, the first on top."""
    ordered = [item for _, item in sorted(items, key=lambda pair: pair[0])]
    for i, item in reversed(list(enumerate(ordered))):
        last = i == len(ordered) - 1
        stack.append((indent, indent, item) if top else
                     (f"{indent}{'└─ ' if last else '├─ '}", f"{indent}{'   ' if last else '│  '}", item))


def head(box: Box, number: str, takes: list[str]) -> str:
    """`%5 = relu(%4)`; a parameter, an input and an output by name."""
    times = f" ×{box.times}" if box.times > 1 else ""
    if box.kind in ("op", "function", "module"):
        given = f"({', '.join(takes[:6])}{', …' if len(takes) > 6 else ''})"
        return f"{number} = {box.title}{given}{times}"
    if box.kind == "output":
        return f"output {', '.join(takes)}"
    return f"{number} {box.kind} {box.title}{times}"


def tail(box: Box) -> str:
    """Shape, options, memory, gradient, line."""
    parts = [f"{box.shape} {box.dtype}".strip(), ", ".join(box.options)]
    if box.kind == "module" and box.parameters:
        parts.append(f"{count_text(box.parameters)} parameters")
    if box.kept:
        parts.append(f"keeps {bytes_text(box.kept)}")
    if box.gradient is not None and box.kind != "constant":
        parts.append(f"gradient {norm_text(box.gradient)}")
    if box.flag:
        parts.append(f"!! {box.flag}{f': {box.note}' if box.note else ''}")
    if box.line and box.kind in ("op", "function", "module"):
        parts.append(box.line)
    return " · ".join([p for p in parts if p])
