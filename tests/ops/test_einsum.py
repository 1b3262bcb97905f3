"""einsum: every form of the equation, values and gradients against PyTorch."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.ops.oracle import same, same_error

RNG = np.random.default_rng(0)
SIZES = {"i": 2, "j": 3, "k": 4, "l": 5, "b": 2, "A": 3, "a": 3}
EQUATIONS = ["ij->ji", "ij", "ba", "aA", "Aa->aA", " i j -> j i ", "ij,jk", "ij,jk->", "ij,jk->ik", "ij,jk,kl->il",
             "...ij->...ji", "...ij,...jk", "...->...", "...i->...", "i...->...", ",->", "->", "", "i,i->", "ij,ij->ij", "ij,ij->j",
             "ij,kl->", "ij,kl->ijkl", "ij,k->kij",
             "bij,bjk->bik", "bij,bkj->bki", "i,ij,j->", "bi,bj,k->bk", "ijk,jil->kl", "bij,bjk,bkl,l->ib", "Ai,iA->A", "ij,jk->...ik",
             "...i,i...->...", "ij,jk,ki->", "ij,->ij", "...j->j", "ii->i", "ii", "iij->j", "iiji->j", "...ii->...i"]


def operands(equation: str) -> list[np.ndarray]:
    found = []
    for term in equation.split("->")[0].replace(" ", "").split(","):
        before, dots, after = term.partition("...")
        found.append(RNG.standard_normal([SIZES[c] for c in before] + ([2, 3] if dots else []) + [SIZES[c] for c in after]))
    return found


@pytest.mark.parametrize("equation", EQUATIONS)
def test_equations(equation: str) -> None:
    same(lambda lib, *xs: lib.einsum(equation, *xs), *operands(equation), second=True)


@pytest.mark.parametrize(("equation", "shapes"), [
    ("ij,ij->j", [(2, 3), (1, 3)]), ("i,i->", [(3,), (1,)]), ("i,i->i", [(3,), (1,)]), ("ij,jk->ik", [(2, 1), (3, 4)]),
    ("ij,jk->ijk", [(2, 1), (3, 4)]), ("ij->ij", [(1, 3)]), ("ij->j", [(1, 3)]), ("...i,...i->...", [(2, 1, 3), (4, 3)]),
    ("ij,jk->ik", [(2, 0), (0, 4)]), ("ij,ij->", [(1, 1), (1, 1)])],
    ids=str)
def test_sizes_of_one_broadcast(equation: str, shapes: list[tuple[int, ...]]) -> None:
    same(lambda lib, *xs: lib.einsum(equation, *xs), *[RNG.standard_normal(s) for s in shapes], second=True)


def test_numbers_for_letters() -> None:
    x, y = operands("ij,jk")
    same(lambda lib, x, y: lib.einsum(x, [0, 1], y, [1, 2], [0, 2]), x, y)
    same(lambda lib, x, y: lib.einsum(x, [0, 1], y, [1, 2]), x, y)
    same(lambda lib, x: lib.einsum(x, [..., 50], [50, ...]), x)


def test_operands_as_a_list_and_other_dtypes() -> None:
    x, y = operands("ij,jk")
    same(lambda lib, x, y: lib.einsum("ij,jk->ik", [x, y]), x, y)
    same(lambda lib, x, y: lib.einsum("ij,jk->ik", x, y), (x * 9).astype("i8"), (y * 9).astype("i8"))
    same(lambda lib, x, y: lib.einsum("ij,jk->ik", x, y), x + 1j * x, y - 1j * y)
    same(lambda lib, x, y: lib.einsum("ij,ij->ij", x, y), x, np.arange(6).reshape(2, 3))     # nothing is summed: promotes


@st.composite
def equations(draw: Any) -> str:
    terms = draw(st.lists(st.lists(st.sampled_from("ijkb"), max_size=3, unique=True), min_size=1, max_size=3))
    letters = sorted({c for t in terms for c in t})
    out = draw(st.lists(st.sampled_from(letters), unique=True)) if letters else []
    return ",".join("".join(t) for t in terms) + "->" + "".join(out)


@given(equations())
def test_any_equation_agrees_with_numpy(equation: str) -> None:
    xs = operands(equation)
    np.testing.assert_allclose(mg.einsum(equation, *[mg.tensor(x) for x in xs]).numpy(), np.einsum(equation, *xs), atol=1e-12)


@given(equations(), st.integers(0, 99))
def test_any_equation_is_linear_in_each_operand(equation: str, seed: int) -> None:
    """So the gradient for an operand, times any direction, is the equation with that direction in the operand's place."""
    rng = np.random.default_rng(seed)
    xs = operands(equation)
    leaves = [mg.tensor(x).requires_grad_() for x in xs]
    out = mg.einsum(equation, *leaves)
    g = rng.standard_normal(tuple(out.shape))
    found = mg.autograd.grad(out, leaves, mg.tensor(g))
    for k, x in enumerate(xs):
        direction = rng.standard_normal(x.shape)
        changed = np.einsum(equation, *xs[:k], direction, *xs[k + 1:])
        np.testing.assert_allclose((found[k].numpy() * direction).sum(), (g * changed).sum(), rtol=1e-9, atol=1e-9)


def test_refusals() -> None:
    x = np.ones((2, 3))
    for equation, match in (("ii", "subscript i is repeated for operand 0 but the sizes don't match, 3 != 2"),
                            ("ijk", r"subscripts in the equation \(3\) does not match the number of dimensions \(2\) for operand 0"),
                            ("ij->k", "output subscript k does not appear in the equation for any input operand"),
                            ("ij->ii", "output subscript i appears more than once in the output"),
                            ("ij,jk->ik", "fewer operands were provided than specified"),
                            ("i1->i", r"invalid subscript given at index 1 .* must be in \[a-zA-Z\]"),
                            ("i..j->", "found '.' for operand 0 that is not part of any ellipsis"),
                            ("...i...->", "found '.' for operand 0 for which an ellipsis was already found")):
        same_error(lambda lib, x, e=equation: lib.einsum(e, x), x, match=match)
    same_error(lambda lib, x: lib.einsum("ij->ij", x, x), x, match="more operands were provided than specified")
    same_error(lambda lib, x: lib.einsum("ij,jk", x, x), x,
               match="subscript j has size 2 for operand 1 which does not broadcast with previously seen size 3")
    same_error(lambda lib, x: lib.einsum(x, [0, 52]), x, match=r"not within the valid range \[0, 52\)")
    same_error(lambda lib, x: lib.einsum("ij"), x, match="must specify the equation string and at least one operand")
    same_error(lambda lib, x: lib.einsum("ij,jk->ik", x, x.T), x > 2, match="not implemented for bool")
