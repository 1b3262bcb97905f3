"""Every schedule gives PyTorch's rates, epoch by epoch, and continues from a saved state."""
from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import minigrad
from minigrad import nn, optim

torch = pytest.importorskip("torch")


def halve(epoch: int) -> float:
    return 0.5 ** epoch


CASES = [
    ("LambdaLR", lambda m, o: m.LambdaLR(o, halve)),
    ("LambdaLR-each", lambda m, o: m.LambdaLR(o, [halve, lambda epoch: 1 / (1 + epoch)])),
    ("MultiplicativeLR", lambda m, o: m.MultiplicativeLR(o, lambda epoch: 0.9)), ("StepLR", lambda m, o: m.StepLR(o, 3)),
    ("StepLR-gamma", lambda m, o: m.StepLR(o, step_size=2, gamma=0.5)),
    ("MultiStepLR", lambda m, o: m.MultiStepLR(o, [2, 5, 5, 9], gamma=0.3)), ("ConstantLR", lambda m, o: m.ConstantLR(o)),
    ("ConstantLR-short", lambda m, o: m.ConstantLR(o, factor=0.5, total_iters=2)), ("LinearLR", lambda m, o: m.LinearLR(o)),
    ("LinearLR-down", lambda m, o: m.LinearLR(o, start_factor=1.0, end_factor=0.1, total_iters=7)),
    ("ExponentialLR", lambda m, o: m.ExponentialLR(o, 0.8)), ("PolynomialLR", lambda m, o: m.PolynomialLR(o)),
    ("PolynomialLR-power", lambda m, o: m.PolynomialLR(o, total_iters=12, power=2.5)),
    ("CosineAnnealingLR", lambda m, o: m.CosineAnnealingLR(o, T_max=6)),
    ("CosineAnnealingLR-min", lambda m, o: m.CosineAnnealingLR(o, 9, eta_min=0.01)),
    ("CosineAnnealingWarmRestarts", lambda m, o: m.CosineAnnealingWarmRestarts(o, T_0=4)),
    ("CosineAnnealingWarmRestarts-mult", lambda m, o: m.CosineAnnealingWarmRestarts(o, 3, T_mult=2, eta_min=0.02)),
    ("CyclicLR", lambda m, o: m.CyclicLR(o, 0.01, 0.1, step_size_up=4)),
    ("CyclicLR-triangular2", lambda m, o: m.CyclicLR(o, [0.01, 0.02], [0.1, 0.3], step_size_up=3, step_size_down=5, mode="triangular2")),
    ("CyclicLR-exp_range", lambda m, o: m.CyclicLR(o, 0.01, 0.1, step_size_up=3, mode="exp_range", gamma=0.9, cycle_momentum=False)),
    ("CyclicLR-scale_fn", lambda m, o: m.CyclicLR(o, 0.01, 0.1, step_size_up=3, scale_fn=lambda x: 1 / (x + 1), scale_mode="iterations")),
    ("OneCycleLR", lambda m, o: m.OneCycleLR(o, 0.5, total_steps=25)),
    ("OneCycleLR-linear", lambda m, o: m.OneCycleLR(o, [0.5, 0.2], epochs=5, steps_per_epoch=6, anneal_strategy="linear", pct_start=0.4)),
    ("OneCycleLR-three", lambda m, o: m.OneCycleLR(o, 0.5, total_steps=30, three_phase=True, div_factor=10.0, final_div_factor=100.0)),
    ("OneCycleLR-rates-only", lambda m, o: m.OneCycleLR(o, 0.5, total_steps=30, cycle_momentum=False)),
    ("SequentialLR", lambda m, o: m.SequentialLR(o, [m.LinearLR(o, 0.1, total_iters=4), m.ExponentialLR(o, 0.9)], milestones=[4])),
    ("SequentialLR-three", lambda m, o: m.SequentialLR(o, [m.ConstantLR(o, 0.1, 2), m.CosineAnnealingLR(o, 5), m.StepLR(o, 2)], [3, 9])),
    ("ChainedScheduler", lambda m, o: m.ChainedScheduler([m.ConstantLR(o, 0.1, 3), m.ExponentialLR(o, 0.9)])),
    ("ChainedScheduler-inside", lambda m, o: m.SequentialLR(
        o, [m.ChainedScheduler([m.ConstantLR(o, 0.5, 2), m.StepLR(o, 2)], o), m.StepLR(o, 3)], [5])),
]
IDS = [name for name, _ in CASES]


def optimizers(kind: str = "SGD"):
    options = {"momentum": 0.9} if kind == "SGD" else {}
    ours, theirs = [nn.Parameter(minigrad.ones(1)) for _ in range(2)], [torch.nn.Parameter(torch.ones(1)) for _ in range(2)]
    return (getattr(optim, kind)([{"params": ours[0]}, {"params": ours[1], "lr": 0.3}], lr=0.1, **options),
            getattr(torch.optim, kind)([{"params": theirs[0]}, {"params": theirs[1], "lr": 0.3}], lr=0.1, **options))


def same_options(ours, theirs) -> None:
    for a, b in zip(ours.param_groups, theirs.param_groups):
        assert {k for k in a if k != "params"} == {k for k in b if k != "params"}
        for key in ("lr", "initial_lr", "momentum", "betas", "max_lr", "min_lr", "max_momentum", "base_momentum"):
            if key in b:
                np.testing.assert_allclose(a[key], b[key], 1e-12, err_msg=key)


def keys(state: dict) -> set[str]:
    return {key for key in state if not (key.startswith("_scale_fn") or key in ("_is_initial", "_get_lr_called_within_step"))}


@pytest.mark.parametrize(("name", "make"), CASES, ids=IDS)
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.filterwarnings("ignore:Detected call:UserWarning:torch")    # of nested schedules, needlessly
def test_rates_of_twenty_epochs(name: str, make, kind: str) -> None:
    ours, theirs = optimizers(kind)
    a, b = make(optim.lr_scheduler, ours), make(torch.optim.lr_scheduler, theirs)
    for _ in range(20):
        same_options(ours, theirs)
        np.testing.assert_allclose(a.get_last_lr(), b.get_last_lr(), 1e-12)
        for step in (ours.step, theirs.step, a.step, b.step):
            step()
    assert keys(a.state_dict()) == keys(b.state_dict())


@pytest.mark.parametrize(("name", "make"), CASES, ids=IDS)
def test_a_saved_schedule_goes_on(name: str, make) -> None:
    first, _ = optimizers()
    a = make(optim.lr_scheduler, first)
    for _ in range(7):
        first.step()
        a.step()
    second, _ = optimizers()
    b = make(optim.lr_scheduler, second)
    second.load_state_dict(first.state_dict())
    b.load_state_dict(a.state_dict())
    for _ in range(7):
        for step in (first.step, second.step, a.step, b.step):
            step()
        assert a.get_last_lr() == b.get_last_lr()
        assert [group["lr"] for group in first.param_groups] == [group["lr"] for group in second.param_groups]


@pytest.mark.parametrize("name", ["StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR", "PolynomialLR", "CosineAnnealingLR"])
def test_any_epoch_at_once(name: str) -> None:
    ours, theirs = optimizers()
    make = dict(CASES)[name]
    a, b = make(optim.lr_scheduler, ours), make(torch.optim.lr_scheduler, theirs)
    for optimizer in (ours, theirs):
        optimizer.step()
    for epoch in (5, 1, 7, 12):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            a.step(epoch)
            b.step(epoch)
        np.testing.assert_allclose(a.get_last_lr(), b.get_last_lr(), 1e-12)


@pytest.mark.parametrize("name", [
    "LambdaLR", "StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR", "PolynomialLR", "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
])
def test_resuming_at_an_epoch(name: str) -> None:
    arguments = {"LambdaLR": (halve,), "StepLR": (3,), "MultiStepLR": ([2, 5],), "ExponentialLR": (0.9,), "CosineAnnealingLR": (6,),
                     "CosineAnnealingWarmRestarts": (4,)}.get(name, ())
    ours, theirs = optimizers()
    found = []
    for module, optimizer in ((optim.lr_scheduler, ours), (torch.optim.lr_scheduler, theirs)):
        for group in optimizer.param_groups:
            group["initial_lr"] = 0.7
        scheduler = getattr(module, name)(optimizer, *arguments, last_epoch=4)
        rates = [scheduler.get_last_lr()]
        for _ in range(5):
            optimizer.step()
            scheduler.step()
            rates.append(scheduler.get_last_lr())
        found.append(rates)
    np.testing.assert_allclose(found[0], found[1], 1e-12)


def test_warm_restarts_take_fractions_of_an_epoch() -> None:
    ours, theirs = optimizers()
    a = optim.lr_scheduler.CosineAnnealingWarmRestarts(ours, 2, T_mult=3)
    b = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(theirs, 2, T_mult=3)
    for epoch in (0.5, 1.75, 2.0, 5.3, 9.9, 1.1):
        a.step(epoch)
        b.step(epoch)
        np.testing.assert_allclose(a.get_last_lr(), b.get_last_lr(), 1e-12)
    with pytest.raises(ValueError, match="Expected non-negative epoch, but got -1"):
        a.step(-1)


@pytest.mark.parametrize("options", [
    {}, {"mode": "max", "factor": 0.5, "patience": 1}, {"patience": 2, "threshold_mode": "abs", "threshold": 0.5, "cooldown": 2},
    {"patience": 0, "min_lr": [0.05, 0.2]}, {"mode": "max", "threshold_mode": "abs", "patience": 1, "min_lr": 0.01},
    {"patience": 0, "factor": 0.99, "eps": 0.002},
])
def test_plateau(options: dict) -> None:
    ours, theirs = optimizers()
    a = optim.lr_scheduler.ReduceLROnPlateau(ours, **options)
    b = torch.optim.lr_scheduler.ReduceLROnPlateau(theirs, **options)
    rng = np.random.default_rng(0)
    for epoch in range(40):
        metric = float(rng.normal() + math.sin(epoch / 5))
        a.step(minigrad.tensor(metric) if epoch % 2 else metric)
        b.step(metric)
        np.testing.assert_allclose(a.get_last_lr(), b.get_last_lr(), 1e-12)
        assert (a.num_bad_epochs, a.in_cooldown) == (b.num_bad_epochs, b.in_cooldown)
    assert keys(a.state_dict()) == keys(b.state_dict())


def test_the_first_step_must_be_the_optimizer_s() -> None:
    optimizer, _ = optimizers()
    scheduler = optim.lr_scheduler.StepLR(optimizer, 1)
    with pytest.warns(UserWarning, match=r"`lr_scheduler.step\(\)` before `optimizer.step\(\)`"):
        scheduler.step()
    optimizer, _ = optimizers()
    scheduler = optim.lr_scheduler.StepLR(optimizer, 1)
    optimizer.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler.step()
    with pytest.warns(UserWarning, match="please use `get_last_lr"):
        scheduler.get_lr()


def test_a_rate_that_is_a_tensor_keeps_its_memory() -> None:
    rate = minigrad.tensor(0.5, dtype=minigrad.float64)
    optimizer = optim.SGD([nn.Parameter(minigrad.ones(1))], lr=rate)
    scheduler = optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] is rate
    assert rate.item() == 0.25
    assert scheduler.get_last_lr() == [0.25]


ERRORS = [
    (lambda s, o: s.StepLR(3, 1), TypeError, "int is not an Optimizer"),
    (lambda s, o: s.LambdaLR(o, [halve]), ValueError, "Expected 2 lr_lambdas, but got 1"),
    (lambda s, o: s.MultiplicativeLR(o, [halve, 3]), TypeError, "lr_lambda should be a function, but got int"),
    (lambda s, o: s.ConstantLR(o, 2.0), ValueError, "Constant multiplicative factor expected to be between 0 and 1"),
    (lambda s, o: s.LinearLR(o, 0), ValueError, "Starting multiplicative factor expected to be greater than 0"),
    (lambda s, o: s.LinearLR(o, 1, 2), ValueError, "Ending multiplicative factor expected to be between 0 and 1"),
    (lambda s, o: s.StepLR(o, 1, last_epoch=3), KeyError, r"param 'initial_lr' is not specified in param_groups\[0\]"),
    (lambda s, o: s.SequentialLR(o, [], []), ValueError, "SequentialLR expects at least one scheduler, but got no scheduler"),
    (lambda s, o: s.SequentialLR(o, [s.StepLR(o, 1)], [1]), ValueError, "number of milestones to be equal to 1"),
    (lambda s, o: s.SequentialLR(o, [s.ReduceLROnPlateau(o)], []), ValueError, "SequentialLR does not support `ReduceLROnPlateau`"),
    (lambda s, o: s.ChainedScheduler([]), ValueError, "ChainedScheduler expects at least one scheduler to be chained"),
    (lambda s, o: s.ChainedScheduler([3], o), TypeError, "ChainedScheduler at index 0 should have `optimizer` as its attribute"),
    (lambda s, o: s.ReduceLROnPlateau(o, factor=1), ValueError, "Factor should be < 1.0"),
    (lambda s, o: s.ReduceLROnPlateau(o, mode="up"), ValueError, "mode up is unknown"),
    (lambda s, o: s.ReduceLROnPlateau(o, min_lr=[1]), ValueError, "expected 2 min_lrs, got 1"),
    (lambda s, o: s.OneCycleLR(o, 1), ValueError, r"You must define either total_steps OR \(epochs AND steps_per_epoch\)"),
    (lambda s, o: s.OneCycleLR(o, 1, total_steps=0), ValueError, "Expected positive integer total_steps, but got 0"),
    (lambda s, o: s.OneCycleLR(o, [1], total_steps=3), ValueError, "max_lr has 1 values, param_groups has 2"),
    (lambda s, o: s.OneCycleLR(o, 1, total_steps=3, pct_start=2.0), ValueError, "Expected float between 0 and 1 pct_start, but got 2.0"),
    (lambda s, o: s.CyclicLR(o, 1, 2, mode="no"), ValueError, "mode is invalid and scale_fn is None"),
    (lambda s, o: s.CosineAnnealingWarmRestarts(o, 0), ValueError, "Expected positive integer T_0, but got 0"),
]


@pytest.mark.parametrize(("make", "kind", "text"), ERRORS)
def test_errors(make, kind: type, text: str) -> None:
    ours, theirs = optimizers()
    with pytest.raises(kind, match=text):
        make(optim.lr_scheduler, ours)
    with pytest.raises(kind, match=text):
        make(torch.optim.lr_scheduler, theirs)


def test_a_cycle_needs_a_momentum() -> None:
    optimizer = optim.Adagrad([nn.Parameter(minigrad.ones(1))])
    with pytest.raises(ValueError, match="optimizer must support momentum or beta1 with `cycle_momentum` option enabled"):
        optim.lr_scheduler.CyclicLR(optimizer, 0.1, 1)
