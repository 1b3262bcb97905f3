"""A search along a line for a step that satisfies the strong Wolfe conditions."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

DECREASE, CURVATURE = 1e-4, 0.9                      # the constants c1 and c2 of the two conditions


class Point(NamedTuple):
    """A point of the line: how far along it, the loss there, its gradient, and its slope along the line."""
    t: float
    loss: float
    gradient: Any
    slope: float


def strong_wolfe(at: Callable[[float], Point], start: Point, t: float, width: float, tolerance: float, most: int) -> tuple[Point, int]:
    """A point that lies low enough and is flat enough, and how many points were evaluated.

    at: evaluates the point of a step size. start: the point of step 0, where the line falls. t: the first size to try.
    width: the largest element of the direction; a bracket narrower than `tolerance` in it is not refined.
    most: how many more points than the first may be evaluated; the lowest end of the bracket is returned when they are used up.

    Nocedal and Wright, Numerical Optimization, 2006, algorithms 3.5 and 3.6, with cubic interpolation.
    """
    def too_high(p: Point) -> bool:
        return p.loss > start.loss + DECREASE * p.t * start.slope

    def flat(p: Point) -> bool:
        return abs(p.slope) <= -CURVATURE * start.slope

    before, here, tries = start, at(t), 0
    while tries < most:                              # go further until a good point lies in between
        if too_high(here) or (tries > 1 and here.loss >= before.loss):
            break
        if flat(here):
            return here, tries + 1
        if here.slope >= 0:
            break
        further = between(before, here, (here.t + 0.01 * (here.t - before.t), here.t * 10))
        before, here, tries = here, at(further), tries + 1
    else:
        before = start

    low, high = (before, here) if before.loss <= here.loss else (here, before)
    stuck = False
    while tries < most and not abs(high.t - low.t) * width < tolerance:
        first, last = sorted((low, high), key=lambda p: p.t)
        margin = 0.1 * (last.t - first.t)
        t = between(first, last, (first.t, last.t))
        close = min(last.t - t, t - first.t) < margin
        if close and (stuck or not first.t < t < last.t):        # the second time, move away from the end
            t = last.t - margin if abs(t - last.t) < abs(t - first.t) else first.t + margin
            close = False
        stuck = close
        here, tries = at(t), tries + 1
        if too_high(here) or here.loss >= low.loss:
            low, high = (low, here) if low.loss <= here.loss else (here, low)
            continue
        if flat(here):
            return here, tries + 1
        if here.slope * (high.t - low.t) >= 0:
            high = low
        low = here
    return low, tries + 1


def between(a: Point, b: Point, bounds: tuple[float, float]) -> float:
    """Where the cubic through two points with these slopes has its minimum, within bounds; their middle where it has none."""
    least, most = bounds
    a, b = (a, b) if a.t <= b.t else (b, a)
    if a.t != b.t:
        bend = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
        square = bend * bend - a.slope * b.slope
        if square >= 0:
            root = math.sqrt(square)
            under = b.slope - a.slope + 2 * root
            if under != 0:
                return min(max(b.t - (b.t - a.t) * ((b.slope + root - bend) / under), least), most)
    return (least + most) / 2
