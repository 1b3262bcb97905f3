"""Small programs that use every compiled kernel once, so that the next program need not wait for one: `python -m minigrad warmup`."""
from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from .. import nn, optim
from .._tensor import Tensor
from ..amp import autocast
from ..creation import arange, full, ones, zeros
from ..dtypes import dtype, float16, float32, float64
from ..kernels.cpu import threads
from ..nn import functional as F
from ..ops.implicit import standard_gamma
from ..random import binomial, poisson, rand, randint, randn, randperm


def images(kind: dtype, batch: int) -> None:
    """Convolution, pooling, interpolation, normalization, the loss of classification; SGD and Adam."""
    labels = arange(batch) % 10
    plain = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2, 1), nn.Flatten(), nn.Linear(32 * 8 * 8, 50), nn.ReLU(),
        nn.Dropout(), nn.Linear(50, 10)).to(kind)
    normal = nn.Sequential(
        nn.Conv2d(3, 32, 7, 2, 3, bias=False), nn.BatchNorm2d(32), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(32, 32, 3, 2, 1, groups=32),
        nn.Conv2d(32, 64, 1), nn.ConvTranspose2d(64, 8, 2, 2), nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(72, 10)).to(kind)
    learn(plain, optim.Adam(plain.parameters()), randn(batch, 1, 28, 28).to(kind), lambda y: F.cross_entropy(y, labels))
    learn(normal, optim.SGD(normal.parameters(), lr=1e-3), randn(batch, 3, 64, 64).to(kind), lambda y: F.cross_entropy(y, labels))
    x = randn(batch, 3, 32, 32).to(kind).requires_grad_()
    F.interpolate(x, (48, 40), mode="bilinear").sum().backward()
    x = randn(batch, 8, 16, 16).to(kind).requires_grad_()
    w, b, rows = (ones(*size, dtype=kind, requires_grad=True) for size in ((8,), (8,), (1024, 8)))
    for scale, shift in ((w, b), (w, None), (None, None)):
        for out in (F.group_norm(x, 2, scale, shift), F.batch_norm(x, None, None, scale, shift, training=True),
                    F.batch_norm(x, zeros(8, dtype=kind), ones(8, dtype=kind), scale, shift), F.layer_norm(rows, (8,), scale, shift),
                    F.rms_norm(rows, (8,), scale), F.batch_norm(rows, None, None, scale, shift, training=True)):
            out.sum().backward()


def words(kind: dtype, batch: int) -> None:
    """Embeddings, attention, layer normalization, gelu, recurrent cells and layers; AdamW."""
    text = randint(0, 100, (batch, 64))
    encoder = nn.TransformerEncoderLayer(128, 4, 256, dropout=0.1, activation="gelu", batch_first=True)
    attending = nn.Sequential(nn.Embedding(100, 128), encoder, nn.Linear(128, 100)).to(kind)
    learn(attending, optim.AdamW(attending.parameters()), text, lambda y: F.cross_entropy(y.flatten(0, 1), text.flatten()))
    for cell in (nn.LSTMCell(64, 128), nn.GRUCell(64, 128)):
        cell.to(kind)
        learn(cell, optim.AdamW(cell.parameters()), randn(batch, 64).to(kind), lambda h: h[0].square().mean())
    for layer in (nn.LSTM(64, 128), nn.GRU(64, 128), nn.RNN(64, 128)):
        layer.to(kind)
        learn(layer, optim.AdamW(layer.parameters()), randn(8, batch, 64).to(kind), lambda out: out[0].square().mean())


def functions(kind: dtype, columns: int) -> None:
    """Arithmetic and activations of large arrays, element by element, and their gradients."""
    x, y = (randn(1024, columns).to(kind).requires_grad_() for _ in range(2))
    row, mask = randn(columns).to(kind).requires_grad_(), (x > 0).detach()
    positive = x.detach().abs().add(0.1).requires_grad_()
    for out in [*pairs(x, y), *pairs(x, row), *activations(x), positive.log(), positive.clone().log_(), x.where(mask, y),
                x.masked_fill(mask, 0.0), x.sum(), x.sum(1), x.mean(0), x.softmax(1), x.softmax(0), x.log_softmax(1), x.log_softmax(0),
                F.cross_entropy(x, arange(1024) % columns), F.layer_norm(x, x.shape[1:]),
                x[:256, :256] @ y[:256, :256].T, x[:64].T @ y[:64]]:
        out.backward(ones(out.shape, dtype=kind))


def pairs(x: Tensor, y: Tensor) -> Iterator[Tensor]:
    """Sums, products and so on, in place too."""
    for z in (y, 3.0):
        yield from (x + z, x - z, x * z, x / z)
        for change in (Tensor.add_, Tensor.sub_, Tensor.mul_, Tensor.div_):
            change(x.detach().clone(), z if isinstance(z, float) else z.detach())
    yield x.add(y, alpha=2.0)
    x.detach().clone().add_(y.detach(), alpha=2.0)


def activations(x: Tensor) -> Iterator[Tensor]:
    """What stands between layers, and other functions of one number; in place where there is such a form."""
    changing: list[Callable[..., Tensor]] = [F.relu, F.elu, F.leaky_relu, F.silu, F.mish, F.hardtanh]
    others: list[Callable[..., Tensor]] = [F.gelu, F.softplus, F.logsigmoid, F.tanh, F.sigmoid, Tensor.exp, Tensor.expm1, Tensor.abs]
    for function in changing + others:
        yield function(x)
    yield F.gelu(x, approximate="tanh")
    yield x.clamp(-1.0, 1.0)
    for function in changing:
        function(x.detach().clone(), inplace=True)
    for name in ("exp_", "expm1_", "tanh_", "sigmoid_", "abs_"):
        getattr(x.detach().clone(), name)()
    x.detach().clone().clamp_(-1.0, 1.0)


def rules(kind: dtype, size: int) -> None:
    """The other optimizers, gradients' norms, and random numbers."""
    for rule in (optim.SGD, optim.NAdam, optim.RAdam, optim.Adamax, optim.Adagrad, optim.Adadelta, optim.RMSprop, optim.ASGD, optim.Rprop):
        weights = [nn.Parameter(randn(size).to(kind)) for _ in range(4)]
        optimizer = rule(weights, lr=1e-3)
        for w in weights:
            w.grad = randn(size).to(kind)
        optimizer.step()
    x = full((size,), 0.5, dtype=kind)
    x.uniform_(2, 3).normal_().exponential_().bernoulli_()
    F.dropout(x, 0.3)
    rand(size, dtype=kind)
    randint(0, 100, (size,))
    randperm(size)
    binomial(x[:99], x[:99])
    standard_gamma(x[:99])
    poisson(x[:99])


def halves(kind: dtype, batch: int) -> None:
    """What a small convolutional network needs for float16, under autocast and with float16 weights; `kind` is not asked for."""
    x, labels = randn(batch, 1, 28, 28), arange(batch) % 10
    for net in (small_net(), small_net().half()):
        with autocast("cpu", dtype=float16):
            loss = F.cross_entropy(net(x), labels)
        loss.backward()


def small_net() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(16 * 14 * 14, 512), nn.ReLU(), nn.Dropout(), nn.Linear(512, 10))


# Each program with two sizes: some kernels are for large work only.
PROGRAMS: dict[str, tuple[Callable[[dtype, int], None], int, int]] = {
    "images": (images, 4, 100), "words": (words, 2, 32), "functions": (functions, 64, 1024), "rules": (rules, 2 ** 16, 2 ** 20),
    "halves": (halves, 4, 100)}


def learn(net: nn.Module, optimizer: Any, x: Tensor, loss: Callable[[Any], Tensor]) -> None:
    """One training step, and one use without gradients."""
    loss(net(x)).backward()
    optimizer.step()
    net.eval()
    loss(net(x))
    net.train()


@contextmanager
def every_kernel_in_threads() -> Iterator[None]:
    """Take no work for too small."""
    least, threads.PARALLEL_WORK = threads.PARALLEL_WORK, 0
    try:
        yield
    finally:
        threads.PARALLEL_WORK = least


def report(name: str, double: bool = False) -> int:
    """Run one program and print what it did; 1 if a compiled kernel could not be kept, else 0."""
    from ..kernels.cpu.cache import folder, tally
    kind, before, began = float64 if double else float32, dict(tally), time.perf_counter()
    program, small, large = PROGRAMS[name]
    program(kind, small)
    program(kind, large)
    with every_kernel_in_threads():
        program(kind, small)
    compiled, there, lost = (tally[what] - before[what] for what in ("compiled", "loaded", "lost"))
    print(f"{name}, {kind}: {compiled} kernels compiled, {there} were there, {time.perf_counter() - began:.1f} s"
          + ("" if lost else f"; they are in {folder()}"), flush=True)
    return int(lost > 0)


def in_processes(options: Sequence[str]) -> int:
    """Run all programs, each in a process of its own, as many at once as there are cores; the highest of their exit codes."""
    def run(name: str) -> int:
        return subprocess.run([sys.executable, "-m", "minigrad", "warmup", *options, name], check=False).returncode

    with ThreadPoolExecutor(threads.cores()) as pool:
        return max(pool.map(run, PROGRAMS))
