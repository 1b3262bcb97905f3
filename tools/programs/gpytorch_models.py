"""GPyTorch: an exact Gaussian process, by Cholesky and by conjugate gradients, a multitask one and a variational one."""
from __future__ import annotations

import gpytorch
import torch

torch.manual_seed(0)
x = torch.linspace(0, 1, 30)
y = torch.sin(6 * x) + 0.1 * torch.randn(30)


class Exact(gpytorch.models.ExactGP):
    def __init__(self, x: torch.Tensor, y: torch.Tensor, likelihood: gpytorch.likelihoods.Likelihood) -> None:
        super().__init__(x, y, likelihood)
        self.mean_module = gpytorch.means.ConstantMean()
        self.covar_module = gpytorch.kernels.ScaleKernel(gpytorch.kernels.RBFKernel() + gpytorch.kernels.MaternKernel(nu=2.5))

    def forward(self, x: torch.Tensor) -> gpytorch.distributions.MultivariateNormal:
        return gpytorch.distributions.MultivariateNormal(self.mean_module(x), self.covar_module(x))


class Variational(gpytorch.models.ApproximateGP):
    def __init__(self, inducing: torch.Tensor) -> None:
        posterior = gpytorch.variational.CholeskyVariationalDistribution(inducing.size(0))
        super().__init__(gpytorch.variational.VariationalStrategy(self, inducing, posterior, learn_inducing_locations=True))
        self.mean_module = gpytorch.means.LinearMean(1)
        self.covar_module = gpytorch.kernels.ScaleKernel(gpytorch.kernels.PeriodicKernel())

    def forward(self, x: torch.Tensor) -> gpytorch.distributions.MultivariateNormal:
        return gpytorch.distributions.MultivariateNormal(self.mean_module(x), self.covar_module(x))


def fit(name: str, model: torch.nn.Module, likelihood: torch.nn.Module, mll: torch.nn.Module, x: torch.Tensor) -> None:
    model.train()
    likelihood.train()
    optimizer = torch.optim.Adam([*model.parameters(), *(p for p in likelihood.parameters() if not hasattr(model, "likelihood"))], lr=0.1)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = -mll(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(name, *(f"{loss:.5f}" for loss in losses[::3]))
    model.eval()
    likelihood.eval()
    with torch.no_grad(), gpytorch.settings.fast_pred_var():
        found = likelihood(model(torch.linspace(0, 1, 5).reshape(5, *x.shape[1:])))
        low, high = found.confidence_region()
    print(name, "predicts", *(f"{v:.4f}" for v in (found.mean.sum(), low.sum(), high.sum())))


noise = gpytorch.likelihoods.GaussianLikelihood()
exact = Exact(x, y, noise)
fit("exact", exact, noise, gpytorch.mlls.ExactMarginalLogLikelihood(noise, exact), x)
noise = gpytorch.likelihoods.GaussianLikelihood()
exact = Exact(x, y, noise)
with gpytorch.settings.max_cholesky_size(1), gpytorch.settings.deterministic_probes():
    fit("gradients", exact, noise, gpytorch.mlls.ExactMarginalLogLikelihood(noise, exact), x)
noise = gpytorch.likelihoods.GaussianLikelihood()
variational = Variational(x[::6, None])
fit("variational", variational, noise, gpytorch.mlls.VariationalELBO(noise, variational, num_data=30), x[:, None])
