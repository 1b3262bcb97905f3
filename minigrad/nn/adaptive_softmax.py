"""Softmax over very many classes, the frequent ones first."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .._tensor import Tensor
from ..errors import ArgumentError, RefusedArgumentError, describe
from ..ops.join import cat
from . import functional as F
from .container import ModuleList, Sequential
from .linear import Linear
from .module import Module


class _ASMoutput(NamedTuple):
    """The log-probability of each target, and minus their mean."""
    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """The log-probabilities of targets among n_classes, ordered by falling frequency: input (N, in_features), target (N,), or one of each.

    cutoffs: where the clusters of rare classes begin. The head decides between the classes before the first cutoff and the clusters;
    cluster i has in_features / div_value ** (i + 1) features. So most targets cost a small product only.
    Raises ValueError for cutoffs that do not rise from 1 to n_classes - 1, RuntimeError for targets that do not fit.
    Source: Grave et al. 2017, Efficient softmax approximation for GPUs.
    """

    def __init__(self, in_features: int, n_classes: int, cutoffs: Sequence[int], div_value: float = 4.0, head_bias: bool = False,
                 device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        bounds = list(cutoffs)
        if not bounds:
            raise ArgumentError("cutoffs should be a sequence of length larger than 0")
        if (bounds != sorted(set(bounds)) or bounds[0] <= 0 or bounds[-1] > n_classes - 1 or any(int(c) != c for c in bounds)):
            raise ArgumentError("cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each value "
                                f"is between 1 and n_classes-1; got {bounds} for {n_classes} classes")
        self.in_features, self.n_classes, self.div_value, self.head_bias = in_features, n_classes, div_value, head_bias
        self.cutoffs = [*bounds, n_classes]
        self.shortlist_size = self.cutoffs[0]
        self.n_clusters = len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, head_bias, device, dtype)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            features = int(in_features // div_value ** (i + 1))
            classes = self.cutoffs[i + 1] - self.cutoffs[i]
            self.tail.append(Sequential(Linear(in_features, features, False, device, dtype),
                                        Linear(features, classes, False, device, dtype)))

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        self.head.reset_parameters()
        for project, decide in self.tail:
            project.reset_parameters()
            decide.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        single = self._check(input_, target_)
        x, t = (input_.unsqueeze(0), target_.unsqueeze(0)) if single else (input_, target_)
        column, clusters = t.clone(), []
        for i in range(self.n_clusters):
            mask = (t >= self.cutoffs[i]) & (t < self.cutoffs[i + 1])
            column = column.masked_fill(mask, self.shortlist_size + i)
            clusters.append(mask.nonzero().reshape(-1))
        low, high = (int(t.min()), int(t.max())) if t.numel() else (0, 0)
        if low < 0 or high >= self.n_classes:
            raise RefusedArgumentError(f"AdaptiveLogSoftmaxWithLoss: Target values should be in [0, {self.n_classes - 1}], but values in "
                                       f"range [{low}, {high}] were found.")
        output = F.log_softmax(self.head(x), 1).gather(1, column.unsqueeze(1)).squeeze(1)
        for i, rows in enumerate(clusters):
            if rows.numel():
                inside = F.log_softmax(self.tail[i](x.index_select(0, rows)), 1)
                own = t.index_select(0, rows) - self.cutoffs[i]
                output = output.index_add(0, rows, inside.gather(1, own.unsqueeze(1)).squeeze(1))
        loss: Any = -output.mean()
        return _ASMoutput(output.squeeze(0) if single else output, loss)

    def _check(self, x: Tensor, t: Tensor) -> bool:
        """True for one sample alone."""
        name = "AdaptiveLogSoftmaxWithLoss"
        if t.dim() > 1:
            raise RefusedArgumentError(f"{name}: 0D or 1D target tensor expected, multi-target not supported; got {describe(t)}")
        if t.dim() == 1 and x.shape[0] != t.shape[0]:
            raise RefusedArgumentError(f"{name}: Input and target should have the same size in the batch dimension; got {describe(x)} and "
                                       f"{describe(t)}.")
        if x.dim() != t.dim() + 1:
            raise RefusedArgumentError(f"{name}: {t.dim()}D target tensor expects {t.dim() + 1}D input tensors, but found inputs with size "
                                       f"{tuple(x.shape)}")
        return t.dim() == 0

    def log_prob(self, input: Tensor) -> Tensor:
        """The log-probability of every class: (N, in_features) -> (N, n_classes)."""
        head = F.log_softmax(self.head(input), 1)
        parts = [head[:, :self.shortlist_size]]
        for i, cluster in enumerate(self.tail):
            parts.append(F.log_softmax(cluster(input), 1) + head[:, self.shortlist_size + i].unsqueeze(1))
        return cat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """The likeliest class, `log_prob(input).argmax(1)`; clusters are computed only where the head decides for one."""
        head = self.head(input)
        best: Any = head.argmax(1)
        found = best.clone()
        rest = (best >= self.shortlist_size).nonzero().reshape(-1)
        if rest.numel():
            found = found.index_copy(0, rest, self.log_prob(input.index_select(0, rest)).argmax(1))
        return found
