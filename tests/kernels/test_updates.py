"""Optimizer steps in compiled loops, against the same formulas on whole arrays."""
from __future__ import annotations

import sys

import numpy as np
import pytest

import minigrad
from minigrad import nn, optim
from minigrad.backend import NUMPY
from minigrad.kernels.cpu import threads

from .both import compiled

pytest.importorskip("torch")                         # the cases stand beside comparisons with PyTorch
from ..optim.test_steps import CASES, IDS


@compiled
@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_both_ways_give_the_same_bits(name: str, options: dict, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    shapes = ((), (7,), (40, 60), (3, 1), (17_000,))         # longer than a piece of a compiled loop
    start = [np.asarray(rng.normal(size=shape), dtype) for shape in shapes]
    worlds = []
    for least in (0, sys.maxsize):
        params = [nn.Parameter(minigrad.tensor(v)) for v in start]
        worlds.append((least, params, getattr(optim, name)(params, **options)))
    for n in range(6):
        grads = [np.asarray(rng.normal(size=shape), dtype) for shape in shapes]
        grads[1][3:5] = 0
        for least, params, optimizer in worlds:
            monkeypatch.setattr(NUMPY.kernels, "worthwhile", lambda least=least: least)
            for i, (p, g) in enumerate(zip(params, grads)):
                p.grad = None if i == n else minigrad.tensor(g)
            optimizer.step()
        for p, q in zip(worlds[0][1], worlds[1][1]):
            np.testing.assert_array_equal(p.detach().numpy(), q.detach().numpy())


@compiled
def test_several_threads_share_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their shares begin and end in the middle of parameters."""
    monkeypatch.setattr(threads, "PARALLEL_WORK", 0)
    monkeypatch.setattr(NUMPY.kernels, "worthwhile", lambda: 0)
    monkeypatch.setattr(threads._now, "count", 2)
    start = [np.random.default_rng(i).normal(size=n).astype("f4") for i, n in enumerate((1, 40_000, 3, 0, 17_001, 1))]
    params = [nn.Parameter(minigrad.tensor(v)) for v in start]
    optimizer = optim.SGD(params, lr=1.0)
    for p in params:
        p.grad = minigrad.ones_like(p.detach())
    optimizer.step()
    for p, v in zip(params, start):
        np.testing.assert_array_equal(p.detach().numpy(), v - np.float32(1))
