"""Batching rules of ops that work element by element, along dimensions, or on shapes: a table by kind.

Under vmap each sample's dimension d is dimension d + 1 of all samples. Ops that are not here, nor in the other tables
of this package, run sample by sample.
"""
from __future__ import annotations

from math import prod
from typing import Any

from ..engine.node import TensorBase
from ..engine.promotion import common_dtype
from ..errors import UnsupportedError
from ..ops.cast import cast
from ..ops.dims import many_dims, one_dim
from ..ops.extremum import amax, amin
from ..ops.parts import diagonal as take_diagonal
from ..ops.reduce import sum
from ..ops.select import choose
from ..ops.shape import expand, infer_size
from .dispatch import Call, batches, sample_by_sample


# ---------------------------------------------------------------- element by element
@batches("cast clone row_major transfer zero zeros_as",
         "neg abs sign sgn signbit reciprocal square rsqrt sqrt exp expm1 log log2 log10 log1p exp2 sigmoid sin cos tan asin acos",
         "atan sinh cosh tanh asinh acosh atanh clamp_to_numbers nan_to_num logical_not isnan isinf isfinite isposinf isneginf isreal",
         "bitwise_not floor ceil trunc round frac erf erfc erfinv lgamma digamma polygamma logit real imag conj_physical angle",
         "view_as_real relu hardtanh threshold leaky_relu elu selu celu softplus logsigmoid hardsigmoid hardshrink softshrink silu mish",
         "hardswish gelu drop_all one_hot_of deg2rad rad2deg sinc sinc_slope airy_ai airy_slope bessel_j0 bessel_j1 bessel_y0 bessel_y1",
         "i0 i0e i1 i1e modified_bessel_k0 modified_bessel_k1 scaled_modified_bessel_k0 scaled_modified_bessel_k1 spherical_bessel_j0",
         "entr erfcx ndtr ndtri log_ndtr")
def pointwise(c: Call) -> Any:
    """One tensor, whose samples do not know where they begin."""
    return c(**{c.first: c.whole(c[c.first])})


@batches("add sub mul true_divide copysign logaddexp logaddexp2 atan2 hypot maximum minimum fmax fmin pow floor_divide divide_and_floor",
         "divide_and_truncate remainder fmod bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift",
         "eq ne lt le gt ge isclose logical_and logical_or logical_xor heaviside choose clamp_to_tensors lerp addcmul addcdiv complex",
         "polar prelu_kernel gcd lcm nextafter xlogy xlog1py zeta igamma igammac hermite_polynomial_h hermite_polynomial_he",
         "chebyshev_polynomial_t chebyshev_polynomial_u chebyshev_polynomial_v chebyshev_polynomial_w laguerre_polynomial_l",
         "legendre_polynomial_p shifted_chebyshev_polynomial_t shifted_chebyshev_polynomial_u shifted_chebyshev_polynomial_v",
         "shifted_chebyshev_polynomial_w")
def elementwise(c: Call) -> Any:
    """Several tensors that broadcast: samples get leading ones, so that dimension 0 meets dimension 0."""
    names = [c.op.names[i] for i in c.op.tensors if hasattr(c[c.op.names[i]], "shape")]
    values = promoted(c, names)
    ndim = max(values[name].ndim for name in names)
    return c(**{name: c.padded(values[name], ndim) for name in names})


def promoted(c: Call, names: list[str]) -> dict[str, Any]:
    """The operands in the dtype that one sample alone would get: a 0-d sample is not 0-d any more among all of them."""
    values = {name: c[name] for name in names}
    if c.op.promotes in ("same", None) or len({v.dtype for v in values.values()}) == 1:
        return values
    to = common_dtype(c.op, [getattr(v, "array", v) for v in c.values.values()])
    chosen = {c.op.names[i] for i in c.op.promoted}
    return {name: cast(v, to) if name in chosen and isinstance(v, TensorBase) and v.array.dtype != to else v   # type: ignore[arg-type]
            for name, v in values.items()}


@batches("masked fill_where")
def masked(c: Call) -> Any:
    """A tensor and the array of a mask that broadcasts to it."""
    x, mask = c["input"], c["mask"]
    ndim = max(x.ndim, mask.ndim)
    return c(input=c.padded(c[c.first] if c.holds(x) else x, ndim), mask=c.padded(mask, ndim))


@batches("masked_fill")
def masked_fill(c: Call) -> Any:
    """`value` may be a 0-d tensor with one number per sample."""
    x, value = c["input"], c["value"]
    if isinstance(value, TensorBase):
        return choose(c["mask"], cast(value, x.array.dtype), x)          # type: ignore[arg-type]
    ndim = max(x.ndim, c["mask"].ndim)
    return c(input=c.padded(x, ndim), mask=c.padded(c["mask"], ndim))


@batches("fill")
def fill(c: Call) -> Any:
    x, value = c["input"], c["value"]
    if not c.holds(value):
        return c(input=c.whole(x))
    return expand(cast(value, x.array.dtype), tuple(x.shape)).clone()


@batches("copy")
def copy(c: Call) -> Any:
    x, src = c["input"], c["src"]
    return c(input=c.front(x), src=c.padded(src, x.ndim))


@batches("gelu_input recurrence cross_along")
def alike(c: Call) -> Any:
    """Two tensors of one shape, perhaps along a dimension."""
    a, b = [c.op.names[i] for i in c.op.tensors[:2]]
    ndim = max(c[a].ndim, c[b].ndim)
    changed = {name: c.padded(c[name], ndim) if c.holds(c[name]) else c.front(c[name]) for name in (a, b)}
    if "dim" in c.values:
        changed["dim"] = c.dim(ndim=ndim)
    return c(**changed)


@batches("mse l1 huber kl soft_margin bernoulli_nll bernoulli_logits_nll")
def loss(c: Call) -> Any:
    """A loss that is a sum or a mean of elements: computed without either, and reduced per sample."""
    x, t = c["input"], c["target"]
    if not c.op.broadcast:
        if x.shape != t.shape or c["weight"] is not None or c.values.get("pos_weight") is not None:
            return sample_by_sample(c)
        x, t = [value if c.holds(value) else expand(value, (c.level.size, *value.shape)) for value in (x, t)]
        whole = c(input=c.whole(x), target=c.whole(t), reduction="none")
        return whole if c["reduction"] == "none" else per_sample(whole, c["reduction"], 0)
    ndim = max(x.ndim, t.ndim)
    if c["reduction"] == "none":
        return c(input=c.padded(x, ndim), target=c.padded(t, ndim))
    each = c(input=c.padded(x, ndim), target=c.padded(t, ndim), reduction="none")
    return per_sample(each, c["reduction"], (x.shape or (1,))[0])


def per_sample(each: Any, reduction: str, rows: int) -> Any:
    """The elements of each sample reduced."""
    dims = tuple(range(1, each.ndim))
    if not dims:
        return each
    total = sum(each, dims)
    return total if reduction == "sum" else total / (rows if reduction == "batchmean" else prod(each.shape[1:]))


# ---------------------------------------------------------------- along one dimension
@batches("cumsum cumsum_from_end cumprod logcumsumexp cummax cummin max_with_indices min_with_indices sort argsort topk",
         "median_with_indices nanmedian_with_indices kthvalue mode glu repeat_each resample_along take_windows add_windows resample_input")
def along(c: Call) -> Any:
    """An op along `dim`. A sample of no dimensions is one number along dimension 1."""
    name = c.first
    x = c.whole(c[name])
    if c[name].ndim:
        return c(**{name: x}, dim=c.dim())
    return flat(c, c(**{name: x.reshape((-1, 1))}, dim=c.dim()))


def flat(c: Call, result: Any) -> Any:
    """The one number that an op returned for each sample, (samples, 1) -> (samples,)."""
    if isinstance(result, tuple):
        parts = [flat(c, r) for r in result]
        return type(result)(*parts) if hasattr(result, "_fields") else tuple(parts)
    return result.reshape((c.level.size,))


@batches("softmax log_softmax")
def softmax(c: Call) -> Any:
    n = c["input"].ndim
    dim = c["dim"] if c["dim"] is not None else 0 if n in (0, 1, 3) else 1
    x = c.whole(c["input"])
    if not n:
        return c(input=x.reshape((-1, 1)), dim=one_dim(c.op.name, dim, 0) + 1).reshape((c.level.size,))
    return c(input=x, dim=one_dim(c.op.name, dim, n) + 1)


@batches("transform half_spectrum from_half_spectrum")
def spectrum(c: Call) -> Any:
    """Fourier transforms over `axes`."""
    x = c["input"]
    return c(input=c.whole(x), axes=tuple([one_dim(c.op.name, d, x.ndim) + 1 for d in c["axes"]]))


@batches("inside")
def inside(c: Call) -> Any:
    return c(input=c.whole(c["input"]), d=c.dim("d"))


@batches("attend")
def attend(c: Call) -> Any:
    """softmax along the last dimension, with a mask that broadcasts."""
    x, hidden = c["input"], c["hidden"]
    return c(input=c.front(x), hidden=None if hidden is None else c.padded(hidden, x.ndim))


@batches("prod argmax argmin")
def along_one_or_all(c: Call) -> Any:
    """`dim=None` means all elements."""
    x = c.whole(c["input"])
    n = c["input"].ndim
    if c["dim"] is not None and n:
        return c(input=x, dim=c.dim())
    if c["dim"] is not None:
        one_dim(c.op.name, c["dim"], n)
    result = c(input=x.reshape((c.level.size, -1)), dim=1, keepdim=False)
    return result.reshape((c.level.size, *[1] * n)) if c["keepdim"] and c["dim"] is None else result


# ---------------------------------------------------------------- over dimensions
@batches("sum mean nansum all any count_nonzero amax amin logsumexp vector_norm var std var_mean std_mean")
def over(c: Call) -> Any:
    """A reduction over `dim`; None and () mean all dimensions of one sample, but () means none to `all` and `any`."""
    name, n, dim = c.first, c[c.first].ndim, c["dim"]
    changed: dict[str, Any] = {}
    if type(dim) is bool:                            # var(x, unbiased)
        dim, changed["unbiased"] = None, dim
    if dim == () and c.op.name in ("all", "any"):
        return c(input=c.whole(c["input"]))
    dims = tuple([d + 1 for d in many_dims(c.op.name, dim, n)])
    x = c.whole(c[name])
    if n:
        return c(**{name: x}, dim=dims, **changed)
    if "keepdim" in c.values:
        changed["keepdim"] = False
    return c(**{name: x.reshape((-1, 1))}, dim=(1,), **changed)


@batches("max_of_all min_of_all")
def largest(c: Call) -> Any:
    x = c.whole(c["input"])
    reduce = amax if c.op.name == "max_of_all" else amin
    return reduce(x.reshape((c.level.size, -1)), 1)


@batches("median_of_all histc bincount nonzero_positions masked_select")
def all_elements(c: Call) -> Any:
    if c.op.name in ("nonzero_positions", "masked_select"):
        raise UnsupportedError(f"vmap: the shape of what {c.op.name.removesuffix('_positions')} returns depends on the values of its "
                               "input; use a mask and where() instead")
    return sample_by_sample(c)


@batches("trace")
def trace(c: Call) -> Any:
    return sum(take_diagonal(c["input"]), -1) if c["input"].ndim == 2 else sample_by_sample(c)


# ---------------------------------------------------------------- shapes
@batches("view")
def view(c: Call) -> Any:
    return c(input=c.whole(c["input"]), size=(c.level.size, *infer_size("view", c["input"].array, c["size"])))


@batches("expand")
def expanded(c: Call) -> Any:
    size = tuple(c["size"])
    x = c.padded(c["input"], len(size))
    return c(input=x, size=(c.level.size, *size))


@batches("sum_to_size")
def sum_to_size(c: Call) -> Any:
    x, size = c.whole(c["input"]), tuple(c["size"])
    extra = x.ndim - 1 - len(size)
    x = sum(x, tuple(range(1, 1 + extra))) if extra > 0 else x
    return c(input=x, size=(c.level.size, *size))


@batches("unsqueeze")
def unsqueeze(c: Call) -> Any:
    return c(input=c.whole(c["input"]), dim=c.dim(ndim=c["input"].ndim + 1))


@batches("squeeze")
def squeeze(c: Call) -> Any:
    x, dim = c["input"], c["dim"]
    dims = range(x.ndim) if dim is None else [one_dim("squeeze", d, x.ndim) for d in (dim if isinstance(dim, (tuple, list)) else (dim,))]
    return c(input=c.whole(x), dim=tuple([d + 1 for d in dims if d < x.ndim and x.shape[d] == 1]))


@batches("transpose")
def transpose(c: Call) -> Any:
    a, b = c.dim("dim0"), c.dim("dim1")
    return c(input=c.whole(c["input"]), dim0=a, dim1=b) if c["input"].ndim else c.whole(c["input"])


@batches("permute")
def permute(c: Call) -> Any:
    n = c["input"].ndim
    if len(c["dims"]) != n:
        return sample_by_sample(c)                   # says what is wrong
    return c(input=c.whole(c["input"]), dims=(0, *[one_dim("permute", d, n) + 1 for d in c["dims"]]))


@batches("diagonal")
def diagonal(c: Call) -> Any:
    return c(input=c.whole(c["input"]), dim1=c.dim("dim1"), dim2=c.dim("dim2"))


@batches("diagonal_place")
def diagonal_place(c: Call) -> Any:
    n = len(c["shape"])
    return c(input=c.whole(c["input"]), dim1=c.dim("dim1", n), dim2=c.dim("dim2", n), shape=(c.level.size, *c["shape"]))


@batches("unfold_dim")
def unfold_dim(c: Call) -> Any:
    return c(input=c.whole(c["input"]), dimension=c.dim("dimension")) if c["input"].ndim else sample_by_sample(c)


@batches("window_sum")
def window_sum(c: Call) -> Any:
    shape = c["shape"]
    if not shape:
        return sample_by_sample(c)
    return c(input=c.whole(c["input"]), dimension=c.dim("dimension", len(shape)), shape=(c.level.size, *shape))


@batches("split_with_sizes unbind")
def parts(c: Call) -> Any:
    return c(input=c.whole(c["input"]), dim=c.dim()) if c["input"].ndim else sample_by_sample(c)


@batches("cat stack")
def joined(c: Call) -> Any:
    tensors = c["tensors"]
    ndim = max(t.ndim for t in tensors) + (c.op.name == "stack")
    tensors = [t for t in tensors if tuple(t.shape) != (0,)] or tensors  # cat lets empty vectors pass beside anything
    return c(tensors=[c.front(t) for t in tensors], dim=c.dim(ndim=ndim))


@batches("flip")
def flip(c: Call) -> Any:
    n = c["input"].ndim
    return c(input=c.whole(c["input"]), dims=tuple([d + 1 for d in (many_dims("flip", c["dims"], n) if c["dims"] else ())]))


@batches("roll")
def roll(c: Call) -> Any:
    x, dims = c["input"], c["dims"]
    if dims is None or dims == ():
        return c(input=c.whole(x).reshape((c.level.size, -1)), dims=1).reshape((c.level.size, *x.shape))
    dims = dims if isinstance(dims, (tuple, list)) else (dims,)
    return c(input=c.whole(x), dims=tuple([one_dim("roll", d, x.ndim) + 1 for d in dims]))


@batches("repeat")
def repeat(c: Call) -> Any:
    repeats = tuple(c["repeats"])
    if len(repeats) < c["input"].ndim:
        return sample_by_sample(c)                   # says what is wrong
    return c(input=c.padded(c["input"], len(repeats)), repeats=(1, *repeats))


@batches("tril triu")
def triangle(c: Call) -> Any:
    return c(input=c.whole(c["input"])) if c["input"].ndim >= 2 else sample_by_sample(c)


@batches("view_as_complex pairs")
def last_pair(c: Call) -> Any:
    return c(input=c.whole(c["input"])) if c["input"].ndim else sample_by_sample(c)


@batches("pad_constant")
def pad_constant(c: Call) -> Any:
    return c(input=c.whole(c["input"]), pads=((0, 0), *c["pads"]))
