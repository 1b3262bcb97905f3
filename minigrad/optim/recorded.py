"""A step that the graph records: the formula of an optimizer, run on tensors in place of arrays.

Formulas are written for arrays, with results put into arrays that are there already. `Cell` is such an array whose value is a tensor: a
write gives it another one. So the formula stands once, and its gradient is that of the ops that it calls.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..creation import tensor
from ..dtypes import float64
from ..engine.mode import enable_grad
from ..engine.node import COUNT
from ..errors import GraphError, describe
from ..ops import complex as complex_ops
from ..ops import elementwise, select


class Cell:
    """A tensor that can be exchanged for another."""
    __slots__ = ("tensor",)

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor

    @property
    def dtype(self) -> Any:
        return self.tensor.dtype

    def astype(self, dtype: Any) -> Cell:
        return Cell(self.tensor.to(dtype))

    def __setitem__(self, where: Any, other: Any) -> None:
        """`cell[...] = other`, and `cell[mask] = number`."""
        self.tensor = tensor_of(other) if where is ... else self.tensor.masked_fill(where, other)

    def __iadd__(self, other: Any) -> Cell:
        self.tensor = self.tensor + tensor_of(other)
        return self

    def __isub__(self, other: Any) -> Cell:
        self.tensor = self.tensor - tensor_of(other)
        return self

    def __imul__(self, other: Any) -> Cell:
        self.tensor = self.tensor * tensor_of(other)
        return self

    def __mul__(self, other: Any) -> Cell:
        return Cell(self.tensor * tensor_of(other))

    def __lt__(self, number: float) -> Any:
        return self.tensor < number

    def __gt__(self, number: float) -> Any:
        return self.tensor > number


def tensor_of(value: Any) -> Any:
    """What a cell holds; a number or a tensor as it is."""
    return value.tensor if isinstance(value, Cell) else value


def on_cells(function: Callable[..., Any], arity: int = 2) -> Any:
    """A function of tensors as NumPy has it: behind its operands there may be a cell that the result goes into."""
    def run(*operands: Any, out: Any = None) -> Any:
        tensors = [tensor_of(x) for x in operands[:arity]]
        into = operands[arity] if len(operands) > arity else out
        result = function(*tensors)
        if into is None:
            return Cell(result)
        into.tensor = result
        return into
    return run


def exact(value: Any) -> Any:
    """A number as float64, as which NumPy counts it; two numbers would be float32 among tensors."""
    return tensor(value, dtype=float64) if isinstance(value, (int, float)) else value


class Namespace:
    """What formulas take from an array module."""
    add = staticmethod(on_cells(lambda x, y: x + y))
    subtract = staticmethod(on_cells(lambda x, y: x - y))
    multiply = staticmethod(on_cells(lambda x, y: x * y))
    divide = staticmethod(on_cells(lambda x, y: x / y))
    maximum = staticmethod(on_cells(select.maximum))
    sqrt = staticmethod(on_cells(elementwise.sqrt, 1))
    abs = staticmethod(on_cells(elementwise.abs, 1))
    sign = staticmethod(on_cells(elementwise.sign, 1))
    where = staticmethod(on_cells(lambda mask, x, y: select.where(mask, exact(x), exact(y)), 3))
    clip = staticmethod(on_cells(select.clamp, 3))


def update(p: Any, gradient: Any, state: dict[str, Any], names: tuple[str, ...], formula: Callable[..., None]) -> None:
    """Give p and the tensors of its state that the formula takes new values, and the nodes that lead to them.

    The memory of the old ones stays as it is: what was computed from them has its gradient still. Raises GraphError for a leaf that
    requires a gradient: it cannot be the result of a step.
    """
    if p.is_leaf and p.requires_grad:
        raise GraphError("step: with differentiable=True a parameter becomes the result of the step, which a leaf that requires grad "
                         f"cannot be; got {describe(p)}; optimize a copy of it: Adam([p.clone()], differentiable=True)")
    with enable_grad():
        given = [p, gradient, *[state[name] if name else None for name in names]]
        if p.is_complex():
            real = run([None if t is None else t.real for t in given], formula)
            imag = run([None if t is None else t.imag for t in given], formula)
            results = [None if a is None else complex_ops.complex(a, b) for a, b in zip(real, imag)]
        else:
            results = run(given, formula)
    become(p, results[0])
    for name, result in zip(names, results[2:]):
        if name:
            state[name] = result


def run(given: list[Any], formula: Callable[..., None]) -> list[Any]:
    """The values after the formula of tensors, or None, in which float16 counts as float32."""
    dtype = given[0].dtype
    cells = [None if t is None else Cell(t.float() if dtype.itemsize == 2 else t) for t in given]
    formula(Namespace, *cells, Cell(None), Cell(None))
    return [None if cell is None else cell.tensor.to(dtype) for cell in cells]


def become(p: Any, other: Any) -> None:
    """Let p be the result that `other` is, with its memory and its node."""
    p.array, p.node, p.cell, p.base, p.seen = other.array, other.node, other.cell, None, other.cell[COUNT]
