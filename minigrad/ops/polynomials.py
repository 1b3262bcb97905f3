"""Orthogonal polynomials, each by its recurrence. They are outside the graph, as PyTorch's are.

Source of the recurrences: Abramowitz and Stegun, Handbook of Mathematical Functions, table 22.7; those of the third and fourth kind
as the second kind's with other first polynomials.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op
from .dims import Number
from .elementwise import refuse

if TYPE_CHECKING:
    from .._tensor import Tensor

Step = Callable[[int, Any, Any, Any], Any]           # k, x, p[k], p[k - 1] -> p[k + 1]


def family(name: str, first: Callable[[Any], Any], step: Step, doc: str, shifted: bool = False) -> Callable[..., Tensor]:
    """An op for polynomials with p[0] = 1, p[1] = first(x), and a recurrence; `shifted` ones live on [0, 1] instead of [-1, 1]."""
    def forward(input: Tensor | Number, n: Tensor | Number) -> Tensor:
        array: Any = input if hasattr(input, "dtype") else n
        refuse(name, array, "c")
        xp = backend_of(array).xp
        x, degree = [v if hasattr(v, "dtype") else xp.asarray(v, array.dtype) for v in (input, n)]
        x = x * 2 - 1 if shifted else x
        whole = xp.trunc(degree)
        out = xp.where(whole < 0, 0, xp.where(whole == whole, xp.ones_like(x), whole))
        before, now = xp.ones_like(x), first(x)
        highest = int(xp.where(xp.isfinite(whole), whole, 0).max()) if whole.size else 0
        for k in range(1, highest + 1):
            out = xp.where(whole == k, now, out)
            before, now = now, step(k, x, now, before)
        return out.astype(array.dtype, copy=False)
    forward.__name__ = forward.__qualname__ = name
    forward.__doc__ = f"""{doc} of degree n at x = input, element by element.

    n is cut off to an integer; below 0 the result is 0.
    """
    return op(broadcast=True, promotes="to_float")(forward)


def double(k: int, x: Any, now: Any, before: Any) -> Any:
    """Chebyshev's recurrence, the same for all kinds."""
    return 2 * x * now - before


chebyshev_polynomial_t = family("chebyshev_polynomial_t", lambda x: x, double, "Chebyshev polynomials of the first kind")
chebyshev_polynomial_u = family("chebyshev_polynomial_u", lambda x: 2 * x, double, "Chebyshev polynomials of the second kind")
chebyshev_polynomial_v = family("chebyshev_polynomial_v", lambda x: 2 * x - 1, double, "Chebyshev polynomials of the third kind")
chebyshev_polynomial_w = family("chebyshev_polynomial_w", lambda x: 2 * x + 1, double, "Chebyshev polynomials of the fourth kind")
shifted_chebyshev_polynomial_t = family("shifted_chebyshev_polynomial_t", lambda x: x, double,
                                        "Chebyshev polynomials of the first kind of 2 x - 1", shifted=True)
shifted_chebyshev_polynomial_u = family("shifted_chebyshev_polynomial_u", lambda x: 2 * x, double,
                                        "Chebyshev polynomials of the second kind of 2 x - 1", shifted=True)
shifted_chebyshev_polynomial_v = family("shifted_chebyshev_polynomial_v", lambda x: 2 * x - 1, double,
                                        "Chebyshev polynomials of the third kind of 2 x - 1", shifted=True)
shifted_chebyshev_polynomial_w = family("shifted_chebyshev_polynomial_w", lambda x: 2 * x + 1, double,
                                        "Chebyshev polynomials of the fourth kind of 2 x - 1", shifted=True)
hermite_polynomial_h = family("hermite_polynomial_h", lambda x: 2 * x, lambda k, x, now, before: 2 * (x * now - k * before),
                              "Hermite polynomials (of physicists)")
hermite_polynomial_he = family("hermite_polynomial_he", lambda x: x, lambda k, x, now, before: x * now - k * before,
                               "Hermite polynomials (of probability)")
laguerre_polynomial_l = family("laguerre_polynomial_l", lambda x: 1 - x,
                               lambda k, x, now, before: ((2 * k + 1 - x) * now - k * before) / (k + 1), "Laguerre polynomials")
legendre_polynomial_p = family("legendre_polynomial_p", lambda x: x,
                               lambda k, x, now, before: ((2 * k + 1) * x * now - k * before) / (k + 1), "Legendre polynomials")
