"""What a picture holds: boxes, arrows and module scopes. Plain data, which writers turn into DOT, SVG, HTML, Mermaid or text.

Ids follow creation order, never memory addresses, so the same program gives the same picture.
"""
from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

GRADIENT = "create_graph"                            # kind of the cluster around what a backward pass recorded
KINDS = ("op", "function", "module", "parameter", "input", "constant", "output")


@dataclass(slots=True)
class Box:
    """A thing in the picture. kind: one of KINDS.

    scope: key of the cluster that it stands in, "" for none. order: when it ran; what an op needs stands just before it.
    family: of an op, what it is about ("layer", "activation", ...). path: module path, or a parameter's full name;
    module: of an op that is all there is in its module, that.
    kept: bytes that stay alive for its backward, None once they are freed; keeps: what they are. gradient: norm of the gradient.
    flag: "", "failed", "not finite" or "no gradient". ops, parameters: how many a collapsed module holds. times: folded repeats.
    """
    id: str
    kind: str
    title: str
    scope: str = ""
    order: tuple[int, int] = (0, 0)
    family: str = ""
    options: tuple[str, ...] = ()
    shape: str = ""
    dtype: str = ""
    nbytes: int = 0
    kept: int | None = None
    keeps: tuple[str, ...] = ()
    path: str = ""
    module: str = ""
    line: str = ""
    code: str = ""
    gradient: float | None = None
    flag: str = ""
    note: str = ""
    ops: int = 1
    parameters: int = 0
    times: int = 1


@dataclass(slots=True)
class Arrow:
    """From what was made to what used it. name, place: which operand that is; label: of several outputs, the shape that was used."""
    source: str
    target: str
    name: str = ""
    place: tuple[int, int] = (0, 0)
    label: str = ""
    gradient: float | None = None
    times: int = 1


@dataclass(slots=True)
class Cluster:
    """One call of a module, or a group of repeated boxes (kind ""). path: of the module; detail: what its repr says of it."""
    key: str
    name: str
    kind: str
    parent: str = ""
    path: str = ""
    detail: str = ""
    line: str = ""
    times: int = 1

    @property
    def is_module(self) -> bool:
        """True for the call of a module: those can be closed."""
        return bool(self.kind) and self.kind != GRADIENT

    @property
    def title(self) -> str:
        """`name: Kind`, or what there is of it."""
        return f"{self.name}: {self.kind}" if self.name and self.kind else self.name or self.kind


@dataclass
class Graph:
    """Everything a writer needs. boxes and clusters are in the order of their ids; message: what went wrong, for a failed one;
    kept: all bytes that stay alive for backward; across: drawn from left to right.

    Transformations make a new graph with `like`.
    """
    boxes: dict[str, Box] = field(default_factory=dict)
    arrows: list[Arrow] = field(default_factory=list)
    clusters: dict[str, Cluster] = field(default_factory=dict)
    message: str = ""
    kept: int = 0
    across: bool = False

    def like(self, boxes: Iterable[Box] = (), arrows: Iterable[Arrow] = (), clusters: Iterable[Cluster] = ()) -> Graph:
        """A graph of other boxes, arrows and clusters that is else the same."""
        return replace(self, boxes={b.id: b for b in boxes}, arrows=list(arrows), clusters={c.key: c for c in clusters})

    def inside(self) -> dict[str, list[Box]]:
        """Boxes by the cluster that they stand in, in the order in which they ran."""
        found: dict[str, list[Box]] = {"": []}
        for box in self.boxes.values():
            found.setdefault(box.scope, []).append(box)
        for boxes in found.values():
            boxes.sort(key=lambda b: b.order)
        return found

    def below(self) -> dict[str, list[Cluster]]:
        """Clusters by the one around them."""
        found: dict[str, list[Cluster]] = {"": []}
        for cluster in self.clusters.values():
            found.setdefault(cluster.parent, []).append(cluster)
        return found

    def nested(self) -> Iterator[tuple[int, Cluster | None]]:
        """Clusters depth first with their depth; None where the last one ends."""
        below = self.below()
        stack: list[tuple[int, Cluster | None]] = [(0, c) for c in reversed(below[""])]
        while stack:                                 # no recursion: modules may nest deeply
            depth, cluster = stack.pop()
            yield depth, cluster
            if cluster is not None:
                stack.append((depth, None))
                stack += [(depth + 1, c) for c in reversed(below.get(cluster.key, ()))]

    def levels(self) -> dict[str, int]:
        """How deep each cluster stands among modules: 0 for the outermost; groups of repeated boxes do not count."""
        found = {"": -1}
        for cluster in self.clusters.values():       # those around come first
            found[cluster.key] = found[cluster.parent] + bool(cluster.kind)
        del found[""]
        return found

    def without_empty_clusters(self) -> Graph:
        """Itself, once clusters without a box are dropped."""
        used: set[str] = set()
        for box in self.boxes.values():
            key = box.scope
            while key and key not in used:
                used.add(key)
                key = self.clusters[key].parent
        self.clusters = {k: c for k, c in self.clusters.items() if k in used}
        return self

    def summary(self) -> str:
        """One line: how many ops, parameters, bytes kept."""
        boxes = self.boxes.values()
        times = multiplicity(self)
        ops = sum(b.ops * times[b.scope] * b.times for b in boxes if b.kind in ("op", "function", "module"))
        numbers = sum(b.parameters * times[b.scope] * b.times for b in boxes)
        parts = [f"{ops:,} ops" if ops != 1 else "1 op"]
        if numbers:
            parts.append(f"{count_text(numbers)} parameters")
        if self.kept:
            parts.append(f"{bytes_text(self.kept)} kept for backward")
        return " · ".join(parts)


def multiplicity(graph: Graph) -> dict[str, int]:
    """How often what stands in a cluster was there before folding."""
    found = {"": 1}
    for cluster in graph.clusters.values():
        found[cluster.key] = found[cluster.parent] * cluster.times
    return found


# ---------------------------------------------------------------- numbers as text
@lru_cache(maxsize=10_000)
def shape_text(shape: tuple[int, ...]) -> str:
    """(2, 3) as `2 × 3`; a 0-d tensor is a scalar."""
    return " × ".join([str(n) for n in shape]) or "scalar"


@lru_cache(maxsize=10_000)
def bytes_text(n: int) -> str:
    """1536 as `1.5 kB`, in powers of 1024."""
    size = float(n)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1024
    return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"


def count_text(n: int) -> str:
    """25_557_032 as `25.6M`."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if n >= limit:
            return f"{n / (limit if unit != 'k' else 1e3):.1f}{unit}"
    return f"{n:,}"


def norm_text(x: float) -> str:
    """A gradient's norm in three digits."""
    return "NaN" if math.isnan(x) else "Inf" if math.isinf(x) else f"{x:.3g}"


def largest(a: float | None, b: float | None) -> float | None:
    """The larger of two norms that may be missing; NaN and Inf win."""
    if a is None or b is None:
        return b if a is None else a
    return a if not math.isfinite(a) else b if not math.isfinite(b) else max(a, b)
