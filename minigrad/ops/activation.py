"""The nonlinearities between layers."""
from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..backend import backend_of
from ..engine import inplace as writes
from ..engine.inplace import in_place
from ..engine.node import TensorBase
from ..engine.op import direct, op
from ..errors import ArgumentError, ArgumentTypeError, DtypeError, RefusedArgumentError, ShapeError, describe
from .dims import one_dim
from .elementwise import abs, add, exp, refuse, sigmoid, sub, tanh, true_divide
from .join import cat
from .raw import raw, shown
from .scalars import fitting
from .select import blend, choose, clamp_to_numbers, clipped, masked
from .special import SLOPE, erf

if TYPE_CHECKING:
    from .._tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])


# ---------------------------------------------------------------- what they share
def floats(forward: F) -> F:
    """A forward for floating-point arrays only; float16 is computed in float32, as its exponentials overflow at 11."""
    @functools.wraps(forward)
    def call(input: Any, *options: Any, **named: Any) -> Any:
        char = input.dtype.char
        if char == "f" or char == "d":
            return forward(input, *options, **named)
        refuse(forward.__name__, input, "biuc")
        return forward(input.astype("f4"), *options, **named).astype("f2")
    return cast(F, call)


def may_write(call: F) -> F:
    """Give an op's last parameter, `inplace`, its meaning: True writes the result into the input."""
    name, at = call.__name__, len(call.op.names) - 2                 # type: ignore[attr-defined]   # among the options

    @functools.wraps(call)
    def choose_form(input: Any, *options: Any, **named: Any) -> Any:
        if not named.pop("inplace", False) and (len(options) <= at or not options[at]):
            return call(input, *options, **named)
        if not isinstance(input, TensorBase):
            raise ArgumentTypeError(f"{name}: input must be a Tensor; got {describe(input)}")
        return writes.write(input, call, *options[:at], **named)
    return cast(F, choose_form)


# ---------------------------------------------------------------- pieces of straight lines
@op(x=lambda g, out: masked(g, raw(out) != 0))       # no output is negative, and a nan lets its gradient pass
def relu(input: Tensor) -> Tensor:
    """max(x, 0). Its gradient at 0 is 0."""
    return relu_into(input)


@direct(relu)
def relu_in_place(input: Tensor) -> Tensor:
    return relu_into(input, input)


def relu_into(x: Any, out: Any = None) -> Any:
    """relu of an array, into `out` if given."""
    kind = x.dtype.kind
    if kind in "bc":
        if kind == "b":
            raise DtypeError(f"relu: Boolean inputs not supported for relu; got {shown(x)}")
        refuse("relu", x, "c")
    return clipped(x, 0, None, out)


def relu_with_option(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0); inplace writes it into the input. Its gradient at 0 is 0."""
    return relu_(input) if inplace else relu(input)


relu_ = in_place(relu)


@may_write
@op(x=lambda g, x, min_val, max_val: masked(g, ~((raw(x) <= min_val) | (raw(x) >= max_val))))
def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """x between min_val and max_val, which it is cut off at. Its gradient at them is 0."""
    x: Any = input
    if min_val > max_val:
        raise ArgumentError(f"hardtanh: min_val cannot be greater than max_val; got {min_val} and {max_val}")
    refuse("hardtanh", x, "bc")
    if x.dtype.kind in "iu":
        low, high = int(min_val), int(max_val)
        if x.dtype.kind == "u" and low < 0:
            raise RefusedArgumentError("hardtanh: cannot do hardtanh on an unsigned type with negative limits; got "
                                       f"{shown(x)}, min_val {min_val}")
        return clipped(x, fitting("hardtanh", low, x.dtype), fitting("hardtanh", high, x.dtype))
    return clipped(x, min_val, max_val)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x, 0), 6). Its gradient at 0 and at 6 is 0."""
    return hardtanh(input, 0.0, 6.0, inplace)


@may_write
@op(x=lambda g, x, threshold: masked(g, ~(raw(x) <= threshold)))
def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x above the threshold, `value` at it and below."""
    x: Any = input
    refuse("threshold", x, "bc")
    return backend_of(x).xp.where(x <= threshold, fitting("threshold", value, x.dtype), x)


@may_write
@op(x=lambda g, x, negative_slope: choose(raw(x) > 0, g, g * negative_slope))
@floats
def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x above 0, negative_slope * x below. Its gradient at 0 is negative_slope."""
    x: Any = input
    if 0 <= negative_slope <= 1:
        return backend_of(x).xp.maximum(x, x * negative_slope)
    return blend(x > 0, x, x * negative_slope)


@op(broadcast=True, promotes="same",
    x=lambda g, x, w: choose(raw(x) > 0, g, g * w),
    w=lambda g, x: masked(g * x, ~(raw(x) > 0)))
def prelu_kernel(input: Tensor, weight: Tensor) -> Tensor:
    """`prelu` with a weight that broadcasts with the input."""
    x: Any = input
    refuse("prelu", x, "biuc")
    return blend(x > 0, x, x * weight)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x above 0, weight * x below, with one weight for all or one per channel, which is dimension 1.

    Raises ShapeError for a weight of another size, DtypeError for mixed dtypes.
    """
    for name, value in (("input", input), ("weight", weight)):
        if not isinstance(value, TensorBase):
            raise ArgumentTypeError(f"prelu: {name} must be a Tensor; got {describe(value)}")
    x, w = input.array, weight.array
    if w.ndim > 1:
        raise ShapeError(f"prelu: expected weight to be a scalar or 1D tensor, but got ndim = {w.ndim}; got w {shown(w)}")
    if w.size != 1:
        if not x.ndim:
            raise ShapeError(f"prelu: not allow zero-dim input tensor with several weights; got x {shown(x)}, w {shown(w)}")
        channels = x.shape[1] if x.ndim > 1 else 1
        if w.size != channels:
            raise ShapeError(f"prelu: mismatch of parameter numbers and input channel size. Found parameter numbers = {w.size} and "
                             f"channel size = {channels}; got x {shown(x)}")
    shape = (-1, *[1] * (x.ndim - 2)) if x.ndim > 1 else (-1,) if x.ndim else ()
    return prelu_kernel(input, weight.reshape(shape))


def rrelu(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False) -> Tensor:
    """leaky_relu whose slope is drawn from [lower, upper] for each element in training, and their mean otherwise."""
    if lower > upper:
        raise RefusedArgumentError(f"rrelu: Lower bound should be less than or equal to the upper bound; got {lower} and {upper}")
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    return writes.write(input, noisy_relu, lower, upper) if inplace else noisy_relu(input, lower, upper)


@op(x=lambda g, slopes: g * slopes, kept=("slopes",))
@floats
def noisy_relu(input: Tensor, lower: float, upper: float) -> Tensor:
    """`rrelu` in training."""
    from ..rng import default_generator
    from ..rng.continuous import uniform  # numpy.random is slow to import
    x: Any = input
    backend = backend_of(x)
    slopes, low = backend.xp.ones(x.shape, x.dtype), x <= 0
    slopes[low] = backend.asarray(uniform(default_generator, (int(low.sum()),), "f8", lower, upper))
    return x * slopes, slopes                        # type: ignore[return-value]


# ---------------------------------------------------------------- with exponentials
def elu_of(x: Any, alpha: float, scale: float = 1.0, input_scale: float = 1.0) -> Any:
    """scale * x above 0, scale * alpha * (exp(input_scale * x) - 1) below."""
    xp = backend_of(x).xp
    low = xp.expm1(xp.minimum(x, 0) * input_scale)
    return blend(x > 0, x * scale, low * (alpha * scale))


def elu_rule(g: Any, x: Any, alpha: float, scale: float = 1.0, input_scale: float = 1.0) -> Any:
    """Gradient of `elu_of`; at 0 that of the exponential."""
    low = exp(clamp_to_numbers(x, None, 0) * input_scale)
    return choose(raw(x) <= 0, g * low * (alpha * scale * input_scale), g * scale)


@may_write
@op(x=lambda g, x, alpha: elu_rule(g, x, alpha))
@floats
def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x above 0, alpha * (exp(x) - 1) below. Its gradient at 0 is alpha."""
    return elu_of(input, alpha)


# Source: Klambauer et al. 2017, Self-Normalizing Neural Networks.
SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


@may_write
@op(x=lambda g, x: elu_rule(g, x, SELU_ALPHA, SELU_SCALE))
@floats
def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """elu with the alpha, and scaled by the factor, that keep mean 0 and variance 1 from layer to layer."""
    return elu_of(input, SELU_ALPHA, SELU_SCALE)


@may_write
@op(x=lambda g, x, alpha: elu_rule(g, x, alpha, 1.0, 1 / alpha))
@floats
def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """max(0, x) + min(0, alpha * (exp(x / alpha) - 1)): an elu whose gradient at 0 is 1 for every alpha."""
    if not alpha:
        raise RefusedArgumentError("celu: ZeroDivisionError: alpha cannot be 0 for CELU")
    return elu_of(input, alpha, 1.0, 1 / alpha)


@op(x=lambda g, x, beta, threshold: choose(raw(x) * beta > threshold, g, g * sigmoid(x * beta)))
@floats
def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(beta * x)) / beta: a smooth relu. Where beta * x is above the threshold, x."""
    x: Any = input
    xp = backend_of(x).xp
    z = x * beta
    soft = xp.log1p(xp.exp(xp.minimum(z, threshold)))
    return blend(z > threshold, x, soft / beta)


@op(x=lambda g, x: g * sigmoid(-x))
@floats
def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(x)), without overflow."""
    x: Any = input
    xp = backend_of(x).xp
    return xp.minimum(x, 0) - xp.log1p(xp.exp(-xp.abs(x)))


def silu_rule(g: Any, x: Any) -> Any:
    """Gradient of x * s with s = sigmoid(x): s * (1 + x * (1 - s))."""
    s = sigmoid(x)
    return g * (s * (x * (1 - s) + 1)).conjugate()


@may_write
@op(x=lambda g, x: silu_rule(g, x))
def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x * sigmoid(x), also called swish."""
    x: Any = input
    refuse("silu", x, "biu")
    out = sigmoid.__wrapped__(x)                     # type: ignore[attr-defined]
    out *= x
    return out


def mish_rule(g: Any, x: Any) -> Any:
    """With n = exp(x) and w = n (n + 2): tanh(softplus(x)) = w / (w + 2), whose derivative is 4 n (n + 1) / (w + 2)**2."""
    n = exp(clamp_to_numbers(x, None, 20))
    w = n * (n + 2)
    return g * (w / (w + 2) + x * (4 * n * (n + 1)) / ((w + 2) * (w + 2)))


@may_write
@op(x=lambda g, x: mish_rule(g, x))
@floats
def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x * tanh(softplus(x)). Source: Misra 2019, Mish: A Self Regularized Non-Monotonic Activation Function."""
    x: Any = input
    xp = backend_of(x).xp
    n = xp.exp(xp.minimum(x, 20))                    # beyond, tanh(softplus(x)) is 1 in float64 too
    w = n * (n + 2)
    return x * (w / (w + 2))


# ---------------------------------------------------------------- gelu
ROOT_HALF = math.sqrt(0.5)
TANH_SCALE, TANH_CUBIC = math.sqrt(2 / math.pi), 0.044715


def gelu_rule(g: Any, x: Any, approximate: str) -> Any:
    """Gradient of x * cdf(x): cdf + x * pdf, of the normal distribution or its approximation."""
    if approximate == "none":
        return g * (0.5 * erf(x * ROOT_HALF) + 0.5 + x * exp(x * x * -0.5) * (SLOPE * ROOT_HALF / 2))
    square = x * x
    t = tanh(x * (square * TANH_CUBIC + 1) * TANH_SCALE)
    return g * (0.5 * t + 0.5 + x * (1 - t * t) * (square * (3 * TANH_CUBIC) + 1) * (TANH_SCALE / 2))


@op(x=lambda g, x, approximate: gelu_rule(g, x, approximate))
@floats
def gelu(input: Tensor, *, approximate: str = "none") -> Tensor:
    """x times the probability that a normal number is below x: x / 2 * (1 + erf(x / sqrt(2))).

    approximate: "none", or "tanh" for x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x**3))).
    Source: Hendrycks & Gimpel 2016, Gaussian Error Linear Units.
    """
    x: Any = input
    if approximate not in ("none", "tanh"):
        raise RefusedArgumentError(f"gelu: approximate argument must be either none or tanh; got {approximate!r}")
    if approximate == "none":
        cdf = erf.__wrapped__(x * ROOT_HALF)         # type: ignore[attr-defined]
    else:
        cdf = backend_of(x).xp.tanh(x * (x * x * TANH_CUBIC + 1) * TANH_SCALE)
    cdf += 1
    cdf *= x
    return cdf * 0.5


# ---------------------------------------------------------------- the rest
def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|)."""
    return true_divide(input, add(abs(input), 1))


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x)."""
    return sub(input, tanh(input))


@may_write
@op(x=lambda g, x: masked(g / 6, (raw(x) > -3) & (raw(x) < 3)))
@floats
def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """0 below -3, 1 above 3, a straight line between. Its gradient at -3 and 3 is 0."""
    x: Any = input
    return clipped(x + 3, 0, 6) / 6


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


@op(x=lambda g, x, lambd: masked(g, ~(abs(raw(x)) <= lambd)))
@floats
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x, and 0 where |x| <= lambd."""
    x: Any = input
    return masked.__wrapped__(x, ~(backend_of(x).xp.abs(x) <= lambd))        # type: ignore[attr-defined]


@op(x=lambda g, x, lambd: masked(g, ~(abs(raw(x)) <= lambd)))
@floats
def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x moved by lambd towards 0, and 0 where |x| <= lambd."""
    x: Any = input
    if lambd < 0:
        raise RefusedArgumentError(f"softshrink: lambda must be greater or equal to 0, but found to be {lambd}")
    return x - clipped(x, -lambd, lambd)


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


elu_, selu_, celu_, leaky_relu_ = in_place(elu), in_place(selu), in_place(celu), in_place(leaky_relu)
hardtanh_, threshold_, rrelu_ = in_place(hardtanh), in_place(threshold), in_place(rrelu)
