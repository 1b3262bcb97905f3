"""x-transformers, local-attention, performer, reformer, linear attention, vector quantization, rotary embeddings: a step each."""
from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module

import torch
from torch import nn


def words(**options: object) -> nn.Module:
    x = import_module("x_transformers")
    return x.TransformerWrapper(num_tokens=60, max_seq_len=32, attn_layers=x.Decoder(dim=32, depth=2, heads=4, **options))


class LastOfSeveral(nn.Module):
    """The loss of a layer that returns (values, indices, loss)."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.before, self.layer = nn.Linear(32, 32), layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.layer(self.before(x))
        return out[0] + out[-1].sum()


IDS = {
    "x_transformers": lambda: words(),
    "x_transformers rotary": lambda: words(rotary_pos_emb=True, attn_flash=True, ff_glu=True, use_rmsnorm=True),
    "x_transformers alibi": lambda: words(alibi_pos_bias=True, attn_qk_norm=True, sandwich_norm=True),
    "x_transformers relative": lambda: words(rel_pos_bias=True, attn_pre_talking_heads=True, ff_swish=True, attn_num_mem_kv=4),
    "local_attention": lambda: import_module("local_attention").LocalTransformer(
        num_tokens=60, dim=32, depth=2, max_seq_len=32, causal=True, local_attn_window_size=8),
    "performer": lambda: import_module("performer_pytorch").PerformerLM(
        num_tokens=60, max_seq_len=32, dim=32, depth=2, heads=4, causal=False),
    "reformer": lambda: import_module("reformer_pytorch").ReformerLM(
        num_tokens=60, dim=32, depth=2, max_seq_len=32, heads=4, bucket_size=4, n_hashes=2, causal=True),
    "linear_attention": lambda: import_module("linear_attention_transformer").LinearAttentionTransformerLM(
        num_tokens=60, dim=32, heads=4, depth=2, max_seq_len=32, causal=True),
}
VECTORS = {
    "vector quantization": lambda: LastOfSeveral(import_module("vector_quantize_pytorch").VectorQuantize(dim=32, codebook_size=16)),
    "residual quantization": lambda: LastOfSeveral(import_module("vector_quantize_pytorch").ResidualVQ(
        dim=32, codebook_size=16, num_quantizers=3, kmeans_init=True)),
    "scalar quantization": lambda: LastOfSeveral(import_module("vector_quantize_pytorch").LFQ(dim=32, codebook_size=32)),
}


def train(name: str, make: Callable[[], nn.Module], data: Callable[[], torch.Tensor], loss_of: Callable[..., torch.Tensor]) -> None:
    torch.manual_seed(0)
    model = make()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    x = data()
    losses = []
    for _ in range(3):
        loss = loss_of(model, x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(name, *(f"{loss:.5f}" for loss in losses))


def of_words(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    return nn.functional.cross_entropy(model(x).transpose(1, 2), x)


chosen = sys.argv[1:] or [*IDS, *VECTORS, "rotary"]
for name in chosen:
    if name in IDS:
        train(name, IDS[name], lambda: torch.randint(0, 60, (2, 32)), of_words)
    elif name in VECTORS:
        train(name, VECTORS[name], lambda: torch.randn(2, 10, 32), lambda model, x: (model(x) - x).pow(2).mean())
if "rotary" in chosen:
    rotary = import_module("rotary_embedding_torch").RotaryEmbedding(dim=16)
    torch.manual_seed(0)
    print("rotary", f"{rotary.rotate_queries_or_keys(torch.randn(1, 2, 8, 32)).square().sin().sum().item():.5f}")
