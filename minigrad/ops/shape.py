"""Same elements, another shape: views, and the copies that make one possible."""
from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from .._layout import memory_format as MemoryFormat
from .._layout import preserve_format
from .._size import Size
from ..backend import backend_of, strided
from ..dtypes import dtype as DType
from ..dtypes import to_numpy_dtype
from ..engine.node import TensorBase, wrap
from ..engine.op import op
from ..engine.run import sum_to
from ..errors import ArgumentError, ArgumentTypeError, ShapeError, describe, operand
from ..naming import called
from .dims import one_dim, shape_args
from .operands import need_tensors

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- any shape
@op(view=True, x=lambda g, x_shape: g.reshape(x_shape))
def view(input: Tensor, size: tuple[int, ...]) -> Tensor:
    """The same memory in another shape; one size may be -1.

    Raises ShapeError where the sizes do not fit, or where only a copy could have that shape (use reshape).
    """
    x: Any = input
    if x.flags.c_contiguous and (not size or min(size) >= -1):   # NumPy would take any negative size for -1
        try:
            return x.reshape(size)
        except ValueError:
            pass                                     # infer_size says why
    size = infer_size("view", x, size)
    out = x.reshape(size)
    if x.size and not backend_of(x).xp.may_share_memory(out, x):
        raise ShapeError(f"view: view size {list(size)} is not compatible with input tensor's size and stride (at least one dimension "
                         f"spans across two contiguous subspaces). Use .reshape(...) instead. Got {operand(x)} with strides "
                         f"{tuple(s // x.itemsize for s in x.strides)}")
    return out


def infer_size(op: str, x: Any, size: Sequence[int]) -> tuple[int, ...]:
    """`size` with its -1 filled in, or the error that says why it does not fit."""
    known = prod(n for n in size if n != -1)
    wildcards = [d for d, n in enumerate(size) if n == -1]
    if len(wildcards) > 1:
        raise ShapeError(f"{op}: only one dimension can be inferred; got shape {list(size)}")
    if any(n < -1 for n in size):
        d = next(d for d, n in enumerate(size) if n < -1)
        raise ShapeError(f"{op}: invalid shape dimension {size[d]} at index {d} of shape {list(size)}")
    if wildcards and known == 0:
        raise ShapeError(f"{op}: cannot reshape tensor of {x.size} elements into shape {list(size)} because the unspecified "
                         "dimension size -1 can be any value and is ambiguous")
    if x.size % known if wildcards else known != x.size:
        raise ShapeError(f"{op}: shape '{list(size)}' is invalid for input of size {x.size}; got {operand(x)}")
    return tuple([x.size // known if n == -1 else n for n in size])


def view_dtype(input: Tensor, dtype: DType) -> Tensor:
    """The same bytes read as another dtype; the last size changes with the item size. Outside the graph, as in PyTorch."""
    x, to = input.array, to_numpy_dtype(dtype)
    if to.itemsize != x.itemsize:
        if not x.ndim:
            raise ShapeError(f"view: self.dim() cannot be 0 to view {x.dtype} as {to} (different element sizes)")
        if x.strides[-1] != x.itemsize and x.shape[-1] != 1:
            raise ShapeError(f"view: self.stride(-1) must be 1 to view {x.dtype} as {to} (different element sizes), "
                             f"but got {x.strides[-1] // x.itemsize}")
        if x.shape[-1] * x.itemsize % to.itemsize:
            raise ShapeError(f"view: self.size(-1) must be divisible by {to.itemsize // x.itemsize} to view {x.dtype} as {to} "
                             f"(different element sizes), but got {x.shape[-1]}")
    return wrap(x.view(to), None, input.cell)


@called("view")
def view_method(self: Tensor, *shape: Any, **named: Any) -> Tensor:
    """The same memory in another shape, `view(2, -1)` or `view((2, -1))`, or read as another dtype, `view(dtype)`."""
    if named:
        shape = (*shape, *[named.pop(name) for name in ("size", "dtype") if name in named])
        if named:
            raise ArgumentTypeError(f"view: got an unexpected keyword argument {next(iter(named))!r}; it takes size or dtype")
    if len(shape) == 1 and type(shape[0]) is not int:
        if isinstance(shape[0], DType):
            return view_dtype(self, shape[0])
        shape = shape_args(shape)
    return view(self, shape)


def reshape(input: Tensor, shape: Sequence[int]) -> Tensor:
    """The elements in another shape, in row-major order: a view where the memory allows, else a copy."""
    if not isinstance(shape, (tuple, list)):
        raise ArgumentTypeError(f"reshape: argument 'shape' must be tuple of ints, not {type(shape).__name__}")
    return reshape_method(input, *shape)


@called("reshape")
def reshape_method(self: Tensor, *sizes: Any, shape: Sequence[int] | None = None) -> Tensor:
    """The elements in another shape, `reshape(2, -1)` or `reshape((2, -1))`: a view where the memory allows, else a copy."""
    size = sizes if shape is None else tuple(shape)
    if len(size) == 1 and type(size[0]) is not int:
        size = shape_args(size)
    array: Any = getattr(self, "array", self)
    if not array.flags.c_contiguous and array.size:
        size = infer_size("reshape", array, size)
        if not backend_of(array).xp.may_share_memory(array.reshape(size), array):
            return view(contiguous(self), size)
    try:
        return view(self, size)
    except ShapeError:
        infer_size("reshape", array, size)           # the same error under this name
        raise


def view_as(input: Tensor, other: Tensor) -> Tensor:
    """The same memory in the shape of `other`."""
    return view(input, infer_size("view_as", input.array, other.shape))


def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """The elements in the shape of `other`."""
    return reshape(input, infer_size("reshape_as", input.array, other.shape))


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions start_dim ... end_dim merged into one; a 0-d tensor becomes 1-d."""
    need_tensors("flatten", input=input)
    shape = getattr(input, "array", input).shape
    if start_dim == 0 and end_dim == -1 and len(shape) != 1:
        return reshape_method(input, -1)
    a, b = one_dim("flatten", start_dim, len(shape)), one_dim("flatten", end_dim, len(shape))
    if a > b:
        raise ShapeError(f"flatten: start_dim cannot come after end_dim; got start_dim {start_dim}, end_dim {end_dim}, x {operand(input)}")
    if a == b and shape:
        return input
    return reshape_method(input, *shape[:a], prod(shape[a:b + 1]), *shape[b + 1:])


def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension; a copy only where needed."""
    need_tensors("ravel", input=input)
    return reshape_method(input, -1)


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Dimension `dim` split into `sizes`, of which one may be -1."""
    shape = input.shape
    d = one_dim("unflatten", dim, len(shape))
    if not sizes:
        raise ShapeError("unflatten: sizes must be non-empty")
    known = prod(n for n in sizes if n != -1)
    wildcards = list(sizes).count(-1)
    if wildcards > 1:
        raise ShapeError(f"unflatten: only one dimension can be inferred; got sizes {list(sizes)}")
    if (not known or shape[d] % known) if wildcards else known != shape[d]:
        raise ShapeError(f"unflatten: provided sizes {list(sizes)} don't multiply up to the size of dim {d} ({shape[d]}) in the input "
                         f"tensor {operand(input)}")
    filled = [shape[d] // known if n == -1 else n for n in sizes]
    return view(input, (*shape[:d], *filled, *shape[d + 1:]))


@called("unflatten")
def unflatten_method(self: Tensor, dim: int, *sizes: Any) -> Tensor:
    """Dimension `dim` split into sizes, `unflatten(1, (2, 3))`, of which one may be -1."""
    return unflatten(self, dim, shape_args(sizes))


# ---------------------------------------------------------------- dimensions of size 1
@op(view=True, x=lambda g, x_shape: g.reshape(x_shape))
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A new dimension of size 1 at `dim`."""
    x: Any = input
    d = one_dim("unsqueeze", dim, x.ndim + 1)
    return x[(slice(None),) * d + (None,)] if d else x[None]


@op(view=True, x=lambda g, x_shape: g.reshape(x_shape))
def squeeze(input: Tensor, dim: int | tuple[int, ...] | None = None) -> Tensor:
    """Without the dimensions of size 1: all of them, or those among `dim`."""
    x: Any = input
    if dim is None:
        return x.squeeze()
    if type(dim) is int and -x.ndim <= dim < x.ndim:
        return x.squeeze(dim) if x.shape[dim] == 1 else x
    dims = [one_dim("squeeze", d, x.ndim) for d in (dim if isinstance(dim, (tuple, list)) else (dim,))]
    if len(set(dims)) < len(dims):
        raise ShapeError(f"squeeze: dim {next(d for d in dims if dims.count(d) > 1)} appears multiple times in the list of dims; got {dim}")
    return x.squeeze(tuple([d for d in dims if x.ndim and x.shape[d] == 1]))


@called("squeeze")
def squeeze_method(self: Tensor, *dims: Any, dim: int | tuple[int, ...] | None = None) -> Tensor:
    """Without the dimensions of size 1: all of them, or those given as `squeeze(0, 2)` or `squeeze((0, 2))`."""
    return squeeze(self, dim if not dims else dims[0] if len(dims) == 1 else dims)


def atleast_nd(op: str, tensors: tuple[Any, ...], shape: Any) -> Any:
    """Each tensor in `shape(its shape)`; one tensor for one, a tuple for several or for a list."""
    if len(tensors) == 1 and isinstance(tensors[0], TensorBase):
        x: Any = tensors[0]
        size = shape(tuple(x.array.shape))
        return x if size == x.array.shape else reshape(x, size)
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    for t in tensors:
        if not isinstance(t, TensorBase):
            raise ArgumentTypeError(f"{op}: takes Tensors, or one tuple or list of them; got {describe(t)}")
    return tuple([atleast_nd(op, (t,), shape) for t in tensors])


def atleast_1d(*tensors: Any) -> Any:
    """The tensors with at least 1 dimension."""
    return atleast_nd("atleast_1d", tensors, lambda s: s or (1,))


def atleast_2d(*tensors: Any) -> Any:
    """The tensors with at least 2 dimensions: (n,) -> (1, n)."""
    return atleast_nd("atleast_2d", tensors, lambda s: s if len(s) > 1 else (1, *(s or (1,))))


def atleast_3d(*tensors: Any) -> Any:
    """The tensors with at least 3 dimensions: (n,) -> (1, n, 1), (n, m) -> (n, m, 1)."""
    return atleast_nd("atleast_3d", tensors, lambda s: s if len(s) > 2 else (*s, 1) if len(s) == 2 else (1, *(s or (1,)), 1))


# ---------------------------------------------------------------- sizes repeated without a copy
@op(view=True, x=lambda g, x_shape: sum_to(g, x_shape))
def expand(input: Tensor, size: tuple[int, ...]) -> Tensor:
    """Size-1 and new leading dimensions repeated to `size` without a copy; -1 keeps a size."""
    x: Any = input
    if size == x.shape:
        return x[...]
    shape = expanded("expand", x.shape, size)
    lead = len(shape) - x.ndim
    steps = (0,) * lead + tuple([s if m == n else 0 for s, m, n in zip(x.strides, x.shape, shape[lead:])])
    return strided(x, shape, steps)


@called("expand")
def expand_method(self: Tensor, *sizes: Any, size: Sequence[int] | None = None) -> Tensor:
    """Size-1 and new leading dimensions repeated, `expand(2, -1)` or `expand((2, -1))`, without a copy; -1 keeps a size."""
    return expand(self, shape_args(sizes if size is None else (size,)))


def expanded(op: str, shape: tuple[int, ...], size: Sequence[int]) -> tuple[int, ...]:
    """`size` with its -1 filled in, or the error that says why `shape` cannot be expanded to it."""
    lead = len(size) - len(shape)
    if lead < 0:
        raise ShapeError(f"{op}: the number of sizes provided ({len(size)}) must be greater or equal to the number of dimensions "
                         f"in the tensor ({len(shape)}); got size {list(size)} for shape {list(shape)}")
    full = list(size)
    for d, n in enumerate(size):
        if d < lead:
            if n < 0:
                raise ShapeError(f"{op}: the expanded size of the tensor ({n}) isn't allowed in a leading, non-existing dimension {d}")
        elif n == -1:
            full[d] = shape[d - lead]
        elif n < 0 or shape[d - lead] not in (1, n):
            raise ShapeError(f"{op}: the expanded size of the tensor ({n}) must match the existing size ({shape[d - lead]}) at "
                             f"non-singleton dimension {d}. Target sizes: {list(size)}. Tensor sizes: {list(shape)}")
    return tuple(full)


@op(x=lambda g, x_shape: expand(g, x_shape))
def sum_to_size(input: Tensor, size: tuple[int, ...]) -> Tensor:
    """The adjoint of broadcasting: sums over what `expand` would repeat."""
    x: Any = input
    if len(size) > x.ndim or any(n not in (1, m) for n, m in zip(size[::-1], x.shape[::-1])):
        raise ShapeError(f"sum_to_size: size {list(size)} is not expandable to size {list(x.shape)}")
    if not size and x.dtype.kind in "iub":           # a sum of all, in the dtype that sums have
        return x.sum(dtype="i8")
    return sum_to(x, size)


@called("sum_to_size")
def sum_to_size_method(self: Tensor, *sizes: Any, size: Sequence[int] | None = None) -> Tensor:
    """The adjoint of broadcasting, `sum_to_size(1, 3)` or `sum_to_size((1, 3))`."""
    return sum_to_size(self, shape_args(sizes if size is None else (size,)))


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """The tensor expanded to the shape of `other`."""
    return expand(input, tuple(other.shape))


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """The tensor expanded to `size`; a view."""
    return expand(input, tuple(size))


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """True if both have the same shape."""
    return bool(input.shape == other.shape)


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that tensors of these shapes have together; an int counts as a 1-d shape."""
    full: list[int] = []
    for i, given in enumerate(shapes):
        shape = [given] if isinstance(given, int) else list(given)
        if any(n < 0 for n in shape):
            raise ArgumentError(f"broadcast_shapes: sizes must not be negative; got {tuple(shape)}")
        full = [1] * (len(shape) - len(full)) + full
        for d in range(-len(shape), 0):
            if shape[d] not in (1, full[d]):
                if full[d] != 1:
                    raise ShapeError(f"broadcast_shapes: attempting to broadcast a dimension of length {shape[d]} at {d}: mismatching "
                                     f"argument at index {i} had {tuple(shape)}; but expected shape should be broadcastable to {full}")
                full[d] = shape[d]
    return Size(full)


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """The tensors expanded to their common shape; views."""
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    size = broadcast_shapes(*[t.shape for t in tensors])
    return tuple([expand(t, tuple(size)) for t in tensors])


# ---------------------------------------------------------------- copies
@op(x=lambda g: g)
def clone(input: Tensor, *, memory_format: MemoryFormat | None = None) -> Tensor:
    """A copy in memory of its own, with the strides of the input where it has no gaps or repeats."""
    return input.copy(order="K" if memory_format in (None, preserve_format) else "C")   # type: ignore[attr-defined]


@op(x=lambda g: g)
def row_major(input: Tensor) -> Tensor:
    """A copy in row-major order."""
    return input.copy(order="C")                     # type: ignore[attr-defined]


def contiguous(input: Tensor, memory_format: MemoryFormat | None = None) -> Tensor:
    """The tensor itself where its memory is in row-major order, else a copy that is."""
    array: Any = getattr(input, "array", input)
    return input if array.flags.c_contiguous else row_major(input)
