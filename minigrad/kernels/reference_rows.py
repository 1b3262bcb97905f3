"""The slow, obvious NumPy version of the kernels that work row by row: softmax, class losses, normalization."""
from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


# Softmax ----------------------------------------------------------------------------------------------------------------

def softmax(x: Array, axis: int) -> Array:
    """exp(x) / sum(exp(x)) along an axis."""
    e = np.exp(below_largest(x, axis))
    e /= e.sum(axis, keepdims=True)
    return e


def log_softmax(x: Array, axis: int) -> Array:
    """x - log(sum(exp(x))) along an axis."""
    z = below_largest(x, axis)
    z -= np.log(np.exp(z).sum(axis, keepdims=True))
    return z


def softmax_input(g: Array, y: Array, axis: int) -> Array:
    """Gradient of y = softmax(x): y * (g - <g, y>)."""
    y_g = y * g
    return y_g - y * y_g.sum(axis, keepdims=True)


def log_softmax_input(g: Array, y: Array, axis: int) -> Array:
    """Gradient of y = log_softmax(x): g - exp(y) * sum(g)."""
    return g - np.exp(y) * g.sum(axis, keepdims=True)


def below_largest(x: Array, axis: int) -> Array:
    """x minus the largest along an axis: exp overflows above 88 in float32."""
    return x - x.max(axis, keepdims=True) if x.size else x.copy()


def class_loss(x: Array, t: Array, ignore: int, mean: bool) -> tuple[Array, Array, int] | None:
    """Cross entropy of logits (N, K, ...) and labels (N, ...): losses, the gradient of their sum or mean, how many count.

    Rows whose label is `ignore` have neither loss nor gradient. None where a label is neither that nor a class.
    """
    if x.ndim > 2:
        found = class_loss(np.moveaxis(x, 1, -1).reshape(-1, x.shape[1]), t.reshape(-1), ignore, mean)
        if found is None:
            return None
        losses, d, count = found
        return losses.reshape(t.shape), np.moveaxis(d.reshape(*t.shape, x.shape[1]), -1, 1), count
    used = t != ignore
    if (used & ((t < 0) | (t >= x.shape[1]))).any():
        return None
    rows = np.arange(len(t))
    label = np.where(used, t, 0)
    z = below_largest(x, 1)
    d = np.exp(z)
    s = d.sum(1)
    losses = np.where(used, np.log(s) - z[rows, label], 0).astype(x.dtype)
    d /= s[:, None]
    d[rows, label] -= 1
    d[~used] = 0
    count = int(used.sum())
    if mean:
        d /= max(count, 1)
    return losses, d, count


# Normalization ----------------------------------------------------------------------------------------------------------

def layer_norm(x: Array, w: Array | None, b: Array | None, eps: float) -> tuple[Array, Array, Array]:
    """Rows (R, K) to mean 0 and variance 1, times w (K,) plus b (K,); and the means and variances, (R, 1)."""
    return normalized(x, w, b, eps, 1)


def layer_norm_input(g: Array, x: Array, w: Array | None, mean: Array, var: Array, eps: float) -> Array:
    """Gradient of layer_norm for x."""
    return normalized_input(g if w is None else g * w, x, mean, var, eps, 1)


def layer_norm_weight(g: Array, x: Array, mean: Array, var: Array, eps: float) -> Array:
    """Gradient of layer_norm for w: (K,)."""
    return (g * ((x - mean) / np.sqrt(var + eps))).sum(0).astype(x.dtype)


def batch_norm(x: Array, w: Array | None, b: Array | None, eps: float) -> tuple[Array, Array, Array]:
    """Channels of (N, C, P) to mean 0 and variance 1, times w (C,) plus b (C,); and means and variances, (1, C, 1)."""
    return normalized(x, None if w is None else w[:, None], None if b is None else b[:, None], eps, (0, 2))


def batch_norm_input(g: Array, x: Array, w: Array | None, mean: Array, var: Array, eps: float) -> Array:
    """Gradient of batch_norm for x."""
    return normalized_input(g if w is None else g * w[:, None], x, mean, var, eps, (0, 2))


def batch_norm_weight(g: Array, x: Array, mean: Array, var: Array, eps: float) -> Array:
    """Gradient of batch_norm for w: (C,)."""
    return (g * ((x - mean) / np.sqrt(var + eps))).sum((0, 2)).astype(x.dtype)


def normalized(x: Array, w: Array | None, b: Array | None, eps: float, axes: Any) -> tuple[Array, Array, Array]:
    """(x - mean) / sqrt(var + eps) * w + b, the mean and the variance over some axes."""
    mean = x.mean(axes, keepdims=True)
    d = x - mean
    var = (d * d).mean(axes, keepdims=True)
    d *= 1 / np.sqrt(var + eps)
    if w is not None:
        d *= w
    if b is not None:
        d += b
    return d, mean, var


def normalized_input(g: Array, x: Array, mean: Array, var: Array, eps: float, axes: Any) -> Array:
    """Gradient of (x - mean) / sqrt(var + eps) for x."""
    r = 1 / np.sqrt(var + eps)
    d = x - mean
    out: Array = (g - g.mean(axes, keepdims=True) - d * ((g * d).mean(axes, keepdims=True) * (r * r))) * r
    return out.astype(x.dtype, copy=False)
