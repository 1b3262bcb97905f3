"""Samples of ops/fourier.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples


def either_way(x: np.ndarray, axes: tuple[int, ...], norm: str, inverse: bool) -> np.ndarray:
    return (np.fft.ifftn if inverse else np.fft.fftn)(x, axes=axes, norm=norm) if axes else x.astype("c16")


@samples("transform", oracle=either_way)
def transform(r: Draw) -> Iterator[S]:
    yield S(r.complex(5), (0,), "backward", False)
    yield S(r.complex(2, 4), (1,), "forward", True)
    yield S(r.complex(2, 3, 4), (2, 0), "ortho", False)
    yield S(r(2, 3), (0, 1), "backward", True)       # real input
    yield S(r(2), (), "backward", False)


@samples("half_spectrum", oracle=lambda x, axes, norm: np.fft.rfftn(x, axes=axes, norm=norm))
def half_spectrum(r: Draw) -> Iterator[S]:
    for n in range(1, 6):
        yield S(r(n), (0,), "backward")
    yield S(r(2, 3, 4), (1, 0), "ortho")
    yield S(r(3, 4), (0, 1), "forward")


@samples("from_half_spectrum", oracle=lambda x, axes, norm, n: np.fft.irfftn(x, [x.shape[d] for d in axes[:-1]] + [n], axes, norm))
def from_half_spectrum(r: Draw) -> Iterator[S]:
    for n in range(1, 6):
        yield S(r.complex(n // 2 + 1), (0,), "backward", n)
    yield S(r.complex(2, 3, 4), (0, 2), "ortho", 6)
    yield S(r.complex(3, 4), (1, 0), "forward", 5)


def weighted(x: np.ndarray, d: int, n: int, weight: float) -> np.ndarray:
    k = np.arange(n // 2 + 1)
    factors = np.where((k > 0) & (2 * k != n), weight, 1)
    return np.moveaxis(np.moveaxis(x, d, -1) * factors, -1, d)


@samples("inside", oracle=weighted)
def inside(r: Draw) -> Iterator[S]:
    yield S(r.complex(3), 0, 4, 2.0)
    yield S(r.complex(2, 3), 1, 5, 0.5)
    yield S(r.complex(2, 3), 0, 2, 2.0)
    yield S(r.complex(1), 0, 1, 2.0)
