"""Elements repeated, reversed, rolled round: repeat, tile, repeat_interleave, flip, roll, rot90."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.node import TensorBase, wrap
from ..engine.op import op
from ..errors import ArgumentTypeError, OutOfRangeError, ShapeError, UnsupportedError, describe
from ..naming import called
from .axes import transpose
from .dims import one_dim, shape_args
from .operands import need_tensors
from .reduce import sum
from .rows import index_select

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- repeated
@op(x=lambda g, x_shape, repeats: repeats_added(g, x_shape, repeats))
def repeat(input: Tensor, repeats: tuple[int, ...]) -> Tensor:
    """The whole tensor repeated so often along each dimension; more repeats than dimensions add leading ones."""
    x: Any = input
    if len(repeats) < x.ndim:
        raise ShapeError(f"repeat: number of dimensions of repeat dims can not be smaller than number of dimensions of tensor; "
                         f"got repeats {repeats}, x {x.shape}")
    if min(repeats, default=0) < 0:
        raise ShapeError(f"repeat: repeats must not be negative; got {repeats}")
    return backend_of(x).xp.tile(x, repeats)


def repeats_added(g: Any, shape: tuple[int, ...], repeats: tuple[int, ...]) -> Any:
    """The adjoint of `repeat`: (r0 * n0, r1 * n1) as (r0, n0, r1, n1), summed over the repeats."""
    full = (1,) * (len(repeats) - len(shape)) + tuple(shape)
    pairs = tuple([n for pair in zip(repeats, full) for n in pair])
    return sum(g.reshape(pairs), tuple(range(0, len(pairs), 2))).reshape(shape) if pairs else g


@called("repeat")
def repeat_method(self: Tensor, *sizes: Any, repeats: Sequence[int] | None = None) -> Tensor:
    """The whole tensor repeated: `repeat(2, 3)` or `repeat((2, 3))`."""
    if not sizes and repeats is None:
        raise ArgumentTypeError("repeat: missing argument 'repeats'")
    return repeat(self, shape_args(sizes if repeats is None else (repeats,)))


def tile(input: Tensor, dims: Sequence[int]) -> Tensor:
    """The whole tensor repeated; fewer numbers than dimensions count for the last ones."""
    return repeat(input, (1,) * (input.ndim - len(dims)) + tuple(dims))


@called("tile")
def tile_method(self: Tensor, *sizes: Any, dims: Sequence[int] | None = None) -> Tensor:
    """The whole tensor repeated: `tile(2, 3)` or `tile((2, 3))`."""
    return tile(self, shape_args(sizes if dims is None else (dims,)))


@op(x=lambda g, x_shape, repeats, dim: sum(g.reshape((*x_shape[:dim + 1], repeats, *x_shape[dim + 1:])), dim + 1))
def repeat_each(input: Tensor, repeats: int, dim: int) -> Tensor:
    """Each slice along a non-negative `dim` so often in a row."""
    return backend_of(input).xp.repeat(input, repeats, dim)


def repeat_interleave(input: Tensor, repeats: Tensor | int | None = None, dim: int | None = None, *,
                      output_size: int | None = None) -> Tensor:
    """Each slice along `dim` repeated in a row, all equally often or each as often as `repeats` says.

    Without `dim`, of the flattened input. With repeats alone, the positions: [1, 2, 0] -> [0, 1, 1].
    """
    need_tensors("repeat_interleave", input=input)
    if repeats is None:
        return wrap(interleaved(input, None))
    if dim is None:
        input, dim = input.reshape(-1), 0
    elif not input.ndim:
        input = input.reshape(1)
    d = one_dim("repeat_interleave", dim, input.ndim)
    if isinstance(repeats, int):
        if repeats < 0:
            raise ShapeError(f"repeat_interleave: repeats must be non-negative; got {repeats}")
        out = repeat_each(input, repeats, d)
    elif isinstance(repeats, TensorBase):
        out = index_select(input, d, wrap(interleaved(repeats, input.shape[d])))
    else:
        raise ArgumentTypeError(f"repeat_interleave: repeats must be an int or a Tensor; got {describe(repeats)}")
    if output_size is not None and output_size != out.shape[d]:
        raise ShapeError("repeat_interleave: allocated size does not match required size; "
                         f"got output_size {output_size}, needed {out.shape[d]}")
    return out


def interleaved(repeats: Any, n: int | None) -> Any:
    """Position i so often as repeats[i] says; one number says it for all n."""
    r = repeats.array
    if r.dtype.kind != "i":
        raise UnsupportedError(f"repeat_interleave: repeats must be int32 or int64; got {describe(repeats)}")
    if r.ndim > 1 or (n is None and r.ndim != 1):
        raise ShapeError(f"repeat_interleave: repeats must be 0-dim or 1-dim tensor; got {describe(repeats)}")
    if r.size and int(r.min()) < 0:
        raise ShapeError("repeat_interleave: repeats can not be negative")
    xp = backend_of(r).xp
    if n is not None and r.size == 1:
        return xp.repeat(xp.arange(n), int(r.reshape(-1)[0]))
    if n is not None and r.size != n:
        raise ShapeError(f"repeat_interleave: repeats must have the same size as input along dim, but got repeats.size(0) = {r.size} and "
                         f"input.size(dim) = {n}")
    ends = xp.cumsum(r)                              # [1, 2, 0] -> [1, 3, 3]: place 0 belongs to 0, places 1 and 2 to 1
    return xp.searchsorted(ends, xp.arange(int(ends[-1]) if r.size else 0), "right")


# ---------------------------------------------------------------- reversed, rolled
@op(x=lambda g, dims: flip(g, dims))
def flip(input: Tensor, dims: tuple[int, ...]) -> Tensor:
    """The order of elements reversed along `dims`; a copy."""
    x: Any = input
    if not isinstance(dims, (tuple, list)):
        raise ArgumentTypeError(f"flip: argument 'dims' must be tuple of ints, not {type(dims).__name__}")
    at = [one_dim("flip", d, x.ndim) for d in dims]
    if len(set(at)) < len(at):
        raise ShapeError(f"flip: dim {next(d for d in at if at.count(d) > 1)} appears multiple times in the list of dims; "
                         f"got {tuple(dims)}")
    return x[tuple([slice(None, None, -1) if d in at else slice(None) for d in range(x.ndim)])].copy()


@called("flip")
def flip_method(self: Tensor, *order: Any, dims: Sequence[int] | None = None) -> Tensor:
    """The order of elements reversed: `flip(0, 1)` or `flip((0, 1))`."""
    return flip(self, shape_args(order if dims is None else (dims,)))


def fliplr(input: Tensor) -> Tensor:
    """Columns in reverse order: the second dimension flipped."""
    need_tensors("fliplr", input=input)
    if input.ndim < 2:
        raise ShapeError(f"fliplr: input must be >= 2-d; got {describe(input)}")
    return flip(input, (1,))


def flipud(input: Tensor) -> Tensor:
    """Rows in reverse order: the first dimension flipped."""
    need_tensors("flipud", input=input)
    if not input.ndim:
        raise ShapeError(f"flipud: input must be >= 1-d; got {describe(input)}")
    return flip(input, (0,))


@op(x=lambda g, shifts, dims: roll(g, opposite(shifts), dims))
def roll(input: Tensor, shifts: int | tuple[int, ...], dims: int | tuple[int, ...] | None = None) -> Tensor:
    """Elements moved on by `shifts` along `dims`; what falls off the end comes in at the start.

    Without dims, of the flattened input.
    """
    x: Any = input
    moves = tuple(shifts) if isinstance(shifts, (tuple, list)) else (shifts,)
    along = () if dims is None else tuple(dims) if isinstance(dims, (tuple, list)) else (dims,)
    if not moves:
        raise ShapeError("roll: `shifts` required")
    if len(moves) != len(along) and not (not along and len(moves) == 1):
        raise ShapeError(f"roll: shifts and dimensions must align. shifts: {len(moves)}, dims: {len(along)}")
    if along and not x.ndim:
        raise OutOfRangeError(f"roll: dimension specified as {along[0]} but tensor has no dimensions")
    if not along:
        return rolled(x.reshape(-1), moves[0], 0).reshape(x.shape)
    for move, d in zip(moves, along):
        x = rolled(x, move, one_dim("roll", d, x.ndim))
    return x


def rolled(x: Any, move: int, d: int) -> Any:
    """An array rolled along one dimension; a copy."""
    n, before = x.shape[d], (slice(None),) * d
    cut = -move % n if n else 0                      # what comes first
    return backend_of(x).xp.concatenate((x[(*before, slice(cut, None))], x[(*before, slice(cut))]), d)


def opposite(shifts: Any) -> Any:
    """The shifts that undo these."""
    return tuple([-s for s in shifts]) if isinstance(shifts, (tuple, list)) else -shifts


def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Turned k times by 90 degrees in the plane of two dimensions, from the first towards the second."""
    need_tensors("rot90", input=input)
    if len(dims) != 2:
        raise ShapeError(f"rot90: expected total rotation dims == 2, but got dims = {len(dims)}")
    if input.ndim < 2:
        raise ShapeError(f"rot90: expected total dims >= 2, but got total dims = {input.ndim}")
    a, b = one_dim("rot90", dims[0], input.ndim), one_dim("rot90", dims[1], input.ndim)
    if a == b:
        raise ShapeError(f"rot90: expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    turns = k % 4
    if turns == 0:
        return input.clone()
    if turns == 2:
        return flip(input, (a, b))
    return transpose(flip(input, (b if turns == 1 else a,)), a, b)
