"""Printed arrays against PyTorch's, character for character, and a few pictures to look at without it."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad
from minigrad import _printing
from minigrad._printing import get_printoptions, printoptions, set_printoptions, tensor_repr
from minigrad.errors import ArgumentError

DTYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool",
          "complex64", "complex128")


@pytest.fixture(scope="module")
def torch() -> Any:
    return pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def _options_as_before() -> Iterator[None]:
    with printoptions():
        yield


def ours(array: np.ndarray, **named: Any) -> str:
    return tensor_repr(array, dtype_repr=lambda dtype: f"torch.{dtype}", **named)


@st.composite
def arrays(draw: st.DrawFn, sides: int = 9) -> np.ndarray:
    """Arrays as they occur: random bits, whole numbers, small and large scales, ties, nan and inf here and there."""
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=sides))
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    if draw(st.booleans()):
        return draw(hnp.arrays(dtype, shape))
    random = np.random.RandomState(draw(st.integers(0, 2 ** 32 - 1)))

    def numbers() -> np.ndarray:
        x = random.standard_normal(shape) * 10.0 ** draw(st.integers(-8, 10))
        if draw(st.booleans()):
            x = np.round(x)
        return np.where(random.random(shape) < draw(st.sampled_from([0, 0, 0.3, 1])),
                        draw(st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -0.0])), x)

    with np.errstate(all="ignore"):
        return (numbers() + 1j * numbers() if dtype.kind == "c" else numbers()).astype(dtype)


some_options = st.fixed_dictionaries({}, optional={
    "precision": st.integers(0, 9), "threshold": st.sampled_from([0, 5, 50, np.inf]),
    "edgeitems": st.integers(0, 4), "linewidth": st.integers(1, 200),
    "profile": st.sampled_from(["default", "short", "full"]), "sci_mode": st.booleans(),
})


@given(arrays())
@example(np.array(-0.0))
@example(np.array([1, np.nan, np.inf], np.float32))
@example(np.array([1e-310, 1e308]))
@example(np.array([65504, 6e-8], np.float16))
@example(np.zeros((2, 0, 3), np.int64))
@example(np.array(complex(np.nan, -np.inf)))
@example(np.array([1e8, 1e8 + 1]))
@example(np.array([1000.0, 1.0]))
@example(np.array([1001.0, 1.0]))
@example(np.array([0.0001, 0.05]))
@example(np.array([0.00009, 0.05]))
def test_arrays_print_as_in_pytorch(torch: Any, array: np.ndarray) -> None:
    assert ours(array) == repr(torch.from_numpy(np.array(array)))


@given(arrays(), some_options)
def test_options_act_as_in_pytorch(torch: Any, array: np.ndarray, options: dict[str, Any]) -> None:
    before = torch._tensor_str.get_printoptions()
    try:
        torch.set_printoptions(**options)
        with printoptions(**options):
            assert get_printoptions() == torch._tensor_str.get_printoptions()
            assert ours(array) == repr(torch.from_numpy(np.array(array)))
    finally:
        torch.set_printoptions(**before)


@given(arrays(), st.integers(20, 90), st.sampled_from(["float16", "float32", "float64"]))
def test_suffixes_and_default_dtype_act_as_in_pytorch(torch: Any, array: np.ndarray, width: int, default: str) -> None:
    t = torch.from_numpy(np.array(array))
    before, options = torch.get_default_dtype(), torch._tensor_str.get_printoptions()
    suffixes = []
    if array.dtype.kind in "fc":
        t, suffixes = t.requires_grad_().clone(), ["grad_fn=<CloneBackward0>"]
    try:
        torch.set_default_dtype(getattr(torch, default))
        torch.set_printoptions(linewidth=width)
        with printoptions(linewidth=width):
            assert ours(array, suffixes=suffixes, default_dtype=default) == repr(t)
    finally:
        torch.set_default_dtype(before)
        torch.set_printoptions(**options)


@pytest.mark.parametrize("shape", [(1001,), (7, 200), (200, 7), (2, 600), (1100, 1), (11, 11, 11), (3, 5, 7, 11)])
@pytest.mark.parametrize("dtype", ["float32", "int64", "bool", "complex64"])
def test_summaries_are_pytorchs(shape: tuple[int, ...], dtype: str, torch: Any) -> None:
    array = (np.random.RandomState(0).standard_normal(shape) * 3).astype(dtype)
    for options in ({}, {"edgeitems": 1}, {"edgeitems": 0}, {"profile": "short"}):
        with printoptions(**options):
            torch.set_printoptions(**options)
            try:
                assert ours(array) == repr(torch.from_numpy(array))
            finally:
                torch.set_printoptions(profile="default")


# ---------------------------------------------------------------- without PyTorch
@pytest.mark.parametrize(("array", "text"), [
    (np.array(3), "tensor(3)"),
    (np.array(2.5, np.float32), "tensor(2.5000)"),
    (np.array([1, -2], np.float32), "tensor([ 1., -2.])"),
    (np.array([1, np.nan], np.float64), "tensor([1., nan], dtype=torch.float64)"),
    (np.array([True, False]), "tensor([ True, False])"),
    (np.array([0.001, 20], np.float32), "tensor([1.0000e-03, 2.0000e+01])"),
    (np.array([1 - 2j, 0.5], np.complex64), "tensor([1.0000-2.j, 0.5000+0.j])"),
    (np.zeros(0, np.float32), "tensor([])"),
    (np.zeros(0, np.bool_), "tensor([], dtype=torch.bool)"),
    (np.zeros((0, 3), np.float32), "tensor([], size=(0, 3))"),
    (np.arange(6).reshape(2, 3), "tensor([[0, 1, 2],\n        [3, 4, 5]])"),
    (np.arange(4).reshape(2, 2, 1), "tensor([[[0],\n         [1]],\n\n        [[2],\n         [3]]])"),
    (np.arange(1001), "tensor([   0,    1,    2,  ...,  998,  999, 1000])"),
])
def test_pictures(array: np.ndarray, text: str) -> None:
    assert ours(array) == text


def test_long_rows_and_suffixes_are_broken_at_the_line_width() -> None:
    set_printoptions(linewidth=24)
    assert ours(np.arange(8), device="cuda:0", suffixes=["grad_fn=<X>"]) == (
        "tensor([0, 1, 2, 3, 4,\n        5, 6, 7],\n       device='cuda:0',\n       grad_fn=<X>)")


def test_subclasses_have_their_own_prefix() -> None:
    assert ours(np.zeros((2, 1), np.float32), prefix="Image(") == "Image([[0.],\n       [0.]])"


def test_tensors_tell_their_dtype_and_graph() -> None:
    x = minigrad.tensor([1.0, 2.0]).requires_grad_()
    assert repr(x) == str(x) == "tensor([1., 2.], requires_grad=True)"
    assert repr(x * 2) == "tensor([2., 4.], grad_fn=<MulBackward0>)"
    assert repr(minigrad.zeros(1, dtype=minigrad.float64)) == "tensor([0.], dtype=minigrad.float64)"

    class Image(minigrad.Tensor):
        __slots__ = ()

    image = minigrad.ones(1)
    image.__class__ = Image
    assert repr(image) == "Image([1.])"


class Device:
    """An array on a device, which counts the elements that leave it."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.shape, self.dtype = array, array.shape, array.dtype
        self.size, self.ndim = array.size, array.ndim

    def take(self, indices: list[int], axis: int) -> Device:
        return Device(self.array.take(indices, axis))


def test_only_the_elements_that_are_shown_leave_the_device() -> None:
    fetched = []

    def to_numpy(device: Device) -> np.ndarray:
        fetched.append(device.size)
        return device.array

    big = np.arange(1_000_000.0).reshape(1000, 1000)
    assert ours(Device(big), to_numpy=to_numpy) == ours(big)
    assert fetched == [6 * 6]


def test_options_are_kept_set_and_reset() -> None:
    set_printoptions(profile="default")
    default = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": None}
    assert get_printoptions() == default
    set_printoptions(precision=2, sci_mode=False)
    assert get_printoptions() == default | {"precision": 2, "sci_mode": False}
    set_printoptions(edgeitems=7)        # as in PyTorch, sci_mode goes back to automatic
    assert get_printoptions() == default | {"precision": 2, "edgeitems": 7}
    set_printoptions(profile="full", linewidth=100)
    assert get_printoptions() == default | {"threshold": np.inf, "linewidth": 100, "edgeitems": 3}
    with printoptions(precision=1):
        assert _printing.options.precision == 1
    assert _printing.options.precision == default["precision"]


def test_unknown_profile_is_refused_and_changes_nothing() -> None:
    before = get_printoptions()
    with pytest.raises(ArgumentError, match="unknown profile 'long'; choose one of default, short, full"):
        set_printoptions(precision=1, profile="long")
    assert get_printoptions() == before
