"""Scores into probabilities along one dimension: softmax, its logarithm, and samples from it."""
from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import backend_of
from ..dtypes import get_default_numpy, to_numpy_dtype
from ..engine.mode import local
from ..engine.node import TensorBase, wrap
from ..engine.op import op
from ..errors import ArgumentTypeError, UnsupportedDtypeError, describe, operand
from ..rng import default_generator
from .dims import one_dim
from .exponentials import exp, log
from .half import rounded
from .raw import in_dtype
from .reduce import sum

if TYPE_CHECKING:
    from .. import dtypes
    from .._tensor import Tensor


# ---------------------------------------------------------------- on arrays
def prepared(name: str, x: Any, dim: int | None, dtype: Any, stacklevel: int) -> tuple[Any, Any, int]:
    """x in the precision to compute in, the dtype of the result, and the dimension counted from the front."""
    if dim is None:
        dim = implicit_dim(name, x.ndim, stacklevel + 2)
    to = x.dtype if dtype is None else to_numpy_dtype(dtype)
    if to.kind != "f":
        raise UnsupportedDtypeError(f"{name}: not implemented for {to}: takes floating-point input; got {operand(x)}; "
                                    "pass dtype=minigrad.float32")
    at_work = to if to.char != "e" else np.dtype("f4")       # sums of exponentials overflow float16
    return rounded(x, at_work), to, one_dim(name, dim, x.ndim)


def implicit_dim(name: str, ndim: int, stacklevel: int) -> int:
    """PyTorch's old choice where `dim` is left out, with its warning."""
    warnings.warn(f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
                  UserWarning, stacklevel=stacklevel + 1)
    return 0 if ndim in (0, 1, 3) else 1


def shifted(x: Any, d: int) -> Any:
    """x minus its largest value along d: exp overflows above 88 in float32."""
    if not x.ndim:
        return x - x
    return x - x.max(axis=d, keepdims=True) if x.size else x.copy()


def total(x: Any, d: int) -> Any:
    """The sum along d, kept as a dimension of size 1."""
    return x.sum(axis=d, keepdims=True) if x.ndim else x


# ---------------------------------------------------------------- the ops
def softmax_rule(g: Any, p: Any, dim: int | None, x_dtype: Any) -> Any:
    """Gradient of p = softmax(x): p * (g - <g, p>)."""
    d = axis_of(p, dim)
    if p.ndim and not isinstance(g, TensorBase):
        return in_dtype(backend_of(p).kernels.softmax_input(g, p, d), x_dtype)
    return in_dtype(p * (g - sum(g * p, d, True)), x_dtype)


def log_softmax_rule(g: Any, out: Any, dim: int | None, x_dtype: Any) -> Any:
    """Gradient of log softmax: g - softmax(x) * sum(g)."""
    d = axis_of(out, dim)
    if out.ndim and not isinstance(g, TensorBase):
        return in_dtype(backend_of(out).kernels.log_softmax_input(g, out, d), x_dtype)
    return in_dtype(g - exp(out) * sum(g, d, True), x_dtype)


def axis_of(x: Any, dim: int | None) -> int:
    """The dimension that `dim`, which may be left open, means."""
    return (0 if x.ndim in (0, 1, 3) else 1) if dim is None else dim


@op(x=lambda g, out, dim, x_dtype: softmax_rule(g, out, dim, x_dtype))
def softmax(input: Tensor, dim: int | None = None, dtype: dtypes.dtype | None = None, *, _stacklevel: int = 3) -> Tensor:
    """exp(x) / sum(exp(x)) along `dim`: positive numbers that sum to 1.

    dtype: computed in and returned as this. Without `dim`, PyTorch's old choice (0 for 0, 1 or 3 dimensions, else 1)
    is taken, with a warning. Raises DtypeError for integers, OutOfRangeError for a dim that is not there.

    >>> import minigrad
    >>> softmax(minigrad.tensor([0.0, 0.0]), 0)
    tensor([0.5000, 0.5000])
    """
    x, to, d = prepared("softmax", input, dim, dtype, _stacklevel)
    y = backend_of(x).kernels.softmax(x, d) if x.ndim else backend_of(x).xp.exp(shifted(x, d))
    return rounded(y, to)


@op(x=lambda g, out, dim, x_dtype: log_softmax_rule(g, out, dim, x_dtype))
def log_softmax(input: Tensor, dim: int | None = None, dtype: dtypes.dtype | None = None, *, _stacklevel: int = 3) -> Tensor:
    """x - log(sum(exp(x))) along `dim`: the logarithm of `softmax`, exact also where that underflows.

    dtype, dim and errors as in `softmax`.
    """
    x, to, d = prepared("log_softmax", input, dim, dtype, _stacklevel)
    y = backend_of(x).kernels.log_softmax(x, d) if x.ndim else shifted(x, d)
    return rounded(y, to)


# ---------------------------------------------------------------- made of them
def softmin(input: Tensor, dim: int | None = None, dtype: dtypes.dtype | None = None, *, _stacklevel: int = 3) -> Tensor:
    """softmax of -x: the smallest element gets the largest share."""
    return softmax(-input, implicit_dim("softmin", input.ndim, _stacklevel) if dim is None else dim, dtype)


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """A differentiable sample of the categorical distributions with these logits along `dim`.

    softmax((logits + Gumbel noise) / tau); with `hard`, a one-hot vector whose gradient is that of the soft sample.
    `eps` is ignored, as in PyTorch. Source: Jang et al. 2017, Categorical Reparameterization with Gumbel-Softmax.
    """
    array = getattr(logits, "array", None)
    if array is None:
        raise ArgumentTypeError(f"gumbel_softmax: logits must be a Tensor; got {describe(logits)}")
    soft = softmax((logits + gumbel_noise(array)) / tau, dim)
    if not hard:
        return soft
    xp = backend_of(array).xp
    p = soft.array
    d = one_dim("gumbel_softmax", dim, p.ndim)
    places: Any = xp.arange(p.shape[d]).reshape([-1 if i == d else 1 for i in range(p.ndim)]) if p.ndim else 0
    one_hot = (places == (p.argmax(axis=d, keepdims=True) if p.ndim else 0)).astype(p.dtype)
    return wrap(one_hot) - soft.detach() + soft


def gumbel_noise(like: Any) -> Tensor:
    """-log of exponential numbers from the default generator, in the shape and dtype of an array."""
    from ..rng.continuous import exponential  # numpy.random is slow to import
    backend = backend_of(like)
    kind = like.dtype if like.dtype.kind == "f" else get_default_numpy()
    if local.mode.batch is not None:
        return -log(wrap(local.mode.batch.draw(exponential, default_generator, like.shape, kind)))
    return wrap(-backend.xp.log(backend.asarray(exponential(default_generator, like.shape, kind))))
