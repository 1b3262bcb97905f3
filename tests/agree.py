"""Lines of Python that must do the same in PyTorch and in minigrad: tests that read like a session.

    agree("x.view(4, -1)")                   # value, dtype, shape, and the gradient for x
    refuse("x.view(5)", "invalid for input of size 24")
    agree_after("x[0] = v(3, 4)")            # what is in x afterwards, and the gradients for what x was and for v

In a line `torch` is either library, `F` its functional module, and there are
    x  float64 (2, 3, 4), requires grad      i  int64 (2, 3)      u  uint8 (3,)      m  bool (2, 3, 4)
"""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F


def lines(text: str) -> list[str]:
    """The lines of a table of expressions."""
    return [line.strip() for line in text.strip().splitlines()]


def libraries() -> list[tuple[Any, Any]]:
    torch = pytest.importorskip("torch")
    return [(torch, torch.nn.functional), (mg, F)]


def names(library: Any, functional: Any) -> dict[str, Any]:
    """What a line may use."""
    counting = np.arange(24.0).reshape(2, 3, 4)
    return {"torch": library, "F": functional, "np": np, "x": library.tensor(counting).requires_grad_(),
            "i": library.tensor(np.arange(6).reshape(2, 3)), "u": library.tensor(np.zeros(3, "u1")), "m": library.tensor(counting % 3 == 0)}


def plain(library: Any, value: Any) -> Any:
    """A result that can be compared: of a tensor its dtype, shape and values."""
    if isinstance(value, library.Tensor):
        return str(value.dtype).split(".")[1], tuple(value.shape), value.detach().tolist()
    if isinstance(value, (tuple, list)):
        return [plain(library, v) for v in value]
    if isinstance(value, (library.dtype, library.device)):
        return str(value).split(".")[-1]
    return value


def gradients(library: Any, value: Any, inputs: list[Any]) -> list[Any]:
    """Of a weighted sum of a result that requires grad, or of every such tensor in a tuple, for the inputs."""
    outs = [v for v in (value if isinstance(value, (tuple, list)) else [value]) if isinstance(v, library.Tensor) and v.requires_grad]
    if not outs or not inputs:
        return []
    seeds = [library.tensor(np.arange(1, v.numel() + 1).reshape(tuple(v.shape)), dtype=v.dtype) for v in outs]
    found = library.autograd.grad(outs, inputs, seeds, create_graph=True, allow_unused=True)
    return [None if g is None else plain(library, g) for g in found]


def same(ours: Any, theirs: Any) -> None:
    """Equal but for rounding."""
    if isinstance(theirs, (list, tuple)):
        assert isinstance(ours, (list, tuple)), f"{ours}, PyTorch {theirs}"
        assert len(ours) == len(theirs), f"{ours}, PyTorch {theirs}"
        for a, b in zip(ours, theirs, strict=True):
            same(a, b)
    elif isinstance(theirs, (float, complex)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-7)
    else:
        assert ours == theirs, f"{ours}, PyTorch {theirs}"


def evaluate(line: str, known: dict[str, Any]) -> Any:
    """The value of an expression; of several statements, that of the last, which is one."""
    *statements, last = line.split("; ")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for statement in statements:
            exec(statement, known)
        return eval(last, known)


def agree(line: str, seed: int | None = None) -> None:
    """Both libraries give the same value, and the same gradient for x."""
    found = []
    for library, functional in libraries():
        if seed is not None:
            library.manual_seed(seed)
        known = names(library, functional)
        value = evaluate(line, known)
        found.append((plain(library, value), gradients(library, value, [known["x"]]) if seed is None else []))
    same(found[1], found[0])


def refuse(line: str, match: str) -> None:
    """Both libraries refuse; ours with an error that `except` clauses for PyTorch's catch, and with these words."""
    (torch, theirs), (ours, functional) = libraries()
    with pytest.raises(Exception) as error:
        run(line, names(torch, theirs))
    with pytest.raises(error.type, match=match):
        run(line, names(ours, functional))


def run(line: str, known: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(line, known)


def agree_after(line: str, dtype: str = "float64") -> None:
    """After these statements x holds the same in both libraries, and gradients for what it was and for each v(...) agree."""
    found = []
    for library, functional in libraries():
        known = names(library, functional)
        before = known["x"].detach().to(getattr(library, dtype))
        live = [before.requires_grad_()] if dtype.startswith("float") else []

        def v(*shape: int, dtype: str = dtype, library: Any = library, live: list[Any] = live) -> Any:
            t = library.tensor(100.0 + np.arange(int(np.prod(shape))).reshape(shape), dtype=getattr(library, dtype))
            if dtype.startswith("float"):
                live.append(t.requires_grad_())
            return t
        known["x"], known["v"] = before.clone(), v
        run(line, known)
        x = known["x"]
        found.append((plain(library, x), gradients(library, x, live) if x.requires_grad else []))
    same(found[1], found[0])
