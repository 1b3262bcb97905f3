"""Every optimizer takes the same steps as PyTorch's, before and after its state was saved and loaded."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import nn, optim
from minigrad.optim import optimizer

torch = pytest.importorskip("torch")

SHAPES = ((3, 4), (4,), (), (2, 1, 3), (13, 14))
CASES = [
    ("SGD", {"lr": 0.1}), ("SGD", {"lr": 0.1, "weight_decay": 0.1}), ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "maximize": True, "weight_decay": 0.01}), ("Adam", {}),
    ("Adam", {"lr": 0.01, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}), ("Adam", {"amsgrad": True, "maximize": True}),
    ("Adam", {"weight_decay": 0.1, "decoupled_weight_decay": True}), ("AdamW", {}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.3, "amsgrad": True}), ("Adagrad", {}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.5, "maximize": True}), ("RMSprop", {}),
    ("RMSprop", {"lr": 0.1, "alpha": 0.9, "weight_decay": 0.1}), ("RMSprop", {"centered": True}),
    ("RMSprop", {"momentum": 0.9, "maximize": True}), ("RMSprop", {"momentum": 0.9, "centered": True, "weight_decay": 0.1}),
    ("Adadelta", {}), ("Adadelta", {"lr": 0.5, "rho": 0.8, "weight_decay": 0.1, "maximize": True}), ("Adamax", {}),
    ("Adamax", {"weight_decay": 0.1, "maximize": True}), ("NAdam", {}), ("NAdam", {"weight_decay": 0.1, "momentum_decay": 0.1}),
    ("NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True}), ("RAdam", {}),
    ("RAdam", {"weight_decay": 0.1, "maximize": True}), ("RAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}), ("Rprop", {}),
    ("Rprop", {"lr": 0.1, "etas": (0.4, 1.4), "step_sizes": (1e-3, 1.0), "maximize": True}), ("ASGD", {}),
    ("ASGD", {"lr": 0.1, "lambd": 0.1, "t0": 3, "weight_decay": 0.1, "maximize": True}),
]
IDS = [f"{name}-{'-'.join(options) or 'defaults'}" for name, options in CASES]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """The largest parameter is updated in pieces, the last of them shorter."""
    monkeypatch.setattr(optimizer, "PIECE", 50)


def gradients(step: int, dtype: str) -> list[np.ndarray]:
    rng = np.random.default_rng(step)
    found = [rng.normal(size=shape) for shape in SHAPES]
    if dtype.startswith("complex"):
        found = [g + 1j * rng.normal(size=g.shape) for g in found]
    return [np.asarray(g, dtype) for g in found]


class Twins:
    """The same parameters under both optimizers."""

    def __init__(self, name: str, options: dict, dtype: str = "float64") -> None:
        self.name, self.options, self.dtype = name, options, dtype
        start = gradients(-1 % 1000, dtype)
        self.ours = [nn.Parameter(minigrad.tensor(v)) for v in start]
        self.theirs = [torch.nn.Parameter(torch.tensor(v)) for v in start]
        self.restart()

    def restart(self) -> None:
        self.our_optimizer = getattr(optim, self.name)(self.ours, **self.options)
        self.their_optimizer = getattr(torch.optim, self.name)(self.theirs, **self.options)

    def step(self, n: int) -> None:
        for i, g in enumerate(gradients(n, self.dtype)):
            missing = n % 4 == 1 and i == 1          # a parameter without a gradient is left alone
            self.ours[i].grad = None if missing else minigrad.tensor(g)
            self.theirs[i].grad = None if missing else torch.tensor(g)
        self.our_optimizer.step()
        self.their_optimizer.step()

    def check(self, rtol: float, atol: float) -> None:
        for ours, theirs in zip(self.ours, self.theirs):
            np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol, atol)
            for g in (ours.grad,):
                assert g is None or g.dtype == ours.dtype


@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
def test_twenty_steps_with_a_state_round_trip(name: str, options: dict) -> None:
    twins = Twins(name, options)
    for n in range(10):
        twins.step(n)
        twins.check(1e-8, 1e-10)
    ours, theirs = twins.our_optimizer.state_dict(), twins.their_optimizer.state_dict()
    compare_layout(ours, theirs)
    twins.restart()
    twins.our_optimizer.load_state_dict(ours)
    twins.their_optimizer.load_state_dict(theirs)
    for n in range(10, 20):
        twins.step(n)
        twins.check(1e-8, 1e-10)


def compare_layout(ours: dict, theirs: dict) -> None:
    assert [list(group) for group in ours["param_groups"]] == [list(group) for group in theirs["param_groups"]]
    assert [dict(group) for group in ours["param_groups"]] == [dict(group) for group in theirs["param_groups"]]
    assert list(ours["state"]) == list(theirs["state"])
    for number, state in theirs["state"].items():
        assert list(ours["state"][number]) == list(state)
        for key, value in state.items():
            found = ours["state"][number][key]
            assert tuple(found.shape) == tuple(value.shape), key
            assert str(found.dtype).split(".")[1] == str(value.dtype).split(".")[1], key
            np.testing.assert_allclose(found.numpy(), value.numpy(), 1e-6, 1e-10)


@pytest.mark.parametrize(("name", "options"), [case for case in CASES if not case[1]], ids=[i for i in IDS if "defaults" in i])
def test_float32_parameters(name: str, options: dict) -> None:
    twins = Twins(name, options, "float32")
    for n in range(20):
        twins.step(n)
    twins.check(2e-5, 2e-6)


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "Adagrad", "RMSprop", "Adadelta", "ASGD", "RAdam", "NAdam", "Adamax", "Rprop"])
def test_complex_parameters_are_pairs_of_reals(name: str) -> None:
    twins = Twins(name, {"lr": 0.1}, "complex128")
    for n in range(5):
        twins.step(n)
    twins.check(1e-8, 1e-10)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_parameters_and_gradients_of_any_memory_layout(name: str) -> None:
    options = {"lr": 0.1, "weight_decay": 0.1}
    start = np.random.default_rng(0).normal(size=(15, 16))
    ours = nn.Parameter(minigrad.tensor(start).T)
    theirs = torch.nn.Parameter(torch.tensor(start).T)
    assert not ours.is_contiguous()
    optimizers = getattr(optim, name)([ours], **options), getattr(torch.optim, name)([theirs], **options)
    for n in range(3):
        g = np.random.default_rng(n).normal(size=(15, 16))
        ours.grad, theirs.grad = minigrad.tensor(g).T, torch.tensor(g).T
        for each in optimizers:
            each.step()
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), 1e-10)


def test_groups_have_options_of_their_own() -> None:
    start = np.ones(3)
    ours = [nn.Parameter(minigrad.tensor(start)) for _ in range(3)]
    theirs = [torch.nn.Parameter(torch.tensor(start)) for _ in range(3)]
    made = []
    for module, ps in ((optim, ours), (torch.optim, theirs)):
        groups = module.SGD([{"params": ps[0], "lr": 0.5}, {"params": [ps[1]], "momentum": 0.9}], lr=0.1, weight_decay=0.1)
        groups.add_param_group({"params": [ps[2]], "maximize": True})
        made.append(groups)
    for _ in range(3):
        for p in ours:
            p.grad = minigrad.tensor(start)
        for q in theirs:
            q.grad = torch.tensor(start)
        for each in made:
            each.step()
    for p, q in zip(ours, theirs):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy())
    compare_layout(made[0].state_dict(), made[1].state_dict())
    assert repr(made[0]) == repr(made[1])


@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
def test_repr(name: str, options: dict) -> None:
    twins = Twins(name, options)
    assert repr(twins.our_optimizer) == repr(twins.their_optimizer)
    assert twins.our_optimizer.defaults == twins.their_optimizer.defaults
