"""What PyTorch cannot tell, or gets wrong: moments of draws, integrals, and a few formulas."""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import distributions as D
from tests.distributions.cases import CASES, build

HEAVY = ("Cauchy", "HalfCauchy", "InverseGamma", "Pareto", "FisherSnedecor", "GeneralizedPareto", "StudentT", "LogNormal")
CIRCULAR = ("VonMises",)
COUNT = 4000


@pytest.mark.parametrize("name", [name for name in sorted(CASES) if name not in (*HEAVY, *CIRCULAR)])
def test_moments_of_draws(name: str) -> None:
    """Mean and variance of draws within six standard errors."""
    mg.manual_seed(1)
    d, _ = build(mg, name, CASES[name][0])
    x = d.sample((COUNT,)).numpy().astype(np.float64)
    try:
        mean, variance = d.mean.detach().numpy(), d.variance.detach().numpy()
    except NotImplementedError:
        assert name in ("LogisticNormal", "LKJCholesky", "RelaxedBernoulli", "RelaxedOneHotCategorical")
        return
    if np.isnan(mean).all():
        assert name == "Categorical"
        return
    np.testing.assert_array_less(np.abs(x.mean(0) - mean), 6 * np.sqrt(variance / COUNT) + 1e-6)
    spread = ((x - x.mean(0)) ** 2).std(0)
    np.testing.assert_array_less(np.abs(x.var(0) - variance), 6 * spread / np.sqrt(COUNT) + 1e-6)


@pytest.mark.parametrize("name", [*HEAVY, "Chi2", "ContinuousBernoulli", "Gamma", "Gumbel", "Kumaraswamy", "Laplace", "Normal", "Uniform",
                                  "Weibull"])
def test_draws_follow_the_distribution_function(name: str) -> None:
    """The largest gap between the share of draws below a point and the distribution function (Kolmogorov and Smirnov)."""
    mg.manual_seed(2)
    d, _ = build(mg, name, CASES[name][0])
    x = d.sample((COUNT,))
    try:
        shares = d.cdf(x).detach().numpy()
    except NotImplementedError:
        assert name in ("FisherSnedecor", "StudentT")
        return
    shares = np.sort(shares.reshape(COUNT, -1), axis=0)
    gap = np.abs(shares - (np.arange(COUNT)[:, None] + 0.5) / COUNT).max()
    assert gap < 2 / np.sqrt(COUNT)


@pytest.mark.parametrize(("d", "low", "high"), [
    (D.StudentT(3.0), -400, 400), (D.FisherSnedecor(3.0, 9.0), 0, 400), (D.VonMises(1.0, 3.0), -np.pi, np.pi),
    (D.Kumaraswamy(2.0, 3.0), 0, 1), (D.ContinuousBernoulli(0.4999), 0, 1), (D.RelaxedBernoulli(mg.tensor(0.9), 0.3), 0, 1),
    (D.GeneralizedPareto(0.0, 1.0, -0.5), 0, 2), (D.InverseGamma(3.0, 1.0), 0, 300), (D.Weibull(1.0, 1.5), 0, 30),
], ids=lambda v: type(v).__name__)
def test_densities_integrate_to_1(d: Any, low: float, high: float) -> None:
    n = 400_000
    x = mg.tensor(low + (np.arange(n) + 0.5) * (high - low) / n)
    d._validate_args = False
    np.testing.assert_allclose(float(d.log_prob(x).exp().sum()) * (high - low) / n, 1, rtol=1e-3)


def test_the_mode_of_kumaraswamy() -> None:
    """Where the density is largest."""
    d = D.Kumaraswamy(mg.tensor([2.0, 3.0, 0.5]), mg.tensor([3.0, 1.5, 2.0]))
    x = mg.linspace(0.001, 0.999, 999)[:, None]
    best = x[d.log_prob(x.expand(999, 3)).argmax(0), 0]
    np.testing.assert_allclose(d.mode[:2].numpy(), best[:2].numpy(), atol=1e-3)
    assert np.isnan(d.mode[2].item())


def test_wishart_draws_keep_to_the_seed_and_have_gradients() -> None:
    """And are drawn again only if they are singular."""
    lower = mg.tensor([[1.0, 0.0], [0.5, 2.0]], dtype=mg.float64, requires_grad=True)
    d = D.Wishart(mg.tensor(5.0, dtype=mg.float64), scale_tril=lower)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mg.manual_seed(0)
        x = d.rsample((4000,))
        mg.manual_seed(0)
        np.testing.assert_array_equal(d.sample((4000,)).numpy(), x.detach().numpy())
    x.mean(0).sum().backward()
    expected = 5 * 2 * np.ones((2, 2)) @ lower.detach().numpy()          # of the sum of 5 L L^T
    assert lower.grad is not None
    np.testing.assert_allclose(lower.grad.tril().numpy(), np.tril(expected), rtol=0.1)


def test_the_gradient_for_a_factor_is_in_its_triangle() -> None:
    lower = mg.eye(2, requires_grad=True)
    D.Wishart(5.0, scale_tril=lower).log_prob(mg.tensor([[2.0, 0.5], [0.5, 1.0]])).backward()
    assert lower.grad is not None
    assert lower.grad[0, 1].item() == 0
    assert lower.grad[1, 0].item() != 0


def test_generalized_pareto_in_float64() -> None:
    """In which PyTorch's fails."""
    d = D.GeneralizedPareto(mg.zeros(2, dtype=mg.float64), 1.0, mg.tensor([0.0, 0.5], dtype=mg.float64))
    np.testing.assert_allclose(d.log_prob(mg.ones(2, dtype=mg.float64)).numpy(), [-1.0, -3 * np.log(1.5)])


def test_singular_wishart_draws() -> None:
    mg.manual_seed(0)
    with pytest.warns(UserWarning, match="Low df values detected"):
        d = D.Wishart(1.0001, mg.eye(2) * 1e-3)
    with pytest.warns(UserWarning, match="Singular sample detected"):
        assert tuple(d.sample((300,)).shape) == (300, 2, 2)


def test_von_mises_draws_turn_with_their_location() -> None:
    mg.manual_seed(0)
    d = D.VonMises(mg.tensor([0.5, 3.0]), mg.tensor([4.0, 0.7]))
    x = d.sample((COUNT,)).numpy()
    assert np.abs(x).max() <= np.pi
    resultant = np.exp(1j * x).mean(0)
    np.testing.assert_allclose(np.angle(resultant), [0.5, 3.0], atol=0.1)
    np.testing.assert_allclose(np.abs(resultant), 1 - d.variance.numpy(), atol=0.03)


def test_correlations_of_lkj() -> None:
    """The factors are those of correlation matrices; the larger the concentration, the weaker the correlations."""
    mg.manual_seed(0)
    for concentration in (0.5, 20.0):
        lower = D.LKJCholesky(3, concentration).sample((500,))
        correlation = (lower @ lower.mT).numpy()
        np.testing.assert_allclose(np.diagonal(correlation, axis1=1, axis2=2), 1, atol=1e-5)
        spread = correlation[:, 0, 1].std()
        # (r + 1) / 2 is beta distributed, with both parameters concentration + (3 - 2) / 2
        np.testing.assert_allclose(spread, 1 / np.sqrt(2 * (concentration + 0.5) + 1), rtol=0.15)


def test_straight_through() -> None:
    logits = mg.tensor([0.5, -1.0, 2.0], requires_grad=True)
    x = D.OneHotCategoricalStraightThrough(logits=logits).rsample()
    assert sorted(x.tolist()) == pytest.approx([0, 0, 1])
    slope, = mg.autograd.grad(x[0], logits, retain_graph=True)
    p = np.exp([0.5, -1, 2]) / np.exp([0.5, -1, 2]).sum()
    np.testing.assert_allclose(slope.numpy(), p[0] * (np.array([1, 0, 0]) - p), rtol=1e-5)
