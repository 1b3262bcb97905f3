"""interpolate against PyTorch: modes, sizes and factors, aligned corners, antialiasing, refusals."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from tests.ops.oracle import libraries, same, same_error

RNG = np.random.default_rng(0)
SHAPES = {3: (2, 3, 7), 4: (2, 3, 5, 7), 5: (1, 2, 3, 4, 5)}
MODES = [("nearest", (3, 4, 5)), ("nearest-exact", (3, 4, 5)), ("area", (3, 4, 5)), ("linear", (3,)), ("bilinear", (4,)), ("bicubic", (4,)),
         ("trilinear", (5,))]


def call(**options: Any) -> Any:
    return lambda lib, x: lib.F.interpolate(x, **options)


@pytest.mark.parametrize(("mode", "dimensions"), MODES)
def test_modes(mode: str, dimensions: tuple[int, ...]) -> None:
    for ndim in dimensions:
        x, n = RNG.normal(size=SHAPES[ndim]), ndim - 2
        sizes: list[dict[str, Any]] = [{"size": (3, 9, 4)[:n]}, {"size": 1}, {"size": x.shape[2:]}, {"scale_factor": 2},
                                       {"scale_factor": (0.7, 1.3, 2.6)[:n]}, {"scale_factor": 1.7, "recompute_scale_factor": True}]
        for size in sizes:
            for align in (None,) if mode in ("nearest", "nearest-exact", "area") else (False, True):
                same(call(mode=mode, align_corners=align, **size), x, second=True)
                same(call(mode=mode, align_corners=align, **size), x.astype("f4"), rtol=2e-5)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("align", [False, True])
def test_antialiasing(mode: str, align: bool) -> None:
    for size in ((3, 4), (2, 9), (12, 3), (5, 17)):
        same(call(size=size, mode=mode, align_corners=align, antialias=True), RNG.normal(size=(2, 3, 5, 17)), second=True)
    same(call(scale_factor=0.45, mode=mode, align_corners=align, antialias=True), RNG.normal(size=(2, 3, 5, 17)))


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
def test_nearest_rounds_as_pytorch_does(mode: str) -> None:
    theirs, ours = libraries()
    for n in (3, 7, 10, 13, 100):
        x = np.arange(n, dtype="f4").reshape(1, 1, n)
        for size in [*range(1, 40), 100, 333]:
            options: dict[str, Any]
            for options in ({"size": size}, {"scale_factor": size / n * 1.01 + 0.01}):
                a, b = [lib.F.interpolate(lib.tensor(x), mode=mode, **options).numpy() for lib in (theirs, ours)]
                np.testing.assert_array_equal(a, b)


def test_the_gradient_of_nearest_is_that_of_its_values() -> None:
    """Where a factor leaves the size as it is, PyTorch's gradient goes elsewhere than its values came from."""
    x = mg.tensor(np.arange(3.0).reshape(1, 1, 3), requires_grad=True)
    out = F.interpolate(x, scale_factor=1.01)
    out.backward(mg.tensor([[[1.0, 10.0, 100.0]]]))
    assert out.tolist() == [[[0.0, 0.0, 1.0]]]
    assert x.grad.tolist() == [[[11.0, 100.0, 0.0]]]


def test_dtypes() -> None:
    same(call(size=3), RNG.integers(0, 255, (1, 2, 5, 5)).astype("u1"))
    for mode in ("nearest", "bilinear"):
        same(call(size=7, mode=mode), RNG.normal(size=(1, 2, 5, 5)).astype("f2"), rtol=2e-3)
    same_error(call(size=3), np.ones((1, 2, 5, 5), int), match="interpolate: not implemented for int64")
    same_error(call(size=3, mode="bilinear"), np.ones((1, 2, 5, 5)) > 0, match="interpolate: not implemented for bool")


@pytest.mark.parametrize(("options", "match"), [
    ({}, "either size or scale_factor should be defined"),
    ({"size": 3, "scale_factor": 2}, "only one of size or scale_factor should be defined"),
    ({"size": (3,)}, "must have the same number of spatial dimensions, 2; got size \\(3,\\)"),
    ({"scale_factor": (2, 2, 2)}, "must have the same number of spatial dimensions, 2; got scale_factor"),
    ({"size": 0}, r"sizes should be greater than 0, but got input float64 \(1, 2, 5, 5\) and output \(0, 0\)"),
    ({"scale_factor": 0.1}, "sizes should be greater than 0"),
    ({"size": 2.5}, "expected size to be one of int or Tuple"),
    ({"size": 3, "recompute_scale_factor": True}, "recompute_scale_factor is not meaningful with an explicit size"),
    ({"size": 3, "align_corners": True}, "align_corners option can only be set with the interpolating modes"),
    ({"size": 3, "mode": "trilinear"}, "Got 4D input, but trilinear mode needs 5D input"),
    ({"size": 3, "mode": "spline"}, "Only 3D, 4D and 5D input Tensors supported \\(got 4D\\) for the modes: .*\\(got spline\\)"),
    ({"size": 3, "antialias": True}, "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes"),
])
def test_refusals(options: dict[str, Any], match: str) -> None:
    same_error(call(**options), np.ones((1, 2, 5, 5)), match=match)


def test_limits() -> None:
    with pytest.raises(NotImplementedError, match="lanczos mode is not supported; use mode='bicubic', antialias=True"):
        F.interpolate(mg.ones(1, 2, 5, 5), 3, mode="lanczos", antialias=True)


def test_the_result_is_never_the_input() -> None:
    x = mg.ones(1, 1, 3)
    assert not np.may_share_memory(F.interpolate(x, 3).numpy(), x.numpy())


@pytest.mark.parametrize("name", ["upsample", "upsample_nearest", "upsample_bilinear"])
def test_old_names_warn(name: str) -> None:
    x = RNG.normal(size=(1, 2, 5, 5))
    found = []
    for lib in libraries():
        with pytest.warns(UserWarning, match=f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead."):
            found.append(getattr(lib.F, name)(lib.tensor(x), 3).numpy())
    np.testing.assert_allclose(found[1], found[0])
