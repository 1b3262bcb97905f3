"""Divergences: every pair of classes that PyTorch knows one for, and those it knows none for."""
from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

import minigrad as mg
from minigrad import distributions as D
from minigrad.distributions import kl, kl_same
from tests.distributions.cases import CASES, build
from tests.distributions.test_parity import close, gradients

pytestmark = pytest.mark.filterwarnings("ignore")

# Other parameters of each class, so that no divergence is 0; of two, the first lies inside the second's support.
OTHERS: dict[str, list[dict[str, Any]]] = {
    "Bernoulli": [{"probs": [0.3, 0.9, 0.0]}, {"probs": [0.0, 1.0, 0.5]}],
    "Beta": [{"concentration1": [2.0, 0.4, 1.0], "concentration0": [1.5]}],
    "Binomial": [{"total_count": 7, "probs": [0.3, 0.5]}, {"total_count": 3, "probs": [0.3, 0.5]}],
    "Categorical": [{"probs": [0.3, 0.6, 0.1]}, {"probs": [0.0, 0.5, 0.5]}],
    "Cauchy": [{"loc": [0.5], "scale": [2.0]}],
    "ContinuousBernoulli": [{"probs": [0.3]}, {"probs": [0.7]}],
    "Dirichlet": [{"concentration": [1.0, 2.5, 0.7]}],
    "Exponential": [{"rate": [0.7]}],
    "Gamma": [{"concentration": [2.5], "rate": [0.8]}],
    "Geometric": [{"probs": [0.3]}],
    "Gumbel": [{"loc": [0.5], "scale": [1.3]}],
    "HalfCauchy": [{"scale": [1.3]}],
    "HalfNormal": [{"scale": [1.3]}],
    "Laplace": [{"loc": [0.5], "scale": [1.3]}],
    "LogNormal": [{"loc": [0.5], "scale": [1.3]}],
    "LowRankMultivariateNormal": [{"loc": [1.0, 1.0, 0.0], "cov_factor": [[0.3], [1.0], [-1.0]], "cov_diag": [1.0, 0.7, 0.5]}],
    "MultivariateNormal": [{"loc": [1.0, 1.0, 0.0], "covariance_matrix": [[2.0, 0.3, 0.1], [0.3, 1.0, 0.2], [0.1, 0.2, 0.5]]}],
    "Normal": [{"loc": [0.5], "scale": [1.3]}],
    "OneHotCategorical": [{"probs": [0.3, 0.6, 0.1]}],
    "Pareto": [{"scale": [0.4], "alpha": [2.5]}, {"scale": [0.7], "alpha": [1.5]}],
    "Poisson": [{"rate": [2.5]}],
    "RelaxedBernoulli": [{"temperature": [0.7], "probs": [0.3]}],
    "Uniform": [{"low": [-3.0], "high": [5.0]}, {"low": [0.2], "high": [0.8]}, {"low": [1.5], "high": [2.5]}],
    "Wishart": [{"df": 7.0, "covariance_matrix": [[2.0, 0.3, 0.1], [0.3, 1.0, 0.2], [0.1, 0.2, 0.5]]}],
}


@pytest.mark.parametrize("p", OTHERS)
def test_from(p: str) -> None:
    """To every class: value, shape and gradients for both distributions' parameters; or NotImplementedError from both."""
    torch = pytest.importorskip("torch")
    for q, ours, theirs in [(to, a, b) for to in OTHERS for a in [CASES[p][0], *OTHERS[p]] for b in OTHERS[to]]:
        found = []
        for library in (torch, mg):
            (a, live_a), (b, live_b) = build(library, p, ours), build(library, q, theirs)
            try:
                value = library.distributions.kl_divergence(a, b)
                found.append((value, gradients(library, value, [*live_a, *live_b])))
            except (NotImplementedError, RuntimeError, IndexError) as error:
                found.append(error)
        expected, actual = found
        if isinstance(expected, NotImplementedError):
            assert isinstance(actual, NotImplementedError), f"{p}, {q}: PyTorch raises {expected!r}"
        if isinstance(expected, Exception) or (p, q) == ("Uniform", "ContinuousBernoulli"):
            continue                                 # PyTorch's do not all broadcast; the pair is tested below
        assert not isinstance(actual, Exception), actual
        close(actual[0], expected[0])
        for g, e in zip(actual[1], expected[1], strict=True):
            if e is None or g is None or not bool(expected[0].isfinite().all()):
                continue                         # of what is infinite PyTorch has zeros, nan, or nothing
            if "Wishart" in (p, q) and g.dim() > 1:
                g, e = g.tril(), e.tril()
            close(g, e)


def mean_over(p: Any, q: Any, low: float, high: float) -> float:
    """KL(p || q) by the midpoint rule."""
    n = 20000
    x = mg.tensor(low + (np.arange(n) + 0.5) * (high - low) / n)
    log_p = p.log_prob(x)
    return float((log_p.exp() * (log_p - q.log_prob(x))).sum() * (high - low) / n)


def number(*values: float) -> list[Any]:
    return [mg.tensor(v, dtype=mg.float64) for v in values]


def test_from_uniform_to_continuous_bernoulli() -> None:
    """Finite on all of [0, 1], where PyTorch says infinite at its ends."""
    p, q = D.Uniform(*number(0.0, 1.0)), D.ContinuousBernoulli(*number(0.3))
    np.testing.assert_allclose(D.kl_divergence(p, q).item(), mean_over(p, q, 0, 1), rtol=1e-6)
    assert D.kl_divergence(D.Uniform(*number(-0.1, 1.0)), q).item() == np.inf


@pytest.mark.parametrize(("p", "q", "low", "high"), [
    (D.Beta(*number(2.0, 3.0)), D.Normal(*number(0.5, 0.3)), 0, 1),
    (D.Gamma(*number(2.0, 3.0)), D.Gumbel(*number(0.5, 0.3)), 0, 9),
    (D.Normal(*number(0.3, 0.7)), D.Laplace(*number(0.5, 1.3)), -9, 9),
    (D.Uniform(*number(0.2, 0.7)), D.Beta(*number(2.0, 0.5)), 0.2, 0.7),
    (D.Uniform(*number(1.2, 1.7)), D.Pareto(*number(1.0, 0.5)), 1.2, 1.7),
])
def test_against_the_integral(p: Any, q: Any, low: float, high: float) -> None:
    np.testing.assert_allclose(D.kl_divergence(p, q).item(), mean_over(p, q, low, high), rtol=1e-5)


class Base(D.Distribution):
    arg_constraints: ClassVar[dict[str, Any]] = {}


class Derived(Base):
    pass


def test_the_most_specific_pair_is_used() -> None:
    p, q = Derived(validate_args=False), Derived(validate_args=False)
    with pytest.raises(NotImplementedError, match=r"No KL\(p \|\| q\) is implemented for p type Derived and q type Derived"):
        D.kl_divergence(p, q)
    try:
        D.register_kl(Base, Base)(lambda p, q: "base")
        assert D.kl_divergence(p, q) == "base"
        D.register_kl(Derived, Base)(lambda p, q: "derived, base")
        assert D.kl_divergence(p, q) == "derived, base"
        D.register_kl(Base, Derived)(lambda p, q: "base, derived")
        with pytest.warns(RuntimeWarning, match=r"Ambiguous kl_divergence\(Derived, Derived\). Please register_kl\(Derived, Derived\)"):
            D.kl_divergence(p, q)
        D.register_kl(Derived, Derived)(lambda p, q: "derived")
        assert D.kl_divergence(p, q) == "derived"
    finally:
        for pair in [pair for pair in kl._KL_REGISTRY if Base in pair or Derived in pair]:
            del kl._KL_REGISTRY[pair]
        kl._KL_MEMOIZE.clear()


def test_only_for_classes() -> None:
    with pytest.raises(TypeError, match="Expected type_q to be a Distribution subclass"):
        D.register_kl(D.Normal, "Normal")            # type: ignore[arg-type]


def test_a_base_class_of_another_family() -> None:
    """A package's own root class, from which its distributions derive beside ours."""
    class Root:
        pass

    class Point(D.Normal, Root):
        pass

    try:
        D.register_kl(Point, Root)(lambda p, q: "point, root")
        assert D.kl_divergence(Point(0.0, 1.0), Point(0.0, 1.0)) == "point, root"
    finally:
        del kl._KL_REGISTRY[Point, Root]
        kl._KL_MEMOIZE.clear()


def test_exponential_families_in_general() -> None:
    """By the Bregman divergence, which holds for each family that has no formula of its own."""
    for p, q in [(D.Gamma(*number(2.0, 3.0)), D.Gamma(*number(1.0, 0.4))), (D.Normal(*number(0.0, 1.0)), D.Normal(*number(1.0, 2.0)))]:
        np.testing.assert_allclose(kl_same.between_exponential_families(p, q).item(), D.kl_divergence(p, q).item(), rtol=1e-10)
    with pytest.raises(NotImplementedError, match="between different exponential families"):
        D.kl_divergence(D.Poisson(1.0), D.Normal(0.0, 1.0))
