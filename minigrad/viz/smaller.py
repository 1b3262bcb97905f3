"""Smaller pictures: modules as one box each, and kinds of boxes left out."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .model import Arrow, Box, Cluster, Graph, largest, multiplicity


def collapse(graph: Graph, depth: int) -> Graph:
    """Modules at `depth` as one box each: 0 is the outermost call, 1 its children. Groups of repeated boxes stay with what is around."""
    levels = graph.levels()
    home: dict[str, str] = {"": ""}                  # of a cluster: the key of the collapsed one it lies in, or "" for none
    for key, cluster in graph.clusters.items():
        above = home[cluster.parent]
        home[key] = above or (key if cluster.is_module and levels[key] >= depth else "")
    times = multiplicity(graph)
    found = graph.like()
    renamed: dict[str, str] = {}
    for box in graph.boxes.values():
        key = home[box.scope]
        if not key or box.flag == "failed":
            where = graph.clusters[key].parent if key else box.scope
            found.boxes[box.id] = replace(box, scope=where)
            continue
        renamed[box.id] = key
        module = found.boxes.get(key)
        if module is None:
            module = found.boxes[key] = module_box(graph.clusters[key])
        absorb(module, box, times[box.scope] // times[graph.clusters[key].parent or ""] // graph.clusters[key].times)
    found.clusters = {k: replace(c) for k, c in graph.clusters.items() if not home[k]}
    found.arrows = joined(graph.arrows, renamed)
    return found.without_empty_clusters()


def module_box(cluster: Cluster) -> Box:
    """The box of a module that is drawn as one."""
    return Box(cluster.key, "module", cluster.title, cluster.parent, (1 << 60, 0), options=(cluster.detail,) if cluster.detail else (),
               path=cluster.path, line=cluster.line, times=cluster.times, ops=0)


def absorb(module: Box, box: Box, times: int) -> None:
    """Count a box towards the module that stands for it; the last op gives the output."""
    times *= box.times
    if box.kind in ("op", "function", "module"):
        module.ops += box.ops * times
        module.shape, module.dtype, module.nbytes = box.shape, box.dtype, box.nbytes
        module.family = module.family if module.family not in ("", "shape", "math") and module.family != box.family else box.family
        if box.kept is not None:
            module.kept = (module.kept or 0) + box.kept * times
        module.gradient = box.gradient if box.gradient is not None else module.gradient
    if box.kind != "constant":
        module.order = min(module.order, box.order)
    module.parameters += box.parameters * times
    if box.flag == "not finite" or box.flag and not module.flag:
        module.flag = box.flag
        module.note = module.note or (f"in {box.path or box.title}" if box.path != module.path else "")


def inline(graph: Graph) -> Graph:
    """Modules that are a single op without parameters (an activation, a pooling) as that op, which says what module it is."""
    inside, below = graph.inside(), graph.below()
    found = graph.like(graph.boxes.values(), graph.arrows, graph.clusters.values())
    for key, cluster in graph.clusters.items():
        ops = [b for b in inside.get(key, ()) if b.kind != "constant"]
        if not cluster.kind or not cluster.parent or below.get(key) or len(ops) != 1 or ops[0].kind not in ("op", "function"):
            continue
        for box in inside[key]:
            found.boxes[box.id] = replace(box, scope=cluster.parent)
        box = found.boxes[ops[0].id]
        box.module, box.times = cluster.title, box.times * cluster.times
        del found.clusters[key]
    return found


def joined(arrows: Iterable[Arrow], renamed: dict[str, str]) -> list[Arrow]:
    """Arrows between what is left, one where there were several."""
    found: dict[tuple[str, str], Arrow] = {}
    for arrow in arrows:
        source, target = renamed.get(arrow.source, arrow.source), renamed.get(arrow.target, arrow.target)
        if source == target:
            continue
        known = found.get((source, target))
        if known is None:
            found[source, target] = replace(arrow, source=source, target=target)
        else:
            known.times += arrow.times
            known.gradient = largest(known.gradient, arrow.gradient)
            if known.label != arrow.label:
                known.label = ""
    return list(found.values())


def hide(graph: Graph, kinds: Iterable[str]) -> Graph:
    """Without the boxes of some kinds ("parameter", "constant", "input", "output"), of a family ("shape") or of an op by name.

    What stood on both sides of an op that goes is joined by arrows.
    """
    gone_kinds = set(kinds)
    gone = {b.id for b in graph.boxes.values() if b.kind in gone_kinds or b.family in gone_kinds or b.title in gone_kinds}
    found = graph.like([b for k, b in graph.boxes.items() if k not in gone], [], graph.clusters.values())
    into: dict[str, list[Arrow]] = {}
    for arrow in graph.arrows:
        if arrow.target in gone:
            into.setdefault(arrow.target, []).append(arrow)
    arrows: dict[tuple[str, str], Arrow] = {}
    for arrow in graph.arrows:
        if arrow.target in gone:
            continue
        stack, seen = [arrow], {arrow.source}
        while stack:                                 # back through what is hidden, to boxes that stay
            step = stack.pop()
            if step.source not in gone:
                new = replace(arrow, source=step.source, label=step.label)
                arrows.setdefault((new.source, new.target), new)
                continue
            for before in into.get(step.source, ()):
                if before.source not in seen:
                    seen.add(before.source)
                    stack.append(before)
    found.arrows = list(arrows.values())
    return found.without_empty_clusters()
