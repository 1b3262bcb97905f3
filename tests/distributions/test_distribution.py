"""What all distributions share: validation, errors, expansion, properties worked out once; and helpers."""
from __future__ import annotations

import copy
import pickle
from typing import Any, ClassVar

import numpy as np
import pytest

import minigrad as mg
from minigrad import distributions as D
from minigrad.distributions import constraints, utils
from tests.agree import agree, lines, refuse
from tests.distributions.cases import CASES, build

PREPARE = "D = torch.distributions; t = torch.tensor; "


@pytest.mark.parametrize(("line", "match"), [
    ("D.Normal(0., -1.)", r"Normal: Expected parameter scale of shape \(\) to satisfy the constraint GreaterThan\(lower_bound=0.0\)"),
    ("D.Normal(t([0., float('nan')]), 1.)", "parameter loc"),
    ("D.Normal(0., '1')", "must all be tensors or numbers"),
    ("D.Normal(torch.zeros(2), torch.ones(3))", "broadcast"),
    ("D.Normal(0., 1.).log_prob(1.)", "must be a Tensor"),
    ("D.Normal(0., 1.).log_prob(t(float('nan')))", "within the support"),
    ("D.Normal(torch.zeros(3), 1.).log_prob(torch.zeros(2))", "not broadcastable with batch_shape"),
    ("D.Dirichlet(torch.ones(3)).log_prob(torch.ones(2) / 2)", "right-most size"),
    ("D.Dirichlet(t(1.))", "at least one-dimensional"),
    ("D.Dirichlet(t([1., -1.]))", "IndependentConstraint"),
    ("D.Uniform(1., 0.)", "Expected parameter (low|high)"),
    ("D.Uniform(0., 1.).log_prob(t(2.))", "within the support"),
    ("D.Uniform(0., 1.).cdf(t(2.))", "within the support"),
    ("D.Bernoulli()", "Either `probs` or `logits` must be specified, but not both"),
    ("D.Bernoulli(probs=0.5, logits=0.)", "Either `probs` or `logits` must be specified, but not both"),
    ("D.Bernoulli(1.5)", "parameter probs"),
    ("D.Bernoulli(0.5).log_prob(t(0.5))", "within the support"),
    ("D.Bernoulli(0.5).rsample()", "Bernoulli: does not implement rsample; draws of it have no gradient"),
    ("D.Bernoulli(0.5).cdf(t(1.))", "Bernoulli: does not implement cdf"),
    ("D.Categorical(t(1.))", "at least one-dimensional"),
    ("D.Categorical(logits=t(1.))", "at least one-dimensional"),
    ("D.Categorical(t([1., -2.]))", "parameter probs"),
    ("D.Categorical(t([1., 2.])).log_prob(t(2))", "within the support"),
    ("D.Geometric(0.)", "to be positive"),
    ("D.ContinuousBernoulli(1.5, validate_args=True)", "invalid values"),
    ("D.Multinomial(t(3), torch.ones(2))", "inhomogeneous total_count"),
    ("D.Multinomial(3, torch.ones(2)).log_prob(t([3., 1]))", "within the support"),
    ("D.Binomial(t([2., 3]), 0.5).entropy()", "Inhomogeneous total count not supported by `entropy`"),
    ("D.Binomial(t([2., 3]), 0.5).enumerate_support()", "Inhomogeneous total count"),
    ("D.Independent(D.Normal(0., 1.), 1)", "Expected reinterpreted_batch_ndims <="),
    ("D.Independent(D.Bernoulli(t([0.5])), 1).enumerate_support()", "cartesian product"),
    ("D.MultivariateNormal(t(1.), torch.eye(2))", "at least one-dimensional"),
    ("D.MultivariateNormal(torch.zeros(2))", "Exactly one of"),
    ("D.MultivariateNormal(torch.zeros(2), torch.eye(2), scale_tril=torch.eye(2))", "Exactly one of"),
    ("D.MultivariateNormal(torch.zeros(2), torch.ones(2))", "at least two-dimensional"),
    ("D.MultivariateNormal(torch.zeros(2), -torch.eye(2))", "PositiveDefinite"),
    ("D.LowRankMultivariateNormal(t(0.), torch.ones(1, 1), torch.ones(1))", "at least one-dimensional"),
    ("D.LowRankMultivariateNormal(torch.zeros(2), torch.ones(2), torch.ones(2))", "at least two-dimensional"),
    ("D.LowRankMultivariateNormal(torch.zeros(2), torch.ones(3, 1), torch.ones(2))", "shape 2 x m"),
    ("D.LowRankMultivariateNormal(torch.zeros(2), torch.ones(2, 1), torch.ones(3))", r"shape \(2,\)"),
    ("D.LowRankMultivariateNormal(torch.zeros(3, 2), torch.ones(4, 2, 1), torch.ones(2))", "Incompatible batch shapes"),
    ("D.Wishart(3., torch.eye(2), scale_tril=torch.eye(2))", "Exactly one of"),
    ("D.Wishart(3., torch.ones(2))", "at least two-dimensional"),
    ("D.Wishart(1., torch.eye(2))", "expected to be greater than ndim - 1"),
    ("D.LKJCholesky(1)", "greater than or equal to 2"),
    ("D.MixtureSameFamily(3, D.Normal(0., 1.))", "instance of Categorical"),
    ("D.MixtureSameFamily(D.Categorical(torch.ones(2)), 3)", "instance of Distribution"),
    ("D.MixtureSameFamily(D.Categorical(torch.ones(2)), D.Normal(torch.zeros(3), 1.))", "does not equal"),
    ("D.MixtureSameFamily(D.Categorical(torch.ones(4, 2)), D.Normal(torch.zeros(3, 2), 1.))", "not compatible"),
    ("D.Distribution.set_default_validate_args(3)", "must be True or False"),
    ("D.Distribution(validate_args=False).mean", "Distribution: does not implement mean"),
    ("D.Distribution(validate_args=False).mode", "does not implement mode"),
    ("D.Distribution(validate_args=False).expand([2])", "does not implement expand"),
    ("D.Cauchy(0., 1.).expand([2]).enumerate_support()", "Cauchy: does not implement enumerate_support"),
    ("D.utils.tril_matrix_to_vec(torch.ones(2, 2), 3)", r"\[-2, 1\]"),
    ("D.utils.vec_to_tril_matrix(torch.ones(5))", "whole triangle"),
])
@pytest.mark.filterwarnings("ignore")
def test_refused(line: str, match: str) -> None:
    refuse(PREPARE + line, match)


@pytest.mark.parametrize("line", lines("""
    D.Normal(0, 1).loc
    D.Normal(torch.zeros(2).double(), 1).scale
    D.Normal(torch.zeros(2), 1., validate_args=False).log_prob(t([1., float('nan')]))
    D.Normal(0., 1.).log_prob(t(2))
    D.Normal(0., 1.).log_prob(x)
    D.Normal(x, 2.).log_prob(t(.3))
    D.Normal(torch.zeros(0, 3), 1.).log_prob(torch.zeros(3))
    D.Poisson(2.).log_prob(t(2))
    D.Bernoulli(t([0., 1., .3])).log_prob(t([0., 1., 1.]))
    D.Bernoulli(t([0., 1., .3])).entropy()
    D.Bernoulli(logits=x).probs
    D.Bernoulli(probs=(x + 1) / 30).logits
    D.Categorical(t([1., 0, 3])).log_prob(t([0, 1, 2]))
    D.Categorical(torch.ones(2, 1, 3)).log_prob(torch.zeros(4, dtype=torch.int64))
    D.Categorical(logits=t([1., -float('inf')])).entropy()
    D.Multinomial(3, t([1., 0])).log_prob(t([3., 0]))
    D.Multinomial(3, logits=t([1., -float('inf')])).log_prob(t([3., 0]))
    D.Geometric(1.).log_prob(t([0., 3]))
    D.NegativeBinomial(0., 0.3).log_prob(t(0.))
    D.Gamma(1., 2.).log_prob(t(0.))
    D.Uniform(0., 1., validate_args=False).log_prob(t([-1., 0., .5, 1., 2.]))
    D.Uniform(0., 1., validate_args=False).cdf(t([-1., 0., .5, 1., 2.]))
    D.HalfNormal(1., validate_args=False).log_prob(t([-1., 1.]))
    D.HalfCauchy(1., validate_args=False).log_prob(-1.)
    D.StudentT(t([.5, 1., 1.5, 2., 3.])).mean
    D.StudentT(t([.5, 1., 1.5, 2., 3.])).variance
    D.Pareto(1., t([.5, 1., 1.5, 2., 3.])).variance
    D.MultivariateNormal(torch.zeros(2), torch.eye(2)).precision_matrix
    D.MultivariateNormal(torch.zeros(2), precision_matrix=t([[2., 1], [1, 3]])).covariance_matrix
    D.MultivariateNormal(torch.zeros(3, 1, 2), torch.eye(2) * t([1., 2, 3, 4]).view(4, 1, 1)).log_prob(torch.ones(5, 3, 4, 2))
    D.MultivariateNormal(torch.zeros(2), torch.eye(2) * t([1., 2, 3, 4]).view(4, 1, 1)).log_prob(torch.ones(2))
    D.LowRankMultivariateNormal(torch.zeros(3), torch.ones(3, 1), torch.ones(3)).covariance_matrix
    D.LowRankMultivariateNormal(torch.zeros(3), torch.ones(3, 1), torch.ones(3)).precision_matrix
    D.LowRankMultivariateNormal(torch.zeros(3), torch.ones(3, 1), torch.ones(3)).scale_tril
    D.LowRankMultivariateNormal(torch.zeros(2, 1, 3), torch.ones(3, 1), torch.ones(5, 3)).log_prob(torch.ones(4, 2, 5, 3))
    D.Independent(D.Normal(x, 2.), 2).log_prob(torch.ones(3, 4).double())
    D.Independent(D.Normal(x, 2.), 2).entropy()
    D.Independent(D.Bernoulli(torch.ones(2) / 3), 0).enumerate_support()
    d = D.Independent(D.Normal(torch.zeros(3), 2.), 1); repr(d).replace('minigrad', 'torch'), d.support.event_dim
    repr(D.MixtureSameFamily(D.Categorical(torch.ones(2)), D.Normal(torch.zeros(3, 2), 1.))).replace('minigrad', 'torch')
    D.TransformedDistribution(D.Normal(x[0, 0], 1.), [D.AffineTransform(1., -2.), D.ExpTransform()]).log_prob(torch.ones(4).double())
    D.TransformedDistribution(D.Normal(x[0, 0], 1.), [D.AffineTransform(1., -2.), D.ExpTransform()]).cdf(torch.ones(4).double())
    D.TransformedDistribution(D.Normal(x[0, 0], 1.), [D.AffineTransform(1., -2.), D.ExpTransform()]).icdf(torch.ones(4).double() / 3)
    D.TransformedDistribution(D.Normal(0., 1.), D.AffineTransform(torch.zeros(3, 2), 2.)).batch_shape
    D.TransformedDistribution(D.Normal(torch.zeros(2, 3), 1.), [D.StickBreakingTransform()]).event_shape
    D.TransformedDistribution(D.Normal(torch.zeros(2, 3), 1.), [D.ReshapeTransform((3,), (3, 1))]).expand((4, 2)).log_prob(torch.ones(3, 1))
    D.TransformedDistribution(D.Normal(torch.zeros(3), 1.), []).log_prob(torch.ones(3))
    D.TransformedDistribution(D.Normal(torch.zeros(3), 1.), D.ExpTransform()).support
    D.utils.tril_matrix_to_vec(torch.arange(16.).view(4, 4)), D.utils.tril_matrix_to_vec(torch.arange(16.).view(4, 4), -2)
    D.utils.vec_to_tril_matrix(torch.arange(6.)), D.utils.vec_to_tril_matrix(torch.arange(12.).view(2, 6), -1)
    D.utils.vec_to_tril_matrix(torch.arange(8.), 1)
    D.utils.probs_to_logits(x / 24, True), D.utils.probs_to_logits(x / 24), D.utils.logits_to_probs(x), D.utils.clamp_probs(x - 1)
"""))
def test_the_same(line: str) -> None:
    if line.endswith(".support"):
        line = f"repr({line})"
    agree(PREPARE + line)


@pytest.mark.parametrize("mixture", lines("""
    D.MixtureSameFamily(D.Categorical(t([.2, .8])), D.Normal(t([-1., 2.]), t([1., .5])))
    D.MixtureSameFamily(D.Categorical(t([.2, .8])), D.Normal(torch.arange(6.).view(3, 2), t([1., .5])))
    D.MixtureSameFamily(D.Categorical(t([[.2, .8], [.5, .5], [.9, .1]])), D.Normal(torch.arange(6.).view(3, 2), t([1., .5])))
    D.MixtureSameFamily(D.Categorical(t([.2, .8])), D.Independent(D.Normal(torch.arange(6.).view(2, 3), 1.), 1))
    D.MixtureSameFamily(D.Categorical(torch.ones(4, 2)), D.MultivariateNormal(torch.arange(24.).view(4, 2, 3), torch.eye(3)))
"""))
def test_mixture(mixture: str) -> None:
    for what in ("m.mean", "m.variance", "m.stddev", "m.log_prob(m.mean)", "m.batch_shape, m.event_shape", "m.support.event_dim",
                 "m.expand((2, *m.batch_shape)).log_prob(m.mean)", "m.has_rsample"):
        agree(f"{PREPARE}m = {mixture}; {what}")
    for shape in ((3,), (2, 3)):                     # of a single index PyTorch may draw from another stream
        if "Categorical(t([.2, .8])), D.Normal(torch.arange" not in mixture:
            agree(f"{PREPARE}m = {mixture}; m.sample({shape})", seed=3)
    if "Indep" not in mixture and "Multi" not in mixture:
        agree(f"{PREPARE}m = {mixture}; m.cdf(m.mean + 0.1)")


def test_draws_of_a_mixture_whose_weights_are_shared() -> None:
    """Each of the batch draws its own component; PyTorch refuses it."""
    mg.manual_seed(0)
    m = D.MixtureSameFamily(D.Categorical(mg.tensor([0.5, 0.5])), D.Normal(mg.tensor([[0.0, 100.0], [200.0, 300.0], [400.0, 500.0]]), 1.0))
    x = m.sample((1000,)).numpy()
    assert x.shape == (1000, 3)
    np.testing.assert_allclose((np.round(x / 100) - [0, 2, 4]).mean(0), 0.5, atol=0.06)


def test_validation_can_be_switched_off_for_all() -> None:
    assert D.Distribution._validate_args is True
    try:
        D.Distribution.set_default_validate_args(False)
        D.Normal(0.0, -1.0)
        with pytest.raises(ValueError, match="parameter scale"):
            D.Normal(0.0, -1.0, validate_args=True)
    finally:
        D.Distribution.set_default_validate_args(True)


class WithoutConstraints(D.Distribution):
    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        return value * 0


def test_what_cannot_be_validated_is_told() -> None:
    with pytest.warns(UserWarning, match="WithoutConstraints does not define `arg_constraints`"):
        d = WithoutConstraints()
    with pytest.warns(UserWarning, match="WithoutConstraints does not define `support`"):
        d.log_prob(mg.tensor(1.0))


class Shifted(D.Normal):
    """A subclass with parameters of its own."""

    def __init__(self, loc: Any) -> None:
        super().__init__(loc + 1, 1.0)


class Same(D.Normal):
    pass


def test_expanding_a_subclass() -> None:
    with pytest.raises(NotImplementedError, match=r"Shifted.expand: a subclass of Normal with an __init__ of its own"):
        Shifted(0.0).expand([2])
    assert type(Same(0.0, 1.0).expand([2])) is Same


class OneParameter(D.Distribution):
    arg_constraints: ClassVar[dict[str, Any]] = {"probs": constraints.unit_interval, "logits": constraints.real}
    calls = 0

    def __init__(self, logits: Any) -> None:
        self.logits = logits
        super().__init__(logits.shape)

    @utils.lazy_property
    def probs(self) -> Any:
        """Worked out once."""
        type(self).calls += 1
        return self.logits.sigmoid()


def test_a_lazy_property_is_worked_out_once_and_recorded() -> None:
    d = OneParameter(mg.zeros(3, requires_grad=True))
    assert "probs" not in d.__dict__
    with mg.no_grad():
        probs = d.probs
    assert d.probs is probs
    assert probs.requires_grad
    assert OneParameter.calls == 1
    assert OneParameter.probs.__doc__ == "Worked out once."


def test_expanding_shares_memory() -> None:
    loc = mg.zeros(3)
    larger = D.Normal(loc, 1.0).expand((5, 3))
    assert larger.loc.data_ptr() == loc.data_ptr()
    assert larger.loc.stride() == (0, 1)


@pytest.mark.parametrize("name", sorted(CASES))
def test_copies(name: str) -> None:
    with mg.no_grad():
        d, _ = build(mg, name, CASES[name][0])
    x = d.sample((2,))
    for again in (pickle.loads(pickle.dumps(d)), copy.deepcopy(d), copy.copy(d)):
        assert type(again) is type(d)
        np.testing.assert_allclose(again.log_prob(x).detach().numpy(), d.log_prob(x).detach().numpy())


def test_draws_are_batched_by_vmap() -> None:
    loc = mg.arange(3.0)
    out = mg.vmap(lambda m: D.Normal(m, 1.0, validate_args=False).log_prob(mg.tensor(0.0)))(loc)
    np.testing.assert_allclose(out.numpy(), D.Normal(loc, 1.0).log_prob(mg.tensor(0.0)).numpy(), rtol=1e-6)


def test_the_entropy_of_an_exponential_family_has_gradients() -> None:
    """Worked out from the log normalizer, also with respect to the parameters."""
    rate = mg.tensor([0.5, 2.0], dtype=mg.float64, requires_grad=True)
    d = D.Exponential(rate)
    entropy = D.ExponentialFamily.entropy(d)
    np.testing.assert_allclose(entropy.detach().numpy(), d.entropy().detach().numpy())
    ours, = mg.autograd.grad(entropy.sum(), rate)
    np.testing.assert_allclose(ours.numpy(), [-2.0, -0.5])
