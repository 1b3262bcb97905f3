"""Convolutions of 1 to 3 dimensions against PyTorch: every option, unbatched input, refusals."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from tests.ops.oracle import same, same_error

RNG = np.random.default_rng(0)
SIZE, KERNEL = (7, 6, 5), (3, 2, 2)
OPTIONS: list[dict[str, Any]] = [{}, {"stride": 2, "padding": 1}, {"padding": "same"}, {"padding": "valid"}, {"groups": 2, "dilation": 2},
                                 {"stride": (2,), "padding": (2,)}]


def draw(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


def call(n: int, **options: Any) -> Any:
    return lambda lib, x, w, *b: getattr(lib.F, f"conv{n}d")(x, w, *b, **options)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
def test_values_and_gradients(n: int, options: dict[str, Any]) -> None:
    groups = options.get("groups", 1)
    x, w, b = draw(2, 4, *SIZE[:n]), draw(6, 4 // groups, *KERNEL[:n]), draw(6)
    same(call(n, **options), x, w, b, second=True)
    same(call(n, **options), x[0], w)                # one sample, no bias
    same(call(n, **options), x.astype("f4"), w.astype("f4"), b.astype("f4"), rtol=1e-4)
    same(call(n, **options), x[:0], w, b)            # no sample


def test_options_that_differ_by_dimension() -> None:
    same(call(2, stride=(2, 1), padding=(1, 2), dilation=(2, 1), groups=2), draw(2, 4, 9, 8), draw(6, 2, 3, 2), draw(6), second=True)
    same(call(3, stride=(2, 1, 1), padding=[1, 2, 0], dilation=(2, 1, 2), groups=2), draw(1, 4, 6, 4, 6), draw(6, 2, 3, 2, 2), second=True)
    same(call(2, groups=4), draw(2, 4, 5, 5), draw(4, 1, 3, 3))                  # depthwise
    same(call(2), draw(2, 4, 5, 5), draw(3, 4, 1, 1))                            # pointwise


def test_one_function_under_two_names() -> None:
    assert F.conv1d is mg.conv1d
    assert F.conv2d is mg.conv2d
    assert F.conv3d is mg.conv3d


@pytest.mark.parametrize(("options", "match"), [
    ({"stride": 0}, "conv1d: stride must be greater than zero; got 0"),
    ({"dilation": 0}, "dilation must be greater than zero"),
    ({"padding": -1}, "padding must be non-negative; got -1"),
    ({"padding": (1, 2)}, "padding must be a single int or a list of 1, one per spatial dimension; got \\(1, 2\\)"),
    ({"padding": "full"}, "Invalid padding string: 'full'; padding is 'same', 'valid' or numbers"),
    ({"padding": "same", "stride": 2}, "padding='same' is not supported for strided convolutions; got stride \\(2,\\)"),
    ({"stride": 1.5}, "stride must be an int or 1 ints; got 1.5"),
    ({"groups": 0}, "non-positive groups is not supported"),
    ({"groups": 3}, "Given groups=3, expected weight to be divisible by 3 at dimension 0; got x float64 \\(2, 3, 9\\), w"),
])
def test_refused_options(options: dict[str, Any], match: str) -> None:
    same_error(call(1, **options), draw(2, 3, 9), draw(4, 3, 3), match=match)


@pytest.mark.parametrize(("x", "w", "b", "match"), [
    ((9,), (4, 3, 3), 4, r"Expected 2D \(unbatched\) or 3D \(batched\) input to conv1d, but got input of size: \[9\]"),
    ((2, 3, 9, 9), (4, 3, 3), 4, "Expected 2D .unbatched. or 3D .batched. input to conv1d"),
    ((2, 3, 9), (4, 3, 3, 3), 4, "weight must be 3D"),
    ((2, 3, 2), (4, 3, 3), 4, r"Calculated padded input size per channel: \(2,\). Kernel size: \(3,\). Kernel size can't be greater"),
    ((2, 5, 9), (4, 3, 3), 4, r"weight of size \[4, 3, 3\], expected input\[2, 5, 9\] to have 3 channels, but got 5 channels instead"),
    ((2, 3, 9), (4, 3, 3), 5, r"expected bias to be 1-dimensional with 4 elements, one per output channel, but got bias of size \[5\]"),
])
def test_refused_shapes(x: tuple[int, ...], w: tuple[int, ...], b: int, match: str) -> None:
    same_error(call(1), draw(*x), draw(*w), draw(b), match=match)


def test_mixed_dtypes_are_refused() -> None:
    same_error(call(1), draw(2, 3, 9), draw(4, 3, 3).astype("f4"), match="expected all operands to have the same dtype")
