"""Transposed convolutions against PyTorch: output padding, groups, dilation, refusals."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.ops.oracle import same, same_error

RNG = np.random.default_rng(0)
SIZE, KERNEL = (4, 3, 5), (3, 2, 3)
OPTIONS: list[dict[str, Any]] = [
    {}, {"stride": 2, "padding": 1, "output_padding": 1}, {"stride": 2, "output_padding": 1, "groups": 2, "dilation": 2},
    {"dilation": 3, "output_padding": 2, "padding": 1},          # less than dilation, but not less than stride
    {"stride": 3, "output_padding": 2},                          # more than padding: the last places are reached by no window
]


def draw(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


def call(n: int, **options: Any) -> Any:
    return lambda lib, x, w, *b: getattr(lib.F, f"conv_transpose{n}d")(x, w, *b, **options)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_values_and_gradients(n: int, options: dict[str, Any]) -> None:
    x, w, b = draw(2, 4, *SIZE[:n]), draw(4, 3, *KERNEL[:n]), draw(3 * options.get("groups", 1))
    same(call(n, **options), x, w, b, second=True)
    same(call(n, **options), x[0], w)                # one sample, no bias
    same(call(n, **options), x.astype("f4"), w.astype("f4"), b.astype("f4"), rtol=1e-4)


def test_options_that_differ_by_dimension() -> None:
    options: dict[str, Any] = {"stride": (2, 3), "padding": (0, 1), "output_padding": (1, 2), "dilation": (1, 2), "groups": 2}
    same(call(2, **options), draw(2, 4, 3, 2), draw(4, 2, 3, 2), draw(4), second=True)


def test_refusals() -> None:
    x, w = draw(2, 4, 5, 5), draw(4, 3, 3, 3)
    same_error(call(2, output_padding=1), x, w, match="output padding must be smaller than either stride or dilation; got output_padding "
               r"\(1, 1\), stride \(1, 1\), dilation \(1, 1\)")
    same_error(call(2, output_padding=-1), x, w, match="output_padding must be non-negative; got -1")
    same_error(call(2, groups=3), x, w, match="Given groups=3, expected weight to be divisible by 3 at dimension 0")
    same_error(call(2), draw(2, 5, 5, 5), w, match=r"transposed=1, weight of size \[4, 3, 3, 3\], expected input\[2, 5, 5, 5\] to have "
               "4 channels, but got 5 channels instead")
    same_error(call(2), x, w, draw(4), match="expected bias to be 1-dimensional with 3 elements")
    same_error(call(2, padding=4), x[..., :1, :1], w, match=r"the output would have size \(-5, -5\): padding \(4, 4\) cuts off more")
