"""An ONNX graph in the making: names, constants, nodes. Converters write into it as they would write Python:

    k.Sigmoid(x) * x          k.Clip(x, 0.0, 6.0)          k.Softmax(x, axis=1)

Numbers and arrays among the inputs become constants of the first tensor's dtype, None is an input that is left out.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import UnsupportedError, missing
from .sizes import Family, Size

BOOLEAN = frozenset(("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or", "Xor", "Not", "IsNaN", "IsInf"))
INTEGER = frozenset(("Shape", "ArgMax", "ArgMin", "NonZero", "Size"))


def need_onnx() -> Any:
    """The library, imported when it is first needed."""
    try:
        import onnx
        import onnx.helper
        import onnx.numpy_helper
    except ImportError:
        raise missing("onnx", "onnx.export", "onnx") from None
    return onnx


class Ref:
    """A tensor of the graph, by name. shape: where it is known, with Sizes for what follows the inputs. Operators make nodes."""
    __slots__ = ("graph", "name", "shape", "dtype")

    def __init__(self, graph: Graph, name: str, shape: tuple[Any, ...] | None, dtype: Any) -> None:
        self.graph, self.name, self.shape, self.dtype = graph, name, shape, dtype

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        assert self.shape is not None, self.name
        return len(self.shape)

    def __add__(self, other: Any) -> Ref:
        return self.graph.Add(self, other)

    def __sub__(self, other: Any) -> Ref:
        return self.graph.Sub(self, other)

    def __mul__(self, other: Any) -> Ref:
        return self.graph.Mul(self, other)

    def __truediv__(self, other: Any) -> Ref:
        return self.graph.Div(self, other)

    def __neg__(self) -> Ref:
        return self.graph.Neg(self)

    def __pow__(self, other: Any) -> Ref:
        return self.graph.Pow(self, other)


class Graph:
    """Nodes and initializers; `k.Name(inputs, **attributes)` adds a node and returns what it makes.

    outputs: how many results (a tuple for more than one). scope: the module that the next nodes belong to.
    """

    def __init__(self) -> None:
        self.onnx = need_onnx()
        self.nodes: list[Any] = []
        self.initializers: dict[str, np.ndarray[Any, Any]] = {}
        self.inputs: dict[str, tuple[str, int]] = {}             # named axis -> the input and dimension that tell its size
        self.scope = ""
        self.dtype: Any = None                       # of the result of the op that is being converted
        self.made: dict[str, tuple[str, list[Any]]] = {}         # name of a result -> the op that made it, and its operands
        self._constants: dict[Any, Ref] = {}
        self._sizes: dict[Any, Ref] = {}
        self._counts: dict[str, int] = {}

    def fresh(self, stem: str) -> str:
        """A name that nothing has yet."""
        n = self._counts[stem] = self._counts.get(stem, -1) + 1
        return f"{stem}_{n}" if n else stem

    def __getattr__(self, op_type: str) -> Callable[..., Any]:
        if not op_type[0].isupper():
            raise AttributeError(op_type)

        def add(*inputs: Any, outputs: int = 1, **attributes: Any) -> Any:
            return self.add(op_type, inputs, outputs, attributes)
        return add

    def add(self, op_type: str, inputs: Sequence[Any], outputs: int, attributes: dict[str, Any]) -> Any:
        """Add a node."""
        first = next((r for r in (inputs[1:] if op_type == "Where" else inputs) if isinstance(r, Ref)), None)
        dtype = first.dtype if first is not None else self.dtype
        names = ["" if r is None else r.name if isinstance(r, Ref) else self.constant(r, dtype).name for r in inputs]
        while names and not names[-1]:
            names.pop()
        attributes = {key: _plain(value) for key, value in attributes.items() if value is not None}
        place = "/" + "/".join([*self.scope.split("."), op_type]) if self.scope else f"/{op_type}"
        name = self.fresh(place)
        results = [self.fresh(f"{name}_output_{i}") for i in range(outputs)]
        self.nodes.append(self.onnx.helper.make_node(op_type, names, results, name=name, **attributes))
        made = attributes["to"] if op_type == "Cast" else None
        dtype = (self.onnx.helper.tensor_dtype_to_np_dtype(made) if made else np.dtype(bool) if op_type in BOOLEAN
                 else np.dtype("i8") if op_type in INTEGER else dtype)
        refs = tuple([Ref(self, r, None, dtype) for r in results])
        return refs if outputs > 1 else refs[0]

    def operands_of(self, x: Ref, op: str) -> list[Any] | None:
        """What the op that made x was given, if it was this one."""
        found, operands = self.made.get(x.name, ("", []))
        return operands if found == op else None

    # ---- constants and sizes
    def initializer(self, name: str, array: np.ndarray[Any, Any]) -> Ref:
        """A named part of the model."""
        self.initializers[name] = array
        self._counts.setdefault(name, 0)
        return Ref(self, name, array.shape, array.dtype)

    def constant(self, value: Any, dtype: Any = None) -> Ref:
        """A number or an array; equal small ones are kept once."""
        array = np.ascontiguousarray(value, dtype).reshape(np.shape(value))
        key = (array.dtype.str, array.shape, array.tobytes()) if array.nbytes <= 1024 else id(array)
        if key not in self._constants:
            self._constants[key] = self.initializer(self.fresh("constant"), array)
        return self._constants[key]

    def ints(self, *values: Any) -> Ref:
        """A vector of int64 from numbers and Sizes."""
        if not any(isinstance(v, Size) for v in values):
            return self.constant(np.array(values, np.int64).reshape(-1), np.int64)
        parts = [self.size(v) if isinstance(v, Size) else self.constant([v], np.int64) for v in values]
        return parts[0] if len(parts) == 1 else self.Concat(*parts, axis=0)

    def size(self, size: Size) -> Ref:
        """A Size as a vector of one element, from the shapes of the inputs."""
        if size not in self._sizes:
            before, self.scope = self.scope, ""
            found: Any = None
            for axis in size.axes:
                if axis not in self.inputs:
                    raise UnsupportedError("a size follows the values of the inputs")
                name, dim = self.inputs[axis]
                one = self.Shape(Ref(self, name, None, None), start=dim, end=dim + 1)
                found = one if found is None else self.Mul(found, one)
            found = found if size.factor == 1 else self.Mul(found, self.constant([size.factor], np.int64))
            self._sizes[size] = found if not size.offset else self.Add(found, self.constant([size.offset], np.int64))
            self.scope = before
        return self._sizes[size]

    def family(self, family: Family) -> Ref:
        """A constant whose shape follows the inputs."""
        if family.kind == "range":
            stop = self.Squeeze(self.ints(family.shape[0]))
            made = self.cast(self.Range(self.constant(0, np.int64), stop, self.constant(1, np.int64)), family.dtype)
        else:
            value = np.array([1 if family.kind == "above" else family.value], np.float32 if family.kind == "above" else family.dtype)
            made = self.ConstantOfShape(self.ints(*family.shape), value=self.onnx.numpy_helper.from_array(value))
            if family.kind == "above":
                made = self.cast(self.Trilu(made, self.constant(1, np.int64), upper=1), np.dtype(bool))
        return Ref(self, made.name, family.shape, family.dtype)

    # ---- what many converters need
    def cast(self, x: Ref, dtype: Any) -> Ref:
        """x in a dtype; itself where it is already."""
        if dtype is None or x.dtype == dtype:
            return x
        made = self.Cast(x, to=self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
        return Ref(self, made.name, x.shape, np.dtype(dtype))

    def reshape(self, x: Ref, shape: Sequence[Any]) -> Ref:
        """x in a shape; one Size in it is left to ONNX."""
        sizes = [i for i, n in enumerate(shape) if isinstance(n, Size)]
        dims: list[Any] = list(shape)
        if len(sizes) == 1 and -1 not in dims and 0 not in dims:
            dims[sizes[0]] = -1
        made = self.Reshape(x, self.ints(*dims), allowzero=1 if 0 in dims else None)
        return Ref(self, made.name, tuple(shape), x.dtype)

    def axes(self, dim: Any, ndim: int) -> list[int]:
        """Dimensions counted from the front; None, and no dimension, mean all."""
        dims = range(ndim) if dim is None or dim == [] else [dim] if isinstance(dim, int) else dim
        return [d % ndim if ndim else d for d in dims]

    def reduce(self, op_type: str, x: Ref, dim: Any, keepdim: bool) -> Ref:
        """A reduction over some dimensions."""
        axes = self.axes(dim, x.ndim)
        return self.add(op_type, [x, self.ints(*axes) if axes else None], 1, {"keepdims": int(keepdim)}) if x.ndim else x

    def count(self, x: Ref, dim: Any) -> Any:
        """How many elements a reduction over some dimensions takes in: a number, or a tensor of x's dtype."""
        dims = self.axes(dim, x.ndim)
        assert x.shape is not None
        sizes = [x.shape[d] for d in dims]
        if not any(isinstance(n, Size) for n in sizes):
            return float(np.prod(sizes))
        return self.cast(self.ReduceProd(self.ints(*sizes), keepdims=0), x.dtype)


def _plain(value: Any) -> Any:
    """An attribute; what follows the inputs cannot be one."""
    if isinstance(value, Size) or isinstance(value, (list, tuple)) and any(isinstance(v, Size) for v in value):
        raise UnsupportedError("a number that must be fixed follows a dynamic axis")
    return list(value) if isinstance(value, tuple) else value
