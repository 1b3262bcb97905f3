"""Which boxes stand below each other, and which beside: hints for the layout engine, so that the ops of a model make a straight trunk."""
from __future__ import annotations

from .model import Arrow, Box, Graph

TRUNK = ("op", "function", "module", "input")


def is_trunk(arrow: Arrow, graph: Graph) -> bool:
    """From op to op: those stand below each other, parameters aside."""
    return graph.boxes[arrow.source].kind in TRUNK


def beside(graph: Graph) -> dict[str, tuple[str, ...]]:
    """For each op the parameters and constants, two at most, that stand beside it: the first on the left, the second on the right."""
    uses: dict[str, int] = {}
    takes: dict[str, list[Box]] = {}
    for arrow in graph.arrows:
        uses[arrow.source] = uses.get(arrow.source, 0) + 1
        box = graph.boxes[arrow.source]
        if box.kind == "parameter" or box.kind == "constant" and arrow.place != (0, 0):
            takes.setdefault(arrow.target, []).append(box)
    found = {}
    for key, boxes in takes.items():
        if len(boxes) <= 2 and all(uses[b.id] == 1 and b.scope == graph.boxes[key].scope for b in boxes):
            found[key] = tuple([b.id for b in boxes])
    return found


def below_each_other(graph: Graph) -> list[tuple[str, str]]:
    """Pairs of boxes without an arrow, the second of which belongs below the first: the parameters of a module below what it takes, so
    that modules stand below each other and not side by side."""
    aside = {key for keys in beside(graph).values() for key in keys}
    into: dict[str, list[Box]] = {}
    for arrow in graph.arrows:
        into.setdefault(arrow.target, []).append(graph.boxes[arrow.source])
    found: dict[tuple[str, str], None] = {}
    for sources in into.values():
        trunk = [b for b in sources if b.kind in TRUNK]
        for box in sources:
            if box.kind not in TRUNK and box.id not in aside:
                found.update(dict.fromkeys([(b.id, box.id) for b in trunk if b.scope != box.scope and b.order < box.order]))
    return list(found)
