"""Losses that are negative log-likelihoods, or differences of such: Bernoulli, Gauss, Poisson, Kullback and Leibler."""
from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import config, mistakes
from ..backend import backend_of
from ..engine.casting import autocasts
from ..engine.node import wrap
from ..engine.op import op
from ..errors import ArgumentError, DtypeError, RefusedArgumentError, ShapeError, UnsupportedDtypeError, operand
from .activation import log1p_exp
from .exponentials import exp, log, log1p, sigmoid
from .loss import (
    REDUCTIONS,
    need_same_size,
    pointwise,
    reduce_loss,
    reduced,
    reduction_of,
    refuse_gradient,
    remedy,
    share,
    warn_of_broadcast,
)
from .operands import need_tensors
from .raw import like, raw
from .select import clamp_to_numbers, masked
from .shape import expand

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- Bernoulli
def log_sigmoid(x: Any) -> Any:
    """log(sigmoid(x)) of arrays: min(x, 0) - log(1 + exp(-|x|)), which never overflows."""
    return backend_of(x).xp.minimum(x, 0) - log1p_exp(x)


def log_sigmoid_of(x: Any) -> Any:
    """The same in rules, for arrays or tensors."""
    return clamp_to_numbers(x, None, 0) - log1p(exp(clamp_to_numbers(x, None, 0) * 2 - x))   # -|x| = 2 * min(x, 0) - x


def times(g: Any, constant: Any) -> Any:
    """A gradient times a constant array, or as it is without one."""
    return g if constant is None else g * like(g, constant.astype(raw(g).dtype, copy=False))


@op(promotes="same",
    x=lambda g, x, t, w, reduction: (x - t) / clamp_to_numbers(x * (1 - x), 1e-12) * times(share(g, reduction, x.shape), w),
    t=lambda g, x, w, reduction: (log1p(-x) - log(x)) * times(share(g, reduction, x.shape), w))
def bernoulli_nll(input: Tensor, target: Tensor, weight: Any, reduction: str) -> Tensor:
    """-(t * log(x) + (1 - t) * log(1 - x)) * weight, reduced; logarithms end at -100."""
    x: Any = input
    t: Any = target
    if x.dtype.kind != "f":
        raise UnsupportedDtypeError(f"binary_cross_entropy: not implemented for {x.dtype}; got x {operand(x)}; convert it with .float()")
    for which, values in (("input", x), ("target", t)):
        if values.size and not bool((values >= 0).all() & (values <= 1).all()):
            raise RefusedArgumentError(f"binary_cross_entropy: all elements of {which} should be between 0 and 1; got {operand(values)} "
                                       f"from {float(values.min())} to {float(values.max())}; for logits use "
                                       "binary_cross_entropy_with_logits")
    xp = backend_of(x).xp
    losses = (t - 1) * xp.maximum(xp.log1p(-x), -100) - t * xp.maximum(xp.log(x), -100)
    if weight is not None:
        losses *= weight
    return reduced(losses, reduction)


def logits_rule(g: Any, x: Any, t: Any, pos_weight: Any) -> Any:
    """sigmoid(x) - t; with p what a positive counts: (t * p + 1 - t) * sigmoid(x) - t * p."""
    if pos_weight is None:
        return (sigmoid(x) - t) * g
    tp = times(t, pos_weight)
    return ((tp + 1 - t) * sigmoid(x) - tp) * g


def targets_rule(g: Any, x: Any, pos_weight: Any) -> Any:
    """-x; with p what a positive counts: -x - (p - 1) * log_sigmoid(x)."""
    if pos_weight is None:
        return -x * g
    return (times(log_sigmoid_of(x), 1 - pos_weight) - x) * g


@op(promotes="arithmetic",
    x=lambda g, x, t, w, reduction, pos_weight: logits_rule(times(share(g, reduction, x.shape), w), x, t, pos_weight),
    t=lambda g, x, w, reduction, pos_weight: targets_rule(times(share(g, reduction, x.shape), w), x, pos_weight))
def bernoulli_logits_nll(input: Tensor, target: Tensor, weight: Any, reduction: str, pos_weight: Any) -> Tensor:
    """((1 - t) * x - (1 + (p - 1) * t) * log_sigmoid(x)) * weight, reduced."""
    x: Any = input
    t: Any = target
    if x.dtype.kind != "f":
        raise UnsupportedDtypeError("binary_cross_entropy_with_logits: not implemented for integers; "
                                    f"got x {operand(x)}, t {operand(t)}; convert it with .float()")
    log_p = log_sigmoid(x)
    if pos_weight is not None:
        log_p *= (pos_weight - 1) * t + 1
    losses = (1 - t) * x
    losses -= log_p
    if weight is not None:
        losses *= weight
    return reduced(losses, reduction).astype(x.dtype, copy=False)


def constant(name: str, which: str, weight: Tensor | None, shape: tuple[int, ...]) -> Any:
    """The array of weights that take no gradient; they broadcast to a shape."""
    if weight is None:
        return None
    need_tensors(name, **{which: weight})
    refuse_gradient(name, **{which: weight})
    array = weight.array
    if array.ndim > len(shape) or any(n not in (1, m) for n, m in zip(array.shape[::-1], shape[::-1], strict=False)):
        raise ShapeError(f"{name}: The size of {which} {list(array.shape)} must match the size of the input {list(shape)}, or broadcast to "
                         f"it")
    return array


def binary_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
                         reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """-(t * log(x) + (1 - t) * log(1 - x)) for probabilities x and targets t, both within 0 .. 1 and of one size.

    weight: what each element counts; broadcasts. Raises ArgumentError for values outside 0 .. 1 and a target of
    another size, DtypeError on mixed dtypes.
    """
    need_tensors("binary_cross_entropy", input=input, target=target)
    reduction = reduction_of("binary_cross_entropy", reduction, size_average, reduce)
    if input.array.shape != target.array.shape:
        raise ArgumentError(f"binary_cross_entropy: Using a target size ({target.shape}) that is different to the input size "
                            f"({input.shape}) is deprecated. Please ensure they have the same size."
                            + remedy(target.array.shape, input.array.shape))
    return bernoulli_nll(input, target, constant("binary_cross_entropy", "weight", weight, input.array.shape), reduction)


def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
                                     reduce: bool | None = None, reduction: str = "mean", pos_weight: Tensor | None = None) -> Tensor:
    """`binary_cross_entropy` of sigmoid(input), exact also where that is 0 or 1. input: logits.

    pos_weight: what a positive target counts; broadcasts, as weight does. Raises ArgumentError for a target of another
    size, DtypeError for a target that is not floating-point.
    """
    name = "binary_cross_entropy_with_logits"
    need_tensors(name, input=input, target=target)
    reduction = reduction_of(name, reduction, size_average, reduce)
    need_same_size(name, input, target)
    if target.array.dtype.kind != "f":
        raise DtypeError(f"{name}: result type Float can't be cast to the desired output type {target.array.dtype}: the target must be "
                         f"floating-point; got x {operand(input)}, t {operand(target)}; convert it with .to(input.dtype)")
    if input.node is not None and config.GUARD:
        mistakes.look_for("sigmoid", name, input)
    w, p = [constant(name, which, v, input.array.shape) for which, v in (("weight", weight), ("pos_weight", pos_weight))]
    return bernoulli_logits_nll(input, target, w, reduction, p)


# ---------------------------------------------------------------- between distributions
@op(broadcast=True, promotes="arithmetic",
    x=lambda g, x_shape, t, reduction, log_target: kl_input(g, x_shape, t, reduction, log_target),
    t=lambda g, x, t, reduction, log_target: kl_target(g, x, t, reduction, log_target))
def kl(input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """t * (log(t) - x), 0 where t is 0; with log targets, exp(t) * (t - x); reduced."""
    x: Any = input
    t: Any = target
    xp = backend_of(x).xp
    if log_target:
        return reduced(xp.exp(t) * (t - x), reduction)
    return reduced(t * xp.log(xp.where(t == 0, 1, t)) - t * x, reduction)


def kl_input(g: Any, x_shape: tuple[int, ...], t: Any, reduction: str, log_target: bool) -> Any:
    """-t, spread to the shape that both broadcast to."""
    shape = np.broadcast_shapes(x_shape, t.shape)
    slope = -(exp(t) if log_target else t) * share(g, reduction, shape)
    return slope if slope.shape == shape else expand(slope, shape)


def kl_target(g: Any, x: Any, t: Any, reduction: str, log_target: bool) -> Any:
    """log(t) + 1 - x; with log targets, exp(t) * (t - x + 1)."""
    d = t - x
    return (exp(t) * (d + 1) if log_target else log(t) + 1 - x) * share(g, reduction, d.shape)


def kl_div(input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
           log_target: bool = False) -> Tensor:
    """The Kullback-Leibler divergence target * (log(target) - input), for log-probabilities `input`.

    log_target: the targets are log-probabilities, too. reduction: "batchmean", the sum over the first size, is the
    divergence as it is defined; "mean" divides by the number of elements, and warns. Raises DtypeError for integers.
    """
    need_tensors("kl_div", input=input, target=target)
    if size_average is None and reduce is None:
        if reduction == "mean":
            warnings.warn("reduction: 'mean' divides the total loss by both the batch size and the support size."
                          "'batchmean' divides only by the batch size, and aligns with the KL div math definition."
                          "'mean' will be changed to behave the same as 'batchmean' in the next major release.", UserWarning, stacklevel=2)
        elif reduction == "batchmean":
            total = kl_div(input, target, reduction="sum", log_target=log_target)
            return total / input.shape[0] if input.ndim else total
    reduction = reduction_of("kl_div", reduction, size_average, reduce)
    if input.array.dtype.kind != "f" or target.array.dtype.kind != "f":
        raise UnsupportedDtypeError(f"kl_div: Integral inputs not supported; got x {operand(input)}, t {operand(target)}")
    warn_of_broadcast("kl_div", input, target, target_may=True)
    return pointwise(kl, input, target, reduction, **({"log_target": True} if log_target else {}))


# ---------------------------------------------------------------- Gauss and Poisson
def gaussian_nll_loss(input: Tensor, target: Tensor, var: Tensor | float, full: bool = False, eps: float = 1e-06,
                      reduction: str = "mean") -> Tensor:
    """(log(var) + (input - target)^2 / var) / 2: of targets from normal distributions with mean `input` and variance `var`.

    var: of the input's size, or with the last dimension missing or one dimension 1, or one number; held at `eps` or above, without an
    effect on its gradient. full: adds log(2 * pi) / 2. Raises ArgumentError for a var of another size, or negative.
    """
    need_tensors("gaussian_nll_loss", input=input, target=target)
    warn_of_broadcast("gaussian_nll_loss", input, target, target_may=True)
    variance: Any = var
    if isinstance(var, (int, float)):
        variance = wrap(backend_of(input.array).xp.full(input.array.shape, var, input.array.dtype))
    v = variance.array
    if v.shape != input.array.shape:
        if v.shape == input.array.shape[:-1]:
            variance = variance.unsqueeze(-1)
        elif v.ndim != input.ndim or [n for n, m in zip(v.shape, input.array.shape) if n != m] != [1]:
            raise ArgumentError(f"gaussian_nll_loss: var is of incorrect size; got x {operand(input)}, var {operand(variance)}")
    if reduction not in REDUCTIONS:
        raise ArgumentError(f"gaussian_nll_loss: {reduction} is not valid; it is one of {', '.join(REDUCTIONS)}")
    v = variance.array
    if bool((v < 0).any()):
        raise ArgumentError(f"gaussian_nll_loss: var has negative entry/entries; got {operand(variance)} from {float(v.min())}")
    variance = variance + wrap(backend_of(v).xp.maximum(eps - v, 0))     # a constant: the bound is not differentiated
    d = input - target
    losses = (log(variance) + d * d / variance) / 2
    return reduce_loss(losses + math.log(2 * math.pi) / 2 if full else losses, reduction)


@autocasts
def poisson_nll_loss(input: Tensor, target: Tensor, log_input: bool = True, full: bool = False, size_average: bool | None = None,
                     eps: float = 1e-08, reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """exp(input) - target * input: of counts from Poisson distributions, `input` the logarithms of their rates.

    log_input=False: input is the rate, and its logarithm is taken of rate + eps. full: adds Stirling's approximation
    of log(target!) where the target is above 1.
    """
    need_tensors("poisson_nll_loss", input=input, target=target)
    warn_of_broadcast("poisson_nll_loss", input, target, target_may=True)
    reduction = reduction_of("poisson_nll_loss", reduction, size_average, reduce)
    losses = exp(input) - target * input if log_input else input - target * log(input + eps)
    if full:
        stirling = target * log(target) - target + log(target * (2 * math.pi)) / 2
        losses = losses + masked(stirling, raw(target) > 1)
    return reduce_loss(losses, reduction)
