"""What each op becomes: one line per op, in ONNX's words. k: the graph; then the op's arguments in their order.

Operands of ops that promote arrive in their common dtype. What takes more than a line stands in `layers.py`, `indexing.py`, `recurrent.py`.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .graph import Graph, Ref

Converter = Callable[..., Any]
INT64_MAX = 2**63 - 1


# ---------------------------------------------------------------- what several lines share
def scaled(k: Graph, y: Ref, alpha: Any) -> Ref:
    """alpha * y, and y itself for 1."""
    return y if alpha == 1 else y * alpha


def floats(k: Graph, x: Ref) -> Ref:
    """Booleans and integers as the floats that the result is made of."""
    return k.cast(x, k.dtype)


def steps_down(k: Graph, x: Ref, y: Ref) -> Ref:
    """x / y, rounded down."""
    if np.dtype(x.dtype).kind == "f":
        return k.Floor(x / y)
    q = k.Div(x, y)                                  # rounded towards zero
    wrong = k.And(k.Not(k.Equal(k.Mul(q, y), x)), k.Xor(k.Less(x, 0), k.Less(y, 0)))
    return k.Where(wrong, q - 1, q)


def truncated(k: Graph, x: Ref) -> Ref:
    """x without what is behind the point."""
    return x if np.dtype(x.dtype).kind in "iub" else k.Sign(x) * k.Floor(k.Abs(x))


def parity(op_type: str, bitwise: str) -> Converter:
    """A logical op on booleans, a bitwise one on integers."""
    return lambda k, x, y: k.add(op_type if x.dtype == bool else bitwise, [x, y], 1, {})


def truth(op_type: str) -> Converter:
    """A logical op: operands count as true unless they are zero."""
    def convert(k: Graph, x: Ref, y: Ref | None = None) -> Ref:
        found: Ref = k.add(op_type, [k.cast(v, np.dtype(bool)) for v in (x, y) if v is not None], 1, {})
        return found
    return convert


def unlike(k: Graph, x: Any, y: Any) -> Ref:
    return k.Not(k.Equal(x, y))


def every(k: Graph, x: Ref, dim: Any, keepdim: bool, op_type: str = "ReduceMin") -> Ref:
    """all, and with ReduceMax any."""
    return k.cast(k.reduce(op_type, cast_shape(k, k.cast(x, np.dtype(bool)), np.dtype("i4")), dim, keepdim), k.dtype)


def cast_shape(k: Graph, x: Ref, dtype: Any) -> Ref:
    return k.cast(x, dtype)


def variance(k: Graph, x: Ref, dim: Any, unbiased: Any, keepdim: bool, correction: Any) -> tuple[Ref, Ref]:
    """The variance and the mean."""
    less = correction if correction is not None else 0 if unbiased is False else 1
    mean = k.reduce("ReduceMean", x, dim, True)
    away = Ref(k, (x - mean).name, x.shape, x.dtype)
    n: Any = k.count(x, dim)
    n = max(n - less, 0) if isinstance(n, float) else k.Max(n - less, 0)
    var = k.reduce("ReduceSumSquare", away, dim, keepdim) / n
    return var, mean if keepdim else k.reduce("ReduceMean", x, dim, False)


def norm(k: Graph, x: Ref, ord: Any, dim: Any, keepdim: bool, dtype: Any) -> Ref:
    x = k.cast(x, k.dtype)
    if ord == 2:
        return k.reduce("ReduceL2", x, dim, keepdim)
    if ord == 1:
        return k.reduce("ReduceL1", x, dim, keepdim)
    size = Ref(k, k.Abs(x).name, x.shape, x.dtype)
    if abs(ord) == math.inf:
        return k.reduce("ReduceMax" if ord > 0 else "ReduceMin", size, dim, keepdim)
    if ord == 0:
        return k.reduce("ReduceSum", Ref(k, k.cast(k.Not(k.Equal(x, 0)), x.dtype).name, x.shape, x.dtype), dim, keepdim)
    return k.reduce("ReduceSum", Ref(k, k.Pow(size, float(ord)).name, x.shape, x.dtype), dim, keepdim) ** (1 / ord)


def extreme(op_type: str, at: str) -> Converter:
    """The largest or smallest along a dimension, and where it stands."""
    return lambda k, x, dim, keepdim: (k.reduce(op_type, x, [dim], keepdim), k.add(at, [x], 1, {"axis": dim, "keepdims": int(keepdim)}))


def place(at: str) -> Converter:
    """argmax and argmin."""
    def convert(k: Graph, x: Ref, dim: Any, keepdim: bool) -> Ref:
        if dim is not None:
            found: Ref = k.add(at, [x], 1, {"axis": dim, "keepdims": int(keepdim)})
            return found
        flat: Ref = k.add(at, [k.reshape(x, [-1])], 1, {"axis": 0, "keepdims": 0})
        return k.reshape(flat, [1] * x.ndim) if keepdim else flat
    return convert


def gelu(k: Graph, x: Ref, approximate: str) -> Ref:
    if approximate == "tanh":
        return x * 0.5 * (k.Tanh((x + x * x * x * 0.044715) * math.sqrt(2 / math.pi)) + 1)
    return x * 0.5 * (k.Erf(x * math.sqrt(0.5)) + 1)


def gated(k: Graph, x: Ref, dim: int) -> Ref:
    value, gate = k.Split(x, outputs=2, axis=dim, num_outputs=2)
    return value * k.Sigmoid(gate)


def product(k: Graph, x: Ref, mat1: Ref, mat2: Ref, beta: Any, alpha: Any) -> Ref:
    """beta * x + alpha * (mat1 @ mat2)"""
    made = scaled(k, k.MatMul(mat1, mat2), alpha)
    return made if beta == 0 else scaled(k, x, beta) + made


def clipped(k: Graph, x: Ref, least: Any, most: Any) -> Ref:
    """x within bounds that are tensors or numbers, each of which may be missing."""
    for op_type, bound in (("Max", least), ("Min", most)):
        if bound is not None:
            x = k.add(op_type, [x, bound], 1, {})
    return x


def linear(k: Graph, x: Ref, w: Ref, b: Ref | None) -> Ref:
    if x.ndim == 2:
        found: Ref = k.Gemm(x, w, b, transB=1)
        return found
    y: Ref = k.MatMul(x, k.Transpose(w) if w.ndim > 1 else w)
    return y if b is None else y + b




def same(op_type: str, **attributes: Any) -> Converter:
    """The ONNX op of the same meaning, for any number of tensors."""
    return lambda k, *operands: k.add(op_type, operands, 1, attributes)


def of_floats(op_type: str) -> Converter:
    """The same for functions that make floats of integers."""
    return lambda k, x: k.add(op_type, [floats(k, x)], 1, {})


# ---------------------------------------------------------------- the table
TABLE: dict[str, Converter] = {
    # elementwise
    "add": lambda k, x, y, alpha: k.Or(x, y) if x.dtype == bool else x + scaled(k, y, alpha),
    "sub": lambda k, x, y, alpha: x - scaled(k, y, alpha),
    "mul": lambda k, x, y: k.And(x, y) if x.dtype == bool else x * y,
    "true_divide": same("Div"),
    "neg": same("Neg"), "abs": same("Abs"), "sign": same("Sign"), "sgn": same("Sign"),
    "reciprocal": of_floats("Reciprocal"), "sqrt": of_floats("Sqrt"), "exp": of_floats("Exp"), "log": of_floats("Log"),
    "square": lambda k, x: x * x,
    "rsqrt": lambda k, x: k.Reciprocal(k.Sqrt(floats(k, x))),
    "expm1": lambda k, x: k.Exp(floats(k, x)) - 1,
    "log1p": lambda k, x: k.Log(floats(k, x) + 1),
    "log2": lambda k, x: k.Log(floats(k, x)) / math.log(2),
    "log10": lambda k, x: k.Log(floats(k, x)) / math.log(10),
    "exp2": lambda k, x: k.Exp(floats(k, x) * math.log(2)),
    "logaddexp": lambda k, x, y: k.Max(x, y) + k.Log(k.Exp(-k.Abs(x - y)) + 1),
    "sin": of_floats("Sin"), "cos": of_floats("Cos"), "tan": of_floats("Tan"),
    "asin": of_floats("Asin"), "acos": of_floats("Acos"), "atan": of_floats("Atan"),
    "sinh": of_floats("Sinh"), "cosh": of_floats("Cosh"), "tanh": of_floats("Tanh"),
    "asinh": of_floats("Asinh"), "acosh": of_floats("Acosh"), "atanh": of_floats("Atanh"),
    "erf": of_floats("Erf"), "erfc": lambda k, x: -(k.Erf(floats(k, x)) - 1),
    "deg2rad": lambda k, x: floats(k, x) * (math.pi / 180),
    "rad2deg": lambda k, x: floats(k, x) * (180 / math.pi),
    "hypot": lambda k, x, y: k.Sqrt(x * x + y * y),
    "pow": same("Pow"),
    "floor": lambda k, x: x if np.dtype(x.dtype).kind in "iu" else k.Floor(x),
    "ceil": lambda k, x: x if np.dtype(x.dtype).kind in "iu" else k.Ceil(x),
    "trunc": truncated,
    "round": lambda k, x, decimals: k.Round(x) if decimals == 0 else k.Round(x * 10.0**decimals) / 10.0**decimals,
    "frac": lambda k, x: x - truncated(k, x),
    "divide_and_floor": steps_down, "floor_divide": steps_down,
    "divide_and_truncate": lambda k, x, y: truncated(k, k.Div(x, y)),
    "remainder": lambda k, x, y: k.Mod(x, y) if np.dtype(x.dtype).kind in "iu" else x - k.Floor(x / y) * y,
    "fmod": lambda k, x, y: k.Mod(x, y, fmod=1),
    "maximum": same("Max"), "minimum": same("Min"),
    "clamp_to_numbers": lambda k, x, least, most: k.Clip(k.cast(x, k.dtype), least, most),
    "clamp_to_tensors": clipped,
    "lerp": lambda k, x, end, w: x + (end - x) * w,
    "addcmul": lambda k, x, a, b, value: x + scaled(k, a * b, value),
    "addcdiv": lambda k, x, a, b, value: x + scaled(k, a / b, value),
    "xlogy": lambda k, x, y: k.Where(k.Equal(x, 0), 0, x * k.Log(y)),
    "nan_to_num": lambda k, x, nan, above, below: k.Clip(
        k.Where(k.IsNaN(x), nan or 0, x), np.finfo(x.dtype).min if below is None else below,
        np.finfo(x.dtype).max if above is None else above),
    "logit": lambda k, x, eps: (lambda p: k.Log(p) - k.Log(-p + 1))(floats(k, x) if eps is None else k.Clip(floats(k, x), eps, 1 - eps)),
    "ndtr": lambda k, x: (k.Erf(floats(k, x) * math.sqrt(0.5)) + 1) * 0.5,
    "zeros_as": lambda k, x: x * 0,
    "clone": lambda k, x, memory_format: x, "row_major": lambda k, x: x,
    "cast": lambda k, x, dtype: k.cast(x, np.dtype(dtype)),
    "copy": lambda k, x, y: k.Expand(k.cast(y, x.dtype), k.Shape(x)),
    "fill": lambda k, x, value: k.Expand(k.constant(value, x.dtype) if not isinstance(value, Ref) else k.cast(value, x.dtype), k.Shape(x)),
    "zero": lambda k, x: k.Expand(k.constant(0, x.dtype), k.Shape(x)),
    # activations
    "relu": same("Relu"), "sigmoid": of_floats("Sigmoid"),
    "hardtanh": lambda k, x, least, most, inplace: k.Clip(x, least, most),
    "threshold": lambda k, x, least, value, inplace: k.Where(k.Greater(x, least), x, value),
    "leaky_relu": lambda k, x, slope, inplace: k.LeakyRelu(x, alpha=float(slope)),
    "prelu_kernel": same("PRelu"),
    "elu": lambda k, x, alpha, inplace: k.Elu(x, alpha=float(alpha)),
    "selu": lambda k, x, inplace: k.Selu(x),
    "celu": lambda k, x, alpha, inplace: k.Max(x, 0) + k.Min((k.Exp(x / alpha) - 1) * alpha, 0),
    "softplus": lambda k, x, beta, limit: k.Where(k.Greater(x * beta, limit), x, k.Softplus(x * beta) / beta),
    "logsigmoid": lambda k, x: -k.Softplus(-x),
    "hardsigmoid": lambda k, x, inplace: k.HardSigmoid(x, alpha=1 / 6, beta=0.5),
    "hardswish": lambda k, x, inplace: k.HardSwish(x),
    "hardshrink": lambda k, x, lambd: k.Where(k.Greater(k.Abs(x), lambd), x, 0),
    "softshrink": lambda k, x, lambd: k.Shrink(x, lambd=float(lambd), bias=float(lambd)),
    "silu": lambda k, x, inplace: x * k.Sigmoid(x),
    "mish": lambda k, x, inplace: k.Mish(x),
    "gelu": gelu, "glu": gated,
    "softmax": lambda k, x, dim, dtype, level: k.Softmax(floats(k, x), axis=dim),
    "log_softmax": lambda k, x, dim, dtype, level: k.LogSoftmax(floats(k, x), axis=dim),
    # comparisons
    "eq": same("Equal"), "ne": unlike, "lt": same("Less"), "le": same("LessOrEqual"), "gt": same("Greater"), "ge": same("GreaterOrEqual"),
    "logical_and": truth("And"), "logical_or": truth("Or"), "logical_xor": truth("Xor"), "logical_not": truth("Not"),
    "bitwise_and": parity("And", "BitwiseAnd"), "bitwise_or": parity("Or", "BitwiseOr"), "bitwise_xor": parity("Xor", "BitwiseXor"),
    "bitwise_not": lambda k, x: k.Not(x) if x.dtype == bool else k.BitwiseNot(x),
    "isnan": same("IsNaN"), "isinf": same("IsInf"),
    "isposinf": lambda k, x: k.IsInf(x, detect_negative=0), "isneginf": lambda k, x: k.IsInf(x, detect_positive=0),
    "isfinite": lambda k, x: k.Not(k.Or(k.IsNaN(x), k.IsInf(x))),
    "choose": lambda k, mask, x, y: k.Where(mask, x, y),
    "masked_fill": lambda k, x, mask, value: k.Where(mask, k.constant(value, x.dtype) if not isinstance(value, Ref) else value, x),
    # products
    "matmul": same("MatMul"), "mm": same("MatMul"), "bmm": same("MatMul"), "mv": same("MatMul"), "dot": same("MatMul"),
    "addmm": product, "addmv": product, "baddbmm": product,
    "linear": linear,
    # reductions
    "sum": lambda k, x, dim, keepdim, dtype: k.reduce("ReduceSum", k.cast(x, k.dtype), dim, keepdim),
    "mean": lambda k, x, dim, keepdim, dtype: k.reduce("ReduceMean", k.cast(x, k.dtype), dim, keepdim),
    "prod": lambda k, x, dim, keepdim, dtype: k.reduce("ReduceProd", k.cast(x, k.dtype), dim, keepdim),
    "amax": lambda k, x, dim, keepdim: k.reduce("ReduceMax", x, dim, keepdim),
    "amin": lambda k, x, dim, keepdim: k.reduce("ReduceMin", x, dim, keepdim),
    "max_of_all": lambda k, x: k.reduce("ReduceMax", x, None, False),
    "min_of_all": lambda k, x: k.reduce("ReduceMin", x, None, False),
    "max_with_indices": extreme("ReduceMax", "ArgMax"), "min_with_indices": extreme("ReduceMin", "ArgMin"),
    "argmax": place("ArgMax"), "argmin": place("ArgMin"),
    "logsumexp": lambda k, x, dim, keepdim: k.reduce("ReduceLogSumExp", k.cast(x, k.dtype), dim, keepdim),
    "all": every, "any": lambda k, x, dim, keepdim: every(k, x, dim, keepdim, "ReduceMax"),
    "var": lambda k, x, dim, unbiased, keepdim, correction: variance(k, x, dim, unbiased, keepdim, correction)[0],
    "std": lambda k, x, dim, unbiased, keepdim, correction: k.Sqrt(variance(k, x, dim, unbiased, keepdim, correction)[0]),
    "var_mean": variance,
    "std_mean": lambda k, *args: (k.Sqrt(variance(k, *args)[0]), variance(k, *args)[1]),
    "count_nonzero": lambda k, x, dim: k.reduce("ReduceSum", k.cast(k.cast(x, np.dtype(bool)), np.dtype("i8")), dim, False),
    "det": same("Det"),
    "vector_norm": norm, "euclidean": lambda k, x, y, by_product: distances(k, x, y, by_product),
    "cumsum": lambda k, x, dim, dtype: k.CumSum(k.cast(x, k.dtype), k.constant(dim, np.int64)),
    "mse": lambda k, x, t, reduction: reduced(k, (x - t) * (x - t), x, reduction),
    "l1": lambda k, x, t, reduction: reduced(k, k.Abs(x - t), x, reduction),
    "huber": lambda k, x, t, reduction, delta: reduced(k, bent(k, k.Abs(x - t), delta), x, reduction),
    # shapes
    "view": lambda k, x, size: k.reshape(x, size),
    "transpose": lambda k, x, a, b: swapped(k, x, a, b),
    "permute": lambda k, x, dims: k.Transpose(x, perm=k.axes(dims, x.ndim)) if x.ndim else x,
    "unsqueeze": lambda k, x, dim: k.Unsqueeze(x, k.ints(dim)),
    "squeeze": lambda k, x, dim: squeezed(k, x, dim),
    "expand": lambda k, x, size: expanded(k, x, size),
    "cat": lambda k, tensors, dim: k.Concat(*[k.cast(t, k.dtype) for t in tensors], axis=dim),
    "stack": lambda k, tensors, dim: k.Concat(*[k.Unsqueeze(k.cast(t, k.dtype), k.ints(dim)) for t in tensors], axis=dim),
    "split_with_sizes": lambda k, x, sizes, dim: several(k.Split(x, k.ints(*sizes), outputs=len(sizes), axis=dim)),
    "unbind": lambda k, x, dim: tuple([k.Gather(x, k.constant(i, np.int64), axis=dim) for i in range(x.shape[dim])]),
    "repeat": lambda k, x, repeats: k.Tile(k.Unsqueeze(x, k.ints(*range(len(repeats) - x.ndim))) if len(repeats) > x.ndim else x,
                                           k.ints(*repeats)) if repeats else x,
    "repeat_each": lambda k, x, repeats, dim: k.Gather(x, k.constant(np.repeat(np.arange(x.shape[dim]), repeats), np.int64), axis=dim),
    "flip": lambda k, x, dims: k.Slice(x, k.ints(*[-1] * len(dims)), k.ints(*[-INT64_MAX] * len(dims)), k.ints(*k.axes(dims, x.ndim)),
                                       k.ints(*[-1] * len(dims))) if dims else x,
    "tril": lambda k, x, diagonal: k.Trilu(x, k.constant(diagonal, np.int64), upper=0),
    "triu": lambda k, x, diagonal: k.Trilu(x, k.constant(diagonal, np.int64), upper=1),
    "contract": lambda k, x, y, x_labels, y_labels, labels: k.Einsum(x, y, equation=equation(x_labels, y_labels, labels)),
}


def distances(k: Graph, x: Ref, y: Ref, by_product: bool) -> Ref:
    """(..., P, M), (..., R, M) -> (..., P, R)"""
    found: Ref = k.ReduceL2(k.Unsqueeze(x, k.ints(-2)) - k.Unsqueeze(y, k.ints(-3)), k.ints(-1), keepdims=0)
    return found


def bent(k: Graph, d: Ref, delta: float) -> Ref:
    """d^2 / 2 up to delta, then straight on."""
    c: Ref = k.Min(d, delta)
    return c * (d - c * 0.5)


def reduced(k: Graph, loss: Ref, x: Ref, reduction: str) -> Ref:
    """A loss of every element as the user wants it."""
    whole = Ref(k, loss.name, x.shape, x.dtype)
    return loss if reduction == "none" else k.reduce("ReduceMean" if reduction == "mean" else "ReduceSum", whole, None, False)


def swapped(k: Graph, x: Ref, a: int, b: int) -> Ref:
    if not x.ndim:
        return x
    order = list(range(x.ndim))
    order[a], order[b] = order[b], order[a]
    found: Ref = k.Transpose(x, perm=order)
    return found


def squeezed(k: Graph, x: Ref, dim: Any) -> Ref:
    assert x.shape is not None
    gone = [d for d in k.axes(dim, x.ndim) if x.shape[d] == 1]
    return k.Squeeze(x, k.ints(*gone)) if gone else x


def expanded(k: Graph, x: Ref, size: list[Any]) -> Ref:
    """-1, which keeps a size, is 1 to ONNX."""
    found: Ref = k.Expand(x, k.ints(*[1 if n == -1 else n for n in size]))
    return found


def several(refs: Any) -> tuple[Ref, ...]:
    """The outputs of a node as a tuple, also of one."""
    return refs if isinstance(refs, tuple) else (refs,)


def equation(*labels: list[Any]) -> str:
    """The formula of an Einsum."""
    names: dict[Any, str] = {}
    for label in [label for operand in labels for label in operand]:
        names.setdefault(label, chr(ord("a") + len(names)))
    x, y, out = ["".join([names[label] for label in operand]) for operand in labels]
    return f"{x},{y}->{out}"
