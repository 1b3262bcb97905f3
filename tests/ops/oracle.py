"""The same expression in PyTorch and in minigrad: values, dtypes, gradients, and the kind of error."""
from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F

SPECIAL = np.array([0.0, -0.0, 0.5, -0.5, 1, -1, 2, -2, 3, -3, 6, -6, 1e-8, -1e-8, 30, -30, 100, -100, 800, -800, np.inf, -np.inf, np.nan])
COMPLEX = np.array([1 + 2j, -1 + 0.5j, 0.3 - 0.4j, -2 - 1j, 3j])
# Pairs of everything that has a kink, a tie or a pole somewhere.
EDGES = np.array([0.0, -0.0, 0.5, -0.5, 1, -1, 2, -3, np.inf, -np.inf, np.nan])
GRID = [m.ravel() for m in np.meshgrid(EDGES, EDGES)]


class Library:
    """PyTorch or minigrad, with its functional module as `F`."""

    def __init__(self, module: Any, functional: Any) -> None:
        self.module, self.F = module, functional

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)


def libraries() -> tuple[Library, Library]:
    torch = pytest.importorskip("torch")
    return Library(torch, torch.nn.functional), Library(mg, F)


def host(tensor: Any) -> Any:
    """The values, of PyTorch's lazily conjugated and zero tensors too."""
    tensor = tensor.detach()
    return tensor.resolve_conj().numpy(force=True) if type(tensor).__module__.startswith("torch") else tensor.numpy()


def results(library: Library, expression: Callable[..., Any], arrays: tuple[np.ndarray, ...], second: bool) -> tuple[Any, list[Any]]:
    """The output, and the gradients of its sum for each floating-point input; with `second`, those of the gradients' sum."""
    inputs = [library.tensor(np.array(a)) for a in arrays]
    live = [t.requires_grad_() for t, a in zip(inputs, arrays, strict=True) if a.dtype.kind in "fc"]
    out = expression(library, *inputs)
    if not out.requires_grad:
        return host(out), []
    outs = [out]
    for create in [True] * second + [False]:
        seeds = [library.ones_like(o) for o in outs]
        found = library.autograd.grad(outs, live, seeds, create_graph=create, allow_unused=True)
        outs = [g for g in found if g is not None and g.requires_grad]
        if create and not outs:
            return host(out), [np.zeros_like(t) for t in arrays if t.dtype.kind in "fc"]         # a constant slope
    floats = [a for a in arrays if a.dtype.kind in "fc"]
    return host(out), [np.zeros_like(a) if g is None else host(g) for g, a in zip(found, floats, strict=True)]


def same(expression: Callable[..., Any], *arrays: np.ndarray, second: bool = False, rtol: float = 1e-6) -> None:
    """Assert that `expression(library, *tensors)` gives the same values, dtype, shape and gradients in both libraries."""
    (their, their_gradients), (our, our_gradients) = [results(library, expression, arrays, second) for library in libraries()]
    compare(our, their, rtol, "value")
    assert len(our_gradients) == len(their_gradients)
    for i, (a, b) in enumerate(zip(our_gradients, their_gradients, strict=True)):
        compare(a, b, rtol, f"gradient {i}")


def compare(our: Any, their: Any, rtol: float, what: str) -> None:
    assert our.dtype == their.dtype, f"{what}: {our.dtype}, PyTorch {their.dtype}"
    assert our.shape == their.shape, f"{what}: {our.shape}, PyTorch {their.shape}"
    np.testing.assert_allclose(our, their, rtol=rtol, atol=rtol, err_msg=what)


def same_error(expression: Callable[..., Any], *arrays: np.ndarray, match: str) -> None:
    """Assert that both libraries refuse, ours with an error that PyTorch's `except` clauses catch and that says `match`."""
    theirs, ours = libraries()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(Exception) as error:
            expression(theirs, *[theirs.tensor(np.array(a)) for a in arrays])
    with pytest.raises(error.type, match=match):
        expression(ours, *[ours.tensor(np.array(a)) for a in arrays])
