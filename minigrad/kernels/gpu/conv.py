"""Convolution on a GPU: columns made by our own kernels, multiplied by cuBLAS; depthwise convolution directly."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..reference import Padding, Pair, Shape, conv_size
from .machine import Array, array_module, compact, launch, machine
from .norm import row_sums
from .windows import window

WORKSPACE = 256 * 2 ** 20             # bytes of columns at a time; more images than fit are done one part after the other


def conv2d(x: Array, w: Array, b: Array | None, stride: Pair, padding: Padding, dilation: Pair, groups: int,
           rectify: bool = False) -> Array:
    """Cross-correlation of (N, C, H, W) with (F, C / groups, KH, KW) -> (N, F, OH, OW); of the result, max(y, 0) if wanted."""
    x, w, xp = compact(x), compact(w), array_module()
    n, filters = x.shape[0], w.shape[0]
    out_size = conv_size(x.shape[2:], w.shape[2:], stride, padding, dilation)
    seen = window(x.shape[2:], w.shape[2:], out_size, stride, padding, dilation)
    y = xp.empty((n, filters, *out_size), x.dtype)
    if not y.size:
        return y
    if by_channel(x.shape, groups):
        launch("depthwise", "depthwise", x, y.size, y, x, w, None if b is None else compact(b), seen, n * filters, filters,
               filters // groups, int(rectify))
        return y
    places = out_size[0] * out_size[1]
    wg = w.reshape(groups, filters // groups, -1)
    for part in parts(n, x.shape[1] * w.shape[2] * w.shape[3] * places * x.itemsize):
        columns = columns_of(x[part], w.shape, out_size, seen, groups, padding)
        out = y[part].reshape(-1, groups, filters // groups, places)
        for k in range(groups):
            machine().products(out[:, k], wg[k:k + 1], columns[:, k], False)
    if b is not None or rectify:
        launch("conv", "finish", y, y.size, y, None if b is None else compact(b), y.size, filters, places, int(rectify))
    return y


def conv2d_input(g: Array, w: Array, x_shape: Shape, stride: Pair, padding: Padding, dilation: Pair, groups: int) -> Array:
    """The adjoint of conv2d in x: gradient (N, F, OH, OW) -> x_shape. Also the forward pass of conv_transpose2d."""
    g, w, xp = compact(g), compact(w), array_module()
    (n, channels, *_), filters, out_size = x_shape, w.shape[0], g.shape[2:]
    seen = window(x_shape[2:], w.shape[2:], out_size, stride, padding, dilation)
    if not g.size:
        return xp.zeros(x_shape, g.dtype)
    dx = xp.empty(x_shape, g.dtype)
    if by_channel(x_shape, groups):
        launch("depthwise", "depthwise_input", g, dx.size, dx, g, w, seen, n * channels, channels, filters // groups)
        return dx
    places, rows = out_size[0] * out_size[1], w[0].size
    wg = w.reshape(groups, filters // groups, rows).swapaxes(1, 2)
    same = alike(x_shape, w.shape, out_size, padding)
    for part in parts(n, groups * rows * places * g.itemsize):
        images = part.stop - part.start
        gg = g[part].reshape(images, groups, filters // groups, places)
        shape = images, groups, rows, places
        columns = dx[part].reshape(shape) if same else xp.empty(shape, g.dtype)
        for k in range(groups):
            machine().products(columns[:, k], wg[k:k + 1], gg[:, k], False)
        if not same:
            launch("conv", "col2im", g, dx[part].size, dx[part], columns, seen, images * channels)
    return dx


def conv2d_weight(g: Array, x: Array, w_shape: Shape, stride: Pair, padding: Padding, dilation: Pair, groups: int) -> Array:
    """The adjoint of conv2d in w: gradient (N, F, OH, OW) and input (N, C, H, W) -> w_shape."""
    g, x, xp = compact(g), compact(x), array_module()
    n, filters, *out_size = g.shape
    seen = window(x.shape[2:], w_shape[2:], tuple(out_size), stride, padding, dilation)
    if not g.size or not x.size:
        return xp.zeros(w_shape, g.dtype)
    dw = xp.empty(w_shape, g.dtype)
    if by_channel(x.shape, groups):
        launch("depthwise", "depthwise_weight", g, g.size, dw, g, x, seen, n, filters, filters // groups, blocks=dw.size)
        return dw
    places, rows = out_size[0] * out_size[1], w_shape[1] * w_shape[2] * w_shape[3]
    # A channel's rows over all images side by side make it one product of long rows instead of one for each image.
    for part in parts(n, (groups * rows + filters) * places * g.itemsize):
        images, gg, xx = part.stop - part.start, g[part], x[part]
        flat = xp.empty((filters, images * places), g.dtype)
        launch("conv", "channels_first", g, gg.size, flat, gg, images, filters, places)
        columns = xp.empty((groups * rows, images * places), g.dtype)
        launch("conv", "im2col", x, images * x.shape[1] * places, columns, xx, seen, images * x.shape[1], x.shape[1],
               w_shape[2] * w_shape[3] * images * places, places, images * places)
        machine().products(dw.reshape(groups, filters // groups, rows), flat.reshape(groups, filters // groups, -1),
                           columns.reshape(groups, rows, -1).swapaxes(1, 2), part.start > 0)
    return dw


def conv2d_bias(g: Array) -> Array:
    """The adjoint of conv2d in b: gradient (N, F, OH, OW) -> (F,)."""
    return row_sums(compact(g).reshape(g.shape[0], g.shape[1], g.shape[2] * g.shape[3]))


# What the three share ---------------------------------------------------------------------------------------------------

def by_channel(x_shape: Shape, groups: int) -> bool:
    """Whether each channel has filters of its own."""
    return groups == x_shape[1] and groups > 1


def alike(x_shape: Shape, w_shape: Shape, out_size: Shape, padding: Padding) -> bool:
    """Whether the columns are the input itself: filters of one tap at every place."""
    return tuple(w_shape[2:]) == (1, 1) and tuple(x_shape[2:]) == tuple(out_size) and padding == ((0, 0), (0, 0))


def columns_of(x: Array, w_shape: Shape, out_size: Pair, seen: Any, groups: int, padding: Padding) -> Array:
    """(N, C, H, W) -> (N, groups, rows, places): a column for each place of the output."""
    n, places = x.shape[0], out_size[0] * out_size[1]
    shape = (n, groups, w_shape[1] * w_shape[2] * w_shape[3], places)
    if alike(x.shape, w_shape, out_size, padding):
        return x.reshape(shape)
    columns = array_module().empty(shape, x.dtype)
    taps, planes = w_shape[2] * w_shape[3], n * x.shape[1]
    launch("conv", "im2col", x, planes * places, columns, x, seen, planes, planes, taps * places, 0, places)
    return columns


def parts(images: int, bytes_each: int) -> Iterator[slice]:
    """Slices of so many images whose columns fit the workspace; at least one image at a time."""
    step = max(WORKSPACE // max(bytes_each, 1), 1)
    for start in range(0, images, step):
        yield slice(start, min(start + step, images))
