"""What is checked of optimizers, on the configurations of PyTorch's database, and of learning-rate schedules, on samples of our own."""
from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch.testing._internal.common_optimizers import OptimizerErrorEnum, optim_db

import minigrad
from minigrad import nn, optim
from tests.optim import test_lr_scheduler as schedules

from .checks import Result, failure_of, outcome
from .nn_checks import signature_differs

STEPS = 20
SHAPES = ((3, 4), (4,), (), (2, 5, 3), (1, 1))
MATRICES = ((3, 4), (5, 2), (1, 6))
LIMITED = {"SparseAdam": "there are no sparse tensors"}
# A number rounded to bfloat16 may come out one of its steps off, and the iteration spreads that over its matrix.
# PyTorch computes the rates of ASGD with foreach in float32.
TOLERANCE = {("Muon", ""): (0, 2e-4), ("ASGD", "foreach"): (1e-5, 1e-7)}



# ---------------------------------------------------------------- optimizers
def infos() -> list[Any]:
    """The entries of the database that are in scope."""
    return [info for info in optim_db if info.name not in LIMITED]


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
                loss = -loss if self.options.get("maximize") else loss
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


def ways(info: Any, dtype: str) -> list[str]:
    """Options beside the configurations; `fused` where PyTorch has it on the CPU."""
    return ["", "foreach", "maximize", *(["fused"] if "fused" in info.supported_impls and dtype == "float64" else [])]


def steps(info: Any) -> Iterator[Result]:
    """20 steps with every configuration, the state saved and loaded after ten of them: parameters, losses, layout of the state."""
    for dtype in ("float64", "complex128") if info.supports_complex else ("float64",):
        for how in ways(info, dtype):
            for i, given in enumerate(info.optim_inputs_func(device="cpu")):
                options = {**given.kwargs, **({how: True} if how else {})}
                act = functools.partial(steps_differ, info.name, options, dtype)
                yield Result(f"{dtype} {how} {i}".replace("  ", " "), failure_of(act))


def steps_differ(name: str, options: dict[str, Any], dtype: str) -> str | None:
    made = [outcome(lambda library=library: getattr(library.optim, name)([library.nn.Parameter(library.ones(2, 2))],
                                                                         **(options if library is torch else translated(options))))
            for library in (torch, minigrad)]
    if any(isinstance(m, Exception) for m in made):  # an option that this optimizer does not know
        return None if isinstance(made[1], type(made[0])) else f"{made[1]!r}, not {made[0]!r}"
    twins = Twins(name, options, dtype)
    for n in range(STEPS):
        twins.step()
        twins.check()
        if n == STEPS // 2:
            ours, theirs = twins.our_optimizer.state_dict(), twins.their_optimizer.state_dict()
            if layout(ours["state"]) != layout(theirs["state"]):
                return f"state {layout(ours['state'])}, not {layout(theirs['state'])}"
            keys = [[list(group) for group in found["param_groups"]] for found in (ours, theirs)]
            if keys[0] != keys[1]:
                return f"groups {keys[0]}, not {keys[1]}"
            twins.restart()
            twins.our_optimizer.load_state_dict(ours)
            twins.their_optimizer.load_state_dict(theirs)
    return None


def errors(info: Any) -> Iterator[Result]:
    """The wrong inputs of the database: PyTorch's type of error and its text."""
    for i, wrong in enumerate(info.optim_error_inputs_func(device="cpu", dtype=torch.float32)):
        yield Result(f"{i}", failure_of(functools.partial(error_differs, info.name, wrong)))


def error_differs(name: str, wrong: Any) -> str | None:
    import re
    given = wrong.optimizer_error_input
    params, options = translated((given.params, given.kwargs))
    params = [nn.Parameter(minigrad.randn(1, 1)) for _ in range(2)] if params is None else params
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = outcome(lambda: getattr(optim, name)(params, **options))
        if wrong.error_on is not OptimizerErrorEnum.CONSTRUCTION_ERROR:
            if isinstance(got, Exception):
                return f"cannot be made: {got!r}"
            optimizer = got
            got = outcome(lambda: optimizer.step())
    right = isinstance(got, wrong.error_type) and re.search(wrong.error_regex, str(got))
    return None if right else f"{got!r}, not {wrong.error_type.__name__}: {wrong.error_regex}"


def signature(name: str) -> Iterator[Result]:
    """Arguments of the constructor: names, order, kinds, defaults."""
    yield Result("", failure_of(lambda: signature_differs(getattr(torch.optim, name), getattr(optim, name))))


# ---------------------------------------------------------------- schedules
def scheduler_names() -> list[str]:
    """PyTorch's public schedules."""
    found = vars(torch.optim.lr_scheduler)
    return sorted(n for n, c in found.items() if isinstance(c, type) and issubclass(c, torch.optim.lr_scheduler.LRScheduler)
                  and not n.startswith("_") and n != "LRScheduler")


def cases(name: str) -> list[Callable[[Any, Any], Any]]:
    """How schedules of a class are made, given the module and the optimizer."""
    return [make for case, make in (*schedules.CASES, *PLATEAUS) if case.partition("-")[0] == name]


PLATEAUS = [("ReduceLROnPlateau", lambda m, o, options=options: m.ReduceLROnPlateau(o, **options)) for options in (
    {"patience": 2}, {"mode": "max", "factor": 0.5, "patience": 1}, {"patience": 0, "min_lr": [0.05, 0.2]},
    {"patience": 2, "threshold_mode": "abs", "threshold": 0.5, "cooldown": 2})]


def rates(name: str) -> Iterator[Result]:
    """20 epochs with two optimizers, the state saved and loaded after ten of them: rates, options of the groups, keys of the state."""
    for i, make in enumerate(cases(name)):
        for kind in ("SGD", "Adam"):
            yield Result(f"{kind} {i}", failure_of(functools.partial(rates_differ, make, kind)))


def rates_differ(make: Callable[[Any, Any], Any], kind: str) -> str | None:
    ours, theirs = schedules.optimizers(kind)
    a, b = make(optim.lr_scheduler, ours), make(torch.optim.lr_scheduler, theirs)
    rng = np.random.default_rng(0)
    for epoch in range(STEPS):
        schedules.same_options(ours, theirs)
        np.testing.assert_allclose(a.get_last_lr(), b.get_last_lr(), 1e-12)
        metric = [float(rng.normal())] if isinstance(b, torch.optim.lr_scheduler.ReduceLROnPlateau) else []
        for optimizer, scheduler in ((ours, a), (theirs, b)):
            optimizer.step()
            scheduler.step(*metric)
        if epoch == STEPS // 2:
            saved = [(x.state_dict(), o.state_dict()) for x, o in ((a, ours), (b, theirs))]
            if schedules.keys(saved[0][0]) != schedules.keys(saved[1][0]):
                return f"state {schedules.keys(saved[0][0])}, not {schedules.keys(saved[1][0])}"
            ours, theirs = schedules.optimizers(kind)
            a, b = make(optim.lr_scheduler, ours), make(torch.optim.lr_scheduler, theirs)
            for optimizer, scheduler, (state, options) in ((ours, a, saved[0]), (theirs, b, saved[1])):
                optimizer.load_state_dict(options)
                scheduler.load_state_dict(state)
    return None


def scheduler_signature(name: str) -> Iterator[Result]:
    """Arguments of the constructor."""
    yield Result("", failure_of(lambda: signature_differs(getattr(torch.optim.lr_scheduler, name), getattr(optim.lr_scheduler, name))))


def of_optimizer(info: Any) -> dict[str, list[Result]]:
    """Every check of an optimizer."""
    return {"steps": list(steps(info)), "signature": list(signature(info.name)), "error": list(errors(info))}


def of_schedule(name: str) -> dict[str, list[Result]]:
    """Every check of a schedule."""
    return {"rates": list(rates(name)), "signature": list(scheduler_signature(name))}
