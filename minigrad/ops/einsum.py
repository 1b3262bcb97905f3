"""Sums of products, written with one letter per dimension.

    >>> import minigrad
    >>> x = minigrad.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> minigrad.einsum("ij,j->i", x, minigrad.tensor([1.0, 10.0]))
    tensor([21., 43.])

Operands are taken in pairs, each pair as one matrix product. A label is a letter, or a negative int for a dimension under
an ellipsis, counted from its end.
"""
from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from math import prod
from string import ascii_letters, ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING, Any

from ..engine.node import TensorBase
from ..engine.op import op
from ..errors import ArgumentError, ArgumentTypeError, ShapeError, describe
from .axes import permute
from .matmul import product
from .parts import diagonal
from .raw import conj
from .reduce import sum as sum_of

if TYPE_CHECKING:
    from .._tensor import Tensor

Labels = tuple[Any, ...]
SUBLIST = ascii_uppercase + ascii_lowercase          # what the numbers 0 to 51 stand for


# ---------------------------------------------------------------- what the equation says
@lru_cache(maxsize=1024)
def parse(equation: str, ndims: tuple[int, ...]) -> tuple[tuple[Labels, ...], Labels]:
    """Labels of each operand, and of the output. `ndims`: of the operands."""
    left, arrow, right = equation.partition("->")
    terms = left.split(",")
    if len(terms) != len(ndims):
        which = "fewer" if len(ndims) < len(terms) else "more"
        raise ShapeError(f"einsum(): {which} operands were provided than specified in the equation; got {len(ndims)} for {equation!r}")
    operands = []
    for i, (term, ndim) in enumerate(zip(terms, ndims, strict=True)):
        letters, dots = letters_of(term, equation, f"operand {i}")
        if len(letters) > ndim or len(letters) < ndim and dots is None:
            raise ShapeError(f"einsum(): the number of subscripts in the equation ({len(letters)}) "
                             f"{'is more than' if dots is not None else 'does not match'} the number of dimensions ({ndim}) for operand {i}"
                             f"{'' if dots is not None else ' and no ellipsis was given'}; got {equation!r}")
        hidden = tuple(range(len(letters) - ndim, 0))
        operands.append(letters if dots is None else (*letters[:dots], *hidden, *letters[dots:]))
    widest = max((sum(isinstance(k, int) for k in labels) for labels in operands), default=0)
    hidden = tuple(range(-widest, 0))
    seen = [k for labels in operands for k in labels if isinstance(k, str)]
    if not arrow:
        return tuple(operands), (*hidden, *sorted(k for k in set(seen) if seen.count(k) == 1))
    letters, dots = letters_of(right, equation, "the output")
    for k in letters:
        if k not in seen:
            raise ShapeError(f"einsum(): output subscript {k} does not appear in the equation for any input operand; got {equation!r}")
        if letters.count(k) > 1:
            raise ShapeError(f"einsum(): output subscript {k} appears more than once in the output; got {equation!r}")
    return tuple(operands), letters if dots is None else (*letters[:dots], *hidden, *letters[dots:])


def letters_of(term: str, equation: str, where: str) -> tuple[Labels, int | None]:
    """The letters of one term, and how many stand before its ellipsis, if it has one."""
    before, dots, after = term.replace(" ", "").partition("...")
    if "." in before + after:
        what = "for which an ellipsis was already found" if dots else "that is not part of any ellipsis"
        raise ShapeError(f"einsum(): found '.' for {where} {what}; got {equation!r}")
    for letter in before + after:
        if letter not in ascii_letters:
            raise ShapeError(f"einsum(): invalid subscript given at index {equation.index(letter)} in the equation string, "
                             f"subscripts must be in [a-zA-Z]; got {equation!r}")
    return (*before, *after), len(before) if dots else None


def from_sublists(args: Sequence[Any]) -> tuple[str, list[Any]]:
    """`einsum(x, [0, 1], y, [1, 2], [0, 2])` as an equation and operands."""
    operands, lists = list(args[:-1:2] if len(args) % 2 else args[::2]), list(args[1::2])

    def text(numbers: Any) -> str:
        if any(k is not Ellipsis and not 0 <= k < 52 for k in numbers):
            raise ArgumentError(f"einsum(): subscript in subscript list is not within the valid range [0, 52); got {list(numbers)}")
        return "".join("..." if k is Ellipsis else SUBLIST[k] for k in numbers)
    equation = ",".join(text(numbers) for numbers in lists)
    return equation + ("->" + text(args[-1]) if len(args) % 2 else ""), operands


# ---------------------------------------------------------------- two operands as one matrix product
@lru_cache(maxsize=1024)
def plan(xs: Labels, ys: Labels, out: Labels) -> tuple[Any, ...]:
    """How to bring x to (batch, rows, k) and y to (batch, k, columns), and the product to `out`."""
    batch = [k for k in xs if k in ys and k in out]
    summed = [k for k in xs if k in ys and k not in out]
    rows, columns = [k for k in xs if k not in ys], [k for k in ys if k not in xs]
    found = [*batch, *rows, *columns]
    order = tuple(found.index(k) for k in out)
    return (tuple(xs.index(k) for k in (*batch, *rows, *summed)), tuple(ys.index(k) for k in (*batch, *summed, *columns)),
            len(batch), len(rows), len(summed), None if order == tuple(range(len(order))) else order)


@op(promotes="same",
    x=lambda g, y, x_labels, y_labels, out_labels: contract(g, conj(y), out_labels, y_labels, x_labels),
    y=lambda g, x, x_labels, y_labels, out_labels: contract(g, conj(x), out_labels, x_labels, y_labels))
def contract(input: Tensor, other: Tensor, x_labels: Labels, y_labels: Labels, out_labels: Labels) -> Tensor:
    """Two operands multiplied and summed over the labels that both have and the output has not; each other label is in the output."""
    x: Any = input
    y: Any = other
    x_order, y_order, b, r, k, order = plan(x_labels, y_labels, out_labels)
    x, y = x.transpose(x_order), y.transpose(y_order)
    sizes = (*x.shape[:b + r], *y.shape[b + k:])
    x_rows, y_columns, n = prod(x.shape[b:b + r]), prod(y.shape[b + k:]), prod(y.shape[b:b + k])
    x = x.reshape((*x.shape[:b], x_rows, n))
    y = y.reshape((*y.shape[:b], n, y_columns))
    out = product("einsum", x, y).reshape(sizes)
    return out if order is None else out.transpose(order)


def multiply(x: Any, y: Any, xs: Labels, ys: Labels) -> tuple[Any, Labels]:
    """Two operands with nothing to sum: a broadcast product; its labels are those of x, then those that only y has."""
    labels = (*xs, *[k for k in ys if k not in xs])
    x = x.reshape((*x.shape, *[1] * (len(labels) - len(xs))))
    y = permute(y, tuple(ys.index(k) for k in labels if k in ys))
    sizes = iter(y.shape)
    return x * y.reshape([next(sizes) if k in ys else 1 for k in labels]), labels


# ---------------------------------------------------------------- preparing operands
def own_diagonal(x: Any, labels: Labels, i: int) -> tuple[Any, Labels]:
    """An operand with each label once: of dimensions that share one, the diagonal."""
    for k in labels:
        while labels.count(k) > 1:
            a, b = [d for d, other in enumerate(labels) if other == k][:2]
            if x.shape[a] != x.shape[b]:
                raise ShapeError(f"einsum(): subscript {k} is repeated for operand {i} but the sizes don't match, "
                                 f"{x.shape[b]} != {x.shape[a]}; got {describe(x)}")
            x = diagonal(x, 0, a, b)
            labels = (*[other for d, other in enumerate(labels) if d not in (a, b)], k)
    return x, labels


def check_sizes(operands: Sequence[Any], terms: Sequence[Labels]) -> dict[Any, int]:
    """The size of each label; 1 broadcasts."""
    sizes: dict[Any, int] = {}
    for i, (x, labels) in enumerate(zip(operands, terms, strict=True)):
        for k, n in zip(labels, x.shape, strict=True):
            if sizes.get(k, 1) == 1:
                sizes[k] = n
            elif n not in (1, sizes[k]):
                raise ShapeError(f"einsum(): subscript {k} has size {n} for operand {i} which does not broadcast with previously seen size "
                                 f"{sizes[k]}; got {', '.join(describe(v) for v in operands)}")
    return sizes


def drop(x: Any, labels: Labels, gone: Sequence[Any], total: bool) -> tuple[Any, Labels]:
    """An operand summed over some labels or, if they have size 1, without them."""
    if not gone:
        return x, labels
    dims = tuple(labels.index(k) for k in gone)
    rest = tuple(k for k in labels if k not in gone)
    return (sum_of(x, dims) if total else x.reshape([n for d, n in enumerate(x.shape) if d not in dims])), rest


def next_pair(terms: Sequence[Labels], out: Labels, sizes: dict[Any, int]) -> tuple[int, int]:
    """The two operands whose product takes the least memory beyond what they take themselves."""
    if len(terms) == 2:
        return 0, 1

    def growth(pair: tuple[int, int]) -> int:
        i, j = pair
        rest = {k for m, labels in enumerate(terms) if m not in pair for k in labels} | set(out)
        both = set(terms[i]) | set(terms[j])
        return prod(sizes[k] for k in both & rest) - prod(sizes[k] for k in terms[i]) - prod(sizes[k] for k in terms[j])
    return min(combinations(range(len(terms)), 2), key=growth)


# ---------------------------------------------------------------- the function
def einsum(*args: Any) -> Tensor:
    """Products of the operands, summed over every subscript that is not in the output.

    `einsum("ij,jk->ik", x, y)`: one letter per dimension; "..." stands for dimensions that broadcast. Without "->", the
    letters that appear once, in alphabetical order. A letter twice in one operand takes a diagonal. Sizes of 1 broadcast.
    `einsum(x, [0, 1], y, [1, 2], [0, 2])`: numbers for letters.
    """
    if len(args) < 2:
        raise ArgumentError("einsum(): must specify the equation string and at least one operand, or at least one operand and its "
                            "subscripts list")
    if isinstance(args[0], str):
        equation, operands = args[0], list(args[1]) if isinstance(args[1], (list, tuple)) else list(args[1:])
    else:
        equation, operands = from_sublists(args)
    for x in operands:
        if not isinstance(x, TensorBase):
            raise ArgumentTypeError(f"einsum(): operands must be Tensors; got {describe(x)}")
    terms_, out = parse(equation, tuple([x.array.ndim for x in operands]))
    terms = list(terms_)
    for i, labels in enumerate(terms):
        if len(set(labels)) < len(labels):
            operands[i], terms[i] = own_diagonal(operands[i], labels, i)
    sizes = check_sizes(operands, terms)
    for i, (x, labels) in enumerate(zip(operands, terms, strict=True)):
        narrow = [k for k, n in zip(labels, x.array.shape, strict=True) if n == 1 and (sizes[k] > 1 or k not in out)]
        operands[i], terms[i] = drop(x, labels, narrow, False)
    while len(operands) > 1:
        i, j = next_pair(terms, out, sizes)
        y, ys = operands.pop(j), terms.pop(j)
        x, xs = operands.pop(i), terms.pop(i)
        rest = {k for labels in terms for k in labels}.union(out)
        x, xs = drop(x, xs, [k for k in xs if k not in rest and k not in ys], True)
        y, ys = drop(y, ys, [k for k in ys if k not in rest and k not in xs], True)
        if any(k in ys and k not in rest for k in xs):
            joined = tuple(k for k in (*xs, *[k for k in ys if k not in xs]) if k in rest)
            if not terms:                            # the last product: in the order of the output, as far as it is known
                joined = (*[k for k in out if k in joined], *[k for k in joined if k not in out])
            x, xs = contract(x, y, xs, ys, joined), joined
        else:
            x, xs = multiply(x, y, xs, ys)
        operands.insert(0, x)
        terms.insert(0, xs)
    x, xs = drop(operands[0], terms[0], [k for k in terms[0] if k not in out], True)
    return arranged(x, xs, out)


def arranged(x: Any, labels: Labels, out: Labels) -> Any:
    """The result in the order of the output; labels that only had size 1 come back."""
    if labels == out:
        return x
    present = [k for k in out if k in labels]
    if tuple(present) != labels:
        x = permute(x, tuple(labels.index(k) for k in present))
    if len(present) < len(out):
        sizes = iter(x.shape)
        x = x.reshape([next(sizes) if k in labels else 1 for k in out])
    return x
