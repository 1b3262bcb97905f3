"""Look-up tables with a trained row per index."""
from __future__ import annotations

from typing import Any

from .._tensor import Tensor
from ..engine.inplace import wrote
from ..errors import AssertedArgumentError, describe
from . import functional as F
from . import init
from .factory import parameter
from .module import Module
from .parameter import Parameter


class Embedding(Module):
    """The row of each index: (...) integers -> (..., embedding_dim).

    padding_idx: this row begins at zero and is not trained. max_norm: rows are scaled down to this norm when they are used.
    weight (num_embeddings, embedding_dim) begins normal.
    """

    def __init__(self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, max_norm: float | None = None,
                 norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False, _weight: Tensor | None = None,
                 _freeze: bool = False, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        n = num_embeddings
        if padding_idx is not None:
            if not -n <= padding_idx < n:
                raise AssertedArgumentError(f"Padding_idx must be within num_embeddings; got {padding_idx}, num_embeddings {n}")
            padding_idx %= n
        self.num_embeddings, self.embedding_dim, self.padding_idx = n, embedding_dim, padding_idx
        self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse = max_norm, norm_type, scale_grad_by_freq, sparse
        if _weight is None:
            self.weight = parameter(n, embedding_dim, device=device, dtype=dtype)
            self.reset_parameters()
        elif tuple(_weight.array.shape) == (n, embedding_dim):
            self.weight = Parameter(_weight)
        else:
            raise AssertedArgumentError("Shape of weight does not match num_embeddings and embedding_dim; "
                                        f"got {describe(_weight)}, expected ({n}, {embedding_dim})")
        self.weight.requires_grad_(not _freeze)

    def reset_parameters(self: Any) -> None:
        """Draw new initial values."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            self.weight.array[self.padding_idx] = 0
            wrote(self.weight.cell)

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse)

    def extra_repr(self) -> str:
        unusual = [("padding_idx", self.padding_idx, None), ("max_norm", self.max_norm, None), ("norm_type", self.norm_type, 2),
                   ("scale_grad_by_freq", self.scale_grad_by_freq, False), ("sparse", self.sparse, False)]
        return f"{self.num_embeddings}, {self.embedding_dim}" + "".join([f", {k}={value}" for k, value, usual in unusual if value != usual])

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None, max_norm: float | None = None,
                        norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False) -> Embedding:
        """A layer with given rows (num_embeddings, embedding_dim), whose memory it shares; freeze: they are not trained."""
        if embeddings.array.ndim != 2:
            raise AssertedArgumentError(f"Embeddings parameter is expected to be 2-dimensional; got {describe(embeddings)}")
        rows, columns = embeddings.array.shape
        return cls(rows, columns, _weight=embeddings, _freeze=freeze, padding_idx=padding_idx, max_norm=max_norm, norm_type=norm_type,
                   scale_grad_by_freq=scale_grad_by_freq, sparse=sparse)


class EmbeddingBag(Module):
    """The sum, mean or maximum of the rows of each bag of indices: (bags, words) -> (bags, embedding_dim).

    Indices of one dimension come with `offsets`, where each bag begins; include_last_offset: also where the last one ends. mode: "sum",
    "mean" or "max". per_sample_weights, for "sum": a factor per row. Other arguments, and the initial values, as in `Embedding`.
    """

    def __init__(self, num_embeddings: int, embedding_dim: int, max_norm: float | None = None, norm_type: float = 2.0,
                 scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, _weight: Tensor | None = None,
                 include_last_offset: bool = False, padding_idx: int | None = None, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        n = num_embeddings
        if padding_idx is not None:
            if not -n <= padding_idx < n:
                raise AssertedArgumentError(f"padding_idx must be within num_embeddings; got {padding_idx}, num_embeddings {n}")
            padding_idx %= n
        self.num_embeddings, self.embedding_dim, self.padding_idx = n, embedding_dim, padding_idx
        self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse = max_norm, norm_type, scale_grad_by_freq, sparse
        self.mode, self.include_last_offset = mode, include_last_offset
        if _weight is None:
            self.weight = parameter(n, embedding_dim, device=device, dtype=dtype)
            self.reset_parameters()
        elif tuple(_weight.array.shape) == (n, embedding_dim):
            self.weight = Parameter(_weight)
        else:
            raise AssertedArgumentError("Shape of weight does not match num_embeddings and embedding_dim; "
                                        f"got {describe(_weight)}, expected ({n}, {embedding_dim})")

    reset_parameters = Embedding.reset_parameters

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        return F.embedding_bag(input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.mode, self.sparse,
                               per_sample_weights, self.include_last_offset, self.padding_idx)

    def extra_repr(self) -> str:
        unusual = [("max_norm", self.max_norm, None), ("norm_type", self.norm_type, 2),
                   ("scale_grad_by_freq", self.scale_grad_by_freq, False)]
        text = f"{self.num_embeddings}, {self.embedding_dim}" + "".join([f", {k}={value}" for k, value, usual in unusual if value != usual])
        return f"{text}, mode={self.mode!r}" + (f", padding_idx={self.padding_idx}" if self.padding_idx is not None else "")

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, max_norm: float | None = None, norm_type: float = 2.0,
                        scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, include_last_offset: bool = False,
                        padding_idx: int | None = None) -> EmbeddingBag:
        """A layer with given rows (num_embeddings, embedding_dim), whose memory it shares; freeze: they are not trained."""
        if embeddings.array.ndim != 2:
            raise AssertedArgumentError(f"Embeddings parameter is expected to be 2-dimensional; got {describe(embeddings)}")
        rows, columns = embeddings.array.shape
        made = cls(rows, columns, max_norm, norm_type, scale_grad_by_freq, mode, sparse, embeddings, include_last_offset, padding_idx)
        made.weight.requires_grad_(not freeze)
        return made
