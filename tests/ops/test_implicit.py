"""Gamma, Dirichlet and binomial numbers: PyTorch's, number by number, and how they move with their parameters."""
from __future__ import annotations

import numpy as np
import pytest
import scipy.special

import minigrad as mg
from minigrad.ops.implicit import dirichlet_grad, sample_dirichlet, standard_gamma, standard_gamma_grad
from tests.agree import agree, lines, refuse


@pytest.mark.parametrize("line", lines("""
    torch._standard_gamma(torch.full((20,), .01, dtype=torch.float64))
    torch._standard_gamma(torch.full((20,), .7, dtype=torch.float64))
    torch._standard_gamma(torch.tensor([0., 1, 30, 1e5], dtype=torch.float64).expand(3, 4))
    torch._standard_gamma(torch.full((20,), 2.5))
    torch._sample_dirichlet(torch.tensor([[.5, 2, 3], [.1, .1, .1]], dtype=torch.float64))
    torch._sample_dirichlet(torch.tensor([2., 1]))
    torch.binomial(torch.full((20,), 5.), torch.tensor(.3).expand(20))
    torch.binomial(torch.full((20,), 100.), torch.tensor(.3))
    torch.binomial(torch.full((20,), 100.), torch.tensor(.8))
    torch.binomial(torch.tensor([10., 1000, 0, 40]), torch.tensor([[.5], [.02], [0], [1]]))
    torch.binomial(torch.full((5,), 100., dtype=torch.float64), torch.full((5,), .6, dtype=torch.float64), torch.Generator().manual_seed(3))
    (torch.randn(3), torch._standard_gamma(torch.ones(3)), torch.randn(3))
"""))
def test_the_same_numbers(line: str) -> None:
    agree(line, seed=5)


def test_unusual_binomials() -> None:
    agree("torch.binomial(torch.tensor([3., 3, 3]), torch.tensor([float('nan'), -1, 2])).nan_to_num(-7)", seed=5)


@pytest.mark.parametrize(("line", "match"), [
    ("torch.binomial(torch.tensor([3]), torch.tensor([.5]))", "binomial: count must be floating-point"),
    ("torch.binomial(torch.tensor([3.]).double(), torch.tensor([.5]))", "count and prob must have one dtype"),
    ("torch.binomial(torch.ones(2), torch.ones(3))", "broadcast|size of tensor"),
    ("torch.binomial(3, torch.ones(3))", "input must be a Tensor"),
    ("torch._standard_gamma(torch.tensor([3]))", "not implemented for int64"),
])
def test_refused(line: str, match: str) -> None:
    refuse(line, match)


@pytest.mark.parametrize("a", [0.01, 0.3, 1.0, 5.0, 100.0, 1e4])
def test_a_gamma_number_moves_as_its_quantile(a: float) -> None:
    share = np.array([1e-6, 0.01, 0.2, 0.5, 0.9, 0.999])
    share = share[scipy.special.gammaincinv(a, share) > 1e-290]
    x = scipy.special.gammaincinv(a, share)
    h = 1e-5 * a
    moves = x * np.log(scipy.special.gammaincinv(a + h, share) / scipy.special.gammaincinv(a - h, share)) / (2 * h)
    ours = standard_gamma_grad(mg.tensor(np.full(len(x), a)), mg.tensor(x)).numpy()
    np.testing.assert_allclose(ours, moves, rtol=1e-5)


@pytest.mark.parametrize(("a", "b"), [(0.3, 0.2), (1.0, 1.0), (2.0, 30.0), (50.0, 70.0), (0.01, 5.0)])
def test_a_beta_number_moves_as_its_quantile(a: float, b: float) -> None:
    share = np.array([0.05, 0.2, 0.5, 0.9, 0.999])
    x = scipy.special.betaincinv(a, b, share)
    h = 1e-4 * a
    moves = x * np.log(scipy.special.betaincinv(a + h, b, share) / scipy.special.betaincinv(a - h, b, share)) / (2 * h) / (1 - x)
    seen = (x > 1e-290) & (x < 1 - 1e-9)
    ours = dirichlet_grad(mg.tensor(x), mg.tensor(np.full(5, a)), mg.tensor(np.full(5, a + b))).numpy()
    np.testing.assert_allclose(ours[seen], moves[seen], rtol=1e-5)


def test_close_to_pytorch() -> None:
    """Which approximates them, to about three digits."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    a = rng.uniform(0.05, 20, 300)
    x = rng.gamma(a) + 1e-12
    np.testing.assert_allclose(standard_gamma_grad(mg.tensor(a), mg.tensor(x)).numpy(),
                               torch._standard_gamma_grad(torch.tensor(a), torch.tensor(x)).numpy(), rtol=2e-3)
    b = rng.uniform(0.05, 20, 300)
    x = rng.beta(a, b).clip(1e-6, 1 - 1e-6)
    np.testing.assert_allclose(dirichlet_grad(mg.tensor(x), mg.tensor(a), mg.tensor(a + b)).numpy(),
                               torch._dirichlet_grad(torch.tensor(x), torch.tensor(a), torch.tensor(a + b)).numpy(), rtol=2e-2)


def test_the_gradient_of_a_mean() -> None:
    """The mean of gamma numbers is a, so its gradient is 1; that of the squares is a (a + 1), so 2 a + 1."""
    mg.manual_seed(0)
    a = mg.tensor(1.7, dtype=mg.float64, requires_grad=True)
    x = standard_gamma(a.expand(20000))
    mean, = mg.autograd.grad(x.mean(), a, retain_graph=True)
    square, = mg.autograd.grad((x * x).mean(), a)
    np.testing.assert_allclose([mean.item(), square.item()], [1.0, 2 * 1.7 + 1], rtol=0.03)


def test_the_gradient_of_a_share() -> None:
    """The mean of the first component is a / (a + b + c)."""
    mg.manual_seed(0)
    a = mg.tensor([0.8, 2.0, 1.5], dtype=mg.float64, requires_grad=True)
    sample_dirichlet(a.expand(10000, 3))[:, 0].mean().backward()
    assert a.grad is not None
    np.testing.assert_allclose(a.grad.numpy(), np.array([3.5, -0.8, -0.8]) / 4.3 ** 2, atol=0.003)


def test_no_second_gradient() -> None:
    a = mg.tensor([1.7], requires_grad=True)
    slope, = mg.autograd.grad(standard_gamma(a).sum(), a, create_graph=True)
    with pytest.raises(NotImplementedError, match="_standard_gamma_grad"):
        slope.sum().backward()
