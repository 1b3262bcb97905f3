"""Losses that want scores apart: of a label and the other classes, of similar and dissimilar pairs."""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.casting import autocasts
from ..engine.op import op
from ..errors import ArgumentError, DtypeError, RefusedArgumentError, ShapeError, describe, operand
from .cross_entropy import constant_weight, places
from .elementwise import sqrt
from .exponentials import sigmoid
from .likelihood_loss import binary_cross_entropy_with_logits, log_sigmoid
from .loss import (
    need_common_shape,
    need_one_device,
    pointwise,
    reduce_loss,
    reduced,
    reduction_of,
    share,
    warn_of_broadcast,
)
from .operands import need_tensors
from .raw import like, raw
from .reduce import add_up, mean, sum
from .select import choose, clamp_min, minimum
from .shape import expand
from .similarity import pairwise_distance

if TYPE_CHECKING:
    from .._tensor import Tensor


SMALL = 1e-12                                        # keeps cosines of zero vectors finite


# ---------------------------------------------------------------- pairs
def soft_margin_rule(g: Any, x: Any, t: Any, reduction: str) -> Any:
    """-t * sigmoid(-t * x), for x; the same with x and t exchanged for t."""
    z = t * x
    return -(t * sigmoid(-z)) * share(g, reduction, z.shape)


@op(broadcast=True, promotes="arithmetic",
    x=lambda g, x, t, reduction: soft_margin_rule(g, x, t, reduction),
    t=lambda g, x, t, reduction: soft_margin_rule(g, t, x, reduction))
def soft_margin(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """log(1 + exp(-t * x)), reduced."""
    return reduced(-log_sigmoid(target * input), reduction)


def soft_margin_loss(input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
                     reduction: str = "mean") -> Tensor:
    """log(1 + exp(-target * input)), for targets of 1 and -1. Unlike PyTorch's, it does not overflow."""
    need_tensors("soft_margin_loss", input=input, target=target)
    reduction = reduction_of("soft_margin_loss", reduction, size_average, reduce)
    warn_of_broadcast("soft_margin_loss", input, target, target_may=True)
    return pointwise(soft_margin, input, target, reduction)


@autocasts
def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, size_average: bool | None = None, reduce: bool | None = None,
                         reduction: str = "mean") -> Tensor:
    """input where target is 1, max(0, margin - input) where it is -1: of distances between similar and dissimilar pairs."""
    need_tensors("hinge_embedding_loss", input=input, target=target)
    reduction = reduction_of("hinge_embedding_loss", reduction, size_average, reduce)
    return reduce_loss(choose(target != 1, clamp_min(margin - input, 0), 0) + choose(target != -1, input, 0), reduction)


@autocasts
def margin_ranking_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, size_average: bool | None = None,
                        reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """max(0, -target * (input1 - input2) + margin): input1 shall be the greater where target is 1, the smaller where -1."""
    need_tensors("margin_ranking_loss", input1=input1, input2=input2, target=target)
    reduction = reduction_of("margin_ranking_loss", reduction, size_average, reduce)
    if not input1.ndim == input2.ndim == target.ndim:
        raise ShapeError("margin_ranking_loss: All input tensors should have same dimension but got sizes: "
                         f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape}")
    return reduce_loss(clamp_min(-target * (input1 - input2) + margin, 0), reduction)


@autocasts
def cosine_embedding_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, size_average: bool | None = None,
                          reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """1 - cos(input1, input2) where target is 1, max(0, cos - margin) where it is -1.

    input1, input2 (N, D) and target (N,), or (D,) and (). Raises ShapeError for others.
    """
    need_tensors("cosine_embedding_loss", input1=input1, input2=input2, target=target)
    reduction = reduction_of("cosine_embedding_loss", reduction, size_average, reduce)
    if target.ndim > 1:
        raise ShapeError(f"cosine_embedding_loss: 0D or 1D target tensor expected, multi-target not supported; got target "
                         f"{operand(target)}")
    if not input1.ndim == input2.ndim == target.ndim + 1:
        raise ShapeError(f"cosine_embedding_loss: {target.ndim}D target tensor expects {target.ndim + 1}D input tensors, but found inputs "
                         f"with sizes {list(input1.shape)} and {list(input2.shape)}")
    squares = (sum(input1 * input1, -1) + SMALL) * (sum(input2 * input2, -1) + SMALL)
    cosine = sum(input1 * input2, -1) / sqrt(squares)
    return reduce_loss(choose(target == 1, 1 - cosine, 0) + choose(target == -1, clamp_min(cosine - margin, 0), 0), reduction)


# ---------------------------------------------------------------- triplets
@autocasts
def triplet_margin_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2, eps: float = 1e-06,
                        swap: bool = False, size_average: bool | None = None, reduce: bool | None = None,
                        reduction: str = "mean") -> Tensor:
    """max(0, d(anchor, positive) - d(anchor, negative) + margin), with d the p-norm of the difference.

    swap: the negative's distance to anchor or positive counts, whichever is smaller. Raises ArgumentError for a margin
    that is not positive, ShapeError for different numbers of dimensions.
    """
    need_tensors("triplet_margin_loss", anchor=anchor, positive=positive, negative=negative)
    reduction = reduction_of("triplet_margin_loss", reduction, size_average, reduce)

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return pairwise_distance(a, b, p, eps)
    return triplet("triplet_margin_loss", anchor, positive, negative, distance, margin, swap, reduction)


def triplet_margin_with_distance_loss(anchor: Tensor, positive: Tensor, negative: Tensor, *,
                                      distance_function: Callable[[Tensor, Tensor], Tensor] | None = None, margin: float = 1.0,
                                      swap: bool = False, reduction: str = "mean") -> Tensor:
    """`triplet_margin_loss` with a distance of one's own; the Euclidean one by default."""
    need_tensors("triplet_margin_with_distance_loss", anchor=anchor, positive=positive, negative=negative)
    reduction = reduction_of("triplet_margin_with_distance_loss", reduction, None, None)
    distance = pairwise_distance if distance_function is None else distance_function
    return triplet("triplet_margin_with_distance_loss", anchor, positive, negative, distance, margin, swap, reduction)


def triplet(name: str, anchor: Tensor, positive: Tensor, negative: Tensor, distance: Callable[[Tensor, Tensor], Tensor], margin: float,
            swap: bool, reduction: str) -> Tensor:
    """The loss of triplets for any distance."""
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise ShapeError(f"{name}: The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
                         f"anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs")
    need_common_shape(name, anchor=anchor, positive=positive, negative=negative)
    if margin <= 0:
        raise ArgumentError(f"{name}: margin must be greater than 0, got {margin}")
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return reduce_loss(clamp_min(near - far + margin, 0), reduction)


# ---------------------------------------------------------------- a label and the other classes
def multi_margin_rule(g: Any, x: Any, t: Any, p: int, margin: float, weight: Any, reduction: str) -> Any:
    """What each wrong class is too near, times its weight, minus all of that at the label; over the number of classes."""
    array = raw(x)
    xp = backend_of(array).xp
    rows = xp.arange(t.shape[0])
    wrong = xp.ones(array.shape, array.dtype)
    wrong[rows, t] = 0
    wrong *= (margin - array[rows, t][:, None] + array) > 0
    if weight is not None:
        wrong *= weight[t][:, None]
    wrong /= array.shape[1]
    label = xp.zeros(array.shape, array.dtype)
    label[rows, t] = 1
    slopes, label = like(x, wrong), like(x, label)
    if p == 2:
        slopes = slopes * ((margin - sum(x * label, 1, True) + x) * 2)
    slopes = slopes - label * sum(slopes, 1, True)
    g = share(g, reduction, t.shape)
    return slopes * (g.reshape((t.shape[0], 1)) if g.ndim else g)


@op(x=lambda g, x, t, p, margin, w, reduction: multi_margin_rule(g, x, t, p, margin, w, reduction))
def multi_margin(input: Tensor, target: Any, p: int, margin: float, weight: Any, reduction: str) -> Tensor:
    """Sum over the wrong classes of max(0, margin - x[label] + x)^p, over the number of classes, reduced. x (N, C), t (N,)."""
    x: Any = input
    at = places(target, 1)
    xp = backend_of(x).xp
    z = xp.maximum(margin - x[at][:, None] + x, 0)
    z[at] = 0
    losses = add_up(z * z if p == 2 else z, 1, False, None, x.shape[1])
    if weight is not None:
        losses *= weight[target]
    return reduced(losses, reduction)


def multi_margin_loss(input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0, weight: Tensor | None = None,
                      size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """Sum over the wrong classes of max(0, margin - input[label] + input)^p, over the number of classes.

    input (N, C) or (C,), target the labels, weight (C,) what each label counts. Raises ArgumentError for p other than
    1 and 2 and for a label that is no class, ShapeError where sizes do not fit.
    """
    need_tensors("multi_margin_loss", input=input, target=target)
    reduction = reduction_of("multi_margin_loss", reduction, size_average, reduce)
    if p not in (1, 2):
        raise ArgumentError(f"multi_margin_loss: only p == 1 and p == 2 supported; got {p}")
    if not input.ndim:                               # one class
        input = input.reshape((1,))
    x, t = input.array, target.array
    if x.ndim not in (1, 2) or not x.shape[-1]:
        raise ShapeError(f"multi_margin_loss: Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(x.shape)}")
    count = x.shape[0] if x.ndim == 2 else 1
    if t.ndim > 1 or t.size != count:
        raise ShapeError("multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch size). "
                         f"Expected target size [{count}], but got {list(t.shape)}. Input has shape {list(x.shape)}.")
    if weight is not None and weight.ndim != 1:
        raise ArgumentError(f"multi_margin_loss: weight must be one-dimensional; got {describe(weight)}")
    rows = input if x.ndim == 2 else input.unsqueeze(0)
    w = None if weight is None else constant_weight("multi_margin_loss", weight, rows)
    if t.dtype != "i8":
        raise DtypeError(f"multi_margin_loss: expected scalar type Long but found {t.dtype}; got t {operand(t)}; convert it with .long()")
    check_labels("multi_margin_loss", t, x.shape[-1], 0)
    need_one_device("multi_margin_loss", input=input, target=target)
    out = multi_margin(rows, t.reshape(count), p, margin, w, reduction)
    return out if t.ndim or reduction != "none" else out.squeeze(0)


def check_labels(name: str, t: Any, classes: int, least: int) -> None:
    """Labels are classes, or -1 where that ends a list of them."""
    if t.size and not least <= int(t.min()) <= int(t.max()) < classes:
        value = int(t.min()) if int(t.min()) < least else int(t.max())
        raise RefusedArgumentError(f"{name}: target out of range: {value} is no class of {least} .. {classes - 1}; got t {operand(t)}")


# ---------------------------------------------------------------- several labels
def labels_of(t: Any, classes: int) -> tuple[Any, Any]:
    """(N, C) lists of labels that end at -1 -> how often each class is a label (N, C), and a mask of those that are none."""
    xp = backend_of(t).xp
    listed = xp.cumsum(t < 0, 1) == 0                # before the first -1
    counts = (listed[:, :, None] & (t[:, :, None] == xp.arange(classes))).sum(axis=1)
    return counts, counts == 0


def pair_slopes(x: Any, counts: Any, others: Any) -> Any:
    """(N, labels, others): 1 / C for each pair of a label and another class that are less than 1 apart."""
    near = (1 - x[:, :, None] + x[:, None, :]) > 0
    return near * others[:, None, :] * counts[:, :, None].astype(x.dtype) / x.shape[1]


def multilabel_rule(g: Any, x: Any, t: Any, reduction: str) -> Any:
    """Each pair that is too near pulls its label up and the other class down."""
    array = raw(x)
    slopes = pair_slopes(array, *labels_of(t, array.shape[1]))
    d = like(g, slopes.sum(axis=1) - slopes.sum(axis=2))
    g = share(g, reduction, array.shape[:1])
    return d * (g.reshape((array.shape[0], 1)) if g.ndim else g)


@op(x=lambda g, x, t, reduction: multilabel_rule(g, x, t, reduction))
def multilabel_margin(input: Tensor, target: Any, reduction: str) -> Tensor:
    """Sum over labels l and other classes c of max(0, 1 - x[l] + x[c]), over the number of classes, reduced."""
    x: Any = input
    apart = 1 - x[:, :, None] + x[:, None, :]
    return reduced(add_up(pair_slopes(x, *labels_of(target, x.shape[1])) * apart, (1, 2), False), reduction)


def multilabel_margin_loss(input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
                           reduction: str = "mean") -> Tensor:
    """Sum over labels l and other classes c of max(0, 1 - input[l] + input[c]), over the number of classes.

    input (N, C) or (C,); target of the same size: the labels of each sample, up to the first -1.
    Raises ArgumentError for a label that is no class, ShapeError where sizes do not fit.
    """
    need_tensors("multilabel_margin_loss", input=input, target=target)
    reduction = reduction_of("multilabel_margin_loss", reduction, size_average, reduce)
    if not input.ndim:                               # one class
        input = input.reshape((1,))
    x, t = input.array, target.array
    if x.ndim not in (1, 2) or not x.shape[-1]:
        raise ShapeError("multilabel_margin_loss: Expected non-empty vector or matrix with optional 0-dim batch size, but got: "
                         f"{list(x.shape)}")
    if t.shape != x.shape and (t.ndim or x.shape != (1,)):
        raise ShapeError(f"multilabel_margin_loss: inconsistent target size: {list(t.shape)} for input of size: {list(x.shape)}")
    if t.dtype != "i8":
        raise DtypeError(f"multilabel_margin_loss: expected scalar type Long but found {t.dtype}; got t {operand(t)}; convert it with "
                         ".long()")
    check_labels("multilabel_margin_loss", t, x.shape[-1], -1)
    need_one_device("multilabel_margin_loss", input=input, target=target)
    if x.ndim == 2:
        return multilabel_margin(input, t, reduction)
    out = multilabel_margin(input.unsqueeze(0), t.reshape(1, -1), reduction)
    return out if reduction != "none" else out.squeeze(0)


def multilabel_soft_margin_loss(input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
                                reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """Binary cross entropy of logits, (N, C), with targets of 0 and 1, averaged over the classes; weight (C,)."""
    need_tensors("multilabel_soft_margin_loss", input=input, target=target)
    reduction = reduction_of("multilabel_soft_margin_loss", reduction, size_average, reduce)
    if target.array.shape != input.array.shape:
        target = expand(target, input.array.shape)
    if target.array.dtype.kind in "biu":
        target = target.to(input.dtype)
    losses = binary_cross_entropy_with_logits(input, target, reduction="none")
    return reduce_loss(mean(losses if weight is None else losses * weight, -1), reduction)
