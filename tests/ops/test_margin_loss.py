"""Margin losses against PyTorch: pairs, triplets, labels, kinks, refusals."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from tests.ops.oracle import same, same_error

RNG = np.random.default_rng(0)
X, Y, Z = (RNG.normal(size=(3, 4)) for _ in range(3))
SIGNS = np.array([1.0, -1.0, 1.0])
REDUCTIONS = pytest.mark.parametrize("reduction", ["mean", "sum", "none"])


def call(name: str, target: np.ndarray | None = None, *more: Any, **options: Any) -> Any:
    """F.name(inputs, target): the target takes no gradient."""
    def run(lib: Any, *inputs: Any) -> Any:
        targets = () if target is None else (lib.tensor(target),)
        return getattr(lib.F, name)(*inputs, *targets, *more, **options)
    return run


@REDUCTIONS
def test_pairs(reduction: str) -> None:
    for target, x in ((SIGNS, X[:, 0]), (SIGNS[:, None], X), (np.zeros(3), X[:, 0]), (SIGNS.astype(int), X[:, 0]), (np.sign(Y), X[:, :1])):
        same(call("hinge_embedding_loss", target, 0.5, reduction=reduction), x, second=True)
    same(call("margin_ranking_loss", SIGNS, reduction=reduction), X[:, 0], Y[:, 0], second=True)
    same(call("margin_ranking_loss", SIGNS[:, None], 0.5, reduction=reduction), X, Y, second=True)
    for margin in (0, 0.2):
        same(call("cosine_embedding_loss", SIGNS, margin, reduction=reduction), X, Y, second=True)
    same(call("cosine_embedding_loss", np.array(-1.0), reduction=reduction), X[0], Y[0], second=True)
    same(call("cosine_embedding_loss", np.zeros(3), reduction=reduction), X, Y)
    same(call("soft_margin_loss", np.sign(Y), reduction=reduction), X, second=True)
    same(call("soft_margin_loss", SIGNS[:, None], reduction=reduction), X, second=True)


def test_kinks_of_pairs() -> None:
    same(call("hinge_embedding_loss", np.array([-1.0, -1.0, 1.0, 0.0]), reduction="none"), np.array([1.0, 0.5, 2.0, 1.0]))
    same(call("margin_ranking_loss", np.array([-1.0, 1.0]), reduction="none"), np.array([1.0, 2.0]), np.array([1.0, 2.0]))


def test_soft_margin_does_not_overflow() -> None:
    """PyTorch's is inf here."""
    assert F.soft_margin_loss(mg.tensor([-1000.0]), mg.tensor([1.0])).item() == 1000.0


@REDUCTIONS
@pytest.mark.parametrize("p", [1, 2, 3, 1.5])
def test_triplets(reduction: str, p: float) -> None:
    same(call("triplet_margin_loss", p=p, reduction=reduction), X, Y, Z, second=True)
    same(call("triplet_margin_loss", p=p, margin=3.0, swap=True, reduction=reduction), X, Y, Z, second=True)
    if p == 2:
        same(call("triplet_margin_with_distance_loss", reduction=reduction), X, Y, Z, second=True)
        options: dict[str, Any] = {"swap": True, "distance_function": lambda a, b: (a - b).abs().sum(-1)}
        same(call("triplet_margin_with_distance_loss", reduction=reduction, **options), X, Y, Z, second=True)


@REDUCTIONS
def test_labels(reduction: str) -> None:
    for p in (1, 2):
        same(call("multi_margin_loss", np.array([0, 1, 3]), p, reduction=reduction), X)

        def weighted(lib: Any, x: Any, p: int = p) -> Any:
            weight = lib.tensor([0.5, 1.0, 2.0, 0.1], dtype=lib.float64)
            return lib.F.multi_margin_loss(x, lib.tensor([0, 1, 3]), p, 0.3, weight, reduction=reduction)
        same(weighted, X)
        for target in (np.array(1), np.array([1])):
            same(call("multi_margin_loss", target, p, reduction=reduction), X[0])
    lists = np.array([[3, 0, -1, 1], [1, -1, 0, 0], [-1, 2, 2, 2]])
    same(call("multilabel_margin_loss", lists, reduction=reduction), X)
    same(call("multilabel_margin_loss", lists[0], reduction=reduction), X[0])
    same(call("multilabel_margin_loss", np.array([[3, 3, -1, 0]]), reduction=reduction), X[:1])       # a label twice
    for target in (np.abs(Y) < 1, np.abs(Y[:1]) < 1):
        same(call("multilabel_soft_margin_loss", target.astype("f8"), reduction=reduction), X, second=True)
    same(lambda lib, x, w: lib.F.multilabel_soft_margin_loss(x, lib.tensor(np.abs(Y)), w, reduction=reduction), X, np.abs(Z[0]),
         second=True)


def test_kinks_of_labels() -> None:
    x = np.array([[1.0, 0.0, 2.0, 1.0]])
    for p in (1, 2):
        same(call("multi_margin_loss", np.array([0]), p), x)
    same(call("multilabel_margin_loss", np.array([[0, -1, 1, 2]])), x)


def test_refusals_of_pairs_and_triplets() -> None:
    same_error(call("margin_ranking_loss", SIGNS), X, Y, match="All input tensors should have same dimension but got sizes: input1: .*3, 4")
    same_error(call("margin_ranking_loss", SIGNS), X[:2, 0], Y[:, 0], match="the size of tensor a \\(2\\) must match")
    same_error(call("cosine_embedding_loss", SIGNS[:, None]), X, Y, match="0D or 1D target tensor expected, multi-target not supported")
    same_error(call("cosine_embedding_loss", SIGNS), X[0], Y[0], match="1D target tensor expects 2D input tensors, but found inputs")
    same_error(call("triplet_margin_loss", margin=-1), X, Y, Z, match="margin must be greater than 0, got -1")
    same_error(call("triplet_margin_loss"), X, Y, Z[0], match="same number of dimensions, but got: anchor 2D, positive 2D, and negative 1D")
    same_error(call("triplet_margin_with_distance_loss", margin=0), X, Y, Z, match="margin must be greater than 0, got 0")
    same_error(call("soft_margin_loss", SIGNS, reduction="avg"), X, match="avg is not a valid value for reduction")


def test_refusals_of_labels() -> None:
    labels = np.array([0, 1, 2])
    for wrong, value in (([0, 1, 7], 7), ([0, 1, -1], -1)):
        same_error(call("multi_margin_loss", np.array(wrong)), X, match=f"target out of range: {value} is no class of 0 .. 3; got t int64")
    same_error(call("multi_margin_loss", labels[:2]), X, match=r"Expected target size \[3\], but got \[2\]. Input has shape \[3, 4\]")
    same_error(call("multi_margin_loss", labels, 3), X, match="only p == 1 and p == 2 supported; got 3")
    same_error(call("multi_margin_loss", SIGNS), X, match="expected scalar type Long but found float64")
    for wrong, value in (([3, 0, -1, 9], 9), ([3, 0, -2, -1], -2)):
        same_error(call("multilabel_margin_loss", np.array([wrong] * 3)), X, match=f"target out of range: {value} is no class of -1 .. 3")
    same_error(call("multilabel_margin_loss", np.zeros((3, 3), int)), X, match=r"target size: \[3, 3\] for input of size: \[3, 4\]")
