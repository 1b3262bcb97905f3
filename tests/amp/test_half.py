"""Layers and functions in float16, forward and back: no further from the truth, float64, than PyTorch's are."""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F

from ..agree import lines

LAYERS = lines("""
    8,16,14,14: Conv2d(16, 16, 3, padding=1)
    8,4,14,14: Conv2d(4, 8, 5, stride=2)
    8,16,14,14: Conv2d(16, 32, 1)
    8,16,14,14: Conv2d(16, 16, 3, groups=16)
    8,16,50: Conv1d(16, 8, 3)
    2,4,6,6,6: Conv3d(4, 8, 3)
    4,8,7,7: ConvTranspose2d(8, 4, 3, stride=2)
    64,256: Linear(256, 100)
    256,1024: Linear(1024, 64)
    16,8,14,14: BatchNorm2d(8)
    64,32: BatchNorm1d(32)
    64,256: LayerNorm(256)
    8,16,10,10: GroupNorm(4, 16)
    8,16,10,10: InstanceNorm2d(16, affine=True)
    64,256: RMSNorm(256)
    8,8,14,14: MaxPool2d(2)
    8,8,14,14: MaxPool2d(3, 2)
    8,8,14,14: AvgPool2d(3, 2)
    8,8,14,14: AdaptiveAvgPool2d(1)
    8,8,14,14: AdaptiveAvgPool2d(3)
    8,8,14,14: LPPool2d(2, 2)
    4,4,7,7: Upsample(scale_factor=2, mode='bilinear')
    10,4,16: LSTM(16, 32)
    10,4,16: GRU(16, 32)
    10,4,16: RNN(16, 32)
    4,16: LSTMCell(16, 32)
    10,4,32: TransformerEncoderLayer(32, 4, 64, dropout=0.0)
    64,256: GLU()
    64,256: Softmax(1)
    64,256: LogSoftmax(1)
    64,256: ReLU()
    64,256: GELU()
    64,256: SiLU()
    64,256: Mish()
    64,256: ELU()
    64,256: SELU()
    64,256: CELU()
    64,256: Sigmoid()
    64,256: Tanh()
    64,256: Softplus()
    64,256: Hardswish()
    64,256: Hardsigmoid()
    64,256: LeakyReLU()
    64,256: LogSigmoid()
    64,256: Softsign()
    64,256: Tanhshrink()
    64,256: ReLU6()
    64,256: Hardtanh()
    64,256: Softshrink()
    64,256: Hardshrink()
    64,256: PReLU()
""")

# Functions of x, float16 (64, 256).
FUNCTIONS = lines("""
    x.sum()
    x.sum(0)
    x.mean()
    x.var(1)
    x.std()
    x.norm()
    x.logsumexp(1)
    x.cumsum(1)
    (1 + x / 100).prod(1)
    (1 + x / 100).cumprod(1)
    x @ x.T
    F.scaled_dot_product_attention(x.view(4, 16, -1), x.view(4, 16, -1), x.view(4, 16, -1))
    torch.einsum('ij,kj->ik', x, x)
    F.normalize(x)
    F.cosine_similarity(x, x.flip(0))
    F.softmin(x, 1)
    torch.cdist(x, x.flip(0))
    F.mse_loss(x, x.flip(0).detach())
    F.l1_loss(x, x.flip(0).detach())
    F.smooth_l1_loss(x, x.flip(0).detach())
    F.huber_loss(x, x.flip(0).detach())
    F.cross_entropy(x, torch.arange(len(x)))
    F.cross_entropy(x, torch.arange(len(x)), label_smoothing=0.1)
    F.nll_loss(torch.log_softmax(x, 1), torch.arange(len(x)))
    F.binary_cross_entropy_with_logits(x, (x.detach() > 0).to(x.dtype))
    F.binary_cross_entropy(torch.sigmoid(x), (x.detach() > 0).to(x.dtype))
    F.kl_div(torch.log_softmax(x, 1), torch.softmax(x.flip(0).detach(), 1), reduction='batchmean')
    F.soft_margin_loss(x, torch.sign(x.flip(0).detach()))
    F.hinge_embedding_loss(x, torch.sign(x.flip(0).detach()))
    F.triplet_margin_loss(x, x.flip(0), x.roll(1, 0))
    F.poisson_nll_loss(x, x.flip(0).detach())
    x.exp()
    (x.abs() + 0.1).log()
    (x.abs() + 0.1).sqrt()
    (x.abs() + 0.1).rsqrt()
    (x.abs() + 0.1) ** 1.7
    x / (x.flip(0).abs() + 0.1)
    x.erf()
    x.sin()
    torch.atan2(x, x.flip(0))
    x * 0.1234
    x / 0.77
    x * 1 + 0.1234
""")

# Twice PyTorch's error, and half a unit in the last place: both round once, at places that need not be the same.
FACTOR, ROUNDING = 2, 2.0 ** -11


def results(library: Any, make: Any, shape: tuple[int, ...], kind: str) -> list[np.ndarray[Any, Any]]:
    """The output of a float16 layer, or of the same numbers computed in another dtype, and the gradients of everything."""
    library.manual_seed(0)
    function, parameters = make(library, getattr(library, kind))
    x = library.tensor(np.random.default_rng(1).standard_normal(shape).astype("f2")).to(getattr(library, kind)).requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y = function(x)
    y = y[0] if isinstance(y, tuple) else y
    g = np.asarray(np.random.default_rng(2).standard_normal(tuple(y.shape)).astype("f2"))
    y.backward(library.tensor(g).to(y.dtype))
    return [t.detach().numpy() for t in (y, x.grad, *[p.grad for p in parameters])]


def error(found: np.ndarray[Any, Any], truth: np.ndarray[Any, Any]) -> float:
    """The largest difference, in parts of the largest number."""
    return float(np.abs(found.astype("f8") - truth).max() / (np.abs(truth).max() or 1))


def hold(make: Any, shape: tuple[int, ...]) -> None:
    torch = pytest.importorskip("torch")
    truth = results(torch, make, shape, "float64")
    theirs = results(torch, make, shape, "float16")
    for ours, other, true in zip(results(mg, make, shape, "float16"), theirs, truth, strict=True):
        assert ours.dtype == np.float16
        assert error(ours, true) <= FACTOR * error(other, true) + ROUNDING


@pytest.mark.parametrize("line", LAYERS)
def test_layers(line: str) -> None:
    shape, _, layer = line.partition(": ")

    def make(library: Any, dtype: Any) -> Any:
        module = eval(f"nn.{layer}", {"nn": library.nn}).half().to(dtype)
        return module, list(module.parameters())
    hold(make, tuple(map(int, shape.split(","))))


def test_attention() -> None:
    def make(library: Any, dtype: Any) -> Any:
        module = library.nn.MultiheadAttention(32, 4).half().to(dtype)
        return lambda x: module(x, x, x), list(module.parameters())
    hold(make, (10, 4, 32))


@pytest.mark.parametrize("line", FUNCTIONS)
def test_functions(line: str) -> None:
    def make(library: Any, dtype: Any) -> Any:
        functional = F if library is mg else library.nn.functional
        return lambda x: eval(line, {"torch": library, "F": functional, "x": x}), []
    hold(make, (64, 256))


# ---------------------------------------------------------------- sums
def test_sums_are_taken_in_float32() -> None:
    ones = mg.ones(4096, dtype=mg.float16)                               # added up in float16: 2048 + 1 is 2048
    assert ones.sum().item() == 4096
    assert ones.mean().item() == 1
    assert ones.cumsum(0)[-1].item() == 4096
    assert (ones.reshape(1, -1) @ ones.reshape(-1, 1)).item() == 4096
    assert (ones * 0.5).norm().item() == 32


def test_gradients_of_what_was_broadcast_are_added_up_in_float32() -> None:
    b = mg.zeros(1, dtype=mg.float16, requires_grad=True)
    (mg.ones(4096, 1, dtype=mg.float16) + b).sum().backward()
    assert b.grad.tolist() == [4096.0]


def test_a_large_value_in_the_middle_does_not_overflow() -> None:
    x = mg.full((1000,), 100.0, dtype=mg.float16)
    assert x.mean().item() == 100                                        # the sum is 100,000, float16 ends at 65,504
    assert x.var().item() == 0
    assert mg.nn.functional.layer_norm(x * 300, (1000,)).isfinite().all()


def test_a_number_means_the_same_to_small_and_large_arrays() -> None:
    x = mg.rand(40_000).half()                       # some go to a compiled loop
    for function in (lambda x: x * 0.1, lambda x: x / 0.3, lambda x: x + 0.7, lambda x: x.clamp(0.1, 0.7)):
        assert (function(x)[:1000] == function(x[:1000])).all()


ACTIVATIONS = lines("""
    ReLU GELU SiLU Mish ELU SELU CELU Sigmoid Tanh Softplus Hardswish Hardsigmoid LeakyReLU LogSigmoid Softsign Tanhshrink ReLU6
    Hardtanh Softshrink Hardshrink
""")


@pytest.mark.parametrize("name", " ".join(ACTIVATIONS).split())
def test_activations_of_few_numbers_of_any_size(name: str) -> None:
    """Exponentials of 12 and more are beyond float16; those of few numbers are NumPy's."""
    torch = pytest.importorskip("torch")
    numbers = np.linspace(-20, 20, 201).astype("f2")

    def run(library: Any, kind: str) -> Any:
        x = library.tensor(numbers).to(getattr(library, kind)).requires_grad_()
        y = getattr(library.nn, name)()(x)
        y.sum().backward()
        return [t.detach().numpy().astype("f8") for t in (y, x.grad)]

    truth = run(torch, "float64")
    for ours, true in zip(run(mg, "float16"), truth, strict=True):
        np.testing.assert_allclose(ours, true, rtol=2 ** -9, atol=2 ** -9)
