"""Samples of ops/implicit.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.special

from tests.ops.samples import Draw, S, samples

RANDOM = "random; values, moments and gradients are tested in test_implicit.py"
HOST = "draws are made on the host"
UNKNOWN = "no derivative of a derivative, as in PyTorch"


@samples("standard_gamma", unchecked=RANDOM)
def standard_gamma(r: Draw) -> Iterator[S]:
    yield S(r.positive(3, 4)).leaves_device(HOST)
    yield S(r.positive()).leaves_device(HOST)


@samples("sample_dirichlet", unchecked=RANDOM)
def sample_dirichlet(r: Draw) -> Iterator[S]:
    yield S(r.positive(3, 4)).leaves_device(HOST)
    yield S(r.positive(2)).leaves_device(HOST)


def by_quantiles(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Where the same share of a gamma distribution lies below, for a little more and a little less than a."""
    h = 1e-4 * a
    share = scipy.special.gammainc(a, x)
    return np.asarray((scipy.special.gammaincinv(a + h, share) - scipy.special.gammaincinv(a - h, share)) / (2 * h))


@samples("standard_gamma_grad", oracle=by_quantiles, rtol=1e-6)
def standard_gamma_grad(r: Draw) -> Iterator[S]:
    yield S(r.positive(3, 4), r.positive(3, 4)).constant(UNKNOWN)
    yield S(r.positive(), r.positive()).constant(UNKNOWN)
    yield S(r.positive(0, 2), r.positive(0, 2)).constant(UNKNOWN)


def by_beta_quantiles(x: np.ndarray, alpha: np.ndarray, total: np.ndarray) -> np.ndarray:
    """The same for a beta distribution, over 1 - x."""
    h, beta = 1e-4 * alpha, total - alpha
    share = scipy.special.betainc(alpha, beta, x)
    up, down = scipy.special.betaincinv(alpha + h, beta, share), scipy.special.betaincinv(alpha - h, beta, share)
    return np.asarray((up - down) / (2 * h) / (1 - x))


@samples("dirichlet_grad", oracle=by_beta_quantiles, rtol=1e-6)
def dirichlet_grad(r: Draw) -> Iterator[S]:
    a, b = r.positive(3, 4), r.positive(3, 4)
    yield S(r.unit(3, 4), a, a + b).constant(UNKNOWN)
    yield S(r.unit(), r.unit(), np.asarray(r.positive() + 2)).constant(UNKNOWN)
    yield S(r.unit(0, 2), r.positive(0, 2), r.positive(0, 2) + 2).constant(UNKNOWN)
