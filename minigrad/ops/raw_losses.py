"""Losses as PyTorch's own namespace has them: `reduction` is a number, 0 for none, 1 for the mean, 2 for the sum."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ArgumentTypeError, RefusedArgumentError, describe
from . import alignment, likelihood_loss, margin_loss

if TYPE_CHECKING:
    from .._tensor import Tensor

REDUCTIONS = ("none", "mean", "sum")


def word(name: str, reduction: int) -> str:
    """The word for a reduction given as a number."""
    if isinstance(reduction, bool) or not isinstance(reduction, int):
        raise ArgumentTypeError(f"{name}: argument 'reduction' must be int, not {describe(reduction)}; 0 is none, 1 mean, 2 sum; "
                                f"nn.functional.{name} takes words")
    if not 0 <= reduction < 3:
        raise RefusedArgumentError(f"{name}: reduction is 0 (none), 1 (mean) or 2 (sum); got {reduction}")
    return REDUCTIONS[reduction]


def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, weight: Tensor | None = None, pos_weight: Tensor | None = None,
                                     reduction: int = 1) -> Tensor:
    """`nn.functional.binary_cross_entropy_with_logits`."""
    name = "binary_cross_entropy_with_logits"
    return likelihood_loss.binary_cross_entropy_with_logits(input, target, weight, reduction=word(name, reduction), pos_weight=pos_weight)


def cosine_embedding_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 1) -> Tensor:
    """`nn.functional.cosine_embedding_loss`."""
    return margin_loss.cosine_embedding_loss(input1, input2, target, margin, reduction=word("cosine_embedding_loss", reduction))


def ctc_loss(log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: int = 0, reduction: int = 1,
             zero_infinity: bool = False) -> Tensor:
    """`nn.functional.ctc_loss`."""
    return alignment.ctc_loss(log_probs, targets, input_lengths, target_lengths, blank, word("ctc_loss", reduction), zero_infinity)


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, reduction: int = 1) -> Tensor:
    """`nn.functional.hinge_embedding_loss`."""
    return margin_loss.hinge_embedding_loss(input, target, margin, reduction=word("hinge_embedding_loss", reduction))


def kl_div(input: Tensor, target: Tensor, reduction: int = 1, *, log_target: bool = False) -> Tensor:
    """`nn.functional.kl_div`; the mean is over all elements."""
    losses = likelihood_loss.kl_div(input, target, reduction="none", log_target=log_target)
    how = word("kl_div", reduction)
    return losses if how == "none" else losses.mean() if how == "mean" else losses.sum()


def margin_ranking_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 1) -> Tensor:
    """`nn.functional.margin_ranking_loss`."""
    return margin_loss.margin_ranking_loss(input1, input2, target, margin, reduction=word("margin_ranking_loss", reduction))


def poisson_nll_loss(input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: int) -> Tensor:
    """`nn.functional.poisson_nll_loss`, with no defaults."""
    how = word("poisson_nll_loss", reduction)
    return likelihood_loss.poisson_nll_loss(input, target, log_input, full, eps=eps, reduction=how)


def triplet_margin_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2.0, eps: float = 1e-06,
                        swap: bool = False, reduction: int = 1) -> Tensor:
    """`nn.functional.triplet_margin_loss`."""
    how = word("triplet_margin_loss", reduction)
    return margin_loss.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, reduction=how)
