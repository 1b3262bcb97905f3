"""Ordinary lines of code under vmap, and their gradients per sample, against PyTorch."""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from tests.func.torch_side import Side, agree

torch = pytest.importorskip("torch")
rng = np.random.default_rng(0)
INPUTS = {"x": rng.standard_normal((3, 4, 4)), "v": rng.standard_normal((3, 4)), "image": rng.standard_normal((2, 2, 3, 8, 8))}

# What one sample goes through: `torch` is either library, F its functional module.
MATRICES = """
torch.cdist(x, x + 1)  #  x.norm(dim=0)  #  torch.linalg.matrix_norm(x)  #  x / x.norm()  #  x.trace()  #  torch.kron(x, x)
torch.einsum('ij,jk->ik', x, x)  #  torch.einsum('ii->i', x)  #  torch.tensordot(x, x, dims=1)  #  x.mv(x[0])  #  x.T + x.mT
torch.addmm(x, x, x, beta=0.5)  #  torch.baddbmm(x[None], x[None], x[None])  #  F.bilinear(x, x, torch.ones(2, 4, 4).double())
torch.linalg.solve(x, x[:, 0])  #  torch.linalg.inv(x)  #  torch.linalg.det(x)  #  torch.linalg.slogdet(x)[1]  #  torch.matrix_exp(x)
torch.linalg.eigvalsh(x + x.mT)  #  torch.linalg.cholesky(x @ x.mT + torch.eye(4).double())  #  torch.linalg.svdvals(x)
x.triu(1) + x.tril()  #  x.diagonal()  #  torch.rot90(x)
"""
REDUCTIONS = """
x.std(0)  #  x.var()  #  x.median()  #  x.quantile(0.3, dim=1)  #  x.logsumexp(1)  #  x.prod(0)  #  x.prod()  #  x.max()  #  x.max(1)[0]
x.amax() - x.amin(0)  #  x.topk(2)[0]  #  x.sort(0)[0]  #  x.cumsum(0)  #  x.cumprod(1)  #  x.logcumsumexp(0)  #  x.diff(dim=0)
torch.gradient(x, dim=0)[0]  #  torch.trapezoid(x, dim=1)
"""
SHAPES = """
torch.stack([x, x * 2], 1)  #  torch.cat([x, torch.ones(1, 4).double()], 0)  #  x.split(2, 0)[1]  #  x.chunk(2, 1)[0]  #  x.flip(0)
x.roll(1, 0)  #  x.repeat(2, 1)  #  x.repeat_interleave(2, dim=0)  #  x.unsqueeze(0).expand(3, -1, -1)  #  x.unfold(0, 2, 1)
x.view(-1)[3:]  #  x.t().reshape(-1)  #  x.unflatten(0, (2, 2))  #  x.movedim(0, 1)  #  x.unsqueeze(1).squeeze()  #  x[[0, 2], 1:]
sum(r * 2 for r in x)  #  torch.zeros_like(x) + x.new_ones(4) + x  #  x.sum().unsqueeze(0).expand(len(x) - 1)  #  x.float().double()
"""
ELEMENTS = """
torch.where(x > 0, x, x * 0.1)  #  x.clamp(-0.5, 0.5)  #  x.clamp(min=x.mean())  #  x.masked_fill(x > 0, 0.0)  #  x.abs() ** x  #  2 - x
torch.where(torch.eye(4).bool(), x, 0.0)  #  torch.lerp(x, x * 2, 0.3)  #  torch.polar(x.abs(), x).real
torch.fft.fft(x).abs()  #  torch.fft.irfft(torch.fft.rfft(x))  #  torch.special.i0(x)  #  torch.xlogy(x, x.abs() + 1)
F.softmax(x, 0)  #  F.gelu(x)  #  F.softplus(x)  #  F.prelu(x, torch.ones(4).double() / 2)  #  F.glu(x)  #  F.normalize(x)
F.cosine_similarity(x, x + 1)  #  F.rms_norm(x, (4,))  #  F.scaled_dot_product_attention(x[None], x[None], x[None])
"""
LOSSES = """
F.binary_cross_entropy_with_logits(x, (x > 0).double())  #  F.binary_cross_entropy(x.sigmoid(), (x > 0).double(), reduction='sum')
F.kl_div(x.log_softmax(-1), x.softmax(-1), reduction='batchmean')  #  F.smooth_l1_loss(x, x * 0)  #  F.cross_entropy(x, x.softmax(-1))
F.soft_margin_loss(x, x.detach().sign())  #  F.huber_loss(x, x * 0, reduction='none')  #  F.l1_loss(x, x[0].detach() + 0 * x)
"""
VECTORS = "torch.diag_embed(v)  #  torch.diag(v)  #  torch.outer(v, v)  #  torch.meshgrid(v, v * 2, indexing='ij')[1]  #  v.dot(v)"
IMAGES = """
F.interpolate(image, scale_factor=2, mode='bilinear')  #  F.pad(image, (1, 1, 1, 1), mode='reflect')  #  F.unfold(image, 3)
F.group_norm(image, 3)  #  F.instance_norm(image)  #  F.conv_transpose2d(image, torch.ones(3, 2, 3, 3).double(), stride=2)
F.conv3d(image.unsqueeze(0), torch.ones(2, 2, 2, 3, 3).double())  #  F.adaptive_avg_pool2d(image, 3)  #  F.adaptive_max_pool2d(image, 3)
F.lp_pool2d(image.abs(), 2, 2)  #  F.pixel_unshuffle(image, 2)
"""
LINES = [line.strip() for table in (MATRICES, REDUCTIONS, SHAPES, ELEMENTS, LOSSES, VECTORS, IMAGES)
         for row in table.strip().splitlines() for line in row.split("  #  ")]


@pytest.mark.parametrize("line", LINES)
def test_a_line(line: str) -> None:
    words = "".join([c if c.isalnum() or c == "_" else " " for c in line]).split()
    name = next(n for n in INPUTS if n in words)

    def program(s: Side) -> Any:
        def f(sample: Any) -> Any:
            return eval(line, {"torch": s.library, "F": s.F, name: sample})
        inputs = s.tensor(INPUTS[name])
        return s.func.vmap(f)(inputs), s.func.vmap(s.func.grad(lambda sample: (f(sample) ** 2).sum()))(inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        agree(program, rtol=1e-6)
