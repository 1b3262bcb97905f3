"""normalize, cosine_similarity and pairwise_distance against PyTorch: zero vectors, orders, refusals."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from tests.ops.oracle import same, same_error

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4))


def call(name: str, *args: Any, **options: Any) -> Any:
    return lambda lib, *inputs: getattr(lib.F, name)(*inputs, *args, **options)


@pytest.mark.parametrize("options", [{}, {"p": 1}, {"p": 3}, {"p": float("inf")}, {"p": 0.5}, {"dim": 0}, {"dim": (0, 1)}, {"eps": 3.0}],
                         ids=str)
def test_normalize(options: dict[str, Any]) -> None:
    same(call("normalize", **options), X, second=True)
    same(call("normalize", **options), X.astype("f4"), rtol=1e-5)


def test_normalize_edges() -> None:
    same(call("normalize"), np.zeros((2, 3)))
    same(call("normalize", dim=0), np.asarray(2.0))
    out = mg.empty(3, 4, dtype=mg.float64)
    assert F.normalize(mg.tensor(X), out=out) is out
    np.testing.assert_allclose(np.linalg.norm(out.numpy(), axis=1), 1)
    same_error(call("normalize"), X[0], match="Dimension out of range")
    same_error(call("normalize"), X.astype(int), match="Expected a floating point or complex tensor as input; got .*int64")


def test_cosine_similarity() -> None:
    for x, y, dim in ((X, Y, 1), (X, Y, 0), (X, Y[:1], -1), (X[0], Y[0], 0), (X[:, None], Y[:2], -1)):
        same(call("cosine_similarity", dim), x, y, second=True)
    same(call("cosine_similarity"), X.astype("f4"), Y)
    same(call("cosine_similarity"), X, np.round(Y).astype(int))
    same(call("cosine_similarity"), np.array([[0.0, 0], [1, 2], [1e-9, 1e-9]]), np.array([[1.0, 1], [3, 3], [1, 1]]))    # lengths below eps
    same_error(call("cosine_similarity", 3), X, Y, match="Dimension out of range")
    same_error(call("cosine_similarity"), X.astype(int), Y.astype(int), match="expected common dtype to be floating point; got x1 int64")


def test_pairwise_distance() -> None:
    for options in ({}, {"p": 1.0}, {"p": 3.0, "eps": 0.1, "keepdim": True}, {"p": float("inf")}, {"p": 0.0}):
        same(call("pairwise_distance", **options), X, Y, second=options.get("p") != 0.0)
    same(call("pairwise_distance"), X, Y[0])
    same(call("pairwise_distance"), X[0], Y[0])
    same(call("pairwise_distance"), RNG.integers(0, 9, (3, 4)), RNG.integers(0, 9, (3, 4)))
    same(call("pairwise_distance", eps=0.0), X, X)   # a distance of 0 has the gradient 0
    same_error(call("pairwise_distance"), X, Y[:2], match="the size of tensor a \\(3\\) must match the size of tensor b \\(2\\)")
    with pytest.raises(RuntimeError, match="pairwise_distance: takes vectors of at least one dimension; got x1 float32 \\(\\)"):
        F.pairwise_distance(mg.tensor(1.0), mg.tensor(2.0))
