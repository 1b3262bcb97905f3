"""Repeated blocks drawn once, with `×12`: layers one after another, and the turns of a loop."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .model import Arrow, Box, Cluster, Graph, largest

Item = Box | Cluster
LONGEST = 400                                        # items in one repeated block
CANDIDATES = 6                                       # lengths of a block that are tried at one place


def fold(graph: Graph) -> Graph:
    """The graph with runs of equal blocks folded, innermost modules first.

    Blocks are equal if they hold the same ops with the same shapes, joined in the same way; what differs among their labels is
    written as `first … last`.
    """
    work = _Fold(graph)
    order = list(work.graph.clusters)
    for key in [*reversed(order), ""]:               # a cluster comes after those around it
        work.fold_inside(key)
    return work.finish()


class _Fold:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph.like(map(replace, graph.boxes.values()), graph.arrows, map(replace, graph.clusters.values()))
        self.items: dict[str, list[Item]] = {}       # by cluster: what stands in it, in the order in which it ran
        for key, boxes in self.graph.inside().items():
            self.items[key] = [b for b in boxes if b.kind != "constant"]       # those go with the op that takes them
        self.starts: dict[str, tuple[int, int]] = {}
        for cluster in reversed(list(self.graph.clusters.values())):
            inner = self.items.setdefault(cluster.key, [])
            self.starts[cluster.key] = min((self.start(i) for i in inner), default=(0, 0))
            self.items.setdefault(cluster.parent, []).append(cluster)
        for items in self.items.values():
            items.sort(key=self.start)
        self.sources: dict[str, list[Arrow]] = {}
        self.targets: dict[str, list[Arrow]] = {}
        for arrow in sorted(graph.arrows, key=lambda a: a.place):
            self.sources.setdefault(arrow.target, []).append(arrow)
            self.targets.setdefault(arrow.source, []).append(arrow)
        self.into: dict[str, str] = {}               # box that is folded away -> the one that stands for it
        self.signs: dict[object, int] = {}
        self.of_cluster: dict[str, int] = {}
        self.flat: dict[str, list[Box]] = {}

    def start(self, item: Item) -> tuple[int, int]:
        return item.order if isinstance(item, Box) else self.starts[item.key]

    def sign(self, item: Item) -> int:
        """A number that equal items share."""
        if isinstance(item, Cluster):
            return self.of_cluster[item.key]
        return self.number(item.kind, item.title if item.kind in ("op", "function") else "", item.shape, item.dtype, item.times, item.flag)

    def number(self, *what: object) -> int:
        """The same number for the same things."""
        return self.signs.setdefault(what, len(self.signs))

    def boxes_of(self, item: Item) -> list[Box]:
        """The boxes of an item, those of equal items in the same order."""
        return [item] if isinstance(item, Box) else self.flat[item.key]

    # ------------------------------------------------------------ one scope
    def fold_inside(self, key: str) -> None:
        """Fold the runs in one cluster; inner ones are done."""
        items = self.items.get(key, [])
        signs = [self.sign(i) for i in items]
        found: list[Item] = []
        at = 0
        following = next_equal(signs)
        while at < len(items):
            length, times = self.run_at(items, signs, following, at)
            if times > 1:
                found += self.merge(items[at:at + length * times], length, times, key)
                at += length * times
            else:
                found.append(items[at])
                at += 1
        self.items[key] = found
        self.flat[key] = [box for item in found for box in self.boxes_of(item)]
        cluster = self.graph.clusters.get(key)
        if cluster is not None:
            self.of_cluster[key] = self.number("in", cluster.kind, cluster.times, *[self.sign(i) for i in found])

    def run_at(self, items: list[Item], signs: list[int], following: list[int], at: int) -> tuple[int, int]:
        """(length of a block, how many follow each other) of the run that covers most items; (1, 1) for none."""
        best, covered = (1, 1), 1
        other = at
        for _ in range(CANDIDATES):
            other = following[other]
            length = other - at
            if other < 0 or length > LONGEST:
                break
            end = other
            while end < len(signs) and signs[end] == signs[end - length]:
                end += 1
            times = (end - at) // length
            if times * length <= covered or times < self.least(items[at:at + length]):
                continue
            times = self.same_joints(items, at, length, times)
            if times * length > covered and times >= self.least(items[at:at + length]):
                best, covered = (length, times), times * length
        return best

    @staticmethod
    def least(block: Sequence[Item]) -> int:
        """How many are worth folding: two modules; of bare ops three."""
        return 2 if any(isinstance(i, Cluster) for i in block) else 3

    def same_joints(self, items: list[Item], at: int, length: int, times: int) -> int:
        """How many of the blocks are joined inside, and to the one before, as the others are."""
        blocks = [[box for item in items[at + k * length:at + (k + 1) * length] for box in self.boxes_of(item)] for k in range(times)]
        place = {box.id: (k, j) for k, block in enumerate(blocks) for j, box in enumerate(block)}
        pattern: list[list[tuple[int, int] | None]] | None = None
        chained = False
        for k, block in enumerate(blocks):
            found = [[self.joint(a, place, k) for a in self.sources.get(box.id, ())] for box in block]
            if k == 0:
                first, leads = found, self.leads(block, place)
                continue
            if k == 1:
                chained = any(joint is not None and joint[0] > 0 for joints in found for joint in joints)
            if not chained and self.leads(block, place) != leads:
                return k                             # side by side, and not for the same purpose
            if not agree(first, found, loose=True) or pattern is not None and not agree(pattern, found):
                return k
            pattern = found
        return times

    def leads(self, block: list[Box], place: dict[str, tuple[int, int]]) -> list[set[str]]:
        """What uses the boxes of a block, outside the run."""
        used = [{self.into.get(a.target, a.target) for a in self.targets.get(box.id, ())} for box in block]
        return [{target for target in targets if target not in place} for targets in used]

    def joint(self, arrow: Arrow, place: dict[str, tuple[int, int]], k: int) -> tuple[int, int] | None:
        """Where an arrow into block k comes from: (blocks back, place in it); None for elsewhere."""
        source = self.into.get(arrow.source, arrow.source)
        block, j = place.get(source, (None, 0))
        return None if block is None else (k - block, j)

    # ------------------------------------------------------------ folding
    def merge(self, run: list[Item], length: int, times: int, key: str) -> list[Item]:
        """The first block of a run, standing for all."""
        blocks = [[box for item in run[k * length:(k + 1) * length] for box in self.boxes_of(item)] for k in range(times)]
        shared = {boxes[0].id: self.constants_of_all(boxes) for boxes in zip(*blocks)}
        for boxes in zip(*blocks):
            self.stand_for_all(boxes)
        kept = run[:length]
        for item, last in zip(kept, run[-length:]):
            if isinstance(item, Cluster) and isinstance(last, Cluster):
                self.rename(item, last)
        for item in run[length:]:
            self.drop(item)
        if length == 1:
            kept[0].times *= times
            return kept
        group = Cluster(f"r{len(self.graph.clusters)}", "", "", key, self.graph.clusters[key].path if key else "", times=times)
        self.graph.clusters[group.key] = group
        self.starts[group.key] = min(self.start(i) for i in kept)
        for item in kept:
            if isinstance(item, Box):
                item.scope = group.key
                for arrow in self.sources.get(item.id, ()):
                    if self.is_constant(arrow.source) and arrow.place in shared[item.id]:
                        self.graph.boxes[arrow.source].scope = group.key
            else:
                item.parent = group.key
        self.items[group.key] = kept
        self.flat[group.key] = [box for item in kept for box in self.boxes_of(item)]
        self.of_cluster[group.key] = self.number("of", times, *[self.sign(i) for i in kept])
        return [group]

    def stand_for_all(self, boxes: tuple[Box, ...]) -> None:
        """Give the first box what the others have; those are folded away."""
        first, last = boxes[0], boxes[-1]
        constants = {a.place: a.source for a in self.sources.get(first.id, ()) if self.is_constant(a.source)}
        for box in boxes[1:]:
            self.into[box.id] = first.id
            for arrow in self.sources.get(box.id, ()):
                if self.is_constant(arrow.source):
                    self.into[arrow.source] = constants.get(arrow.place, "")
                    self.graph.boxes.pop(arrow.source, None)
            first.gradient = largest(first.gradient, box.gradient)
            del self.graph.boxes[box.id]
        if None not in (kept := [box.kept for box in boxes]):
            first.kept = round(sum([n or 0 for n in kept]) / len(kept))
        if first.options != last.options:
            same = len(first.options) == len(last.options)
            first.options = tuple([span(a, b) for a, b in zip(first.options, last.options)]) if same else ()
        if first.kind == "parameter":
            first.title = span(first.title, last.title)
        first.path = span(first.path, last.path)
        if first.line != last.line:
            first.line, first.code = span(first.line, last.line), ""

    def constants_of_all(self, boxes: tuple[Box, ...]) -> set[tuple[int, int]]:
        """The places of the constants that each of some boxes takes."""
        return set.intersection(*[{a.place for a in self.sources.get(box.id, ()) if self.is_constant(a.source)} for box in boxes])

    def is_constant(self, key: str) -> bool:
        """True for a constant that is still there."""
        return key in self.graph.boxes and self.graph.boxes[key].kind == "constant"

    def rename(self, first: Cluster, last: Cluster) -> None:
        """`0…11` for a cluster that stands for twelve, and for those inside."""
        for a, b in zip(self.nested(first), self.nested(last)):
            if a.name != b.name:
                a.name = a.name if b.name.startswith(f"{a.name} (call ") else span(a.name, b.name)
            a.path, a.line = span(a.path, b.path), span(a.line, b.line)

    def nested(self, cluster: Cluster) -> list[Cluster]:
        """A cluster and those inside, in the same order for equal ones."""
        found, stack = [], [cluster]
        while stack:
            found.append(stack.pop())
            stack += [i for i in self.items.get(found[-1].key, ()) if isinstance(i, Cluster)]
        return found

    def drop(self, item: Item) -> None:
        """Forget a cluster that is folded away, with those in it."""
        stack = [item]
        while stack:
            gone = stack.pop()
            if isinstance(gone, Cluster):
                self.graph.clusters.pop(gone.key, None)
                stack += self.items.get(gone.key, [])

    def finish(self) -> Graph:
        """The graph with arrows between what is left."""
        rename = {}
        for key in self.into:
            end = self.into[key]
            while end in self.into:
                end = self.into[end]
            rename[key] = end
        place = {box.id: i for i, box in enumerate(sorted(self.graph.boxes.values(), key=lambda b: b.order))}
        found: dict[tuple[str, str, str], Arrow] = {}
        for arrow in self.graph.arrows:
            source, target = rename.get(arrow.source, arrow.source), rename.get(arrow.target, arrow.target)
            folded = source != arrow.source or target != arrow.target
            if source == target or source not in place or folded and place[source] > place[target]:
                continue                             # from one turn to the next; a constant of a later turn
            known = found.get((source, target, arrow.name))
            if known is None:
                found[source, target, arrow.name] = replace(arrow, source=source, target=target)
            else:
                known.gradient = largest(known.gradient, arrow.gradient)
        clusters = self.graph.clusters
        self.graph.clusters = outer_first(clusters)
        self.graph.arrows = list(found.values())
        return self.graph.without_empty_clusters()


def next_equal(signs: list[int]) -> list[int]:
    """For each place the next one with the same sign, -1 for none."""
    following = [-1] * len(signs)
    last: dict[int, int] = {}
    for i in range(len(signs) - 1, -1, -1):
        following[i] = last.get(signs[i], -1)
        last[signs[i]] = i
    return following


def agree(a: list[list[tuple[int, int] | None]], b: list[list[tuple[int, int] | None]], loose: bool = False) -> bool:
    """Blocks whose arrows come from the same places. loose: a is the first block, into which no earlier turn leads."""
    for xs, ys in zip(a, b):
        if len(xs) != len(ys):
            return False
        for x, y in zip(xs, ys):
            if loose and (y is None or y[0] > 0):
                if x is not None:
                    return False
            elif x != y:
                return False
    return True


def outer_first(clusters: dict[str, Cluster]) -> dict[str, Cluster]:
    """Clusters in the order in which the outer ones come before those inside."""
    found: dict[str, Cluster] = {}
    for key in clusters:
        chain = []
        while key and key not in found:
            chain.append(key)
            key = clusters[key].parent
        for k in reversed(chain):
            found[k] = clusters[k]
    return found


def span(first: str, last: str) -> str:
    """`layers.0.weight` and `layers.11.weight` as `layers.0…11.weight`."""
    if first == last:
        return first
    start = 0
    while start < min(len(first), len(last)) and first[start] == last[start]:
        start += 1
    end = 0
    while end < min(len(first), len(last)) - start and first[-1 - end] == last[-1 - end]:
        end += 1
    while start and first[start - 1].isalnum():      # whole words and numbers
        start -= 1
    while end and first[len(first) - end].isalnum():
        end -= 1
    return f"{first[:len(first) - end]}…{last[start:]}"
