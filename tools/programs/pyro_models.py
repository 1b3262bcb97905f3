"""Pyro: stochastic variational inference, an automatic guide, NUTS and discrete enumeration."""
from __future__ import annotations

import pyro
import pyro.distributions as dist
import torch
from pyro.infer import MCMC, NUTS, SVI, Predictive, Trace_ELBO, TraceEnum_ELBO, config_enumerate
from pyro.infer.autoguide import AutoDelta, AutoMultivariateNormal, AutoNormal

pyro.enable_validation(True)
x = torch.linspace(-1, 1, 20)
y = 2 * x + 0.5 + 0.1 * torch.sin(9 * x)


def regression(x: torch.Tensor, y: torch.Tensor | None = None) -> torch.Tensor:
    slope = pyro.sample("slope", dist.Normal(0.0, 2.0))
    offset = pyro.sample("offset", dist.Normal(0.0, 2.0))
    scale = pyro.sample("scale", dist.HalfNormal(1.0))
    with pyro.plate("data", len(x)):
        return pyro.sample("y", dist.Normal(slope * x + offset, scale), obs=y)


for kind in (AutoNormal, AutoMultivariateNormal, AutoDelta):
    pyro.clear_param_store()
    pyro.set_rng_seed(0)
    guide = kind(regression)
    inference = SVI(regression, guide, pyro.optim.Adam({"lr": 0.02}), Trace_ELBO())
    losses = [inference.step(x, y) for _ in range(30)]
    print("svi", kind.__name__, *(f"{loss:.4f}" for loss in losses[::10]))
    print("predictive", f"{Predictive(regression, guide=guide, num_samples=10)(x)['y'].mean().item():.5f}")


@config_enumerate
def mixture(data: torch.Tensor) -> None:
    weights = pyro.sample("weights", dist.Dirichlet(0.5 * torch.ones(2)))
    with pyro.plate("components", 2):
        locs = pyro.sample("locs", dist.Normal(0.0, 10.0))
    with pyro.plate("data", len(data)):
        which = pyro.sample("which", dist.Categorical(weights))
        pyro.sample("obs", dist.Normal(locs[which], 1.0), obs=data)


pyro.clear_param_store()
pyro.set_rng_seed(1)
inference = SVI(mixture, AutoDelta(pyro.poutine.block(mixture, expose=["weights", "locs"])), pyro.optim.Adam({"lr": 0.1}),
                TraceEnum_ELBO(max_plate_nesting=1))
print("enumeration", *(f"{inference.step(torch.tensor([0.0, 1.0, 10.0, 11.0, 12.0])):.4f}" for _ in range(3)))

pyro.clear_param_store()
pyro.set_rng_seed(2)
chain = MCMC(NUTS(regression, max_tree_depth=4), num_samples=20, warmup_steps=20, disable_progbar=True)
chain.run(x, y)
print("nuts", f"{chain.get_samples()['slope'].mean().item():.3f} {chain.get_samples()['offset'].mean().item():.3f}")
