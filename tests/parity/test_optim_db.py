"""Every optimizer of PyTorch's database, with all options that it lists. Needs PyTorch and expecttest: pip install 'minigrad[parity]'."""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad import nn, optim

torch = pytest.importorskip("torch", reason="the oracle; pip install 'minigrad[parity]'")
pytest.importorskip("expecttest", reason="PyTorch's database imports it; pip install 'minigrad[parity]'")
pytestmark = pytest.mark.parity

SHAPES = ((3, 4), (4,), (), (2, 5, 3), (1, 1))
MATRICES = ((3, 4), (5, 2), (1, 6))
LIMITED = {"SparseAdam": "there are no sparse tensors"}
# A number rounded to bfloat16 may come out one of its steps off, and the iteration spreads that over its matrix.
# PyTorch computes the rates of ASGD with foreach in float32.
TOLERANCE = {("Muon", ""): (0, 2e-4), ("ASGD", "foreach"): (1e-5, 1e-7)}


def pytest_generate_tests(metafunc: Any) -> None:
    """The database is loaded, which takes seconds, only where parity tests are asked for."""
    wanted = "parity" in metafunc.config.option.markexpr and "not parity" not in metafunc.config.option.markexpr
    if "info" in metafunc.fixturenames:
        found = [info for info in database() if info.name not in LIMITED] if wanted else []
        metafunc.parametrize("info", found, ids=[info.name for info in found])


def database() -> list[Any]:
    from torch.testing._internal.common_optimizers import optim_db
    return list(optim_db)


def translated(value: Any) -> Any:
    """PyTorch's tensors in options and parameters as minigrad's; the same tensor stays the same."""
    met: dict[int, Any] = {}

    def of(x: Any) -> Any:
        if isinstance(x, torch.Tensor):
            if id(x) not in met:
                array = minigrad.tensor(x.detach().numpy().copy())
                met[id(x)] = nn.Parameter(array) if isinstance(x, torch.nn.Parameter) else array
                met[id(x)].grad = None if x.grad is None else minigrad.tensor(x.grad.numpy().copy())
            return met[id(x)]
        if isinstance(x, dict):
            return {k: of(v) for k, v in x.items()}
        return type(x)(map(of, x)) if isinstance(x, (list, tuple)) else x

    return of(value)


class Twins:
    """The same parameters and the same loss under both optimizers."""

    def __init__(self, name: str, options: dict, dtype: str) -> None:
        self.name, self.options, rng = name, options, np.random.default_rng(0)
        self.tolerance = TOLERANCE.get((name, "foreach" if options.get("foreach") else ""), (1e-7, 1e-9))

        def values(shape: tuple[int, ...]) -> np.ndarray:
            return np.asarray(rng.normal(size=shape) + (1j * rng.normal(size=shape) if dtype.startswith("c") else 0), dtype)

        shapes = MATRICES if name == "Muon" else SHAPES
        start, self.goals = [values(s) for s in shapes], [values(s) for s in shapes]
        self.ours = [nn.Parameter(minigrad.tensor(v)) for v in start]
        self.theirs = [torch.nn.Parameter(torch.tensor(v)) for v in start]
        self.restart()

    def restart(self) -> None:
        self.our_optimizer = getattr(optim, self.name)(self.ours, **translated(self.options))
        self.their_optimizer = getattr(torch.optim, self.name)(self.theirs, **self.options)

    def step(self) -> None:
        losses = []
        for library, optimizer, params in ((minigrad, self.our_optimizer, self.ours), (torch, self.their_optimizer, self.theirs)):
            def closure(library: Any = library, optimizer: Any = optimizer, params: list = params) -> Any:
                optimizer.zero_grad()
                away = [abs(p - library.tensor(goal)) for p, goal in zip(params, self.goals)]
                loss = sum((a ** 2).sum() * (i + 1) + (a ** 4).sum() / 8 for i, a in enumerate(away))
                loss.backward()
                return loss
            losses.append(optimizer.step(closure).item())
        np.testing.assert_allclose(*losses, max(1e-7, 10 * max(self.tolerance)))

    def check(self) -> None:
        for ours, theirs in zip(self.ours, self.theirs):
            np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), *self.tolerance)


def layout(value: Any) -> Any:
    """The keys of a state, and the shapes and dtypes of its tensors; a tensor without dimensions is as good as a number."""
    if isinstance(value, dict):
        return {k: layout(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [layout(v) for v in value]
    if hasattr(value, "dtype") and value.ndim:
        return str(value.dtype).split(".")[1], tuple(value.shape)
    return None if value is None else "number"


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("how", ["", "foreach", "maximize"])
def test_steps(info: Any, dtype: str, how: str) -> None:
    """All configurations make the same six steps, with the state saved and loaded after three of them."""
    if dtype.startswith("c") and not info.supports_complex:
        pytest.skip("PyTorch does not support complex parameters here")
    extra = {how: True} if how else {}
    for given in info.optim_inputs_func(device="cpu"):
        options = {**given.kwargs, **extra}
        try:
            twins = Twins(info.name, options, dtype)
        except (TypeError, ValueError, RuntimeError):
            with pytest.raises((TypeError, ValueError, RuntimeError)):      # PyTorch refuses as well
                getattr(torch.optim, info.name)([torch.nn.Parameter(torch.ones(2, 2))], **options)
            continue
        for n in range(6):
            twins.step()
            twins.check()
            if n == 2:
                ours, theirs = twins.our_optimizer.state_dict(), twins.their_optimizer.state_dict()
                assert layout(ours["state"]) == layout(theirs["state"]), given.desc
                assert [list(g) for g in ours["param_groups"]] == [list(g) for g in theirs["param_groups"]], given.desc
                twins.restart()
                twins.our_optimizer.load_state_dict(ours)
                twins.their_optimizer.load_state_dict(theirs)


def test_wrong_inputs_raise_what_pytorch_raises(info: Any) -> None:
    from torch.testing._internal.common_optimizers import OptimizerErrorEnum
    for wrong in info.optim_error_inputs_func(device="cpu", dtype=torch.float32):
        given = wrong.optimizer_error_input
        params, options = translated((given.params, given.kwargs))
        params = [nn.Parameter(minigrad.randn(1, 1)) for _ in range(2)] if params is None else params
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            if wrong.error_on is OptimizerErrorEnum.CONSTRUCTION_ERROR:
                with pytest.raises(wrong.error_type, match=wrong.error_regex):
                    getattr(optim, info.name)(params, **options)
            else:
                optimizer = getattr(optim, info.name)(params, **options)
                with pytest.raises(wrong.error_type, match=wrong.error_regex):
                    optimizer.step()


def test_every_optimizer_of_the_database_is_there() -> None:
    assert [info.name for info in database() if not hasattr(optim, info.name)] == list(LIMITED)
    public = [name for name in dir(torch.optim) if isinstance(getattr(torch.optim, name), type)]
    assert [name for name in public if not hasattr(optim, name)] == list(LIMITED)


def test_defaults_and_the_order_of_arguments(info: Any) -> None:
    import inspect
    ours, theirs = (inspect.signature(getattr(library, info.name)).parameters.values() for library in (optim, torch.optim))
    assert [(p.name, p.kind, p.default) for p in ours] == [(p.name, p.kind, p.default) for p in theirs]
