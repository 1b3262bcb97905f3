"""class Tensor: one line per method. What a method does stands in `ops/`."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from . import dtypes
from ._device import device
from .backend import backend_of
from .engine import call, hooks, inplace
from .engine.backward import backward as run_backward
from .engine.inplace import node_of, write
from .engine.node import COUNT, Leaf, Node, Pick, TensorBase, wrap
from .errors import ArgumentError, ArgumentTypeError, DtypeError, GraphError, ShapeError, describe
from .ops import cast as cast_ops
from .ops import elementwise, index, reduce
from .ops import matmul as matmul_ops
from .ops import shape as shape_ops
from .ops.dims import shape_args


class Size(tuple[int, ...]):
    """The shape of a tensor: a tuple of ints that prints as `torch.Size` does."""

    def numel(self) -> int:
        """The number of elements."""
        n = 1
        for size in self:
            n *= size
        return n

    def __repr__(self) -> str:
        return f"{dtypes.dtype.prefix}.Size({list(self)})"

    def __getitem__(self, item: Any) -> Any:
        value = super().__getitem__(item)
        return Size(value) if isinstance(item, slice) else value

    def __add__(self, other: Any) -> Size:           # type: ignore[override]
        return Size(super().__add__(tuple(other)))


class Tensor(TensorBase):
    """An array that records what is done with it."""
    __slots__ = ()

    # ------------------------------------------------------------ what it is
    @property
    def shape(self) -> Size:
        return Size(self.array.shape)

    @property
    def ndim(self) -> int:
        return self.array.ndim                       # type: ignore[no-any-return]

    @property
    def dtype(self) -> dtypes.dtype:
        return dtypes.from_numpy_dtype(self.array.dtype)

    @property
    def device(self) -> device:
        return backend_of(self.array).device_of(self.array)

    @property
    def requires_grad(self) -> bool:
        return node_of(self) is not None

    @requires_grad.setter
    def requires_grad(self, on: bool) -> None:
        self.requires_grad_(on)

    @property
    def is_leaf(self) -> bool:
        node = node_of(self)
        return node is None or isinstance(node, Leaf)

    @property
    def grad_fn(self) -> Node | None:
        """The node that made it; None for a leaf."""
        node = node_of(self)
        return None if isinstance(node, Leaf) else node.parents[0] if type(node) is Pick else node

    @property
    def grad(self) -> Tensor | None:
        """The gradient that backward passes have added up here; None before the first."""
        return self._grad                            # type: ignore[no-any-return]

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise ArgumentTypeError(f"grad: must be a Tensor or None; got {describe(value)}")
            if value.array.shape != self.array.shape:
                raise ShapeError(f"grad: assigned grad has data of a different size; got {describe(value)} for {describe(self)}")
            if value.array.dtype != self.array.dtype:
                raise DtypeError(f"grad: assigned grad has data of a different type; got {describe(value)} for {describe(self)}")
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    # ------------------------------------------------------------ the graph
    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Start or stop collecting a gradient here. Floating-point leaves only."""
        node = node_of(self)
        if not requires_grad:
            if node is not None and not isinstance(node, Leaf):
                raise GraphError("requires_grad_: you can only change requires_grad flags of leaf variables; use .detach() for a "
                                 f"tensor without a graph; got {describe(self)}")
            self.node = None
        elif node is None:
            if self.array.dtype.kind not in "fc":
                raise DtypeError(f"requires_grad_: only Tensors of floating point and complex dtype can require gradients; got {describe(self)}")
            self.node = Leaf(self)
        return self

    def backward(self, gradient: Tensor | None = None, retain_graph: bool | None = None, create_graph: bool = False,
                 inputs: Sequence[Tensor] | None = None) -> None:
        """Add d(self)/d(leaf) to `.grad` of every leaf that self depends on; see `autograd.backward`."""
        run_backward(self, gradient, retain_graph, create_graph, inputs)

    def detach(self) -> Tensor:
        """The same memory outside the graph. A write through it counts as one into this tensor."""
        return wrap(self.array, None, self.cell)     # type: ignore[no-any-return]

    # ------------------------------------------------------------ arithmetic
    add = __add__ = __radd__ = elementwise.add
    sub = __sub__ = elementwise.sub
    mul = __mul__ = __rmul__ = elementwise.mul
    __truediv__ = elementwise.true_divide
    neg = __neg__ = elementwise.neg
    exp = elementwise.exp
    log = elementwise.log
    tanh = elementwise.tanh
    sqrt = elementwise.sqrt
    matmul = __matmul__ = matmul_ops.matmul

    def __rsub__(self, other: Any) -> Tensor:
        return elementwise.sub(other, self)

    def __rtruediv__(self, other: Any) -> Tensor:
        return elementwise.true_divide(other, self)

    def add_(self, other: Any, *, alpha: Any = 1) -> Tensor:
        return write(self, elementwise.add, other, alpha=alpha)    # type: ignore[no-any-return]

    def sub_(self, other: Any, *, alpha: Any = 1) -> Tensor:
        return write(self, elementwise.sub, other, alpha=alpha)    # type: ignore[no-any-return]

    def mul_(self, other: Any) -> Tensor:
        return write(self, elementwise.mul, other)   # type: ignore[no-any-return]

    def exp_(self) -> Tensor:
        return write(self, elementwise.exp)          # type: ignore[no-any-return]

    __iadd__, __isub__, __imul__ = add_, sub_, mul_

    # ------------------------------------------------------------ reductions
    sum = reduce.sum
    mean = reduce.mean

    # ------------------------------------------------------------ shape
    transpose = swapaxes = swapdims = shape_ops.transpose
    unsqueeze = shape_ops.unsqueeze
    squeeze = shape_ops.squeeze
    clone = shape_ops.clone
    contiguous = shape_ops.contiguous
    split = shape_ops.split

    def view(self, *shape: Any) -> Tensor:
        return shape_ops.view(self, shape_args(shape))

    def reshape(self, *shape: Any) -> Tensor:
        return shape_ops.reshape(self, shape_args(shape))

    def permute(self, *dims: Any) -> Tensor:
        return shape_ops.permute(self, shape_args(dims))

    def expand(self, *size: Any) -> Tensor:
        return shape_ops.expand(self, shape_args(size))

    def sum_to_size(self, *size: Any) -> Tensor:
        return shape_ops.sum_to_size(self, shape_args(size))

    @property
    def T(self) -> Tensor:
        return shape_ops.permute(self, tuple(range(self.array.ndim))[::-1])

    def __getitem__(self, item: Any) -> Tensor:
        return index.read(self, item)

    def __setitem__(self, item: Any, value: Any) -> None:
        index.write_at(self, item, value)

    # ------------------------------------------------------------ values
    def numel(self) -> int:
        """The number of elements."""
        return int(self.array.size)

    def item(self) -> Any:
        """The one element as a Python number."""
        if self.array.size != 1:
            raise ShapeError(f"item: a Tensor with {self.array.size} elements cannot be converted to Scalar; got {describe(self)}")
        return self.array.item()

    def numpy(self) -> np.ndarray[Any, Any]:
        """The memory as a NumPy array, shared."""
        if self.requires_grad:
            raise GraphError("numpy: can't call numpy() on a Tensor that requires grad; use tensor.detach().numpy() instead")
        return backend_of(self.array).to_host(self.array)

    def __len__(self) -> int:
        if not self.array.ndim:
            raise ArgumentTypeError("len: len() of a 0-d tensor")
        return len(self.array)


call.bind(Tensor)
