"""The nonlinearities between layers."""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..backend import backend_of
from ..engine import inplace as writes
from ..engine.inplace import in_place
from ..engine.mode import local
from ..engine.node import TensorBase
from ..engine.op import direct, op
from ..errors import ArgumentError, ArgumentTypeError, DtypeError, RefusedArgumentError, ShapeError, describe
from .elementwise import abs, add, refuse, sub, true_divide
from .exponentials import exp, sigmoid
from .half import half, single
from .large import FUNCTION_BYTES, FUNCTIONS, STEP_BYTES, STEPS, each, slope
from .raw import raw, shown
from .scalars import fitting
from .select import LARGE, blend, choose, clamp_to_numbers, clipped, masked
from .trigonometry import tanh

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
        return half(forward(single(input), *options, **named))
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
def where_positive(g: Any, out: Any) -> Any:
    """g where the output of relu is not 0: none is negative, and nan lets its gradient pass."""
    if isinstance(g, TensorBase) or out.size >= LARGE:
        return masked(g, raw(out).astype("?"))
    return backend_of(g).xp.where(out, g, out)       # out is 0 where it is chosen; a third of the time


@op(x=where_positive, large={"x": slope("relu")})
def relu(input: Tensor) -> Tensor:
    """max(x, 0). Its gradient at 0 is 0."""
    x: Any = input
    if local.mode.epilogue is x:                     # the kernel before has done it
        local.mode.epilogue = None
        return x
    if x.dtype.kind != "f" or x.size >= LARGE:
        return relu_into(x)
    backend = backend_of(x)
    return backend.xp.maximum(x, backend.zero(x.dtype))


@direct(relu)
def relu_in_place(input: Tensor) -> Tensor:
    return input if local.mode.epilogue is input else relu_into(input, input)


def relu_into(x: Any, out: Any = None) -> Any:
    """relu of any array, into `out` if given."""
    if x.dtype.kind == "b":
        raise DtypeError(f"relu: Boolean inputs not supported for relu; got {shown(x)}")
    refuse("relu", x, "c")
    done = each("relu", x, out=out) if x.size >= STEPS else None
    return clipped(x, 0, None, out) if done is None else done


relu_ = in_place(relu)


def hardtanh_rule(g: Any, x: Any, low: float, high: float) -> Any:
    """Gradient of hardtanh: g within the limits, 0 at them."""
    done = each("hardtanh_input", g, x, numbers=(low, high)) if g.nbytes >= STEP_BYTES else None
    return masked(g, ~((raw(x) <= low) | (raw(x) >= high))) if done is None else done


@may_write
@op(x=lambda g, x, min_val, max_val: hardtanh_rule(g, x, min_val, max_val))
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


def leaky_relu_rule(g: Any, x: Any, coefficient: float) -> Any:
    """Gradient of leaky_relu."""
    done = each("leaky_relu_input", g, x, numbers=(coefficient,)) if g.nbytes >= STEP_BYTES else None
    return choose(raw(x) > 0, g, g * coefficient) if done is None else done


@may_write
@op(x=lambda g, x, negative_slope: leaky_relu_rule(g, x, negative_slope))
@floats
def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x above 0, negative_slope * x below. Its gradient at 0 is negative_slope."""
    x: Any = input
    if x.size >= STEPS and (done := each("leaky_relu", x, numbers=(negative_slope,))) is not None:
        return done
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
def expm1_of(x: Any) -> Any:
    """exp(x) - 1 of an array; of a large one as tanh(x / 2) * (exp(x) + 1), in a third of the time."""
    xp = backend_of(x).xp
    if x.size < LARGE:
        return xp.expm1(x)
    out, e = x * 0.5, xp.exp(x)
    xp.tanh(out, out)
    e += 1
    out *= e
    return out


def log1p_exp(x: Any) -> Any:
    """log(1 + exp(-|x|)) of an array; of a large one by log, less what rounding 1 + exp lost, in a quarter of the time."""
    xp = backend_of(x).xp
    e = xp.exp(-xp.abs(x))
    if x.size < LARGE:
        return xp.log1p(e)
    one_more = e + 1
    out, lost = xp.log(one_more), one_more - 1
    lost -= e
    lost /= one_more
    out -= lost
    return out


def elu_of(x: Any, alpha: float, scale: float = 1.0, input_scale: float = 1.0) -> Any:
    """scale * x above 0, scale * alpha * (exp(input_scale * x) - 1) below."""
    if x.size >= FUNCTIONS and (done := each("elu", x, numbers=(alpha, scale, input_scale))) is not None:
        return done
    low = backend_of(x).xp.minimum(x, 0)
    if input_scale != 1:
        low *= input_scale
    low = expm1_of(low)
    if alpha * scale != 1:
        low *= alpha * scale
    return blend(x > 0, x if scale == 1 else x * scale, low)


def elu_rule(g: Any, x: Any, alpha: float, scale: float = 1.0, input_scale: float = 1.0) -> Any:
    """Gradient of `elu_of`; at 0 that of the exponential."""
    if g.nbytes >= FUNCTION_BYTES and (done := each("elu_input", g, x, numbers=(alpha, scale, input_scale))) is not None:
        return done
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


def softplus_rule(g: Any, x: Any, beta: float, threshold: float) -> Any:
    """Gradient of softplus: a sigmoid."""
    done = each("softplus_input", g, x, numbers=(beta, threshold)) if g.nbytes >= FUNCTION_BYTES else None
    return choose(raw(x) * beta > threshold, g, g * sigmoid(x * beta)) if done is None else done


@op(x=lambda g, x, beta, threshold: softplus_rule(g, x, beta, threshold))
@floats
def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(beta * x)) / beta: a smooth relu. Where beta * x is above the threshold, x."""
    x: Any = input
    if x.size >= FUNCTIONS and beta and (done := each("softplus", x, numbers=(beta, threshold, 1 / beta))) is not None:
        return done
    z = x if beta == 1 else x * beta
    soft = log1p_exp(z)
    soft += backend_of(x).xp.maximum(z, 0)
    if beta != 1:
        soft /= beta
    return blend(z > threshold, x, soft)


@op(x=lambda g, x: g * sigmoid(-x), large={"x": slope("logsigmoid", FUNCTION_BYTES)})
@floats
def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(x)), without overflow."""
    x: Any = input
    if x.size >= FUNCTIONS and (done := each("logsigmoid", x)) is not None:
        return done
    out = backend_of(x).xp.minimum(x, 0)
    out -= log1p_exp(x)
    return out


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


elu_, selu_, celu_, leaky_relu_ = in_place(elu), in_place(selu), in_place(celu), in_place(leaky_relu)
hardtanh_, threshold_, rrelu_ = in_place(hardtanh), in_place(threshold), in_place(rrelu)
