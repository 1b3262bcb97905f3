"""Likelihood losses and divergences against PyTorch: probabilities at the ends, weights, refusals."""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from tests.ops.oracle import same, same_error

RNG = np.random.default_rng(0)
X, P, T, W = RNG.normal(size=(3, 4)), RNG.uniform(0.1, 0.9, (3, 4)), RNG.random((3, 4)), RNG.random((3, 4))
REDUCTIONS = pytest.mark.parametrize("reduction", ["mean", "sum", "none"])


def call(name: str, *weights: tuple[str, np.ndarray], **options: Any) -> Any:
    def run(lib: Any, *inputs: Any) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "reduction: 'mean' divides the total loss")
            return getattr(lib.F, name)(*inputs, **{k: lib.tensor(w) for k, w in weights}, **options)
    return run


@REDUCTIONS
def test_binary_cross_entropy(reduction: str) -> None:
    for weights in ((), (("weight", W[0]),), (("weight", W[:, :1]),)):
        same(call("binary_cross_entropy", *weights, reduction=reduction), P, T, second=True)
        same(call("binary_cross_entropy_with_logits", *weights, reduction=reduction), X, T, second=True)
    same(call("binary_cross_entropy_with_logits", ("weight", W[0]), ("pos_weight", W[1] * 3), reduction=reduction), X, T, second=True)
    same(call("binary_cross_entropy_with_logits", ("pos_weight", W), reduction=reduction), X * 200, T)
    same(call("binary_cross_entropy_with_logits", reduction=reduction), X.astype("f4"), T)     # promotion
    same(call("binary_cross_entropy", reduction=reduction), P.astype("f4"), T.astype("f4"))


def test_binary_cross_entropy_at_the_ends() -> None:
    """log(0) counts as -100, and the slope stays finite."""
    x, t = np.array([0.0, 1.0, 0.0, 1.0, 0.5]), np.array([0.0, 1.0, 1.0, 0.0, 0.2])
    same(lambda lib, x: lib.F.binary_cross_entropy(x, lib.tensor(t), reduction="none"), x)


def test_binary_cross_entropy_refuses() -> None:
    name = "binary_cross_entropy"
    same_error(call(name), P, X, match="all elements of target should be between 0 and 1; got float64 \\(3, 4\\) from")
    same_error(call(name), X, P, match="all elements of input should be between 0 and 1; .* for logits use")
    same_error(call(name), P, P[:1], match="Using a target size .* that is different to the input size .* is deprecated")
    same_error(call(name), P, P.astype("f4"), match="expected all operands to have the same dtype")
    same_error(call(name, ("weight", W[:, 0])), P, T, match=r"The size of weight \[3\] must match the size of the input \[3, 4\]")
    same_error(lambda lib, x, t, w: lib.F.binary_cross_entropy(x, t, w.requires_grad_()), P, T, W,
               match="the derivative for 'weight' is not implemented")
    name = "binary_cross_entropy_with_logits"
    same_error(call(name), X, T[:1], match=r"Target size \(.*\) must be the same as input size \(.*\)")
    same_error(call(name, ("pos_weight", np.ones(3))), X, T, match="The size of pos_weight")
    same_error(call(name), X, T.astype(int), match="the target must be floating-point; got x float64 \\(3, 4\\), t int64")
    same_error(call(name), X, T > 0.5, match="the target must be floating-point")


@pytest.mark.parametrize("reduction", ["mean", "sum", "none", "batchmean"])
@pytest.mark.parametrize("log_target", [False, True])
def test_kl_div(reduction: str, log_target: bool) -> None:
    run = call("kl_div", reduction=reduction, log_target=log_target)
    for x, t in ((X, P), (X, P[:1]), (X[:1], P), (X.astype("f4"), P.astype("f4"))):
        same(run, x, t, second=x.dtype == "f8")
    if reduction != "mean":
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            F.kl_div(mg.tensor(X), mg.tensor(P), reduction=reduction)


def test_kl_div_edges() -> None:
    same(lambda lib, x: lib.F.kl_div(x, lib.tensor([0.0, 1.0, -0.5]), reduction="none"), np.array([0.3, -1.0, 2.0]))
    t = mg.tensor([0.0, 1.0], requires_grad=True)
    F.kl_div(mg.tensor([0.5, 0.5]), t, reduction="sum").backward()
    assert t.grad.tolist() == [-np.inf, 0.5]         # PyTorch: nan where the target is 0
    with pytest.warns(UserWarning, match="'batchmean' divides only by the batch size"):
        F.kl_div(mg.tensor(X), mg.tensor(P))
    same_error(call("kl_div", reduction="sum"), X.astype(int), P.astype(int), match="kl_div: Integral inputs not supported")
    same_error(call("kl_div", reduction="avg"), X, P, match="avg is not a valid value for reduction")


@REDUCTIONS
def test_gaussian_nll(reduction: str) -> None:
    for var in (P, P[:, :1], P[:, 0]):
        same(call("gaussian_nll_loss", reduction=reduction), X, T, var, second=True)
        same(call("gaussian_nll_loss", reduction=reduction, full=True, eps=0.5), X, T, var, second=True)   # some are held at eps
    same(lambda lib, x, t: lib.F.gaussian_nll_loss(x, t, 0.7, reduction=reduction), X, T, second=True)


def test_gaussian_nll_refuses() -> None:
    for var in (P[0], P[:2]):
        same_error(call("gaussian_nll_loss"), X, T, var, match="gaussian_nll_loss: var is of incorrect size; got x float64 \\(3, 4\\), var")
    same_error(call("gaussian_nll_loss"), X, T, -P, match="var has negative entry/entries")
    same_error(lambda lib, x, t: lib.F.gaussian_nll_loss(x, t, -1.0), X, T, match="var has negative entry/entries")
    same_error(call("gaussian_nll_loss", reduction="avg"), X, T, P, match="avg is not valid")


@REDUCTIONS
def test_poisson_nll(reduction: str) -> None:
    same(call("poisson_nll_loss", reduction=reduction), X, T * 3, second=True)
    same(call("poisson_nll_loss", reduction=reduction, full=True), X, T * 3, second=True)
    same(call("poisson_nll_loss", reduction=reduction, log_input=False), P, T * 3, second=True)
    same(call("poisson_nll_loss", reduction=reduction, full=True), X, T[:1] * 3)
    same_error(call("poisson_nll_loss", reduction="avg"), X, T, match="avg is not a valid value for reduction")


@pytest.mark.parametrize(("x", "t", "hint"), [((4, 1), (4,), "write target.unsqueeze(1)"), ((4,), (4, 1), "write target.squeeze(1)"),
                                              ((2, 1, 3), (2, 3), "write target.unsqueeze(1)"), ((4, 2), (4,), None)])
def test_a_target_with_a_dimension_too_many_or_few_says_what_to_write(x: tuple[int, ...], t: tuple[int, ...], hint: str | None) -> None:
    for name in ("binary_cross_entropy", "binary_cross_entropy_with_logits"):
        with pytest.raises(ValueError, match="size") as caught:
            getattr(F, name)(mg.full(x, 0.5), mg.ones(t))
        assert str(caught.value).endswith(f"; {hint}") if hint else "write" not in str(caught.value)
