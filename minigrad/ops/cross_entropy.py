"""The losses of classification: cross entropy of logits, negative log-likelihood of log-probabilities.

Each takes class dimension 1 (0 for one sample alone). All are one thing: with q the target distribution of a sample times
what the sample counts, the loss is -sum(q * log p), and its gradient for the logits is p * sum(q) - q.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import config, mistakes
from ..backend import backend_of
from ..engine.node import TensorBase, wrap
from ..engine.op import op
from ..errors import ArgumentError, DtypeError, OutOfRangeError, RefusedArgumentError, ShapeError, UnsupportedDtypeError, operand
from .dims import kept_shape
from .half import single
from .loss import need_one_device, need_weight_of, reduction_of, refuse_gradient, remedy
from .operands import need_tensors
from .raw import in_dtype, like
from .reduce import add_up, sum
from .softmax import log_softmax, shifted, softmax, total

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- targets
def class_dim(x: Any) -> int:
    """Where the classes stand: (C,), (N, C), (N, C, d1, ...)."""
    return 1 if x.ndim > 1 else 0


def along_classes(x: Any, c: int) -> Any:
    """(N, d1, ...) -> (N, 1, d1, ...)"""
    return x.reshape((*x.shape[:c], 1, *x.shape[c:]))


def places(t: Any, c: int) -> tuple[Any, ...]:
    """The index of each sample's class in an array of all classes: t at dimension c, an open mesh around it."""
    xp = backend_of(t).xp
    mesh = [xp.arange(n).reshape([-1 if i == d else 1 for i in range(t.ndim)]) for d, n in enumerate(t.shape)]
    return (*mesh[:c], t, *mesh[c:])


def check_classes(name: str, x: Any, t: Any) -> Any:
    """The class indices as int64, in a shape that fits x, or the error that says what does not fit."""
    if x.ndim > 1 and t.ndim and t.shape[0] != x.shape[0]:
        raise ArgumentError(f"{name}: Expected input batch_size ({x.shape[0]}) to match target batch_size ({t.shape[0]}).")
    if t.dtype != "i8":
        if t.dtype != "u1":
            raise DtypeError(f"{name}: expected target dtype to be Long or Byte, but got {t.dtype}: class indices are int64; "
                             f"got x {operand(x)}, t {operand(t)}; convert it with .long()")
        t = t.astype("i8")
    if not x.ndim:
        raise ArgumentError(f"{name}: Expected 1 or more dimensions (got 0); x is (C,), (N, C) or (N, C, d1, ...)")
    if x.ndim == 1 and t.size == 1 and t.ndim < 2:
        return t.reshape(())
    expected = (*x.shape[:1], *x.shape[2:]) if x.ndim > 1 else ()
    if t.shape == expected:
        return t
    if x.ndim < 3:
        raise ShapeError(f"{name}: 0D or 1D target tensor expected, multi-target not supported; got x {operand(x)}, t {operand(t)}"
                         + remedy(t.shape, expected))
    raise ShapeError(f"{name}: Expected target size {list(expected)}, got {list(t.shape)}; x is {operand(x)}" + remedy(t.shape, expected))


def used(name: str, t: Any, classes: int, ignore_index: int) -> Any:
    """Which samples count: None where all do, else a mask. Raises OutOfRangeError for a label that is no class."""
    inside = not t.size or int(t.view("u8").max()) < classes     # as unsigned numbers, negative ones are huge
    if inside and not 0 <= ignore_index < classes:
        return None
    mask = t != ignore_index
    wrong = mask & ((t < 0) | (t >= classes))
    if not inside and bool(wrong.any()):
        raise OutOfRangeError(f"{name}: Target {int(t[wrong][0])} is out of bounds: labels are 0 .. {classes - 1} for {classes} classes, "
                              f"or ignore_index={ignore_index}; got t {operand(t)}")
    return mask


def distribution(x: Any, t: Any, mask: Any, weight: Any, smoothing: float) -> tuple[Any, Any]:
    """q of x's shape, for class indices t; and how much all samples count, what a mean divides by."""
    xp = backend_of(x).xp
    c = class_dim(x)
    counts = xp.ones(t.shape, x.dtype) if mask is None else mask.astype(x.dtype)
    t = t if mask is None else xp.where(mask, t, 0)
    own = counts if weight is None else counts * weight.astype(x.dtype, copy=False)[t]
    q = xp.zeros(x.shape, x.dtype)
    q[places(t, c)] = own * (1 - smoothing) if smoothing else own
    if smoothing:                                    # the rest is spread evenly over all classes
        others = along_classes(counts, c) * (smoothing / x.shape[c])
        q += others if weight is None else others * per_class(weight, x)
    return q, add_up(own, None, False)


def per_class(weight: Any, x: Any) -> Any:
    """(C,) -> (1, C, 1, ...), to go with x."""
    c = class_dim(x)
    return in_dtype(weight, getattr(x, "array", x).dtype).reshape(tuple([n if d == c else 1 for d, n in enumerate(x.shape)]))


def weigh(x: Any, q: Any, reduction: str, divisor: Any) -> Any:
    """-sum(q * x) over the classes, reduced. Where q is 0, an infinite x counts for nothing."""
    terms = backend_of(x).xp.where(q != 0, q * x, 0)
    if reduction == "none":
        return -add_up(terms, class_dim(x), False)
    return -add_up(terms, None, False) / divisor if reduction == "mean" else -add_up(terms, None, False)


def nonzero(divisor: Any) -> Any:
    """1 for 0: where no sample counts, the mean is nan, but its gradient 0."""
    return divisor + (divisor == 0)


# ---------------------------------------------------------------- class indices
def class_gradient(x: Any, t: Any, weight: Any, ignore_index: int, reduction: str, smoothing: float) -> Any:
    """What `class_cross_entropy` keeps, made again from a tensor x."""
    array, c = x.array, class_dim(x)
    t = check_classes("cross_entropy", array, t)
    q, divisor = distribution(single(array), t, used("cross_entropy", t, array.shape[c], ignore_index), weight, smoothing)
    if reduction == "mean":
        q /= nonzero(divisor)
    q = q.astype(array.dtype, copy=False)
    return softmax(x, c) * wrap(total(q, c)) - wrap(q)


def per_sample(g: Any, d: Any) -> Any:
    """The gradient of the loss, ready to go with one of x's shape: one number, or one per sample."""
    return g.reshape(kept_shape(d.shape, (class_dim(d),))) if g.ndim or d.ndim == 1 else g


@op(x=lambda g, d: d * per_sample(g, d),
    kept={"d": lambda x, t, w, ignore_index, reduction, label_smoothing:
          class_gradient(x, t, w, ignore_index, reduction, label_smoothing)})
def class_cross_entropy(input: Tensor, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean",
                        label_smoothing: float = 0.0) -> Tensor:
    """`cross_entropy` for arrays of class indices and weights, and the gradient d of its loss: it costs little more now than later."""
    array: Any = input
    x, t, c = single(array), check_classes("cross_entropy", array, target), class_dim(array)
    if x.dtype.kind != "f":
        raise UnsupportedDtypeError(f"cross_entropy: takes floating-point logits; got x {operand(array)}; convert it with .float()")
    if weight is None and not label_smoothing:
        one = x.ndim == 1                            # a sample alone
        found = backend_of(x).kernels.class_loss(x.reshape((1, -1)) if one else x, t.reshape((1,)) if one else t, ignore_index,
                                                 reduction == "mean")
        if found is not None:                        # else some label is no class
            losses, d, divisor = found
            if one:
                losses, d = losses.reshape(()), d.reshape(x.shape)
            if reduction != "none":
                losses = add_up(losses, None, False)
            if reduction == "mean":
                losses = losses / divisor
            return (losses, d) if x is array else (losses.astype(array.dtype), d.astype(array.dtype))   # type: ignore[return-value]
    q, divisor = distribution(x, t, used("cross_entropy", t, x.shape[c], ignore_index), weight, label_smoothing)
    logp = backend_of(x).kernels.log_softmax(x, c)
    d = backend_of(x).xp.exp(logp) * total(q, c) - q
    if reduction == "mean":
        d /= nonzero(divisor)
    return weigh(logp, q, reduction, divisor).astype(array.dtype, copy=False), d.astype(array.dtype, copy=False)   # type: ignore[return-value]


def nll_constant(g: Any, t: Any, weight: Any, ignore_index: int, reduction: str, shape: tuple[int, ...], dtype: Any) -> Any:
    """Gradient of `nll`: -q, which x has no part in."""
    c = 1 if len(shape) > 1 else 0
    q, divisor = distribution(backend_of(t).xp.empty(shape, dtype), t, used("nll_loss", t, shape[c], ignore_index), weight, 0.0)
    return like(g, -(q / nonzero(divisor) if reduction == "mean" else q)) * per_sample(g, q)


@op(x=lambda g, t, w, ignore_index, reduction, x_shape, x_dtype: nll_constant(g, t, w, ignore_index, reduction, x_shape, x_dtype))
def nll(input: Tensor, target: Any, weight: Any, ignore_index: int, reduction: str) -> Tensor:
    """`nll_loss` for arrays of class indices and weights, checked: -x at each sample's class."""
    x: Any = input
    t = target
    if x.dtype.kind != "f":
        raise UnsupportedDtypeError(f"nll_loss: takes floating-point log-probabilities; got x {operand(x)}; convert it with .float()")
    mask = used("nll_loss", t, x.shape[class_dim(x)], ignore_index)
    if mask is None and weight is None:
        losses = -x[places(t, class_dim(x))]
        return losses if reduction == "none" else add_up(losses, None, False) / (t.size if reduction == "mean" else 1)
    q, divisor = distribution(x, t, mask, weight, 0.0)
    return weigh(x, q, reduction, divisor)


# ---------------------------------------------------------------- class probabilities
def soft_targets(t: Any, w: Any, smoothing: float) -> Any:
    """q for class probabilities t."""
    q = t * (1 - smoothing) + smoothing / t.shape[class_dim(t)] if smoothing else t
    return q if w is None else q * per_class(w, t)


def samples(shape: tuple[int, ...], reduction: str) -> int:
    """What the mean over samples divides by."""
    if reduction != "mean":
        return 1
    n = 1
    for d, size in enumerate(shape):
        n *= 1 if d == (1 if len(shape) > 1 else 0) else size
    return n


def soft_input(g: Any, p: Any, t: Any, w: Any, reduction: str, smoothing: float) -> Any:
    """Gradient for the logits."""
    q = soft_targets(t, w, smoothing)
    return (p * sum(q, class_dim(p), True) - q) * (per_sample(g, p) / nonzero(samples(p.shape, reduction)))


def soft_target(g: Any, logp: Any, w: Any, reduction: str, smoothing: float) -> Any:
    """Gradient for the probabilities."""
    g = logp * (per_sample(g, logp) * ((smoothing - 1) / nonzero(samples(logp.shape, reduction))))
    return g if w is None else g * per_class(w, logp)


def soft_weight(g: Any, logp: Any, t: Any, reduction: str, smoothing: float) -> Any:
    """Gradient for the class weights."""
    terms = soft_targets(t, None, smoothing) * logp * (per_sample(g, logp) / -nonzero(samples(logp.shape, reduction)))
    return sum(terms, [d for d in range(terms.ndim) if d != class_dim(terms)]) if terms.ndim > 1 else terms


@op(promotes="arithmetic",
    x=lambda g, p, t, w, reduction, label_smoothing: soft_input(g, p, t, w, reduction, label_smoothing),
    t=lambda g, logp, w, reduction, label_smoothing: soft_target(g, logp, w, reduction, label_smoothing),
    w=lambda g, logp, t, reduction, label_smoothing: soft_weight(g, logp, t, reduction, label_smoothing),
    kept={"p": lambda x: softmax(x, class_dim(x)), "logp": lambda x: log_softmax(x, class_dim(x))})
def soft_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, label_smoothing: float) -> Tensor:
    """`cross_entropy` for class probabilities."""
    array: Any = input
    x, c, xp = single(array), class_dim(array), backend_of(array).xp
    z = shifted(x, c)
    e = xp.exp(z)
    s = total(e, c)
    logp = z - xp.log(s)
    e /= s
    loss = -add_up(soft_targets(target, weight, label_smoothing) * logp, c if reduction == "none" else None, False)
    if reduction == "mean":
        loss = loss / samples(x.shape, reduction)
    return tuple([a.astype(array.dtype, copy=False) for a in (loss, e, logp)])   # type: ignore[return-value]


# ---------------------------------------------------------------- what users call
def cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
                  ignore_index: int = -100, reduce: bool | None = None, reduction: str = "mean",
                  label_smoothing: float = 0.0) -> Tensor:
    """The cross entropy of softmax(input) against targets: the loss of classification.

    input: logits (C,), (N, C) or (N, C, d1, ...). target: class indices, int64, without the dimension C; or
    probabilities in the input's shape. weight (C,): what each class counts. Samples of class `ignore_index` count
    nothing. "mean" divides by what the samples count; for probabilities, by their number.
    label_smoothing: this part of the target is spread evenly over all classes.
    Raises OutOfRangeError for a label that is no class, ArgumentError or ShapeError for sizes that do not fit.

    >>> import minigrad
    >>> cross_entropy(minigrad.tensor([[0.0, 0.0]]), minigrad.tensor([1]))
    tensor(0.6931)
    """
    if not (isinstance(input, TensorBase) and isinstance(target, TensorBase)):
        need_tensors("cross_entropy", input=input, target=target)
    if reduction != "mean" or size_average is not None or reduce is not None:
        reduction = reduction_of("cross_entropy", reduction, size_average, reduce)
    if not 0 <= label_smoothing <= 1:
        raise RefusedArgumentError(f"cross_entropy: label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if input.node is not None and config.GUARD:
        mistakes.look_for("softmax", "cross_entropy", input)
    t = target.array
    if t.shape != input.array.shape:
        w = None if weight is None else constant_weight("cross_entropy", weight, input)
        need_one_device("cross_entropy", input=input, target=target)
        return class_cross_entropy(input, t, w, ignore_index, reduction, label_smoothing)
    if t.dtype.kind != "f":
        raise DtypeError("cross_entropy: Expected floating point type for target with class probabilities (a target in the input's "
                         f"shape), got {operand(target)}; class indices have no class dimension: target.argmax(1)")
    if ignore_index >= 0:
        raise RefusedArgumentError(f"cross_entropy: ignore_index is not supported for floating point target; got {ignore_index}")
    if weight is not None:
        need_weight_of("cross_entropy", weight, input.shape[class_dim(input)], input)
    return soft_cross_entropy(input, target, weight, reduction, float(label_smoothing))


def nll_loss(input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
             ignore_index: int = -100, reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """The negative log-likelihood of class indices: -input at each sample's class.

    input: log-probabilities (C,), (N, C) or (N, C, d1, ...). The other arguments and errors are those of
    `cross_entropy`, which is `nll_loss(log_softmax(input, 1), target)`.
    """
    need_tensors("nll_loss", input=input, target=target)
    reduction = reduction_of("nll_loss", reduction, size_average, reduce)
    need_one_device("nll_loss", input=input, target=target)
    w = None if weight is None else constant_weight("nll_loss", weight, input)
    return nll(input, check_classes("nll_loss", input.array, target.array), w, ignore_index, reduction)


def constant_weight(name: str, weight: Tensor, input: Tensor) -> Any:
    """The array of class weights that take no gradient, checked."""
    need_tensors(name, weight=weight)
    refuse_gradient(name, weight=weight)
    need_one_device(name, input=input, weight=weight)
    need_weight_of(name, weight, input.shape[class_dim(input)], input)
    return weight.array
