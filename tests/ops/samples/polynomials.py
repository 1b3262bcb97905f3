"""Samples of ops/polynomials.py."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scipy.special

from tests.ops.samples import Draw, S, samples


def degrees(r: Draw) -> Iterator[S]:
    yield S(r(2, 6), np.array([-1.0, 0, 1, 2.9, 3, 9])).constant("outside the graph, as in PyTorch")
    yield S(r(), np.array(4.0)).constant("outside the graph, as in PyTorch")
    yield S(r(3), 5).constant("outside the graph, as in PyTorch")
    yield S(0.7, np.arange(4.0)).constant("outside the graph, as in PyTorch")
    yield S(r(0, 2), 3).constant("outside the graph, as in PyTorch")


def of(function: Callable[..., Any], shifted: bool = False) -> Callable[..., Any]:
    """SciPy's polynomials at whole degrees, 0 below."""
    def oracle(x: Any, n: Any) -> Any:
        whole = np.trunc(n).astype(int)
        return np.where(whole < 0, 0, function(np.abs(whole), np.asarray(x) * 2 - 1 if shifted else np.asarray(x)))
    return oracle


def less(k: Any, x: Any) -> Any:
    """Polynomials of the second kind of one degree less."""
    return np.where(k == 0, 0, scipy.special.eval_chebyu(np.maximum(k - 1, 0), x))


KINDS = {"t": scipy.special.eval_chebyt, "u": scipy.special.eval_chebyu, "v": lambda k, x: scipy.special.eval_chebyu(k, x) - less(k, x),
         "w": lambda k, x: scipy.special.eval_chebyu(k, x) + less(k, x)}
for kind, function in KINDS.items():
    samples(f"chebyshev_polynomial_{kind}", oracle=of(function))(degrees)
    samples(f"shifted_chebyshev_polynomial_{kind}", oracle=of(function, shifted=True))(degrees)
samples("hermite_polynomial_h", oracle=of(scipy.special.eval_hermite))(degrees)
samples("hermite_polynomial_he", oracle=of(scipy.special.eval_hermitenorm))(degrees)
samples("laguerre_polynomial_l", oracle=of(scipy.special.eval_laguerre))(degrees)
samples("legendre_polynomial_p", oracle=of(scipy.special.eval_legendre))(degrees)
