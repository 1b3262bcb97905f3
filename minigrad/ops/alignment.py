"""Connectionist temporal classification: the loss of a sequence whose alignment with the input is not known."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import backend_of
from ..engine.casting import autocasts
from ..engine.node import TensorBase, wrap
from ..errors import ArgumentTypeError, DtypeError, RefusedArgumentError, ShapeError, describe
from .exponentials import exp
from .join import cat, stack
from .lookup import gather
from .loss import reduction_of
from .operands import need_tensors
from .reduce import logsumexp, mean, sum
from .select import choose

if TYPE_CHECKING:
    from .._tensor import Tensor

NEVER = -1e30                                        # the logarithm of 0: -inf has no useful gradient


@autocasts
def ctc_loss(log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: int = 0, reduction: str = "mean",
             zero_infinity: bool = False) -> Tensor:
    """-log of the probability that an input spells its target, over all alignments: log_probs (T, N, C) or (T, C), from `log_softmax`.

    targets: (N, S), or all of them in one row; target_lengths: how much of each counts, input_lengths: how many steps. The mean is of
    losses over target lengths. A target that does not fit into its input has loss inf, 0 with `zero_infinity`. As in PyTorch the gradient
    is that of normalized log_probs: it goes through `log_softmax` rightly. Source: Graves et al. 2006.
    """
    need_tensors("ctc_loss", log_probs=log_probs, targets=targets)
    reduction = reduction_of("ctc_loss", reduction, None, None)
    x = log_probs.array
    if x.dtype.kind != "f":
        raise DtypeError(f"ctc_loss: log_probs must be floating-point; got {describe(log_probs)}")
    if targets.array.dtype.kind not in "iu":
        raise DtypeError(f"ctc_loss: targets must be int32 or int64; got {describe(targets)}")
    if x.ndim not in (2, 3):
        raise ShapeError(f"ctc_loss: expected log_probs of shape (T, N, C) or (T, C); got {describe(log_probs)}")
    batched = x.ndim == 3
    steps = log_probs if batched else log_probs.unsqueeze(1)
    length, batch, classes = steps.shape
    if not 0 <= blank < classes:
        raise RefusedArgumentError(f"ctc_loss: blank must be in label range 0 .. {classes - 1}; got {blank}")
    times = lengths("ctc_loss: input_lengths", input_lengths, batch)
    sizes = lengths("ctc_loss: target_lengths", target_lengths, batch)
    if times.size and int(times.max()) > length:
        raise RefusedArgumentError(f"ctc_loss: Expected input_lengths to have value at most {length}, but got value {int(times.max())}")
    labels = table_of(targets, sizes, batch, blank)
    losses = alignments(steps, labels, times, sizes, blank)
    xp = backend_of(x).xp
    impossible = losses.array > -NEVER / 2
    if bool(impossible.any()):
        losses = choose(wrap(xp.asarray(impossible)), 0.0 if zero_infinity else float("inf"), losses)
    losses = losses + normalization(steps, times, xp.asarray(impossible) & zero_infinity)
    if reduction == "mean":
        return mean(losses / wrap(xp.asarray(np.maximum(sizes, 1), x.dtype)))
    return sum(losses) if reduction == "sum" else losses if batched else losses.squeeze(0)


def lengths(name: str, given: Any, batch: int) -> Any:
    """Lengths as an array on the host."""
    if isinstance(given, TensorBase):
        array = backend_of(given.array).to_host(given.array)
        if array.dtype.kind not in "iu":
            raise DtypeError(f"{name} must be integral; got {describe(given)}")
    elif isinstance(given, Sequence):
        array = np.asarray(given, "i8")
    else:
        raise ArgumentTypeError(f"{name} must be a tensor or a tuple of ints; got {describe(given)}")
    if array.size != batch:
        raise RefusedArgumentError(f"{name} must be of size batch_size, {batch}; got {array.size}")
    return array.reshape(-1)


def table_of(targets: Any, sizes: Any, batch: int, blank: int) -> Any:
    """(N, 2 S + 1) on the host: each target with blanks around and between its labels."""
    t = backend_of(targets.array).to_host(targets.array)
    most = int(sizes.max()) if sizes.size else 0
    out = np.full((batch, 2 * most + 1), blank, "i8")
    if t.ndim == 1 and t.size != sizes.sum() and batch > 1:
        raise RefusedArgumentError(f"ctc_loss: Expected concatenated targets of the sum of target_lengths, {int(sizes.sum())}; "
                                   f"got {t.size}")
    start = 0
    for row, size in zip(out, sizes, strict=True):
        n = len(row) // 2 if t.ndim == 1 else t.shape[1]
        if t.ndim == 2 and size > n:
            raise RefusedArgumentError(f"ctc_loss: Expected tensor to have size at least {int(size)} at dimension 1; got targets {t.shape}")
        row[1:2 * size:2] = t[start:start + size] if t.ndim == 1 else t[start, :size]
        start += int(size) if t.ndim == 1 else 1
    return out


def alignments(steps: Any, labels: Any, times: Any, sizes: Any, blank: int) -> Any:
    """(N,) losses, by the forward recursion over (N, 2 S + 1) states."""
    x = steps.array
    xp = backend_of(x).xp
    batch, states = labels.shape
    labels = xp.asarray(labels)
    at: Any = wrap(xp.broadcast_to(labels, (x.shape[0], batch, states)))
    emitted = gather(steps, 2, at)                   # (T, N, states)
    places = xp.arange(states)
    repeated = xp.ones((batch, states), "?")         # a state cannot be entered past the one before if that would skip a needed blank
    repeated[:, 2:] = (labels[:, 2:] == labels[:, :-2]) | (labels[:, 2:] == blank)
    closed, first = wrap(repeated), wrap(xp.broadcast_to(places < 2, (batch, states)))
    never = wrap(xp.full((batch, 2), NEVER, x.dtype))
    state = choose(first, emitted[0], NEVER)
    history = [state]
    for t in range(1, x.shape[0]):
        one, two = cat([never[:, :1], state[:, :-1]], 1), cat([never, state[:, :-2]], 1)[:, :states]
        state = logsumexp(stack([state, one, choose(closed, NEVER, two)], 0), 0) + emitted[t]
        history.append(state)
    last = xp.asarray(np.maximum(times - 1, 0))
    ends: Any = stack(history, 0)[wrap(last), wrap(xp.arange(batch))]                     # (N, states) at each input's last step
    final = xp.asarray(2 * sizes)
    of_end = gather(ends, 1, wrap(xp.stack([final, xp.maximum(final - 1, 0)], 1)))
    lone = wrap(xp.stack([xp.zeros(batch, "?"), final == 0], 1))
    total = logsumexp(choose(lone, NEVER, of_end), 1)
    nothing = wrap(xp.asarray(times == 0))           # no step: an empty target is certain, any other impossible
    certain = wrap(xp.asarray(np.where(sizes == 0, 0.0, NEVER), x.dtype))
    return -choose(nothing, certain, total)


def normalization(steps: Any, times: Any, excused: Any) -> Any:
    """(N,) zeros whose gradient is that of the sum of all probabilities, which is constant where they are normalized."""
    x = steps.array
    xp = backend_of(x).xp
    counts = (xp.arange(x.shape[0])[:, None] < xp.asarray(times)) & ~excused
    total = sum(exp(steps) * wrap(counts[:, :, None].astype(x.dtype)), (0, 2))
    return total - wrap(total.array)
