"""The Kullback-Leibler divergence: which function works it out for which pair of distributions."""
from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import ArgumentTypeError, UnsupportedError, describe
from .distribution import Distribution

if TYPE_CHECKING:
    from .._tensor import Tensor

__all__ = ["kl_divergence", "register_kl"]

F = TypeVar("F", bound=Callable[..., Any])
Pair = tuple[type, type]

_KL_REGISTRY: dict[Pair, Callable[[Any, Any], Any]] = {}
_KL_MEMOIZE: dict[Pair, Callable[[Any, Any], Any] | None] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[F], F]:
    """A decorator: the function to use for a pair of classes, and their subclasses that have none of their own.

        @register_kl(Normal, Normal)
        def kl_normal_normal(p, q): ...

    Of several that fit a pair the most specific one is used; a RuntimeWarning tells where that is not clear.
    """
    for name, kind in (("type_p", type_p), ("type_q", type_q)):
        if not isinstance(kind, type):               # classes beside Distribution's family have distributions for subclasses, too
            raise ArgumentTypeError(f"register_kl: Expected {name} to be a Distribution subclass but got {describe(kind)}")

    def register(function: F) -> F:
        _KL_REGISTRY[type_p, type_q] = function
        _KL_MEMOIZE.clear()
        return function
    return register


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """KL(p || q), the mean of log p(x) - log q(x) over x drawn from p: >= 0, and 0 only for equal distributions.

    Infinite where p can give values that q cannot. Raises NotImplementedError for a pair that has no function (`register_kl`).

    >>> from minigrad.distributions import Normal
    >>> kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
    tensor(0.5000)
    """
    pair = (type(p), type(q))
    if pair not in _KL_MEMOIZE:
        _KL_MEMOIZE[pair] = _found(*pair)
    function = _KL_MEMOIZE[pair]
    if function is None:
        raise UnsupportedError(f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}; "
                               "tell how with register_kl")
    return function(p, q)


def _found(type_p: type, type_q: type) -> Callable[[Any, Any], Any] | None:
    """The function of the nearest pair of base classes: nearest for p first, which should be nearest for q first."""
    fitting = [(a, b) for a, b in _KL_REGISTRY if a in type_p.__mro__ and b in type_q.__mro__]
    if not fitting:
        return None
    how_far = {(a, b): (type_p.__mro__.index(a), type_q.__mro__.index(b)) for a, b in fitting}
    by_p = min(fitting, key=lambda pair: how_far[pair])
    by_q = min(fitting, key=lambda pair: how_far[pair][::-1])
    if _KL_REGISTRY[by_p] is not _KL_REGISTRY[by_q]:
        warnings.warn(f"Ambiguous kl_divergence({type_p.__name__}, {type_q.__name__}). Please register_kl({by_p[0].__name__}, "
                      f"{by_q[1].__name__})", RuntimeWarning, stacklevel=3)
    return _KL_REGISTRY[by_p]
