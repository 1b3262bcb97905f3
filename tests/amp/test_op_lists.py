"""Which dtype each op gets, and gives, under autocast on the CPU: PyTorch's lists, line by line.

In a line `torch` is either library, `F` its functional module, x(2, 3) a random tensor that requires grad, x16 the same in float16
whatever x is, and `kind` x's dtype.
"""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.amp.lists import LISTS
from minigrad.engine.casting import FUNCTIONS
from minigrad.engine.op import OPS

from ..agree import lines

BOTH = lines("""
    F.conv2d(x(1, 3, 8, 8), x(4, 3, 3, 3), x(4))
    F.conv1d(x(1, 3, 8), x(4, 3, 3))
    F.conv3d(x(1, 3, 8, 8, 8), x(4, 3, 3, 3, 3))
    F.conv_transpose2d(x(1, 3, 8, 8), x(3, 4, 3, 3))
    F.linear(x(2, 3), x(4, 3), x(4))
    x(2, 3) @ x(3, 2)
    torch.mv(x(2, 3), x(3))
    torch.matmul(x(2, 3), x(3))
    torch.dot(x(3), x(3))
    torch.matmul(x(3), x(3))
    torch.vdot(x(3), x(3))
    torch.inner(x(2, 3), x(2, 3))
    torch.outer(x(2), x(3))
    torch.einsum('ij,jk->ik', x(2, 3), x(3, 4))
    torch.einsum('ij,ij->ij', x(2, 3), x(2, 3))
    torch.tensordot(x(2, 3), x(3, 4), 1)
    torch.addmm(x(2, 2), x(2, 3), x(3, 2))
    torch.addmv(x(2), x(2, 3), x(3))
    torch.addr(x(2, 3), x(2), x(3))
    torch.baddbmm(x(1, 2, 2), x(1, 2, 3), x(1, 3, 2))
    torch.addbmm(x(2, 2), x(1, 2, 3), x(1, 3, 2))
    torch.bmm(x(1, 2, 3), x(1, 3, 2))
    torch.linalg.multi_dot([x(2, 3), x(3, 4), x(4, 2)])
    torch.chain_matmul(x(2, 3), x(3, 4))
    torch.linalg.vecdot(x(3), x(3))
    torch.matrix_power(x(3, 3), 2)
    torch.kron(x(2, 2), x(2, 2))
    F.bilinear(x(2, 3), x(2, 4), x(5, 3, 4))
    torch.cdist(x(2, 3), x(4, 3))
    torch.dist(x(3), x(3))
    F.scaled_dot_product_attention(x(1, 2, 4, 8), x(1, 2, 4, 8), x(1, 2, 4, 8))
    F.prelu(x(2, 3), x(3))
    torch.nn.LSTMCell(3, 4).to(kind)(x(2, 3))
    torch.nn.GRUCell(3, 4).to(kind)(x(2, 3))
    torch.nn.RNNCell(3, 4).to(kind)(x(2, 3))
    torch.nn.MultiheadAttention(8, 2).to(kind)(x(5, 2, 8), x(5, 2, 8), x(5, 2, 8))
    torch.nn.TransformerEncoderLayer(8, 2, 16).to(kind)(x(5, 2, 8))
    F.softmax(x(2, 3), 1)
    F.log_softmax(x(2, 3), 1)
    F.layer_norm(x(2, 3), (3,))
    torch.nn.BatchNorm2d(3).to(kind)(x(2, 3, 4, 4))
    F.group_norm(x(2, 4, 3), 2)
    torch.exp(x(3))
    x(3).sum()
    x(3).prod()
    x(3).prod(0)
    x(3).cumsum(0)
    x(3).cumprod(0)
    x(3).mean()
    x(3).norm()
    torch.linalg.vector_norm(x(3))
    torch.linalg.matrix_norm(x(3, 3))
    x(3).var()
    x(3) ** 2.5
    x(3).rsqrt()
    F.mse_loss(x(3), x(3))
    F.l1_loss(x(3), x(3))
    F.smooth_l1_loss(x(3), x(3))
    F.huber_loss(x(3), x(3))
    F.cross_entropy(x(3, 4), torch.tensor([0, 1, 2]))
    F.cross_entropy(x(3, 4), x(3, 4))
    F.nll_loss(x(3, 4), torch.tensor([0, 1, 2]))
    F.binary_cross_entropy(x(3), x(3))
    F.binary_cross_entropy_with_logits(x(3), x(3))
    F.kl_div(x(3), x(3), reduction='sum')
    F.poisson_nll_loss(x(3), x(3))
    F.gaussian_nll_loss(x(3), x(3), x(3))
    F.cosine_embedding_loss(x(2, 3), x(2, 3), torch.tensor([1, -1]))
    F.hinge_embedding_loss(x(3), torch.tensor([1, -1, 1]))
    F.margin_ranking_loss(x(3), x(3), torch.tensor([1, -1, 1]))
    F.soft_margin_loss(x(3), torch.tensor([1, -1, 1]))
    F.triplet_margin_loss(x(2, 3), x(2, 3), x(2, 3))
    F.triplet_margin_with_distance_loss(x(2, 3), x(2, 3), x(2, 3))
    F.multi_margin_loss(x(3, 4), torch.tensor([0, 1, 2]))
    F.multilabel_margin_loss(x(3, 4), torch.tensor([[0, 1, -1, 2]] * 3))
    F.ctc_loss(F.log_softmax(x(5, 1, 4), 2), torch.tensor([[1, 2]]), torch.tensor([5]), torch.tensor([2]))
    F.avg_pool3d(x(1, 1, 4, 4, 4), 2)
    F.avg_pool2d(x(1, 1, 4, 4), 2)
    F.max_pool3d(x(1, 1, 4, 4, 4), 2)
    F.max_pool2d(x(1, 1, 4, 4), 2)
    F.max_pool1d(x(1, 1, 4), 2)
    F.adaptive_avg_pool3d(x(1, 1, 4, 4, 4), 2)
    F.adaptive_avg_pool2d(x(1, 1, 4, 4), 2)
    F.adaptive_max_pool3d(x(1, 1, 4, 4, 4), 2)
    F.fractional_max_pool2d(x(1, 1, 4, 4), 2, output_size=2)
    F.fractional_max_pool3d(x(1, 1, 4, 4, 4), 2, output_size=2)
    F.max_unpool2d(x(1, 1, 2, 2), torch.tensor([[[[0, 3], [8, 11]]]]), 2)
    F.max_unpool3d(x(1, 1, 1, 1, 1), torch.tensor([[[[[0]]]]]), 2)
    F.grid_sample(x(1, 1, 3, 3), x(1, 2, 2, 2))
    F.affine_grid(x(1, 2, 3), (1, 1, 2, 2))
    F.interpolate(x(1, 1, 3, 3), scale_factor=2)
    F.interpolate(x(1, 1, 3, 3), scale_factor=2, mode='bilinear')
    F.pad(x(3), (1, 1))
    F.pad(x(1, 1, 3, 3), (1, 1, 1, 1), mode='circular')
    F.pad(x(1, 1, 3, 3, 3), (1, 1, 1, 1, 1, 1), mode='reflect')
    torch.quantile(x(3), 0.5)
    torch.nanquantile(x(3), 0.5)
    torch.stft(x(16), 4, window=x(4), return_complex=True)
    torch.polar(x(3), x(3))
    torch.trace(x(3, 3))
    torch.view_as_complex(x(3, 2))
    torch.median(x(3))
    torch.cholesky(torch.eye(3).to(kind))
    torch.linalg.cholesky(torch.eye(3).to(kind))
    torch.inverse(torch.eye(3).to(kind))
    torch.linalg.inv(torch.eye(3).to(kind))
    torch.linalg.svdvals(x(3, 3))
    torch.linalg.eigvals(torch.eye(3).to(kind))
    torch.linalg.lstsq(torch.eye(3).to(kind), x(3, 1))
    torch.linalg.tensorinv(torch.eye(4).to(kind).reshape(2, 2, 2, 2))
    torch.linalg.cross(x(3), x(3))
    torch.fft.irfft(x(4).to(torch.float32))
    torch.cat([x(3), x16(3)])
    torch.stack([x(3), x16(3)])
    torch.index_copy(x(3), 0, torch.tensor([0]), x16(1))
    torch.index_add(x(3), 0, torch.tensor([0]), x(1))
    F.cosine_similarity(x(2, 3), x(2, 3))
    torch.cross(x(3), x(3), dim=0)
    torch.renorm(x(3, 3), 2, 0, 1.0)
    torch.cov(x(3, 3))
    torch.corrcoef(x(3, 3))
    F.embedding(torch.tensor([0]), x(3, 3))
    F.normalize(x(2, 3))
    F.unfold(x(1, 1, 3, 3), 2)
    F.fold(x(1, 4, 4), (3, 3), 2)
    F.local_response_norm(x(1, 3, 3), 2)
    F.gelu(x(3))
    F.pairwise_distance(x(2, 3), x(2, 3))
    x(3).logsumexp(0)
    torch.lerp(x(3), x(3), 0.5)
    torch.addcmul(x(3), x(3), x(3))
    x(2, 3).matmul(x(3))
    x(3) * x16(3)
    F.rms_norm(x(2, 3), (3,))
""")

# Lines that float16 operands do not pass: here float32 ones only.
SINGLE = lines("""
    torch.pdist(x(4, 3))
    F.multilabel_soft_margin_loss(x(3, 4), x(3, 4))
    F.pad(x(1, 1, 3, 3), (1, 1, 1, 1), mode='replicate')
    torch.det(torch.eye(3).to(kind))
    torch.linalg.det(torch.eye(3).to(kind))
    torch.slogdet(torch.eye(3).to(kind))
    torch.pinverse(torch.eye(3).to(kind))
    torch.linalg.svd(x(3, 3))
    torch.linalg.qr(x(3, 3))
    torch.linalg.eigh(torch.eye(3).to(kind))
    torch.linalg.solve(torch.eye(3).to(kind), x(3))
    torch.linalg.matrix_rank(torch.eye(3).to(kind))
    torch.linalg.cond(torch.eye(3).to(kind))
    torch.linalg.solve_triangular(torch.eye(3).to(kind), x(3, 1), upper=True)
    torch.cholesky_inverse(torch.eye(3).to(kind))
    torch.cholesky_solve(x(3, 1), torch.eye(3).to(kind))
    torch.linalg.lu_factor(torch.eye(3).to(kind))
    torch.geqrf(torch.ones(3, 3).to(kind))
    torch.matrix_exp(x(3, 3))
    torch.linalg.matrix_exp(x(3, 3))
    torch.triangular_solve(x(3, 1), torch.eye(3).to(kind))
    torch.linalg.householder_product(x(3, 3), x(3))
    torch.linalg.tensorsolve(torch.eye(4).to(kind).reshape(2, 2, 2, 2), x(2, 2))
    torch.logdet(torch.eye(3).to(kind))
    torch.fft.fft(x(4))
    torch.fft.rfft(x(4))
""")


def run(library: Any, functional: Any, line: str, kind: str) -> tuple[str, Any, list[Any]]:
    """Dtype and values of a line's (first) result under autocast, and the gradients of its sum."""
    rng = np.random.default_rng(0)
    made: list[Any] = []

    def maker(dtype: Any) -> Any:
        def make(*shape: int) -> Any:
            made.append(library.tensor(rng.random(shape), dtype=dtype).requires_grad_())
            return made[-1]
        return make

    dtype = getattr(library, kind)
    library.manual_seed(0)
    names = {"torch": library, "F": functional, "x": maker(dtype), "x16": maker(library.float16), "kind": dtype}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with library.autocast("cpu", dtype=library.float16):
            found = eval(line, names)
        while isinstance(found, (tuple, list)):
            found = found[0]
        if found.requires_grad and found.dtype.is_floating_point:
            found.float().sum().backward()
    values = found.detach().numpy()
    return str(found.dtype).split(".")[1], values, [None if t.grad is None else t.grad.numpy() for t in made]


@pytest.mark.parametrize("kind", ["float32", "float16"])
@pytest.mark.parametrize("line", BOTH)
def test_lists(line: str, kind: str) -> None:
    compare(line, kind)


@pytest.mark.parametrize("line", SINGLE)
def test_lists_for_float32(line: str) -> None:
    compare(line, "float32")


def compare(line: str, kind: str) -> None:
    torch = pytest.importorskip("torch")
    dtype, values, gradients = run(torch, torch.nn.functional, line, kind)
    ours = run(mg, F, line, kind)
    assert ours[0] == dtype
    np.testing.assert_allclose(ours[1], values, rtol=4e-3, atol=4e-3)
    for mine, theirs in zip(ours[2], gradients, strict=True):
        assert (mine is None) == (theirs is None)
        if theirs is not None:
            assert mine.dtype == theirs.dtype
            np.testing.assert_allclose(mine, theirs, rtol=1e-2, atol=1e-2 * max(1, np.abs(theirs).max(initial=0)))


@pytest.mark.parametrize("device", LISTS)
def test_every_name_in_a_list_is_an_op_or_a_function_that_asks(device: str) -> None:
    assert sorted(set(LISTS[device]) - set(OPS) - set(FUNCTIONS)) == []


def test_every_function_that_asks_is_in_a_list() -> None:
    assert sorted(set(FUNCTIONS) - set(LISTS["cpu"])) == []
