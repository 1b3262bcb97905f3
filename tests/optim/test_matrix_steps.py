"""Adafactor and Muon, whose steps depend on a whole parameter, against PyTorch and against what they promise."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import nn, optim
from minigrad.optim.muon import orthogonal, rounded

torch = pytest.importorskip("torch")

ADAFACTOR = [{}, {"eps": (1e-2, 0.5)}, {"lr": 0.3, "d": 2.0, "weight_decay": 0.1, "maximize": True}, {"beta2_decay": -0.5}]
MUON = [{}, {"nesterov": False, "momentum": 0.5}, {"lr": 0.02, "adjust_lr_fn": "match_rms_adamw"},
        {"adjust_lr_fn": "original", "ns_steps": 3}, {"weight_decay": 0.5, "lr": 0.1, "eps": 10.0}]


@pytest.mark.parametrize(("name", "options", "dtype"), [(name, options, dtype) for name, cases in (("Adafactor", ADAFACTOR), ("Muon", MUON))
                                                        for options in cases for dtype in ("float32", "float64")])
def test_ten_steps(name: str, options: dict, dtype: str) -> None:
    rng = np.random.default_rng(0)
    shapes = ((12, 5), (3, 8), (1, 4), *(() if name == "Muon" else ((7,), (), (2, 3, 4))))
    ours = [nn.Parameter(minigrad.tensor(np.asarray(rng.normal(size=s), dtype))) for s in shapes]
    theirs = [torch.nn.Parameter(torch.tensor(p.detach().numpy().copy())) for p in ours]
    a, b = getattr(optim, name)(ours, **options), getattr(torch.optim, name)(theirs, **options)
    step = options.get("lr", 1e-3) if name == "Muon" else 0
    for _ in range(10):
        for p, q in zip(ours, theirs):
            g = np.asarray(rng.normal(size=tuple(p.shape)), dtype)
            p.grad, q.grad = minigrad.tensor(g), torch.tensor(g.copy())
        a.step()
        b.step()
        for p, q in zip(ours, theirs):               # of Muon's step, a few steps of bfloat16
            np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), 1e-5 if dtype == "float32" else 1e-9, 1e-6 + 0.05 * step)
    for number, state in b.state_dict()["state"].items():
        found = a.state_dict()["state"][number]
        assert [(k, tuple(v.shape), str(v.dtype).split(".")[1]) for k, v in found.items()] == \
               [(k, tuple(v.shape), str(v.dtype).split(".")[1]) for k, v in state.items()]
    assert repr(a) == repr(b)


def test_adafactor_in_float16_and_without_elements() -> None:
    p, empty = nn.Parameter(minigrad.ones(4, 3, dtype=minigrad.float16)), nn.Parameter(minigrad.ones(0, 3))
    optimizer = optim.Adafactor([p, empty])
    for _ in range(3):
        p.grad = minigrad.full((4, 3), 200.0, dtype=minigrad.float16)           # the sum of its squares is no float16
        empty.grad = minigrad.ones(0, 3)
        optimizer.step()
    assert p.dtype is minigrad.float16
    np.testing.assert_allclose(p.detach().numpy(), 0.99 ** 3, atol=3e-3)
    assert optimizer.state[empty]["step"].item() == 3


def test_muon_moves_a_matrix_in_all_directions_alike() -> None:
    x = np.random.default_rng(0).normal(size=(6, 9)).astype("f4") * np.logspace(0, 1.5, 6, dtype="f4")[:, None]
    assert np.linalg.cond(x) > 20
    values = np.linalg.svd(orthogonal(x, (3.4445, -4.7750, 2.0315), 5, 1e-7), compute_uv=False)
    assert 0.6 < values.min()
    assert values.max() < 1.3


def test_rounding_to_bfloat16() -> None:
    x = np.concatenate([np.random.default_rng(0).normal(size=1000) * np.logspace(-30, 30, 1000), [0.0, -0.0, np.inf, -np.inf, np.nan]])
    x = np.append(x, 3e38).astype("f4")
    np.testing.assert_array_equal(rounded(np, x), torch.tensor(x).bfloat16().float().numpy())


@pytest.mark.parametrize(("name", "options", "text"), [
    ("Adafactor", {"lr": -1}, "Learning rate should be >= 0 but is: -1"), ("Adafactor", {"beta2_decay": 0.1}, "beta2_decay should be <= 0"),
    ("Adafactor", {"eps": (-1, 1)}, "epsilon1 should be >= 0 but is: -1"), ("Adafactor", {"eps": (None, -1)}, "epsilon2 should be >= 0"),
    ("Adafactor", {"d": 0.5}, "Clipping threshold d should be >= 1 but is: 0.5"),
    ("Adafactor", {"weight_decay": -1}, "weight_decay should be >= 0 but is: -1"),
    ("Muon", {"lr": -1}, "Learning rate should be >= 0 but is: -1"), ("Muon", {"momentum": -1}, "momentum should be >= 0 but is: -1"),
    ("Muon", {"weight_decay": -1}, "weight decay should be >= 0 but is: -1"),
    ("Muon", {"adjust_lr_fn": "none"}, "Adjust learning rate function none is not supported"),
])
def test_options_out_of_range(name: str, options: dict, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        getattr(optim, name)([nn.Parameter(minigrad.ones(2, 2))], **options)


@pytest.mark.parametrize(("options", "text"), [({"ns_steps": 100}, "Number of steps must be less than 100"),
                                               ({"ns_coefficients": (1.0, 2.0)}, "Coefficients must be a tuple of exactly 3 values")])
def test_what_muon_refuses_at_a_step(options: dict, text: str) -> None:
    p = nn.Parameter(minigrad.ones(2, 2))
    p.grad = minigrad.ones(2, 2)
    with pytest.raises(ValueError, match=text):
        optim.Muon([p], **options).step()
