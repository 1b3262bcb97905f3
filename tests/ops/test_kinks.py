"""Gradients at kinks, ties and poles: one table, checked against PyTorch, and shown in docs/kinks.md."""
from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F

DOCUMENT = Path(__file__).parents[2] / "docs" / "kinks.md"
INF, NAN = math.inf, math.nan
ONE, MINUS_ONE = "torch.ones(1)", "-torch.ones(1)"


class Kink(NamedTuple):
    """What `code` does at x (and y): the gradient of the sum of its elements."""

    code: str
    x: Any
    x_gradient: Any
    y: Any = None
    y_gradient: Any = None


# heading, a sentence, rows
TABLE: list[tuple[str, str, list[Kink]]] = [
    ("Signs and steps", "The sign of 0 is 0. A step is flat, where it jumps too.", [
        Kink("torch.abs(x)", 0, 0),
        Kink("torch.abs(x)", 0j, 0j),
        Kink("torch.sgn(x)", 0j, 0j),
        Kink("torch.angle(x)", 0j, 0j),
        Kink("torch.sign(x)", 0, 0),
        Kink("torch.floor(x)", 1, 0),
        Kink("torch.ceil(x)", 1, 0),
        Kink("torch.round(x)", 0.5, 0),
        Kink("torch.trunc(x)", 1, 0),
        Kink("torch.frac(x)", 1, 1),
        Kink("torch.remainder(x, y)", 4, 1, 2, -2),
        Kink("torch.fmod(x, y)", 4, 1, 2, -2),
        Kink("torch.div(x, y, rounding_mode='floor')", 4, 0, 2, 0),
        Kink("torch.copysign(x, y)", 0, 0, 1, 0),
        Kink("torch.copysign(x, y)", 1, 1, 0, 0),
    ]),
    ("Activations", "At a corner most take the flat side.", [
        Kink("F.relu(x)", 0, 0),
        Kink("F.relu6(x)", [0, 6], [0, 0]),
        Kink("F.hardtanh(x)", [-1, 1], [0, 0]),
        Kink("F.hardsigmoid(x)", [-3, 3], [0, 0]),
        Kink("F.hardswish(x)", [-3, 3], [0, 1]),
        Kink("F.hardshrink(x)", [-0.5, 0.5], [0, 0]),
        Kink("F.softshrink(x)", [-0.5, 0.5], [0, 0]),
        Kink("F.threshold(x, 1, 2)", 1, 0),
        Kink("F.leaky_relu(x, 0.1)", 0, 0.1),
        Kink("F.prelu(x, y)", 0, 0.25, [0.25], [0]),
        Kink("F.elu(x, 2.0)", 0, 2),
        Kink("F.celu(x, 2.0)", 0, 1),
        Kink("F.softsign(x)", 0, 1),
    ]),
    ("The greater of two, and bounds", "`maximum` and `minimum` share at a tie, `fmax` and `fmin` give all to the first. A bound lets the "
     "gradient of what lies on it pass.", [
        Kink("torch.maximum(x, y)", 1, 0.5, 1, 0.5),
        Kink("torch.minimum(x, y)", 1, 0.5, 1, 0.5),
        Kink("torch.maximum(x, y)", NAN, 1, 1, 1),
        Kink("torch.fmax(x, y)", 1, 1, 1, 0),
        Kink("torch.fmin(x, y)", 1, 1, 1, 0),
        Kink("torch.fmax(x, y)", NAN, 0, 1, 1),
        Kink("torch.fmax(x, y)", NAN, 1, NAN, 0),
        Kink("torch.clamp(x, 0, 1)", [0, 1, NAN], [1, 1, 0]),
        Kink("torch.clamp(x, min=y)", 1, 1, 1, 0),
        Kink("torch.clamp(x, max=y)", 1, 1, 1, 0),
        Kink("torch.clamp_min(x, 0)", 0, 1),
        Kink("torch.clamp_max(x, 0)", 0, 1),
        Kink("torch.clamp_min(x, y)", 1, 1, 1, 0),
        Kink("torch.clamp_max(x, y)", 1, 1, 1, 0),
        Kink("torch.where(x > 0, x, y)", 0, 0, 0, 1),
        Kink("torch.nan_to_num(x)", [NAN, INF], [0, 0]),
    ]),
    ("A branch that is not taken", "`where` lets no gradient into the other branch, but 0 times an infinite slope behind it is nan. What "
     "goes into the function must be made safe, not what comes out: choose twice.", [
        Kink("torch.where(x > 0, x.sqrt(), 0.0)", [0, 4], [NAN, 0.25]),
        Kink("torch.where(x > 0, 1 / x, 0.0)", [0, 2], [NAN, -0.25]),
        Kink("torch.where(x > 0, torch.where(x > 0, x, 1.0).sqrt(), 0.0)", [0, 4], [0, 0.25]),
        Kink("x.sqrt().masked_fill(x <= 0, 0.0)", [0, 4], [NAN, 0.25]),
        Kink("x.sqrt() * (x > 0)", [0, 4], [NAN, 0.25]),
        Kink("torch.nan_to_num(x.sqrt())", [-1, 4], [NAN, 0.25]),
    ]),
    ("Extrema and order", "Over all elements, and over dimensions without indices, ties share evenly. With indices, the element that the "
     "index names takes all.", [
        Kink("x.max()", [3, 3, 1], [0.5, 0.5, 0]),
        Kink("x.min()", [1, 1, 3], [0.5, 0.5, 0]),
        Kink("x.max()", [NAN, NAN, 1], [0.5, 0.5, 0]),
        Kink("x.amax(0)", [3, 3, 1], [0.5, 0.5, 0]),
        Kink("x.amin(0)", [3, 1, 1], [0, 0.5, 0.5]),
        Kink("x.aminmax(dim=0).max", [1, 3, 3], [0, 0.5, 0.5]),
        Kink("x.aminmax().min", [3, 1, 1], [0, 0.5, 0.5]),
        Kink("x.max(0).values", [1, 3, 3], [0, 1, 0]),
        Kink("x.min(0).values", [3, 1, 1], [0, 1, 0]),
        Kink("x.cummax(0).values", [2, 2, 1], [1, 2, 0]),
        Kink("x.cummin(0).values", [2, 2, 3], [1, 2, 0]),
        Kink("x.median()", [2, 2, 1, 3], [0.5, 0.5, 0, 0]),
        Kink("x.median()", [2, NAN, NAN], [0, 0.5, 0.5]),
        Kink("x.nanmedian()", [2, 2, NAN, 3], [0.5, 0.5, 0, 0]),
        Kink("x.median(0).values", [2, 2, 1, 3], [1, 0, 0, 0]),
        Kink("x.kthvalue(2, 0).values", [2, 1, 2], [1, 0, 0]),
        Kink("x.mode(0).values", [2, 1, 2], [0, 0, 1]),
        Kink("x.quantile(0.5)", [2, 2, 1], [1, 0, 0]),
        Kink("x.sort(stable=True).values @ y", [2, 2, 1], [10, 100, 1], [1, 10, 100], [1, 2, 2]),
        Kink("F.max_pool1d(x, 2)", [[3, 3]], [[1, 0]]),
        Kink("F.max_pool2d(x, 2)", [[[1, 3], [3, 3]]], [[[0, 1], [0, 0]]]),
        Kink("F.max_pool2d(x, 2)", [[[NAN, 3], [NAN, 3]]], [[[0, 0], [1, 0]]]),
        Kink("F.max_pool3d(x, (1, 2, 2))", [[[[1, 3], [3, 3]]]], [[[[0, 1], [0, 0]]]]),
        Kink("F.lp_pool1d(x, 2, 2)", [[0, 0, 3, 4]], [[0, 0, 0.6, 0.8]]),
        Kink("F.lp_pool1d(x, 1, 2)", [[0, 0, 3, 4]], [[0, 0, 1, 1]]),
        Kink("F.lp_pool1d(x, float('inf'), 2)", [[-2, 2]], [[-1, 0]]),
        Kink("F.adaptive_max_pool1d(x, 1)", [[3, 3]], [[1, 0]]),
        Kink("F.adaptive_max_pool2d(x, 1)", [[[1, 3], [3, 3]]], [[[0, 1], [0, 0]]]),
        Kink("torch.scatter_reduce(x, 0, torch.tensor([0]), y, 'amax')", [3], [0.5], [3], [0.5]),
        Kink("torch.index_reduce(x, 0, torch.tensor([0]), y, 'amin')", [3], [0.5], [3], [0.5]),
    ]),
    ("Norms and distances", "0 at the tip of the cone. Ties of the infinity norm share evenly.", [
        Kink("x.norm()", [0, 0], [0, 0]),
        Kink("torch.linalg.vector_norm(x, 1)", [0, 2], [0, 1]),
        Kink("torch.linalg.vector_norm(x, 3)", [0, 0], [0, 0]),
        Kink("torch.linalg.vector_norm(x, 0.5)", [0, 0], [0, 0]),
        Kink("torch.linalg.vector_norm(x, float('inf'))", [-2, 2, 1], [-0.5, 0.5, 0]),
        Kink("torch.linalg.vector_norm(x, float('inf'))", [0, 0], [0, 0]),
        Kink("torch.linalg.vector_norm(x, -float('inf'))", [-2, 2, 3], [-0.5, 0.5, 0]),
        Kink("x.renorm(2, 0, 5.0)", [[3, 4]], [[1, 1]]),
        Kink("torch.dist(x, y)", [1, 2], [0, 0], [1, 2], [0, 0]),
        Kink("torch.cdist(x, y)", [[1, 2]], [[0, 0]], [[1, 2]], [[0, 0]]),
        Kink("torch.cdist(x, y, 1.0)", [[1, 2]], [[0, -1]], [[1, 3]], [[0, 1]]),
        Kink("torch.cdist(x, y, float('inf'))", [[2, -2]], [[1, -1]], [[0, 0]], [[-1, 1]]),
        Kink("torch.pdist(x)", [[1, 2], [1, 2]], [[0, 0], [0, 0]]),
        Kink("F.pairwise_distance(x, y, eps=0.0)", [1, 2], [0, 0], [1, 2], [0, 0]),
        Kink("F.cosine_similarity(x, y, 0)", [0, 0], [1e8, 0], [1, 0], [0, 0]),
        Kink("F.normalize(x, dim=0)", [0, 0], [1e12, 1e12]),
        Kink("x.std()", [2, 2], [0, 0]),
    ]),
    ("Losses", "Of an absolute error 0; of a hinge that just touches 0 mostly the slope.", [
        Kink("F.l1_loss(x, y)", 1, 0, 1, 0),
        Kink("F.smooth_l1_loss(x, y)", [1, 2], [0, 0.5], [1, 1], [0, -0.5]),
        Kink("F.huber_loss(x, y)", [1, 2], [0, 0.5], [1, 1], [0, -0.5]),
        Kink(f"F.hinge_embedding_loss(x, {MINUS_ONE})", [1], [-1]),
        Kink(f"F.margin_ranking_loss(x, y, {ONE})", [1], [-1], [1], [1]),
        Kink("F.multi_margin_loss(x, torch.tensor([0]))", [[1, 0]], [[0, 0]]),
        Kink("F.multilabel_margin_loss(x, torch.tensor([0, -1]))", [1, 0], [0, 0]),
        Kink(f"F.cosine_embedding_loss(x, y, {MINUS_ONE})", [[1, 0]], [[0, 1]], [[0, 1]], [[1, 0]]),
    ]),
    ("Powers and products", "A power of 0 has gradient 0 for an exponent that is not negative. A factor of a product has the product of "
     "the others, a 0 among them or not.", [
        Kink("x ** y", 0, 0, 0, 0),
        Kink("x ** y", 0, 1, 1, 0),
        Kink("x ** y", 0, 0, 2, 0),
        Kink("x ** y", 0, INF, 0.5, 0),
        Kink("x ** y", 0, -INF, -1, -INF),
        Kink("x ** 0", 0, 0),
        Kink("0 ** x", 0, 0),
        Kink("x.prod()", [0, 2, 3], [6, 0, 0]),
        Kink("x.prod()", [0, 0, 3], [0, 0, 0]),
        Kink("x.cumprod(0)", [2, 0, 3], [1, 8, 0]),
    ]),
    ("Poles and ends of the domain", "What the formula gives, infinite or undefined; `atan2` has 0 at the origin.", [
        Kink("torch.sqrt(x)", 0, INF),
        Kink("torch.rsqrt(x)", 0, -INF),
        Kink("torch.reciprocal(x)", 0, -INF),
        Kink("x / y", 0, INF, 0, NAN),
        Kink("torch.log(x)", 0, INF),
        Kink("torch.asin(x)", 1, INF),
        Kink("torch.acos(x)", 1, -INF),
        Kink("torch.acosh(x)", 1, INF),
        Kink("torch.atanh(x)", 1, INF),
        Kink("torch.erfinv(x)", 1, INF),
        Kink("torch.logit(x)", 0, INF),
        Kink("torch.logit(x, 0.2)", [0, 0.2], [0, 6.25]),
        Kink("torch.atan2(x, y)", 0, 0, 0, 0),
        Kink("torch.hypot(x, y)", 0, NAN, 0, NAN),
        Kink("torch.logaddexp(x, y)", -INF, NAN, -INF, NAN),
        Kink("torch.logsumexp(x, 0)", [-INF, -INF], [NAN, NAN]),
        Kink("F.softmax(x, 0) @ y", [-INF, -INF], [NAN, NAN], [1, 2], [NAN, NAN]),
    ]),
]
KINKS = [kink for _, _, rows in TABLE for kink in rows]


# ---------------------------------------------------------------- the gradients
def gradients(kink: Kink, torch: Any, functional: Any) -> dict[str, Any]:
    """What a library gives for x, and for y if there is one."""
    inputs = {name: torch.tensor(np.asarray(value, "c16" if isinstance(value, complex) else "f8")).requires_grad_()
              for name, value in (("x", kink.x), ("y", kink.y)) if value is not None}
    out = eval(kink.code, {"torch": torch, "F": functional}, inputs)
    (out.real if out.is_complex() else out).sum().backward()
    return {name: t.grad.numpy() for name, t in inputs.items()}


def check(kink: Kink, found: dict[str, Any]) -> None:
    for name, gradient in found.items():
        wanted = np.asarray(kink.x_gradient if name == "x" else kink.y_gradient, gradient.dtype)
        np.testing.assert_allclose(gradient, wanted, rtol=1e-9, atol=1e-9, err_msg=f"{kink.code}: for {name}")


@pytest.mark.parametrize("kink", KINKS, ids=lambda k: f"{k.code} at {k.x}")
def test_gradient_is_the_documented_one(kink: Kink) -> None:
    check(kink, gradients(kink, mg, F))


@pytest.mark.parametrize("kink", KINKS, ids=lambda k: f"{k.code} at {k.x}")
def test_documented_gradient_is_that_of_pytorch(kink: Kink) -> None:
    torch = pytest.importorskip("torch")
    check(kink, gradients(kink, torch, torch.nn.functional))


# ---------------------------------------------------------------- the page
PAGE = """# Gradients at kinks and ties

Where a function has a corner, a tie or a pole, its gradient is a choice; here it is PyTorch's. Each row is a test. The gradient is that
of the sum of the elements. Made by `python tools/make_kinks.py`.
"""


def shown(value: Any) -> str:
    """A value as a reader would write it: 0.5, [0, 1], inf."""
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value))}]"
    return "0j" if isinstance(value, complex) else f"{value:g}".replace("e+0", "e").replace("e+", "e")


def cells(x: Any, y: Any) -> str:
    """What stands in the table for x, or for x and y."""
    return shown(x) if y is None else f"x: {shown(x)}, y: {shown(y)}"


def page() -> str:
    """The text of docs/kinks.md."""
    parts = [PAGE]
    for heading, sentence, rows in TABLE:
        parts.append(f"\n## {heading}\n{sentence}\n\n| function | at | gradient |\n|---|---|---|\n")
        parts += [f"| `{k.code}` | {cells(k.x, k.y)} | {cells(k.x_gradient, k.y_gradient)} |\n" for k in rows]
    return "".join(parts)


def test_page_is_up_to_date() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == page(), "docs/kinks.md is not what the table says; run python tools/make_kinks.py"
