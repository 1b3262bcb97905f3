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


def table(module: Any, padding_idx: int | None, weight: Tensor | None, freeze: bool, device: Any, dtype: Any) -> None:
    """Give a module its weight: normal numbers with zeros at padding_idx, or what the caller brought."""
    n, size = module.num_embeddings, module.embedding_dim
    if padding_idx is not None:
        if not -n <= padding_idx < n:
            raise AssertedArgumentError(f"Padding_idx must be within num_embeddings; got {padding_idx}, num_embeddings {n}")
        padding_idx %= n
    module.padding_idx = padding_idx
    if weight is None:
        module.weight = parameter(n, size, device=device, dtype=dtype)
        module.weight.requires_grad_(not freeze)
        module.reset_parameters()
        return
    if tuple(weight.array.shape) != (n, size):
        raise AssertedArgumentError("Shape of weight does not match num_embeddings and embedding_dim; "
                                    f"got {describe(weight)}, expected ({n}, {size})")
    module.weight = Parameter(weight, requires_grad=not freeze)


def check_2d(embeddings: Tensor) -> None:
    """Raise unless given rows are a matrix."""
    if embeddings.array.ndim != 2:
        raise AssertedArgumentError(f"Embeddings parameter is expected to be 2-dimensional; got {describe(embeddings)}")


def listed(module: Any, options: list[tuple[str, Any, Any]]) -> str:
    """The sizes, and those options that are not as usual."""
    return f"{module.num_embeddings}, {module.embedding_dim}" + "".join([f", {k}={value}" for k, value, usual in options if value != usual])


class _Table(Module):
    weight: Parameter
    padding_idx: int | None

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            self.weight.array[self.padding_idx] = 0
            wrote(self.weight.cell)


class Embedding(_Table):
    """The row of each index: (...) integers -> (..., embedding_dim).

    padding_idx: this row begins at zero and is not trained. max_norm: rows are scaled down to this norm when they are used.
    weight (num_embeddings, embedding_dim) begins normal.
    """

    def __init__(self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, max_norm: float | None = None,
                 norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False, _weight: Tensor | None = None,
                 _freeze: bool = False, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_dim, self.max_norm, self.norm_type = num_embeddings, embedding_dim, max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        table(self, padding_idx, _weight, _freeze, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse)

    def extra_repr(self) -> str:
        unusual = [("padding_idx", self.padding_idx, None), ("max_norm", self.max_norm, None), ("norm_type", self.norm_type, 2),
                   ("scale_grad_by_freq", self.scale_grad_by_freq, False)]
        text = listed(self, unusual)
        return f"{text}, sparse=True" if self.sparse else text

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None, max_norm: float | None = None,
                        norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False) -> Embedding:
        """A layer with given rows (num_embeddings, embedding_dim), whose memory it shares; freeze: they are not trained."""
        check_2d(embeddings)
        rows, columns = embeddings.array.shape
        return cls(rows, columns, _weight=embeddings, _freeze=freeze, padding_idx=padding_idx, max_norm=max_norm, norm_type=norm_type,
                   scale_grad_by_freq=scale_grad_by_freq, sparse=sparse)


class EmbeddingBag(_Table):
    """The sum, mean or greatest of the rows of each bag of indices: (B, N) -> (B, embedding_dim).

    Or 1-D indices of all bags after one another, with `offsets` of where each begins. per_sample_weights: factors of a sum.
    """

    def __init__(self, num_embeddings: int, embedding_dim: int, max_norm: float | None = None, norm_type: float = 2.0,
                 scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, _weight: Tensor | None = None,
                 include_last_offset: bool = False, padding_idx: int | None = None, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_dim, self.max_norm, self.norm_type = num_embeddings, embedding_dim, max_norm, norm_type
        self.scale_grad_by_freq, self.mode, self.sparse, self.include_last_offset = scale_grad_by_freq, mode, sparse, include_last_offset
        table(self, padding_idx, _weight, False, device, dtype)

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        return F.embedding_bag(input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.mode,
                               self.sparse, per_sample_weights, self.include_last_offset, self.padding_idx)

    def extra_repr(self) -> str:
        unusual = [("max_norm", self.max_norm, None), ("norm_type", self.norm_type, 2),
                   ("scale_grad_by_freq", self.scale_grad_by_freq, False)]
        text = listed(self, unusual)
        text += f", mode={self.mode!r}"
        return f"{text}, padding_idx={self.padding_idx}" if self.padding_idx is not None else text

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, max_norm: float | None = None, norm_type: float = 2.0,
                        scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, include_last_offset: bool = False,
                        padding_idx: int | None = None) -> EmbeddingBag:
        """A layer with given rows (num_embeddings, embedding_dim), whose memory it shares; freeze: they are not trained."""
        check_2d(embeddings)
        rows, columns = embeddings.array.shape
        made = cls(rows, columns, _weight=embeddings, max_norm=max_norm, norm_type=norm_type, scale_grad_by_freq=scale_grad_by_freq,
                   mode=mode, sparse=sparse, include_last_offset=include_last_offset, padding_idx=padding_idx)
        made.weight.requires_grad_(not freeze)
        return made
