"""Activations that are x times a gate, a smooth step from 0 to 1: silu, mish, gelu, hardswish; and glu, whose gate has its own input."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op
from ..errors import RefusedArgumentError, ShapeError
from .activation import floats, may_write
from .dims import one_dim
from .elementwise import refuse
from .exponentials import exp, sigmoid
from .half import half, in_single, single
from .join import cat
from .large import FUNCTION_BYTES, FUNCTIONS, each, slope
from .raw import raw
from .select import LARGE, choose, clamp_to_numbers, clipped, masked

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- a sigmoid of x
@in_single
def silu_rule(g: Any, x: Any) -> Any:
    """Gradient of x * s with s = sigmoid(x): s * (1 + x * (1 - s))."""
    s = sigmoid(x)
    return g * (s * (x * (1 - s) + 1)).conjugate()


@may_write
@op(x=silu_rule, large={"x": slope("silu", FUNCTION_BYTES)})
def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x * sigmoid(x), also called swish."""
    x: Any = input
    refuse("silu", x, "biu")
    if x.size >= FUNCTIONS and (done := each("silu", x)) is not None:
        return done
    out = sigmoid.__wrapped__(x)                     # type: ignore[attr-defined]
    out *= x
    return out


@in_single
def mish_rule(g: Any, x: Any) -> Any:
    """With n = exp(x) and w = n (n + 2): tanh(softplus(x)) = w / (w + 2), whose derivative is 4 n (n + 1) / (w + 2)**2."""
    n = exp(clamp_to_numbers(x, None, 20))
    w = n * (n + 2)
    return g * (w / (w + 2) + x * (4 * n * (n + 1)) / ((w + 2) * (w + 2)))


@may_write
@op(x=mish_rule, large={"x": slope("mish", FUNCTION_BYTES)})
@floats
def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x * tanh(softplus(x)). Source: Misra 2019, Mish: A Self Regularized Non-Monotonic Activation Function."""
    x: Any = input
    if x.size >= FUNCTIONS and (done := each("mish", x)) is not None:
        return done
    xp = backend_of(x).xp
    n = xp.exp(xp.minimum(x, 20))                    # beyond, tanh(softplus(x)) is 1 in float64 too
    w = n * (n + 2)
    return x * (w / (w + 2))


def hardswish_rule(g: Any, x: Any) -> Any:
    """0 at -3 and below, 1 at 3 and above."""
    x_ = raw(x)
    return choose(x_ < 3, masked(g * (x / 3 + 0.5), x_ > -3), g)


@may_write
@op(x=lambda g, x: hardswish_rule(g, x))
@floats
def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x * hardsigmoid(x). Source: Howard et al. 2019, Searching for MobileNetV3."""
    x: Any = input
    return x * clipped(x + 3, 0, 6) / 6


# ---------------------------------------------------------------- the normal distribution
DENSITY = 1 / math.sqrt(2 * math.pi)                 # of the normal distribution at 0
TANH_SCALE, TANH_CUBIC = math.sqrt(2 / math.pi), 0.044715


def takes_kernel(x: Any) -> bool:
    """Whether an array is worth a compiled loop: a large one in float32, for which there is one."""
    return x.dtype.char == "f" and x.size >= LARGE


@op(x=lambda g, x, approximate: gelu_input(g, x, approximate))
@floats
def gelu(input: Tensor, *, approximate: str = "none") -> Tensor:
    """x times the probability that a normal number is below x.

    approximate: "none", or "tanh" for x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x**3))).
    Source: Hendrycks & Gimpel 2016, Gaussian Error Linear Units.
    """
    x: Any = input
    if approximate not in ("none", "tanh"):
        raise RefusedArgumentError(f"gelu: approximate argument must be either none or tanh; got {approximate!r}")
    if takes_kernel(x):
        return backend_of(x).kernels.gelu(x, approximate == "tanh")
    return x * (half_turn(x) if approximate == "tanh" else backend_of(x).special.ndtr(x))


def half_turn(x: Any) -> Any:
    """(1 + tanh(u)) / 2 of an array, where u is the cubic that makes it resemble the normal distribution."""
    return (backend_of(x).xp.tanh(x * (x * x * TANH_CUBIC + 1) * TANH_SCALE) + 1) * 0.5


@op(y=lambda g, x, approximate: gelu_input(g, x, approximate),
    x=lambda g, y, x, approximate: g * y * curvature(x, approximate))
def gelu_input(other: Tensor, input: Tensor, approximate: str = "none") -> Tensor:
    """`other` times the derivative of gelu at the input: Phi(x) + x phi(x), of the normal distribution or its approximation."""
    g: Any = other
    x: Any = input
    if x.dtype.char == "e":
        return half(gelu_input.__wrapped__(single(g), single(x), approximate))   # type: ignore[attr-defined]
    backend = backend_of(x)
    if takes_kernel(x):
        return backend.kernels.gelu_input(g, x, approximate == "tanh")
    if approximate == "none":
        return g * (backend.special.ndtr(x) + x * backend.xp.exp(x * x * -0.5) * DENSITY)
    h = half_turn(x)
    return g * (h + x * h * (1 - h) * (x * x * (3 * TANH_CUBIC) + 1) * (2 * TANH_SCALE))


def curvature(x: Any, approximate: str) -> Any:
    """The second derivative of gelu: phi(x) (2 - x**2), or 2 h' + x h'' for the gate h = sigmoid(2 u(x))."""
    if approximate == "none":
        return exp(x * x * -0.5) * (2 - x * x) * DENSITY
    h = sigmoid(x * (x * x * TANH_CUBIC + 1) * (2 * TANH_SCALE))
    slope = (x * x * (3 * TANH_CUBIC) + 1) * TANH_SCALE              # u'
    step = h * (1 - h) * 2
    first = step * slope
    return first * 2 + x * (first * (1 - h * 2) * slope * 2 + step * x * (6 * TANH_CUBIC * TANH_SCALE))


# ---------------------------------------------------------------- two halves
def glu_rule(g: Any, x: Any, dim: int) -> Any:
    """Gradient of a * sigmoid(b) for both halves of x."""
    a, b = halves(x, dim)
    s = sigmoid(b)
    return cat((g * s, g * a * (s * (1 - s))), dim)


def halves(x: Any, dim: int) -> tuple[Any, Any]:
    """The first and the second half along `dim`."""
    lead = (slice(None),) * (dim % x.ndim)
    n = x.shape[dim] // 2
    return x[(*lead, slice(0, n))], x[(*lead, slice(n, 2 * n))]


@op(x=lambda g, x, dim: glu_rule(g, x, dim))
@floats
def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a * sigmoid(b), where a and b are the halves of the input along `dim`.

    Source: Dauphin et al. 2017, Language Modeling with Gated Convolutional Networks.
    """
    x: Any = input
    if not x.ndim:
        raise ShapeError("glu: does not support 0-dimensional tensors, which have no halves")
    d = one_dim("glu", dim, x.ndim)
    if x.shape[d] % 2:
        raise ShapeError(f"glu: Halving dimension must be even, but dimension {d} is size {x.shape[d]}")
    a, b = halves(x, d)
    return sigmoid.__wrapped__(b) * a                # type: ignore[attr-defined]
