"""Averages of weights against PyTorch's."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad import nn, optim
from minigrad.optim import swa_utils

torch = pytest.importorskip("torch")


def network(library: Any) -> Any:
    model = library.nn.Sequential(library.nn.Linear(3, 4), library.nn.BatchNorm1d(4), library.nn.Linear(4, 2))
    fill(library, model, 0)
    return model


def fill(library: Any, model: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    with library.no_grad():
        for p in model.parameters():
            p.copy_(library.tensor(rng.normal(size=tuple(p.shape)).astype("f4")))
        for b in model.buffers():
            b.copy_(library.tensor(np.asarray(rng.integers(1, 9, size=tuple(b.shape)), "f4")))


WAYS = {
    "equal weights": lambda m: {}, "swa": lambda m: {"avg_fn": m.get_swa_avg_fn()}, "ema": lambda m: {"avg_fn": m.get_ema_avg_fn(0.9)},
    "swa, in place": lambda m: {"multi_avg_fn": m.get_swa_multi_avg_fn()},
    "ema, in place": lambda m: {"multi_avg_fn": m.get_ema_multi_avg_fn(0.9)},
    "own": lambda m: {"avg_fn": lambda mean, now, n: (mean + now) / 2 + n * 0},
}


@pytest.mark.parametrize("use_buffers", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_averaged_model(way: str, use_buffers: bool) -> None:
    if way == "swa, in place" and use_buffers:
        pytest.skip("PyTorch's takes no integers: num_batches_tracked")
    states = []
    for library, module in ((minigrad, swa_utils), (torch, torch.optim.swa_utils)):
        model = network(library)
        averaged = module.AveragedModel(model, use_buffers=use_buffers, **WAYS[way](module))
        for seed in range(1, 6):
            fill(library, model, seed)
            averaged.update_parameters(model)
        restored = module.AveragedModel(network(library))
        restored.load_state_dict(averaged.state_dict())
        states.append(restored.state_dict())
    assert list(states[0]) == list(states[1])
    for key, value in states[1].items():
        assert str(states[0][key].dtype).split(".")[1] == str(value.dtype).split(".")[1]
        np.testing.assert_allclose(states[0][key].numpy(), value.numpy(), 1e-5, 1e-6, err_msg=key)


def test_integers_are_averaged_in_place_too() -> None:
    mean = minigrad.tensor([2, 10])
    swa_utils.get_swa_multi_avg_fn()([mean], [minigrad.tensor([8, 11])], 1)
    assert mean.tolist() == [5, 10]


def test_the_copy_is_the_models_own_business_no_more() -> None:
    model = network(minigrad)
    averaged = swa_utils.AveragedModel(model)
    before = averaged.module[0].weight.detach().clone()
    fill(minigrad, model, 7)
    np.testing.assert_array_equal(averaged.module[0].weight.detach().numpy(), before.numpy())
    averaged.eval()
    x = minigrad.ones(2, 3)
    np.testing.assert_array_equal(averaged(x).detach().numpy(), averaged.module(x).detach().numpy())


def test_what_is_refused() -> None:
    with pytest.raises(AssertionError, match="Only one of avg_fn and multi_avg_fn should be provided"):
        swa_utils.AveragedModel(nn.Linear(1, 1), avg_fn=swa_utils.get_swa_avg_fn(), multi_avg_fn=swa_utils.get_swa_multi_avg_fn())
    for make in (swa_utils.get_ema_avg_fn, swa_utils.get_ema_multi_avg_fn):
        with pytest.raises(ValueError, match=r"Invalid decay value 1.5 provided. Please provide a value in \[0,1\] range."):
            make(1.5)
    optimizer = optim.SGD([nn.Parameter(minigrad.ones(1))], lr=1.0)
    with pytest.raises(ValueError, match="anneal_strategy must be one of 'cos' or 'linear', instead got exp"):
        swa_utils.SWALR(optimizer, 0.1, anneal_strategy="exp")
    with pytest.raises(ValueError, match="anneal_epochs must be equal or greater than 0, got -1"):
        swa_utils.SWALR(optimizer, 0.1, anneal_epochs=-1)
    with pytest.raises(ValueError, match=r"swa_lr must have the same length as optimizer\.param_groups"):
        swa_utils.SWALR(optimizer, [0.1, 0.2])


@pytest.mark.parametrize("pairs", [False, True])
def test_update_bn(pairs: bool) -> None:
    batches = [np.random.default_rng(n).normal(n, 1 + n, size=(8, 3)).astype("f4") for n in range(4)]
    found = []
    for library, module in ((minigrad, swa_utils), (torch, torch.optim.swa_utils)):
        model = network(library).eval()
        module.update_bn([(library.tensor(x), 0) if pairs else library.tensor(x) for x in batches], model)
        assert model.training is False
        assert model[1].momentum == 0.1
        found.append([b.numpy() for b in model.buffers()])
    for ours, theirs in zip(*found):
        np.testing.assert_allclose(ours, theirs, 1e-5, 1e-6)


def test_update_bn_reads_no_data_where_there_is_nothing_to_update() -> None:
    swa_utils.update_bn(iter(lambda: pytest.fail("read"), None), nn.Linear(1, 1))


@pytest.mark.parametrize("options", [{}, {"anneal_strategy": "linear"}, {"anneal_epochs": 3}, {"anneal_epochs": 0}], ids=str)
@pytest.mark.parametrize("swa_lr", [0.05, [0.05, 2.0]], ids=str)
def test_swalr(options: dict, swa_lr: Any) -> None:
    rates, states = [], []
    for library, module in ((minigrad, optim), (torch, torch.optim)):
        ps = [library.nn.Parameter(library.ones(1)) for _ in range(2)]
        optimizer = module.SGD([{"params": ps[:1], "lr": 1.0}, {"params": ps[1:]}], lr=0.1)
        scheduler = module.swa_utils.SWALR(optimizer, swa_lr, **options)
        seen = [scheduler.get_last_lr()]
        for n in range(20):
            optimizer.step()
            scheduler.step()
            seen.append(scheduler.get_last_lr())
            if n == 1:
                state = scheduler.state_dict()
                states.append(set(state))
                scheduler.load_state_dict(dict(state))
        rates.append(seen)
    np.testing.assert_allclose(rates[0], rates[1], 1e-10)
    assert states[0] == states[1]
