"""Are gradients right? Compare them with central differences."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from .._tensor import Tensor
from ..backend import backend_of
from ..engine.backward import grad
from ..engine.mode import enable_grad
from ..engine.node import wrap
from ..errors import GraphError, describe


class GradcheckError(GraphError):
    """A gradient that differs from the numerical one."""


def numerical_gradients(function: Callable[[], Sequence[Tensor]], inputs: Sequence[Tensor], seeds: Sequence[Tensor],
                        eps: float = 1e-6) -> list[np.ndarray[Any, Any]]:
    """d(sum of seeds * outputs)/d(input) by central differences, (f(x + eps) - f(x - eps)) / (2 eps), element by element.

    `function` reads `inputs`, which are moved in place and put back. The gradient of a complex input follows PyTorch's
    convention: d/d(real) + i d/d(imaginary).
    """
    weights = [np.asarray(backend_of(s.array).to_host(s.array)) for s in seeds]

    def value() -> float:
        # the seed of a complex output is conjugated: gradients are of the real loss Re(conj(seed) * out)
        return float(np.sum([np.sum((np.conj(w) * backend_of(o.array).to_host(o.array)).real) for w, o in zip(weights, function())]))

    results = []
    for t in inputs:
        flat = t.array.reshape(-1) if t.array.flags.c_contiguous else None
        g = np.zeros(t.array.shape, t.array.dtype)
        for position in np.ndindex(*t.array.shape):
            index: Any = np.ravel_multi_index(position, t.array.shape) if flat is not None and position else position
            memory = flat if flat is not None and position else t.array
            for step in ((eps, 1j * eps) if t.array.dtype.kind == "c" else (eps,)):
                before = memory[index].copy() if hasattr(memory[index], "copy") else memory[index]
                memory[index] = before + step
                above = value()
                memory[index] = before - step
                below = value()
                memory[index] = before
                g[position] += (above - below) / (2 * eps) * (1j if isinstance(step, complex) else 1)
        results.append(g)
    return results


def gradcheck(func: Callable[..., Any], inputs: Any, *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3,
              raise_exception: bool = True, nondet_tol: float = 0.0, check_undefined_grad: bool = True) -> bool:
    """True if the gradients of `func(*inputs)` agree with central differences, for every input that requires grad.

    Inputs should be float64. With raise_exception, a difference raises GradcheckError, which says where it is.
    """
    args = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    watched = [t for t in args if isinstance(t, Tensor) and t.requires_grad]
    if not watched:
        raise GraphError("gradcheck: expects at least one input tensor to require gradient; call requires_grad_() on the inputs")
    for t in watched:
        if t.array.dtype not in (np.float64, np.complex128):
            raise GraphError(f"gradcheck: central differences need double precision; got {describe(t)}; convert it with .double()")

    def outputs() -> list[Tensor]:
        with enable_grad():
            out = func(*args)
        outs = out if isinstance(out, (tuple, list)) else (out,)
        return [o for o in outs if isinstance(o, Tensor) and o.requires_grad]

    def output(i: int) -> list[Tensor]:
        return [outputs()[i]]

    rng = np.random.default_rng(0)
    first = outputs()
    for i, out in enumerate(first):
        seed = wrap(backend_of(out.array).asarray(rng.uniform(0.5, 1.5, out.array.shape).astype(out.array.dtype)))
        analytic = grad(out, watched, seed, allow_unused=True, retain_graph=True)
        numeric = numerical_gradients(partial(output, i), watched, [seed], eps)
        for j, (t, a, n) in enumerate(zip(watched, analytic, numeric)):
            got = np.zeros(t.array.shape) if a is None else np.asarray(backend_of(a.array).to_host(a.array))
            if not np.allclose(got, n, rtol, atol):
                if not raise_exception:
                    return False
                worst = np.unravel_index(np.argmax(np.abs(got - n)), n.shape)
                raise GradcheckError(f"gradcheck: Jacobian mismatch for output {i} with respect to input {j}, at {tuple(map(int, worst))}: "
                                     f"numerical {n[worst]!r}, analytical {got[worst]!r}")
    return True


def gradgradcheck(func: Callable[..., Any], inputs: Any, grad_outputs: Any = None, *, eps: float = 1e-6, atol: float = 1e-5,
                  rtol: float = 1e-3, raise_exception: bool = True, nondet_tol: float = 0.0) -> bool:
    """`gradcheck` of the gradients: are second derivatives right?"""
    args = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    watched = [t for t in args if isinstance(t, Tensor) and t.requires_grad]
    with enable_grad():
        out = func(*args)
    outs = [o for o in (out if isinstance(out, (tuple, list)) else (out,)) if isinstance(o, Tensor) and o.requires_grad]
    rng = np.random.default_rng(0)
    if grad_outputs is None:
        drawn = [rng.uniform(0.5, 1.5, o.array.shape).astype(o.array.dtype) for o in outs]
        seeds = [wrap(backend_of(o.array).asarray(a)).requires_grad_() for o, a in zip(outs, drawn)]
    else:
        seeds = list(grad_outputs) if isinstance(grad_outputs, (tuple, list)) else [grad_outputs]

    def gradients(*everything: Any) -> tuple[Tensor, ...]:
        again = func(*everything[:len(args)])
        results = [o for o in (again if isinstance(again, (tuple, list)) else (again,)) if isinstance(o, Tensor) and o.requires_grad]
        found = grad(results, watched, list(everything[len(args):]), create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)
    return gradcheck(gradients, (*args, *seeds), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception)
