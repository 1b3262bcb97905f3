"""The slow, obvious NumPy version of the kernels that work row by row: softmax, class losses, normalization."""
from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Gradients = tuple[Array, Array, Array]


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


def layer_norm_gradients(g: Array, x: Array, w: Array | None, mean: Array, var: Array, eps: float) -> Gradients:
    """Gradients of layer_norm for x, w and b."""
    return layer_norm_input(g, x, w, mean, var, eps), layer_norm_weight(g, x, mean, var, eps), g.sum(0)


def rms_norm(x: Array, w: Array | None, eps: float) -> tuple[Array, Array]:
    """Rows (R, K) over the root of their mean square, times w (K,); and 1 / sqrt(mean square + eps), (R, 1)."""
    r = 1 / np.sqrt((x * x).mean(1, keepdims=True) + eps)
    return x * r if w is None else x * r * w, r


def rms_norm_gradients(g: Array, x: Array, w: Array | None, r: Array) -> tuple[Array, Array]:
    """Gradients of rms_norm for x and w."""
    gw = g if w is None else g * w
    return (gw - x * ((gw * x).mean(1, keepdims=True) * (r * r))) * r, (g * (x * r)).sum(0)


def group_norm(x: Array, groups: int, w: Array | None, b: Array | None, eps: float) -> tuple[Array, Array, Array]:
    """Groups of channels of (N, C, P) to mean 0 and variance 1, times w (C,) plus b (C,); and means and variances, (N, groups, 1)."""
    y, mean, var = normalized(x.reshape(x.shape[0], groups, -1), None, None, eps, 2)
    y = y.reshape(x.shape)
    if w is not None:
        y *= w[:, None]
    if b is not None:
        y += b[:, None]
    return y, mean, var


def group_norm_gradients(g: Array, x: Array, groups: int, w: Array | None, mean: Array, var: Array, eps: float) -> Gradients:
    """Gradients of group_norm for x, w and b."""
    xg, gw = x.reshape(x.shape[0], groups, -1), g if w is None else g * w[:, None]
    dx = normalized_input(gw.reshape(xg.shape), xg, mean, var, eps, 2).reshape(x.shape)
    z = ((xg - mean) / np.sqrt(var + eps)).reshape(x.shape)
    return dx, (g * z).sum((0, 2)), g.sum((0, 2))


def fixed_norm(x: Array, w: Array | None, b: Array | None, mean: Array, var: Array, eps: float) -> Array:
    """Channels of (N, C, P) by given means and variances, (1, C, 1): (x - mean) / sqrt(var + eps) * w + b."""
    y = x - mean
    y *= factors(w, var, eps)
    if b is not None:
        y += b[:, None]
    return y


def fixed_norm_gradients(g: Array, x: Array, w: Array | None, mean: Array, var: Array, eps: float) -> Gradients:
    """Gradients of fixed_norm for x, w and b."""
    return g * factors(w, var, eps), batch_norm_weight(g, x, mean, var, eps), g.sum((0, 2))


def factors(w: Array | None, var: Array, eps: float) -> Array:
    """w / sqrt(var + eps), (1, C, 1)."""
    r: Array = 1 / np.sqrt(var + eps)
    return r if w is None else r * w[:, None]


def batch_norm(x: Array, w: Array | None, b: Array | None, eps: float) -> tuple[Array, Array, Array]:
    """Channels of (N, C, P) to mean 0 and variance 1, times w (C,) plus b (C,); and means and variances, (1, C, 1)."""
    return normalized(x, None if w is None else w[:, None], None if b is None else b[:, None], eps, (0, 2))


def batch_norm_gradients(g: Array, x: Array, w: Array | None, mean: Array, var: Array, eps: float) -> Gradients:
    """Gradients of batch_norm for x, w and b."""
    return batch_norm_input(g, x, w, mean, var, eps), batch_norm_weight(g, x, mean, var, eps), g.sum((0, 2))


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
