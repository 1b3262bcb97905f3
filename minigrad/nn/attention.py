"""Multi-head attention as a layer."""
from __future__ import annotations

import contextlib
import enum
from collections.abc import Iterator
from typing import Any

from .._tensor import Tensor
from ..errors import ArgumentError, AssertedArgumentError
from ..ops.heads import multi_head_attention_forward
from . import init
from .factory import parameter
from .linear import Linear
from .module import Module


class NonDynamicallyQuantizableLinear(Linear):
    """A `Linear` under the name that PyTorch shows for the output projection."""


class MultiheadAttention(Module):
    """Attention in several heads: query (L, N, E), key (S, N, kdim), value (S, N, vdim) -> (L, N, E), and the weights (N, L, S).

    With batch_first, N comes first; without N, one sequence alone. Parameters: in_proj_weight (3E, E), or q_, k_ and v_proj_weight
    where kdim or vdim differ from E; in_proj_bias; out_proj; with add_bias_kv, bias_k and bias_v. Masks and the other
    arguments of a call as in `functional.multi_head_attention_forward`. Vaswani et al., 2017.
    """

    def __init__(self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True, add_bias_kv: bool = False,
                 add_zero_attn: bool = False, kdim: int | None = None, vdim: int | None = None, batch_first: bool = False,
                 device: Any = None, dtype: Any = None) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ArgumentError(f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads} "
                                "instead")
        super().__init__()
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = embed_dim, num_heads, dropout, batch_first
        self.kdim, self.vdim = kdim if kdim is not None else embed_dim, vdim if vdim is not None else embed_dim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertedArgumentError(f"embed_dim must be divisible by num_heads; got {embed_dim} and {num_heads}")
        self.add_zero_attn = add_zero_attn
        columns = {"q_proj_weight": embed_dim, "k_proj_weight": self.kdim, "v_proj_weight": self.vdim}
        if self._qkv_same_embed_dim:
            self.in_proj_weight = parameter(3 * embed_dim, embed_dim, device=device, dtype=dtype)
        for name, n in columns.items():
            self.register_parameter(name, None if self._qkv_same_embed_dim else parameter(embed_dim, n, device=device, dtype=dtype))
        if not self._qkv_same_embed_dim:
            self.register_parameter("in_proj_weight", None)
        self.register_parameter("in_proj_bias", parameter(3 * embed_dim, device=device, dtype=dtype) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, device, dtype)
        self.bias_k: Any = None
        self.bias_v: Any = None
        if add_bias_kv:
            self.bias_k, self.bias_v = [parameter(1, 1, embed_dim, device=device, dtype=dtype) for _ in range(2)]
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        """Draw new initial values."""
        for name in ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight"):
            if getattr(self, name) is not None:
                init.xavier_uniform_(getattr(self, name))
        if self.in_proj_bias is not None:
            init.constant_(self.in_proj_bias, 0.0)
            init.constant_(self.out_proj.bias, 0.0)
        for b in (self.bias_k, self.bias_v):
            if b is not None:
                init.xavier_normal_(b)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None = None, need_weights: bool = True,
                attn_mask: Tensor | None = None, average_attn_weights: bool = True,
                is_causal: bool = False) -> tuple[Tensor, Tensor | None]:
        batch_first = self.batch_first and query.dim() == 3
        if batch_first:                              # the same tensor stays the same: its projections are one product
            same = query is key, key is value
            query = query.transpose(0, 1)
            key = query if same[0] else key.transpose(0, 1)
            value = key if same[1] else value.transpose(0, 1)
        y, weights = multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight, self.in_proj_bias, self.bias_k, self.bias_v,
            self.add_zero_attn, self.dropout, self.out_proj.weight, self.out_proj.bias, self.training, key_padding_mask, need_weights,
            attn_mask, not self._qkv_same_embed_dim, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight,
            average_attn_weights=average_attn_weights, is_causal=is_causal)
        return (y.transpose(0, 1) if batch_first else y), weights

    def merge_masks(self, attn_mask: Tensor | None, key_padding_mask: Tensor | None, query: Tensor) -> tuple[Tensor | None, int | None]:
        """Both masks as one, and which they were: 0 attn_mask, 1 key_padding_mask, 2 both; query (N, L, E)."""
        if attn_mask is None:
            return key_padding_mask, None if key_padding_mask is None else 1
        if key_padding_mask is None:
            return attn_mask, 0
        batch, length = query.shape[:2]
        own = attn_mask.reshape((batch, -1, length, length)) if attn_mask.dim() == 3 else attn_mask.reshape((1, 1, length, length))
        own = own.expand(batch, self.num_heads, -1, -1)
        return own + key_padding_mask.reshape((batch, 1, 1, length)).expand(-1, self.num_heads, -1, -1), 2


# ---------------------------------------------------------------- which kernel attention takes
class SDPBackend(enum.Enum):
    """The kernels of PyTorch's attention. There is one here: MATH."""
    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4


@contextlib.contextmanager
def sdpa_kernel(backends: SDPBackend | list[SDPBackend], set_priority: bool = False) -> Iterator[None]:
    """Accepted and without effect: `scaled_dot_product_attention` is one kernel."""
    for backend in backends if isinstance(backends, list) else [backends]:
        if not isinstance(backend, SDPBackend):
            raise AssertedArgumentError(f"sdpa_kernel: backends must be an instance of SDPBackend or a list of them; got {backend!r}")
    yield
