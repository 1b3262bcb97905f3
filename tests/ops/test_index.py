"""x[...] and x[...] = v, against PyTorch."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.agree import agree, agree_after, lines, refuse

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("line", lines("""
    x[-1]
    x[1, 2]
    x[::2, 1:, -3:-1]
    x[1:0]
    x[:100]
    x[-1:-3]
    x[:, ::2, 1:3]
    x[()]
    x[...]
    x[None, 0]
    x[None, ..., None]
    x[..., 1]
    x[torch.tensor(1)]
    x[torch.tensor(1):]
    x[np.int64(1)]
    x[(np.int64(1), 0)]
    x[np.array(1)]
    x[torch.Size([1, 2])]
    x[1, torch.tensor(1), ..., 0]
    x[0, 0, 0][...]
    x[0, 0, 0][None]
    x[0, 0, 0][()]
"""))
def test_views(line: str) -> None:
    agree(line)


@pytest.mark.parametrize("line", lines("""
    x[[0, 1]]
    x[[0, 0, 1, 0]]
    x[[0, 1], [0, 1]]
    x[[True, False]]
    x[[True, 0]]
    x[(True, False)]
    x[True]
    x[False]
    x[0, True]
    x[True, [0, 1]]
    x[False, [0]]
    x[..., True]
    x[0, :, [1, 2]]
    x[[0], :, [1, 2]]
    x[:, [0], [1, 2]]
    x[:, 0, [1, 2]]
    x[0, ..., None, [1, 2]]
    x[:, None, [1, 2], 0]
    x[[0, 1], None, [1, 2]]
    x[[0, 1], 0:1, [1, 2]]
    x[None, [0, 1], :, [0, 1]]
    x[[0, 1], :, True]
    x[..., [0, 0, -1]]
    x[[0, 1], ..., [0, 1]]
    x[torch.tensor([[0]]), [0, 1]]
    x[:, [[0, 0], [1, 1]], [-1, -1]]
    x[:, torch.tensor([[0, 1], [1, 0]])]
    x[[0, 1], torch.tensor(1), :]
    x[torch.tensor([1, 0], dtype=torch.int32)]
    x[torch.tensor([1, 0], dtype=torch.uint8)]
    x[torch.tensor(1, dtype=torch.uint8)]
    x[torch.tensor(True)]
    x[torch.tensor([True, False]), 0]
    x[torch.tensor([True, True]), :, [0, 1]]
    x[np.array([1, 0])]
    x[np.array([[1, 0]])]
    x[np.array([1, 0], dtype=np.int16)]
    x[np.array([True, False])]
    x[range(2)]
    x[[]]
    x[[], []]
    x[torch.zeros(0, dtype=torch.long)]
    x[m]
    x[:, m[0]]
    x[m[:, :, 0]]
    x[m[:, :, 0], 1]
    x[m[:, :, 0], [0, 1]]
    x[torch.zeros(2, 3, 4, dtype=torch.bool)]
    x[..., torch.ones(4, dtype=torch.bool)]
    x[0, 0, 0][True]
    x.transpose(0, 2)[[0, 1]].contiguous()
    x[:, [0, 1]].stride()
    x[[0, 1]].is_contiguous()
    i[i > 2]
"""))
def test_copies(line: str) -> None:
    agree(line)


@pytest.mark.parametrize("line", lines("""
    x[[[0, 1], [0, 1]]]
    x[[slice(None), 0]]
    x[[None]]
    x[[[0], [1, 2]]]
    x[[torch.tensor([0]), torch.tensor([1])]]
"""))
def test_a_list_of_indices_is_a_tuple_and_deprecated(line: str) -> None:
    agree(line)
    x = mg.zeros(2, 3, 4)
    with pytest.warns(UserWarning, match=r"write x\[tuple\(index\)\]"):
        eval(line, {"x": x, "torch": mg})


@pytest.mark.parametrize(("line", "match"), [
    ("x[5]", "index 5 is out of bounds for dimension 0 with size 2; got x float64 \\(2, 3, 4\\)"),
    ("x[:, -4]", "index -4 is out of bounds for dimension 1 with size 3"),
    ("x[0, 0, 0, 0]", "too many indices for tensor of dimension 3"),
    ("x[0, [0, 1], 0, 0]", "too many indices for tensor of dimension 3"),
    ("x[::-1]", "must be greater than zero"),
    ("x[::0]", "cannot be zero"),
    ("x[1.0]", "\\(got float\\)"),
    ("x[{}]", "\\(got dict\\)"),
    ("x[0.5:]", "slice indices must be integers"),
    ("x[torch.tensor([1.0])]", "must be long, int, byte or bool tensors; got float32"),
    ("x[torch.tensor([1, 0], dtype=torch.int16)]", "must be long, int, byte or bool tensors; got int16"),
    ("x[torch.tensor([5])]", "index 5 is out of bounds for dimension 0 with size 2"),
    ("x[[0, 1], 5]", "index 5 is out of bounds for dimension 1 with size 3"),
    ("x[0, [0, 5]]", "index 5 is out of bounds for dimension 0 with size 3"),
    ("x[torch.tensor([True])]",
     "shape of the mask \\[1\\] at index 0 does not match the shape of the indexed tensor \\[2, 3, 4\\] at index 0"),
    ("x[:, torch.tensor([True])]", "at index 0 does not match the shape of the indexed tensor \\[2, 3, 4\\] at index 1"),
    ("x[torch.zeros(2, 4, dtype=torch.bool)]", "\\[2, 4\\] at index 1 does not match"),
    ("x[torch.tensor([0, 1]), torch.tensor([0, 1, 2])]", "could not be broadcast together with shapes \\[2\\], \\[3\\]"),
    ("x[0, 0, 0][0]", "invalid index of a 0-dim tensor"),
    ("x.detach()[0] = torch.zeros(5)", "expanded size of the tensor \\(4\\) must match the existing size \\(5\\)"),
    ("x.detach()[0] = torch.zeros(2, 3, 4)", "greater or equal to the number of dimensions"),
    ("x.detach()[[0, 1]] = torch.zeros(5).double()",
     "value tensor of shape \\[5\\] cannot be broadcast to indexing result of shape \\[2, 3, 4\\]"),
    ("x.detach()[m] = torch.zeros(5).double()", "value tensor of shape \\[5\\] cannot be broadcast to indexing result of shape \\[8\\]"),
    ("x.detach()[[0, 1]] = torch.zeros(4)", "source and destination dtypes match, got float64 for the destination and float32"),
    ("x.detach()[0] = [1, 2, 3, 4]", "can't assign list of 4 to a float64"),
    ("x.detach()[0] = np.zeros((3, 4))", "can't assign ndarray"),
    ("x.detach()[0] = None", "can't assign None"),
    ("x.detach()[0] = 1j", "without overflow; got 1j"),
    ("u[0] = 300", "cannot be converted to type uint8 without overflow; got 300"),
    ("u[0] = float('nan')", "cannot be converted to type uint8 without overflow"),
    ("x[0] = 1", "a leaf Variable that requires grad"),
    ("torch.index_put(x, torch.tensor([0]), torch.tensor(1.))", "indices must be a tuple of Tensors"),
    ("torch.index_put(x, (torch.tensor([0, 1]),), torch.tensor(1))", "source and destination dtypes match"),
    ("x.index_put([torch.tensor([0, 1])], torch.zeros(5).double())", "cannot be broadcast to indexing result"),
    ("x.index_put([torch.tensor([0, 9])], torch.zeros(1).double())", "index 9 is out of bounds"),
])
def test_refusals(line: str, match: str) -> None:
    refuse(line, match)


def test_floats_in_a_list_are_no_indices() -> None:
    """PyTorch cuts them off; here they are an error, as float tensors are there."""
    with pytest.raises(IndexError, match="must be long, int, byte or bool tensors"):
        mg.zeros(3)[[1.5]]


@pytest.mark.parametrize("dtype", ["float64", "int64", "uint8", "bool"])
@pytest.mark.parametrize("line", lines("""
    x[0] = 3
    x[0, 1:] = 3.5
    x[0] = -1
    x[0] = True
    x[0] = v(4)
    x[0] = v(3, 1)
    x[0] = v()
    x[0] = v(1, 1, 3, 4)
    x[0] = v(4, dtype='float32')
    x[...] = 5
    x[()] = 5
    x[True] = 5
    x[False] = 5
    x[m] = 7
    x[m] = v(8)
    x[m] = v()
    x[m] = v(1)
    x[:, [True, False, True]] = v(2, 2, 4)
    x[[0, 1]] = v(1, 1, 2, 3, 4)
    x[[0, 1], :, [1, 2]] = v(2, 3)
    x[0, :, [1, 2]] = v(3, 2)
    x[:, 0, [1, 2]] = v(2)
    x[[0, 1], torch.tensor([True, False, True])] = 5
    x[0][1][2] = 9
    x[0][[1, 2]] = v(2, 4)
    x[1:] = x[:1]
    x.transpose(0, 2)[1] = v(3, 2)
    x.transpose(0, 2)[[1, 2]] = v(3, 2)
    x.index_put_((torch.tensor([0, 1]), torch.tensor([1, 1])), v(4))
    x.index_put_((torch.tensor([0, 1]), torch.tensor([1, 1])), v())
    x.index_put_((torch.tensor([0, 0]), torch.tensor([1, 1])), v(4), accumulate=True)
    x.index_put_((m,), v(8), accumulate=True)
    x = x.index_put((torch.tensor([0, 0]), torch.tensor([1, 1])), v(4), accumulate=True)
    x = x.index_put([m], v())
"""))
def test_assignment(line: str, dtype: str) -> None:
    if dtype == "bool" and "accumulate" in line:
        pytest.skip("PyTorch's sum of bools depends on the path it takes")
    agree_after(line, dtype)


def test_numpy_scalars_are_taken() -> None:
    x = mg.zeros(2, 3)
    x[0] = np.float32(5)
    assert x[np.bool_(True)].tolist() == [[[5.0, 5.0, 5.0], [0.0, 0.0, 0.0]]]


def test_overlapping_assignment_reads_before_it_writes() -> None:
    x = mg.arange(5)
    x[1:] = x[:-1]
    assert x.tolist() == [0, 0, 1, 2, 3]


def test_a_write_goes_to_the_memory_and_copies_nothing() -> None:
    x = mg.zeros(3, 4)
    address = x.data_ptr()
    x[1] = 1.0
    x[:, 2] = mg.ones(3)
    x[[0, 2]] = 3.0
    x[x > 2] = 4.0
    assert x.data_ptr() == address
    assert x.sum().item() == 36.0


INDICES = {"x": st.integers(-2, 1), "y": st.integers(-3, 2), "z": st.integers(-4, 3)}


@st.composite
def index_tuples(draw: st.DrawFn) -> tuple[Any, ...]:
    """An index into (2, 3, 4) of every kind, in bounds, with index arrays of one length."""
    sizes, parts = [2, 3, 4], []
    n = draw(st.integers(1, 3))
    left = draw(st.integers(0, 3))
    for size in sizes[:left]:
        kind = draw(st.sampled_from(["int", "slice", "list", "array", "mask"]))
        if kind == "int":
            parts.append(draw(st.integers(-size, size - 1)))
        elif kind == "slice":
            ends = st.none() | st.integers(-size - 1, size + 1)
            parts.append(slice(draw(ends), draw(ends), draw(st.none() | st.integers(1, 3))))
        elif kind == "mask" and n <= size:
            places = draw(st.permutations(range(size)))[:n]
            parts.append(np.isin(np.arange(size), places))
        else:
            found = draw(st.lists(st.integers(-size, size - 1), min_size=n, max_size=n))
            parts.append(found if kind == "list" else np.array(found))
        if draw(st.integers(0, 5)) == 0:
            parts.append(None)
    if left < 3 and draw(st.booleans()):
        parts.append(...)
    return tuple(parts)


def in_library(library: Any, index: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple([library.tensor(p) if isinstance(p, np.ndarray) else p for p in index])


@given(index_tuples())
def test_any_index(index: tuple[Any, ...]) -> None:
    """Reading with its gradient, and writing a number and a tensor."""
    results = []
    for library in (torch, mg):
        x = library.tensor(np.arange(24.0).reshape(2, 3, 4)).requires_grad_()
        at = in_library(library, index)
        out = x[at]
        seed = library.tensor(np.arange(1.0, out.numel() + 1).reshape(tuple(out.shape)), dtype=out.dtype)
        gradient, = library.autograd.grad(out, x, seed)
        written = x.detach().clone()
        written[at] = seed * 100
        filled = x.detach().clone()
        filled[at] = -1.0
        results.append([out.detach().numpy(), gradient.numpy(), filled.numpy(), written.numpy()])
    distinct = not any(isinstance(p, (list, np.ndarray)) and np.asarray(p).dtype != bool for p in index)
    for theirs, ours in list(zip(*results, strict=True))[:4 if distinct else 3]:       # repeated places: any of the values may stay
        np.testing.assert_array_equal(ours, theirs)


def test_a_single_element_of_a_view_of_a_view() -> None:
    agree_after("x[0][0][0][...] = v()")
    agree_after("x[0, 0, 0].copy_(v()); x[0, 0, 1][()] = v()")
