"""GradScaler beside PyTorch's, step by step."""
from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import amp

INF, NAN = float("inf"), float("nan")


def parameter(lib: Any, values: Any = (1.0, -2.0, 3.0)) -> Any:
    return lib.nn.Parameter(lib.tensor(values, dtype=lib.float32))


def history(lib: Any, losses: list[float], *, clip: float | None = None, second: bool = False, **options: Any) -> list[Any]:
    """Scale, parameters and what `step` returned after each of some steps; a loss is its factor."""
    scaler = lib.amp.GradScaler("cpu", **options)
    p, q = parameter(lib), parameter(lib, [0.5])
    optimizers = [lib.optim.SGD([p], lr=0.1, momentum=0.9), *([lib.optim.Adam([q], lr=0.1)] if second else [])]
    seen = []
    for factor in losses:
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss = (p * p).sum() * factor + (q * 2).sum() * (1 if second else 0)
        scaler.scale(loss).backward()
        if clip is not None:
            scaler.unscale_(optimizers[0])
            lib.nn.utils.clip_grad_norm_([p], clip)
        returned = [scaler.step(optimizer) for optimizer in optimizers]
        scaler.update()
        seen.append((scaler.get_scale(), p.tolist(), q.tolist(), returned, scaler.state_dict()))
    return seen


def same(ours: list[Any], theirs: list[Any]) -> None:
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine[0] == other[0]
        assert mine[3:] == other[3:]
        np.testing.assert_allclose(mine[1], other[1], rtol=1e-6)
        np.testing.assert_allclose(mine[2], other[2], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("options", [
    {}, {"init_scale": 8.0, "growth_interval": 2}, {"init_scale": 4.0, "growth_factor": 3.0, "backoff_factor": 0.25, "growth_interval": 1},
    {"init_scale": 2.0 ** 127, "growth_interval": 1}, {"enabled": False}, {"clip": 0.5, "init_scale": 16.0},
    {"second": True, "growth_interval": 2}])
@pytest.mark.parametrize("losses", [[1.0, 1.0, 1.0, 1.0], [1.0, INF, 0.5, 0.5, NAN, NAN, 2.0], [INF, INF, 1.0]])
def test_step_by_step(losses: list[float], options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    if options.get("enabled") is False or options.get("clip"):
        losses = [v for v in losses if np.isfinite(v)] or [1.0]
    same(history(mg, losses, **options), history(torch, losses, **options))


def test_an_overflow_of_one_optimizer_does_not_stop_the_other() -> None:
    scaler = amp.GradScaler("cpu", init_scale=4.0)
    p, q = parameter(mg), parameter(mg)
    first, second = mg.optim.SGD([p], lr=1.0), mg.optim.SGD([q], lr=1.0)
    scaler.scale(p.sum() * INF + q.sum()).backward()
    scaler.step(first)
    scaler.step(second)
    scaler.update()
    assert p.tolist() == [1.0, -2.0, 3.0]
    assert q.tolist() == [0.0, -3.0, 2.0]
    assert scaler.get_scale() == 2.0


def test_what_is_scaled() -> None:
    scaler = amp.GradScaler("cpu", init_scale=8.0)
    scalar, vector = mg.tensor(2.0, dtype=mg.float16), mg.ones(3, dtype=mg.float16)
    assert scaler.scale(scalar).dtype is mg.float32                      # 2^16 times a loss need not fit into float16
    assert scaler.scale(vector).dtype is mg.float16
    assert [t.item() for t in scaler.scale([scalar, scalar])] == [16.0, 16.0]
    assert isinstance(scaler.scale((scalar,)), tuple)
    assert [t.item() for t in scaler.scale(t for t in (scalar,))] == [16.0]
    with pytest.raises(ValueError, match="outputs must be a Tensor or an iterable of Tensors; got int 3"):
        scaler.scale(3)


def test_gradients_are_unscaled_once() -> None:
    scaler = amp.GradScaler("cpu", init_scale=8.0)
    p = parameter(mg)
    optimizer = mg.optim.SGD([p], lr=1.0)
    scaler.scale(p.sum()).backward()
    assert p.grad.tolist() == [8.0, 8.0, 8.0]
    scaler.unscale_(optimizer)
    assert p.grad.tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(RuntimeError, match=r"unscale_\(\) has already been called on this optimizer since the last update\(\)"):
        scaler.unscale_(optimizer)
    scaler.step(optimizer)
    assert p.tolist() == [0.0, -3.0, 2.0]
    with pytest.raises(RuntimeError, match=r"step\(\) has already been called since the last update\(\)"):
        scaler.step(optimizer)
    with pytest.raises(RuntimeError, match=r"unscale_\(\) is being called after step\(\)"):
        scaler.unscale_(optimizer)
    scaler.update()
    scaler.scale(p.sum()).backward()
    scaler.step(optimizer)


def test_what_comes_too_early() -> None:
    scaler = amp.GradScaler("cpu")
    p = parameter(mg)
    optimizer = mg.optim.SGD([p], lr=1.0)
    for call in (lambda: scaler.step(optimizer), lambda: scaler.unscale_(optimizer), scaler.update):
        with pytest.raises(AssertionError, match=r"but _scale is None\.  This may indicate your script did not use scaler\.scale"):
            call()
    scaler.scale(mg.ones(()))
    with pytest.raises(AssertionError, match="No inf checks were recorded for this optimizer: none of its parameters has a gradient"):
        scaler.step(optimizer)
    with pytest.raises(AssertionError, match=r"No inf checks were recorded prior to update; step\(optimizer\) first"):
        used().update()


def used() -> amp.GradScaler:
    scaler = amp.GradScaler("cpu")
    scaler.scale(mg.ones(()))
    return scaler


def test_float16_gradients_are_refused() -> None:
    scaler = used()
    p = mg.nn.Parameter(mg.ones(2, dtype=mg.float16))
    p.grad = mg.ones(2, dtype=mg.float16)
    with pytest.raises(ValueError, match=r"Attempting to unscale FP16 gradients; keep float32 parameters"):
        scaler.step(mg.optim.SGD([p], lr=1.0))


def test_other_refusals() -> None:
    with pytest.raises(AssertionError, match=r"The growth factor must be > 1\.0; got 1\.0"):
        amp.GradScaler("cpu", growth_factor=1.0)
    with pytest.raises(AssertionError, match=r"The backoff factor must be < 1\.0; got 1\.5"):
        amp.GradScaler("cpu", backoff_factor=1.5)
    with pytest.raises(RuntimeError, match="Closure use is not currently supported"):
        used().step(mg.optim.SGD([parameter(mg)], lr=1.0), closure=lambda: 0.0)
    with pytest.warns(UserWarning, match="GradScaler: CUDA is not available; switched off"):
        assert not amp.GradScaler().is_enabled()


def test_a_new_scale() -> None:
    scaler = used()
    scaler.update(3.0)
    assert scaler.get_scale() == 3.0
    scaler.update(mg.tensor(5.0))
    assert scaler.get_scale() == 5.0
    with pytest.raises(TypeError, match="new_scale must be a number or a Tensor of one; got str 'x'"):
        scaler.update("x")


def test_switched_off_it_hands_everything_through() -> None:
    scaler = amp.GradScaler("cpu", enabled=False)
    p = parameter(mg)
    optimizer = mg.optim.SGD([p], lr=1.0)
    loss = p.sum()
    assert scaler.scale(loss) is loss
    loss.backward()
    scaler.unscale_(optimizer)
    scaler.step(optimizer, closure=None)
    scaler.update()
    assert p.tolist() == [0.0, -3.0, 2.0]
    assert (scaler.get_scale(), scaler.state_dict(), scaler.is_enabled()) == (1.0, {}, False)


def test_its_state() -> None:
    torch = pytest.importorskip("torch")
    scaler, theirs = amp.GradScaler("cpu", init_scale=4.0, growth_interval=3), torch.amp.GradScaler("cpu")
    assert theirs.state_dict().keys() == scaler.state_dict().keys()
    theirs.load_state_dict(scaler.state_dict())
    assert theirs.state_dict() == scaler.state_dict()
    other = amp.GradScaler("cpu")
    other.load_state_dict(theirs.state_dict())
    assert other.state_dict() == scaler.state_dict()
    assert pickle.loads(pickle.dumps(scaler)).state_dict() == scaler.state_dict()
    with pytest.raises(RuntimeError, match="The source state dict is empty, possibly because it was saved from a disabled instance"):
        other.load_state_dict({})
    amp.GradScaler("cpu", enabled=False).load_state_dict({})


def test_factors_can_be_set() -> None:
    scaler = amp.GradScaler("cpu")
    scaler.set_growth_factor(4.0)
    scaler.set_backoff_factor(0.1)
    scaler.set_growth_interval(7)
    assert (scaler.get_growth_factor(), scaler.get_backoff_factor(), scaler.get_growth_interval()) == (4.0, 0.1, 7)
