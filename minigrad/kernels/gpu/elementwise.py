"""Elementwise ops in one pass on a GPU.

What an op does to numbers is said once, in `kernels/cpu/elementwise.py`, as Python functions of numbers. Here they are read, not
imported (Numba is not needed), and put into C.
"""
from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

from .machine import Array, array_module, launch

FORMULAS = Path(__file__).parent.parent / "cpu" / "elementwise.py"
CONSTANTS = {"ZERO": "(A)0", "ONE": "(A)1", "TWO": "(A)2", "TWENTY": "(A)20"}


class Formula(NamedTuple):
    """An op in device code. kinds: the dtypes of its arrays, f or ?; numbers: whether three numbers follow."""
    text: str
    kinds: str
    numbers: bool

    @property
    def kernel(self) -> str:
        """The kernel for this number of arguments."""
        return f"each{len(self.kinds)}" + "_with" * self.numbers


def each(name: str, arrays: tuple[Array, ...], numbers: tuple[float, ...] = (), out: Array | None = None) -> Array | None:
    """The op of this name for every element, into `out` if given; None for arrays of several dtypes or not in C order."""
    formula, x = formulas()[name], arrays[0]
    first = next((a for a, kind in zip(arrays, formula.kinds) if kind == "f"), x)
    if first.dtype.char not in "efd":
        return None
    n, inner = x.size, 1
    for a, kind in zip(arrays, formula.kinds):
        if type(a) is not type(x) or not a.flags.c_contiguous or a.dtype != (bool if kind == "?" else first.dtype):
            return None
        if a.shape != x.shape:
            cut = across(x.shape, a.shape) if len(arrays) == 2 and not formula.numbers else None
            if cut is None:
                return None
            n, inner = cut
    if out is None:
        out = array_module().empty(x.shape, first.dtype)
    elif out.dtype != first.dtype or not out.flags.c_contiguous or out.shape != x.shape:
        return None
    if not x.size:
        return out
    more = [float(v) for v in (*numbers, 0.0, 0.0, 0.0)[:3]] if formula.numbers else [n, inner] if len(arrays) == 2 else []
    launch("elementwise", formula.kernel, first, x.size, out, *arrays, *more, x.size, before=program(name))
    return out


def total(x: Array, dims: int) -> None:
    """CuPy's own sum is as good."""
    return None


def across(shape: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, int] | None:
    """(n, inner) where the other shape has n elements and each serves `inner` neighbours; None where it broadcasts otherwise."""
    if len(other) > len(shape):
        return None
    other = (1,) * (len(shape) - len(other)) + other
    at = [d for d, size in enumerate(other) if size != 1] or [len(shape) - 1]
    if other[at[0]:at[-1] + 1] != shape[at[0]:at[-1] + 1] and any(s != 1 for s in other):
        return None
    n, inner = 1, 1
    for size in other:
        n *= size
    for size in shape[at[-1] + 1:] if n > 1 else shape:
        inner *= size
    return n, inner


@cache
def program(name: str) -> str:
    """What elementwise.cu builds on for this op."""
    formula = formulas()[name]
    types = "".join(f"typedef {'bool' if kind == '?' else 'T'} {letter};\n" for letter, kind in zip("XYZ", formula.kinds))
    return f"{types}{formula.text}#define OP op_{name}\n#define ONLY_{formula.kernel.upper()}\n"


# From Python to C -------------------------------------------------------------------------------------------------------

@cache
def formulas() -> dict[str, Formula]:
    """Every elementwise op that is a function of numbers."""
    found: dict[str, Formula] = {}
    helpers = ""
    for node in ast.parse(FORMULAS.read_text()).body:
        if not isinstance(node, ast.FunctionDef) or not node.decorator_list:
            continue
        mark = node.decorator_list[0]
        if not isinstance(mark, ast.Call) or not isinstance(mark.func, ast.Name):
            continue
        if mark.func.id == "op":
            kinds = str(ast.literal_eval(mark.args[0]))
            numbers = len(mark.args) > 1 or any(k.arg == "numbers" for k in mark.keywords)
            found[node.name] = Formula(helpers + in_c(node, [kind == "?" for kind in kinds], "op_"), kinds, numbers)
        elif mark.func.id == "part" and node.returns is not None and any(k.arg == "forceinline" for k in mark.keywords):
            helpers += in_c(node, [], "")
    return found


def in_c(function: ast.FunctionDef, masks: list[bool], prefix: str) -> str:
    """A function of numbers in C. masks: which of its arguments are truths; prefix: of its name, since C has a `tanh` already."""
    given = [argument.arg for argument in function.args.args]
    kinds = ["bool" if k < len(masks) and masks[k] else "A" for k in range(len(given))]
    known, lines = set(given), []
    for statement in function.body:
        if isinstance(statement, ast.Return) and statement.value is not None:
            lines.append(f"return {expression(statement.value)};")
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            lines.append(f"{'' if name in known else 'A '}{name} = {expression(statement.value)};")
            known.add(name)
        elif not isinstance(statement, ast.Expr):    # a docstring says nothing to the device
            raise NotImplementedError(f"{function.name}: line {statement.lineno} has no translation to device code")
    return f"__device__ inline A {prefix}{function.name}({', '.join(f'{k} {n}' for k, n in zip(kinds, given))}) {{ {' '.join(lines)} }}\n"


OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.BitAnd: "&", ast.BitOr: "|", ast.Lt: "<", ast.LtE: "<=",
             ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.USub: "-", ast.Invert: "!"}


def expression(e: ast.expr) -> str:
    """An expression in C, in brackets."""
    if isinstance(e, ast.Name):
        return CONSTANTS.get(e.id, e.id)
    if isinstance(e, ast.Constant):
        return f"(A){e.value!r}"
    if isinstance(e, ast.BinOp):
        return f"({expression(e.left)} {OPERATORS[type(e.op)]} {expression(e.right)})"
    if isinstance(e, ast.UnaryOp):
        return f"({OPERATORS[type(e.op)]}{expression(e.operand)})"
    if isinstance(e, ast.Compare):
        return f"({expression(e.left)} {OPERATORS[type(e.ops[0])]} {expression(e.comparators[0])})"
    if isinstance(e, ast.Call) and isinstance(e.func, ast.Name):
        name = "magnitude" if e.func.id == "abs" else e.func.id
        return f"{name}({', '.join(expression(a) for a in e.args)})"
    raise NotImplementedError(f"line {e.lineno}: {ast.dump(e)} has no translation to device code")
